"""`docs/format.md` is enough to read a file: this reader knows its sentences and h5py, and no line of ours.

`h5torch`, `splits` and `samplers` write the files here and say what a reader must find in them.
"""

import hashlib
import json
import math
import re
import struct
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.sparse

import h5torch
import samplers
import splits
from h5torch.errors import H5torchError
from h5torch.view import View

ROOT = Path(__file__).parent.parent
FORMAT, KEYED = (ROOT / "docs" / name for name in ("format.md", "keyed.md"))
pytestmark = pytest.mark.filterwarnings("ignore:object .* has not been completely filled")
GOLDEN = sorted((ROOT / "tests" / "golden").rglob("*.h5t"))
MODES = {"N-D", "csr", "coo", "ragged", "vlen", "separate"}


class RefusedError(Exception):
    """An object that must not be read (section 9)."""


def need(condition, why):
    if not condition:
        raise RefusedError(why)


def as_str(value):
    return value.decode() if isinstance(value, bytes) else str(value)  # F206


def keys_of(f):
    """F102, F103, F109, F202: the finished objects of a file."""
    keys = ["central"] if "central" in f else []
    for group in f:
        if re.fullmatch("0|[1-9][0-9]*", group, re.ASCII) or group == "unstructured":
            keys += [f"{group}/{name}" for name in f[group]]
    return [key for key in keys if "mode" in f[key].attrs]


def read(f, key):
    """The rows of an object; of `coo` the indices and the values of its entries."""
    node = f[key]
    mode, version = as_str(node.attrs["mode"]), node.attrs.get("version")
    need(mode in MODES, f"F203: mode {mode}")
    need(version is None or version <= 1, f"F204: version {version}")
    shape = [int(length) for length in node.attrs["shape"]]
    need(shape and min(shape) >= 0, "F208")
    filled = int(node.attrs.get("filled_to", shape[0]))  # F803
    need(0 <= filled <= shape[0], "F209")
    if key[0].isdecimal():
        axis = int(key.split("/")[0])
        need(mode != "coo" and shape[0] == f["central"].attrs["shape"][axis], "F106")
    return READERS[mode](f, node, shape, filled)


def show(f, node, stored):
    """Section 3: values as the file has them to values as samples have them."""
    names = node.attrs.get("dtypes", [stored.dtype.str] * 2)  # F803
    load = as_str(names[1])
    if "categories" in node.attrs:
        listed = decode(f[as_str(node.attrs["categories"])][()])  # F316
        need(not stored.size or stored.max() < len(listed), "F317")
        return listed[stored]
    if load == "object" and stored.ndim == 1:
        return np.array([as_str(text) for text in stored])  # F804
    if re.fullmatch("[<>]?U[0-9]*", load):
        text = decode(stored) if stored.dtype.kind == "S" else stored.astype(str)  # F315, F320
        return text if load[-2:] == "U0" else text.astype(load)
    if load.startswith(("datetime64", "timedelta64")):
        return stored.astype("int64").view(load)  # F311
    if re.fullmatch(r"\|?S0", load):
        return stored
    return stored.astype(load)  # F302, F304, F319


def decode(stored):
    texts = [text.rstrip(b"\0").decode() for text in stored.ravel().tolist()]
    return np.array(texts, dtype=str).reshape(stored.shape)


def read_dense(f, node, shape, _):
    need(list(node.shape) == shape, "F401")
    return show(f, node, node[()])


def offsets_of(node, name, n_rows, filled, length):
    """F412, F415, F432, F805, F806: where each row begins and ends; unfilled rows are empty."""
    offsets = node[name][()]
    need(offsets.shape == (n_rows + 1,), "F412: length")
    offsets = offsets.astype("int64")
    used = offsets[: filled + 1]
    need(used[0] == 0 and (np.diff(used) >= 0).all() and used[-1] <= length, "F412")
    need(node.attrs.get("stored") == used[-1] or used[-1] == length, "F211, F806")
    return [(int(a), int(b)) for a, b in pairwise(used)] + [(0, 0)] * (n_rows - filled)  # F210


def read_csr(f, node, shape, filled):
    n_rows, n_cols = shape
    columns, data = node["indices"][()], show(f, node, node["data"][()])
    rows = offsets_of(node, "indptr", n_rows, filled, min(len(columns), len(data)))
    dense = np.zeros((n_rows, n_cols), dtype=data.dtype)
    for row, (start, stop) in enumerate(rows):
        for column, value in zip(columns[start:stop], data[start:stop], strict=True):  # F413
            need(0 <= column < n_cols, "F414")
            dense[row, column] += value  # F414: for bools NumPy's + is "or"
    return dense


def read_coo(f, node, shape, _):
    indices, data = node["indices"][()], show(f, node, node["data"][()])
    need("stored" in node.attrs or indices.shape[1] == len(data), "F423")
    count = int(node.attrs.get("stored", len(data)))
    need(len(indices) == len(shape) and count <= min(indices.shape[1], len(data)), "F421, F423")
    need(all(0 <= i < n for axis, n in zip(indices, shape, strict=True) for i in axis), "F422")
    return indices[:, :count], data[:count]


def read_ragged(f, node, shape, filled):
    stored, text = node["values"][()], as_str(node.attrs["dtypes"][1]).lstrip("<>")[0] == "U"
    rows = offsets_of(node, "offsets", shape[0], filled, len(stored))
    if text:
        return [stored[start:stop].tobytes().decode() for start, stop in rows]  # F435
    values = show(f, node, stored)
    flat = [values[start:stop] for start, stop in rows]  # F433
    if "shapes" not in node:
        return flat
    sizes = node["shapes"][()].tolist()
    need(all(math.prod(size) == len(row) for size, row in zip(sizes, flat, strict=True)), "F434")
    return [row.reshape(size) for size, row in zip(sizes, flat, strict=True)]


def read_vlen(f, node, shape, _):
    need(list(node.shape) == shape, "F441")
    return [show(f, node, row) for row in node[()]]


def read_separate(f, node, shape, _):
    need(all(str(row) in node for row in range(shape[0])), "F210: a row that was never filled")
    return [show(f, node, node[str(row)][()]) for row in range(shape[0])]  # F451


READERS = {
    "N-D": read_dense,
    "csr": read_csr,
    "coo": read_coo,
    "ragged": read_ragged,
    "vlen": read_vlen,
    "separate": read_separate,
}


def read_split(f, name):
    """Section 6: names of the parts, code of each row, recipe and provenance."""
    group = f["splits"][name]
    need(as_str(group.attrs["mode"]) == "split" and group.attrs["version"] == 1, "F602, F603")
    codes = group["codes"]
    members = h5py.check_enum_dtype(codes.dtype)
    parts = {value: part for part, value in members.items() if part != "-"}
    need(sorted(parts) == list(range(len(parts))), "F605")
    need(set(codes[()].tolist()) <= {*parts, 255}, "F606")
    recipe, provenance = (json.loads(group[part][()]) for part in ("recipe", "provenance"))
    return [parts[code] for code in range(len(parts))], codes[()], recipe, provenance


def fingerprint(axis, parts, codes):
    """F621."""
    head = b"".join(text.encode() + b"\0" for text in [f"h5torch-split 1 {axis} {len(codes)}", *parts])
    digits = hashlib.sha256(head + codes.tobytes()).hexdigest()
    return "-".join(re.findall("....", digits[:16]))


def digest(column):
    """F631 to F633."""
    kind = {"b": "int", "i": "int", "u": "int", "f": "float", "c": "complex", "U": "text"}
    values = column.ravel().tolist()
    if column.dtype.kind in "mM":
        unit = column.dtype.name.partition("[")[2]
        name = f"{'time' if column.dtype.kind == 'M' else 'span'}[{unit}"
        values = column.ravel().view("int64").tolist()
    else:
        name = kind[column.dtype.kind]
    if name == "int" and max(values) >= 2**63:
        name = "uint"
    header = f"h5torch-column 1 {name} {'x'.join(map(str, column.shape))}\n".encode()
    if name == "text":
        body = struct.pack(f"<{len(values)}Q", *map(len, values)) + "".join(values).encode()
    elif name in {"float", "complex"}:
        parts = [part for value in values for part in ([value.real, value.imag][: 1 + (name == "complex")])]
        body = b"".join(
            struct.pack("<Q", 0x7FF8 << 48) if part != part else struct.pack("<d", part + 0.0)
            for part in parts
        )
    else:
        body = struct.pack(f"<{len(values)}{'Q' if name == 'uint' else 'q'}", *values)
    return hashlib.sha256(header + body).hexdigest()


# docs/keyed.md, in integers that do not wrap by themselves

WORD, STEP = 2**64, 0x9E3779B97F4A7C15


def mix(z):
    z %= WORD
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % WORD
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % WORD
    return z ^ (z >> 31)


def hash_word(word, key):
    return mix(key + STEP * (word + 1))


def hash_text(text, key):
    raw, state = text.encode(), key
    for first in range(0, len(raw), 8):
        state = mix(((state + STEP) % WORD) ^ int.from_bytes(raw[first : first + 8], "little"))
    return mix(((state + STEP) % WORD) ^ len(raw))


def derive(seed, *words):
    key = hash_word(0, seed)
    for word in words:
        key = hash_word(hash_text(word, 0) if isinstance(word, str) else word, key)
    return key


def hash_id(value, key):
    if isinstance(value, str):
        return hash_text(value, derive(key, "text"))
    return hash_word(value % WORD, derive(key, "integer"))


def row_at(position, n, key):
    root = math.isqrt(n)
    a = max(2, root + root % 2)
    b = (n + a - 1) // a
    keys = [derive(key, number) for number in range(24 if n < 1024 else 12)]
    x = position
    while True:
        low, high = x % a, x // a
        for number, k in enumerate(keys):
            if number % 2 == 0:
                low = (low + hash_word(high, k) % a) % a
            else:
                high = (high + hash_word(low, k) % b) % b
        x = high * a + low
        if x < n:
            return x


# What the reader finds, and what h5torch says

N = 6
LENGTHS = (1, 2, 0, 3, 1, 1)
COLUMNS = {
    **{dtype: np.arange(N).astype(dtype) for dtype in ("i1", "u2", "i4", "u8", "f2", "f4", ">f8", "c8")},
    "bool": np.arange(N) % 2 == 0,
    "not numbers": np.array([1.5, -0.0, np.nan, np.inf, 0, 1]),
    "days": np.array(["2020-01-01", "NaT", "1969", "2024", "2025", "2026"], "datetime64[D]"),
    "25 seconds": np.arange(N).astype("timedelta64[25s]"),
    "text": ["B", "NK", "", "żółw", "T", "B"],
    "text of two axes": np.array([["a", "bc"]] * N),
    "long text": ["x" * 500, "ż", "", "y", "z", "end"],
    "bytes": np.array([b"a\0b", b"\xff", b"", b"c", b"d", b"e"]),
    "images": np.arange(N * 6).reshape(N, 3, 2),
    "ragged": [np.arange(length, dtype="int16") for length in LENGTHS],
    "ragged matrices": [np.full((length, 2), length / 4) for length in LENGTHS],
    "ragged times": [np.arange(length).astype("datetime64[s]") for length in LENGTHS],
    "ragged bools": [np.ones(length, bool) for length in LENGTHS],
}


def entries(n_rows, first=1):
    cells = np.arange(first, first + n_rows * 4).reshape(n_rows, 4)
    return scipy.sparse.csr_array(np.where(cells % 3 == 0, cells, 0) / 2)


def register_columns(f):
    for name, data in COLUMNS.items():
        f.register(data, 0, name=name)
    f.register(np.arange(N), 0, name="other dtypes", dtype_save="uint8", dtype_load="float32")
    f.register(np.arange(N), 0, name="bfloat16", dtype_load="bfloat16")
    f.register(["B", "T", "B", "NK", "T", "B"], 0, name="type", categories=True)
    f.register(np.array([[0, 2]] * N), 0, name="codes", categories=["c", "b", "ż"])
    f.register(COLUMNS["images"], 0, name="packed", chunks=2, compression="gzip", shuffle=True)
    f.register(iter([np.ones((2, 3)), np.zeros((4, 3))]), 0, name="stream")


def register_layouts(f):
    f.register(entries(N), 0, name="csr")
    f.register(entries(N), 0, name="csr bool", dtype_save="bool", casting="unsafe")
    f.register(entries(2), 0, name="csr appended", length=N)
    f.append(entries(3, first=2), "0/csr appended")
    f.register(COLUMNS["ragged"], 0, name="vlen", mode="vlen")
    f.register(COLUMNS["ragged matrices"], 0, name="separate", mode="separate")
    f.register(COLUMNS["ragged"][:2], 0, name="ragged appended", mode="ragged", length=N)
    f.append(COLUMNS["ragged"][2:4], "0/ragged appended")
    f.register(np.ones((2, 2)), 0, name="unfilled", length=N)
    f.register([f"gene {number}" for number in range(4)], 1, name="gene")
    cells = np.array([[0, 1, 1], [2, 0, 2], [0, 0, 0]]), np.array([1.0, 2.0, 2.0]), (3, 3, 2)
    f.register(cells, "unstructured", name="coo", mode="coo", chunks=True)
    f.append(cells, "unstructured/coo")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A file with every layout, every kind of value, a split and a sampler."""
    path = tmp_path_factory.mktemp("format") / "all.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.arange(N * 4, dtype="float32").reshape(N, 4), "central")
        register_columns(f)
        register_layouts(f)
        shares = {"train": 0.5, "vał": 0.2}
        splits.create(f, "main", splits.Stratified(by=("0/type", "0/bool"), parts=shares, seed=2**64 - 1))
        samplers.save(f, "main", samplers.Shuffled(seed=2**63 + 1))
    return path


def agree(found, column):
    """Whether values are those of `File.column`, dtype included where rows are plain arrays."""
    if isinstance(found, list):
        return len(found) == len(column) and all(map(agree, map(np.asarray, found), map(np.asarray, column)))
    if found.dtype.kind in "US":
        return found.dtype.kind == column.dtype.kind and found.tolist() == column.tolist()
    same_type = found.dtype.newbyteorder("=") == column.dtype.newbyteorder("=")
    return same_type and np.array_equal(found, column, equal_nan=found.dtype.kind in "fcmM")


def disagreements(path):
    """Keys of which this reader and h5torch make different rows, or that only one of them refuses."""
    with h5py.File(path) as f, h5torch.File(path) as ours:
        view = View(ours, ours.schema)  # what File.column looks through, read once
        assert set(view.schema.unfinished).isdisjoint(keys_of(f))
        return [key for key in keys_of(f) if not same_object(f, view, key)]


def same_object(f, view, key):
    try:
        found = read(f, key)
    except (RefusedError, KeyError):
        with pytest.raises(H5torchError):
            view.column(key)
        return True
    if isinstance(found, tuple):
        indices, found = found
        assert len(indices.T) == len(found)
    return agree(found, view.column(key))


def test_every_layout_and_value_reads_as_the_page_says(path):
    with h5py.File(path) as f:
        keys = set(keys_of(f))

    assert {"central", "1/gene", "unstructured/coo", "0/csr", "0/type"} <= keys
    assert {f"0/{name}" for name in COLUMNS} <= keys
    assert disagreements(path) == []


@pytest.mark.parametrize("path", GOLDEN, ids=[str(path.relative_to(ROOT / "tests")) for path in GOLDEN])
def test_files_of_published_releases_read_as_the_page_says(path):
    assert disagreements(path) == []


def test_values_come_back_as_they_were_given(path):
    """The oracle is the data: not even h5torch's own reading."""
    with h5py.File(path) as f:
        for name, data in COLUMNS.items():
            given = data if isinstance(data, list) and not isinstance(data[0], str) else np.asarray(data)
            found = read(f, f"0/{name}")
            assert agree(np.array(found) if name == "long text" else found, given), name
        assert read(f, "0/type").tolist() == ["B", "T", "B", "NK", "T", "B"]
        assert np.array_equal(read(f, "0/csr"), entries(N).toarray())
        assert f["0/bfloat16"].attrs["bfloat16"]


def test_contiguous_data_are_aligned(path):
    """F502: readers that map the file gain from it, though none may rely on it."""
    offsets = []
    with h5py.File(path) as f:
        f.visititems(lambda _, node: offsets.append(getattr(node.id, "get_offset", int)()))

    assert all(offset % 64 == 0 for offset in offsets if offset)


def test_a_split_reads_as_the_page_says(path):
    split = splits.load(path, "main")
    with h5py.File(path) as f:
        parts, codes, recipe, provenance = read_split(f, "main")
        inputs = {key: digest(read(f, key)) for key in recipe["by"]}

    assert parts == list(split.parts) == ["train", "vał"]
    assert np.array_equal(codes, split.codes)
    assert recipe["recipe"] == "stratified"
    assert recipe["version"] == 1
    assert recipe["parts"] == [["train", 0.5], ["vał", 0.2]]
    assert recipe["seed"] == 2**64 - 1
    assert provenance["inputs"] == inputs
    assert provenance["fingerprint"] == fingerprint(0, parts, codes)
    assert provenance["counts"] == {part: int((codes == code).sum()) for code, part in enumerate(parts)}
    assert provenance["left_out"] == int((codes == 255).sum())
    assert set(provenance) == {"inputs", "versions", "counts", "shares", "left_out", "fingerprint"}
    rows = h5torch.Dataset(path, split="main/train", columns=["central"]).indices
    assert np.array_equal(rows, np.flatnonzero(codes == 0))


def test_a_sampler_draws_what_the_page_says(path):
    with h5py.File(path) as f:
        recipe = json.loads(f["samplers/main/recipe"][()])

    for n in (1, 6, 1023, 1024, 5000):
        positions = range(min(n, 50))
        key = derive(recipe["seed"], "shuffled", 3)
        order = samplers.order(samplers.load(path, "main"), n_rows=n, epoch=3, positions=positions)
        assert [row_at(position, n, key) for position in positions] == order.tolist()


@pytest.mark.parametrize(
    "change",
    [
        lambda node: node.attrs.__setitem__("version", 2),
        lambda node: node.attrs.__setitem__("mode", "later"),
        lambda node: node.attrs.__setitem__("filled_to", N + 1),
        lambda node: node["indptr"].__setitem__(0, 1),
        lambda node: node["indptr"].__setitem__(2, 99),
        lambda node: node["indices"].__setitem__(0, 4),
    ],
    ids=["F204", "F203", "F209", "F412 first", "F412 order", "F414"],
)
def test_what_a_reader_must_refuse_is_refused(tmp_path, change):
    path = tmp_path / "changed.h5t"
    with h5torch.File(path, "w") as f:
        f.register(entries(N), "central")
        change(f["central"])

    with h5py.File(path) as f, pytest.raises(RefusedError):
        read(f, "central")
    assert disagreements(path) == []


def test_an_object_without_its_stamp_is_absent(tmp_path):
    with h5torch.File(tmp_path / "torn.h5t", "w") as f:
        f.register(np.arange(N), "central")
        f.register(np.arange(N), 0, name="torn")
        del f["0/torn"].attrs["mode"]

    with h5py.File(tmp_path / "torn.h5t") as f:
        assert keys_of(f) == ["central"]
    with pytest.warns(UserWarning, match="counts as absent"):
        assert list(h5torch.Dataset(tmp_path / "torn.h5t")[0]) == ["central"]


# What stands on the pages


def cells_below(page, heading):
    """The rows of the table on `page` whose first line begins with `heading`."""
    lines = iter(page.read_text(encoding="utf-8").splitlines())
    next(line for line in lines if line.startswith(f"| {heading}"))
    next(lines)
    rows = []
    for line in lines:
        if not line.startswith("|"):
            return rows
        rows.append([cell.strip(" `") for cell in line.strip("|").split(" | ")])
    return rows


def test_every_sentence_has_a_number_of_its_own():
    numbers = re.findall(r"^- \*\*([FK]\d+)\*\* ", FORMAT.read_text() + KEYED.read_text(), re.MULTILINE)

    assert len(numbers) > 100
    assert len(set(numbers)) == len(numbers)
    assert set(re.findall(r"\bF\d{3,4}\b", FORMAT.read_text())) <= set(numbers)


def test_the_digests_on_the_page_are_right():
    columns = [
        np.array([1, -2, 3]),
        np.array([[1.5, -0.0], [np.nan, 2]]),
        np.array(["a", "żó", ""]),
        np.array(["2020-01-01", "NaT"], "datetime64[D]"),
        np.array([2**63], "uint64"),
        np.array([1 + 2j]),
    ]
    shown = [row[-1] for row in cells_below(FORMAT, "column")]

    assert shown[:-1] == [digest(column)[:16] for column in columns]
    codes = np.array([0, 1, 255, 0], np.uint8)
    assert shown[-1] == f"fingerprint `{fingerprint(0, ['train', 'test'], codes)}"


def test_the_keyed_values_on_the_page_are_right():
    texts = ["a", "", "cell_00012345", "żółw"]
    keys = [derive(0), derive(0, "shuffled", 1), derive(2**64 - 1, 2**64 - 1)]
    golden = derive(0, "golden")

    hashes = [int(shown, 16) for _, shown in cells_below(KEYED, "call")]
    assert hashes == [hash_word(word, 0) for word in range(4)]
    page = KEYED.read_text(encoding="utf-8")
    for value in [*keys, *(hash_id(value, 1) for value in [7, -1, *texts])]:
        assert f"`0x{value:016X}`" in page
    sizes = [3, 10, 1000, 10**6, 2**62]
    for n, (_, shown) in zip(sizes, cells_below(KEYED, "`n`, with"), strict=True):
        rows = [int(row) for row in shown.split(", ")]
        assert rows == [row_at(position, n, golden) for position in range(len(rows))]
    drawn = [(0, 10, 0), (0, 10, 1), (2**64 - 1, 5000, 7)]
    for (seed, n, epoch), (_, shown) in zip(drawn, cells_below(KEYED, "`seed`, `n`"), strict=True):
        key = derive(seed, "shuffled", epoch)
        assert shown == ", ".join(str(row_at(position, n, key)) for position in range(8))
