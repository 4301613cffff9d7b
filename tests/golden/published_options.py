"""Files of the published package: dtypes, text, blocks, unfilled objects, subsets by regex."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from tests.golden.published_layouts import eighths, gappy, parts, ragged, unequal, whole, windows
from tests.golden.recording import PublishedFile, View

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from tests.golden.published_layouts import Write

INTS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "float32", "float64", ">f4")
EVERY = (*INTS, *FLOATS, "bool", "complex64", "complex128", "S3")
SOME = ("int8", "float16", ">f4", "bool", "complex64", "S3")
SPLIT = np.array(["train", "val", "val_sub", "test", "train", "val_sub", "val", "interval"])
TEXT = {"dtype_save": "bytes", "dtype_load": "str"}


def extremes(dtype: str, n: int) -> NDArray[Any]:
    """Spread `n` values over all that the dtype holds, NaN and the infinities among the floats."""
    kind = np.dtype(dtype).kind
    if kind in "iu":
        limits = np.iinfo(dtype)
        return np.resize(np.array([limits.min, 0, 1, limits.max], dtype=dtype), n)
    if kind == "f":
        return np.resize(np.array([np.nan, 1 / 3, -np.inf, 1e-7, np.inf], dtype=dtype), n)
    if kind == "c":
        return np.resize(np.array([1 / 3 - 2j, complex(np.nan, np.inf), 1e-7j], dtype=dtype), n)
    return np.resize(np.array([b"abc", b"", b"\xff"] if kind == "S" else [True, False]), n)


def dtypes_nd(f: PublishedFile, rng: Generator) -> None:
    """Write one dense object, of ranks 1 and 2, for every dtype."""
    f.register(rng.random(6), "central")
    for dtype in EVERY:
        name = dtype.replace(">", "big_")
        f.register(extremes(dtype, 6), 0, name=name)
        f.register(extremes(dtype, 12).reshape(6, 2), 0, name=f"{name}_2d")


def dtypes_csr(f: PublishedFile, rng: Generator) -> None:
    """Write one csr object for some of the dtypes that SciPy takes, one of them to load sparse."""
    f.register(rng.standard_normal((4, 3)), "central", mode="csr")
    for dtype in ("int8", "uint16", "int32", "uint64", "float32", "float64", "bool"):
        data = sparse.csr_matrix(extremes(dtype, 12).reshape(4, 3))
        f.register(data, 0, name=dtype, mode="csr")
    f.register(np.eye(4, dtype=np.complex64) * 1j, 0, name="complex64", mode="csr")
    extreme = sparse.csr_matrix(extremes("float32", 12).reshape(4, 3))
    f.register(extreme, "unstructured", name="float32", mode="csr", csr_load_sparse=True)


def dtypes_coo(f: PublishedFile, rng: Generator) -> None:
    """Write one coo object of four entries for some dtypes, and text."""
    indices = np.array([[0, 2, 1, 0], [1, 0, 0, 3]])
    f.register((indices, rng.standard_normal(4), (3, 4)), "central", mode="coo")
    for dtype in SOME:
        name = dtype.replace(">", "big_")
        f.register((indices, extremes(dtype, 4), (3, 4)), "unstructured", name=name, mode="coo")
    f.register((indices, SPLIT[:4], (3, 4)), "unstructured", name="text", mode="coo", **TEXT)


def dtypes_lists(f: PublishedFile, rng: Generator) -> None:
    """Write one vlen object for every dtype, and one separate object for some."""
    f.register(rng.standard_normal(4), "central")
    for dtype in EVERY:
        name = dtype.replace(">", "big_")
        items = [extremes(dtype, 3)[:at] for at in (2, 0, 3, 1)]
        f.register(items, 0, name=f"vlen_{name}", mode="vlen")
        if dtype in SOME:
            f.register(items, 0, name=f"separate_{name}", mode="separate")


def central_dtypes(dtype_save: str | None, dtype_load: str | None) -> Write:
    """Write objects of every mode, a dense one central, with the given dtypes."""

    def write(f: PublishedFile, rng: Generator) -> None:
        asked: dict[str, Any] = {"dtype_save": dtype_save, "dtype_load": dtype_load}
        f.register(eighths(rng, 6, 4), "central", **asked)
        f.register(eighths(rng, 6), 0, name="nd1", **asked)
        f.register(eighths(rng, 4), 1, name="nd1", **asked)
        if dtype_load != "str":  # the package would cut every number in a csr row to one letter
            f.register(gappy(rng, 6, 4), 0, name="csr", mode="csr", **asked)
        f.register(ragged(rng, 6), 0, name="vlen", mode="vlen", **asked)
        f.register(unequal(rng, 6), 0, name="separate", mode="separate", **asked)
        f.register(gappy(rng, 6, 4), "unstructured", name="coo", mode="coo", **asked)

    return write


def text(f: PublishedFile, _: Generator) -> None:
    """Write text in every way that the package takes it."""
    n = len(SPLIT)
    square = np.char.add(SPLIT[:, None], ["", "_b"])
    f.register(SPLIT, "central", **TEXT)
    f.register(SPLIT.astype(bytes), 0, name="as_bytes")
    f.register(SPLIT.astype(bytes), 0, name="bytes_to_str", dtype_load="str")
    f.register(SPLIT.astype(object), 0, name="from_objects", **TEXT)
    f.register(SPLIT, 0, name="save_alone", dtype_save="bytes")
    f.register(SPLIT, 0, name="cut", dtype_save="S4", dtype_load="str")
    f.register(SPLIT, 0, name="cut_when_loaded", dtype_save="bytes", dtype_load="U2")
    f.register(np.array(["", "a"] * (n // 2)), 0, name="empty", **TEXT)
    f.register(square, 0, name="square", **TEXT)
    f.register(square.astype(bytes), 0, name="square_bytes")
    f.register(np.arange(n), 0, name="numbers", dtype_save="bytes", dtype_load="int64")
    f.register([SPLIT[: at % 3] for at in range(n)], 0, name="lists", mode="separate", **TEXT)
    f.register([np.array(b"abc")] * n, 0, name="scalars", mode="separate", dtype_load="str")
    f.register(SPLIT, "unstructured", name="split", **TEXT)


def objects(f: PublishedFile, _: Generator) -> None:
    """Write text as objects without dtypes: only rows that are arrays can be sampled."""
    square = np.char.add(SPLIT[:, None], ["", "_b"])
    f.register(square.astype(object), "central")
    f.register(square.astype(bytes).astype(object), 0, name="bytes")
    f.register(SPLIT.astype(object), "unstructured", name="rows_raise")


def regexes(f: PublishedFile, rng: Generator) -> None:
    """Write a split column as text, as bytes and as objects, and numbers to match as text."""
    n = len(SPLIT)
    f.register(eighths(rng, n, 2), "central")
    f.register(SPLIT, 0, name="split", **TEXT)
    f.register(SPLIT.astype(bytes), 0, name="split_bytes")
    f.register(np.arange(8, 8 + n), 0, name="numbers")
    f.register(np.roll(SPLIT, 1), "unstructured", name="split", **TEXT)
    f.register(SPLIT.astype(object), "unstructured", name="split_objects")


def regex_views() -> list[View]:
    """Match at the start of the text, at both ends, by alternatives, in bytes and in numbers."""
    subsets = [
        ("0/split", "val"),
        ("0/split", "val$"),
        ("0/split", "train|test"),
        ("0/split", ".*val"),
        ("0/split_bytes", "val"),
        ("0/numbers", "1"),
        ("unstructured/split", "val"),
        ("unstructured/split_objects", "val"),
    ]
    return [View(arguments={"sampling": 0, "subset": subset}) for subset in subsets]


def blocks(last: int) -> Write:
    """Write objects of every mode that appends, in blocks, filled to the row `last` of 8."""

    def write(f: PublishedFile, rng: Generator) -> None:
        dense = eighths(rng, 8, 4)
        zeros_first = dense * (np.arange(8) > 2)[:, None]
        dense[4, 1:] = 0
        lists: dict[str, tuple[Any, dict[str, Any]]] = {
            "0/nd1": (eighths(rng, 8), {"dtype_save": "float32", "dtype_load": "int16"}),
            "0/csr": (sparse.csr_matrix(dense), {"mode": "csr", "dtype_save": "float32"}),
            "0/csr_zeros_first": (sparse.csr_matrix(zeros_first), {"mode": "csr"}),
            "0/csr_sparse": (sparse.csr_matrix(dense), {"mode": "csr", "csr_load_sparse": True}),
            "0/vlen": (ragged(rng, 8), {"mode": "vlen", "dtype_save": "int64"}),
            "0/separate": (unequal(rng, 8), {"mode": "separate", "dtype_load": "float64"}),
        }
        if last < len(dense):
            del lists["0/separate"]  # its missing rows raise, and the sample with them
        f.register(dense[:2], "central", length=8)
        for name, (rows, asked) in lists.items():
            f.register(rows[:3], 0, length=8, name=name[2:], **asked)
        for start, stop in ((2, 3), (3, 5), (5, last)):
            f.append(dense[start:stop], "central")
            for name, (rows, _) in lists.items():
                if start > 2:
                    f.append(rows[start:stop], name)

    return write


def central_blocks(mode: str, last: int) -> Write:
    """Write a central object in the mode in blocks, filled to the row `last` of 6."""

    def write(f: PublishedFile, rng: Generator) -> None:
        rows: dict[str, Any] = {
            "csr": eighths(rng, 6, 4),
            "vlen": ragged(rng, 6),
            "separate": unequal(rng, 6),
        }
        f.register(rows[mode][:2], "central", length=6, mode=mode)
        f.append(rows[mode][2:3], "central")
        f.append(rows[mode][3:last], "central")
        f.register(np.arange(6), 0, name="nd1")

    return write


def no_rows(f: PublishedFile, _: Generator) -> None:
    """Write objects without a row."""
    f.register(np.zeros((0, 3)), "central")
    f.register(np.zeros(0, dtype=np.int32), 0, name="nd1")
    f.register(sparse.csr_matrix((0, 2)), 0, name="csr", mode="csr")
    f.register(np.arange(3), 1, name="nd1")


def no_columns(f: PublishedFile, rng: Generator) -> None:
    """Write objects whose rows hold nothing, and a coo object without entries."""
    f.register(np.zeros((4, 0)), "central")
    f.register(np.zeros((4, 0, 2)), 0, name="nd3")
    f.register([np.zeros(0)] * 4, 0, name="vlen", mode="vlen")
    f.register([np.zeros((0, 2))] * 4, 0, name="separate", mode="separate")
    f.register(eighths(rng, 4), 0, name="nd1")
    f.register(np.zeros((3, 2)), "unstructured", name="coo", mode="coo")


def amended(f: PublishedFile, rng: Generator) -> None:
    """Write objects that were deleted and registered anew, with foreign items in the file."""
    f.register(eighths(rng, 5, 2), "central")
    for values in (eighths(rng, 5, 3), np.arange(5)):
        if "0" in f:
            del f["0/nd"]
        f.register(values, 0, name="nd")
    f.attrs["title"] = "a file with items of its user's own"
    f.create_dataset("notes", data=np.arange(3)).attrs["unit"] = "mm"
    f.create_dataset("extra/deep/values", data=eighths(rng, 2))


FILES: dict[str, tuple[Write, list[View]]] = {
    "dtypes-nd": (dtypes_nd, [*whole(0), *windows(0, 6)[:1]]),
    "dtypes-csr": (dtypes_csr, [*whole(0), *windows(0, 4)[:1]]),
    "dtypes-coo": (dtypes_coo, whole("coo")),
    "dtypes-lists": (dtypes_lists, [*whole(0), *windows(0, 4)[:1]]),
    "save-int16": (central_dtypes("int16", None), whole(0, 1)),
    "load-float32": (central_dtypes(None, "float32"), [*whole(0, "coo"), *windows(0, 6)]),
    "save-float16-load-float32": (central_dtypes("float16", "float32"), whole(0, 1)),
    "save-bool-load-int64": (central_dtypes("bool", "int64"), [*whole(0), *windows(0, 6)[:1]]),
    "save-float32-load-bool": (central_dtypes("float32", "bool"), whole(0)),
    "load-str": (central_dtypes("int32", "str"), whole(0)),
    "text": (text, [*whole(0, "coo"), *parts(0, 8)[:1], *windows(0, 8)[1:]]),
    "text-objects": (objects, [*whole(0), *windows(0, 8)]),
    "regex": (regexes, regex_views()),
    "blocks": (blocks(8), [*whole(0, 1, "coo"), *parts(0, 8)]),
    "blocks-unfilled": (blocks(6), [*whole(0), View(arguments={"subset": np.array([1, 0, 5])})]),
    "blocks-csr": (central_blocks("csr", 6), [*whole(0), *windows(0, 6)]),
    "blocks-csr-unfilled": (central_blocks("csr", 5), [*whole(0), *windows(0, 6)]),
    "blocks-vlen": (central_blocks("vlen", 6), whole(0)),
    "blocks-vlen-unfilled": (central_blocks("vlen", 5), [*whole(0), *windows(0, 6)]),
    "blocks-separate": (central_blocks("separate", 6), whole(0)),
    "blocks-separate-unfilled": (central_blocks("separate", 5), [*whole(0), *windows(0, 6)]),
    "no-rows": (no_rows, whole(0, 1, "coo")),
    "no-columns": (no_columns, [*whole(0), *windows(0, 4)]),
    "amended": (amended, [*whole(0, 1), *parts(0, 5)]),
}
