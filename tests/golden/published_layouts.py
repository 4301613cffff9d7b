"""Files of the published package: every mode as central object, with every mode beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from tests.golden.recording import PublishedFile, View

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    Write = Callable[[PublishedFile, Generator], None]


def eighths(rng: Generator, *shape: int) -> NDArray[np.float64]:
    """Draw numbers that every float type holds exactly, short in JSON."""
    return rng.integers(-16, 17, shape) / 8


def gappy(rng: Generator, *shape: int) -> NDArray[np.float64]:
    """Draw as `eighths` does, with most entries zero and, in two dimensions, row 1 all zero."""
    values = eighths(rng, *shape) * (rng.random(shape) < 0.4)
    values[1 : 2 if len(shape) > 1 else 1] = 0
    return values


def ragged(rng: Generator, n: int) -> list[NDArray[np.int32]]:
    """Draw `n` one-dimensional arrays of unequal lengths, the one at 1 empty."""
    return [rng.integers(0, 99, 0 if at == 1 else 1 + at % 3, dtype=np.int32) for at in range(n)]


def unequal(rng: Generator, n: int) -> list[NDArray[np.float32]]:
    """Draw `n` two-dimensional arrays of unequal shapes, the one at 1 of no rows."""
    return [eighths(rng, 0 if at == 1 else 1 + at % 2, 1 + at % 3).astype(np.float32) for at in range(n)]


def beside(f: PublishedFile, rng: Generator, axis: int | str, n: int) -> None:
    """Register one object of `n` rows in every mode that slices too."""
    f.register(eighths(rng, n), axis, name="nd1")
    f.register(rng.integers(-9, 9, (n, 2), dtype=np.int16), axis, name="nd2")
    f.register(rng.integers(0, 9, (n, 2, 2), dtype=np.uint8), axis, name="nd3")
    f.register(gappy(rng, n, 5).astype(np.float32), axis, name="csr", mode="csr")
    f.register(ragged(rng, n), axis, name="vlen", mode="vlen")
    f.register(unequal(rng, n), axis, name="separate", mode="separate")


def beside_sparse(f: PublishedFile, rng: Generator, axis: int | str, n: int) -> None:
    """Register one csr object of `n` rows whose rows load as indices and values."""
    f.register(gappy(rng, n, 6), axis, name="sparse", mode="csr", csr_load_sparse=True)


def whole(*samplings: int | str) -> list[View]:
    """View every sample along each of the samplings."""
    return [View(arguments={"sampling": sampling}) for sampling in samplings]


def parts(sampling: int | str, n: int) -> list[View]:
    """View unsorted indices with repeats, a mask, and a list of ints."""
    subsets: list[Any] = [
        np.array([n - 1, 0, 2, 0]),
        np.arange(n) % 3 == 0,
        [1, n - 1],
    ]
    return [View(arguments={"sampling": sampling, "subset": subset}) for subset in subsets]


def windows(sampling: int, n: int) -> list[View]:
    """View windows without overlap, with overlap, and given one by one (one row, all rows)."""
    choices: list[dict[str, Any]] = [
        {"window_size": 2},
        {"window_size": 3, "overlap": 2},
        {"window_indices": np.array([[1, 2], [n - 3, n], [0, n]])},
    ]
    return [View(arguments={"sampling": sampling, **choice}, kind="SliceDataset") for choice in choices]


def nd(shape: Sequence[int]) -> Write:
    """Write a dense central object with every mode along every axis and beside."""

    def write(f: PublishedFile, rng: Generator) -> None:
        f.register(eighths(rng, *shape), "central")
        for axis, n in enumerate(shape):
            beside(f, rng, axis, n)
        beside(f, rng, "unstructured", 3)
        beside_sparse(f, rng, "unstructured", 3)
        f.register(gappy(rng, 3, 4), "unstructured", name="coo", mode="coo")

    return write


def nd_deep(f: PublishedFile, rng: Generator) -> None:
    """Write a dense central object of rank 4 with one object along each axis."""
    f.register(eighths(rng, 3, 4, 2, 3), "central")
    f.register(rng.integers(0, 9, (3, 2, 1, 2)), 0, name="nd4")
    f.register(ragged(rng, 4), 1, name="vlen", mode="vlen")
    f.register(gappy(rng, 2, 4), 2, name="csr", mode="csr")
    f.register(unequal(rng, 3), 3, name="separate", mode="separate")


def nd_sparse_beside(f: PublishedFile, rng: Generator) -> None:
    """Write a dense central object with csr objects that load sparse along both axes."""
    f.register(rng.integers(0, 99, (6, 4)), "central")
    beside_sparse(f, rng, 0, 6)
    beside_sparse(f, rng, 1, 4)


def csr(f: PublishedFile, rng: Generator) -> None:
    """Write a csr central object with every mode along its rows, and dense along its columns."""
    f.register(gappy(rng, 7, 5), "central", mode="csr")
    beside(f, rng, 0, 7)
    f.register(eighths(rng, 5), 1, name="nd1")


def csr_sparse(f: PublishedFile, rng: Generator) -> None:
    """Write a csr central object whose rows load as indices and values, with one more beside."""
    f.register(gappy(rng, 6, 5), "central", mode="csr", csr_load_sparse=True)
    beside_sparse(f, rng, 0, 6)


def coo(f: PublishedFile, rng: Generator) -> None:
    """Write a coo central object from a dense array, with every mode along both axes."""
    f.register(gappy(rng, 5, 6), "central", mode="coo")
    beside(f, rng, 0, 5)
    beside(f, rng, 1, 6)
    beside_sparse(f, rng, 1, 6)


def coo_3d(f: PublishedFile, rng: Generator) -> None:
    """Write a 3-D coo central object from a tuple, one entry given twice, and its axes' names."""
    indices = np.stack([rng.integers(0, n, 9) for n in (4, 3, 5)])
    indices[:, 8] = indices[:, 2]
    values = rng.integers(1, 99, 9, dtype=np.uint16)
    f.register((indices, values, (4, 3, 5)), "central", mode="coo")
    f.register(eighths(rng, 4, 2), 0, name="nd2")
    f.register(ragged(rng, 3), 1, name="vlen", mode="vlen")
    f.register(unequal(rng, 5), 2, name="separate", mode="separate")
    f.register(gappy(rng, 5, 3), 2, name="csr", mode="csr")


def coo_1d(f: PublishedFile, rng: Generator) -> None:
    """Write a coo central object of one axis with int32 indices, and one beside it."""
    indices = np.array([[6, 0, 3]], dtype=np.int32)
    f.register((indices, eighths(rng, 3), [8]), "central", mode="coo")
    f.register(eighths(rng, 8), 0, name="nd1")
    f.register((indices, eighths(rng, 3), [8]), "unstructured", name="coo", mode="coo")


def vlen(f: PublishedFile, rng: Generator) -> None:
    """Write a vlen central object with every mode along its rows."""
    f.register(ragged(rng, 6), "central", mode="vlen")
    beside(f, rng, 0, 6)


def separate(f: PublishedFile, rng: Generator) -> None:
    """Write a central object of separate arrays, 2-D and unequal, with every mode along it."""
    f.register(unequal(rng, 6), "central", mode="separate")
    beside(f, rng, 0, 6)


def mixed_ranks(f: PublishedFile, rng: Generator) -> None:
    """Write separate arrays of ranks 0 to 3, and 0-d ones alone beside them."""
    shapes: list[tuple[int, ...]] = [(), (3,), (0,), (2, 2), (1, 2, 2), (1,)]
    f.register([np.array(eighths(rng, *shape)) for shape in shapes], "central", mode="separate")
    f.register([np.float32(at) for at in range(6)], 0, name="scalars", mode="separate")
    f.register([eighths(rng, 2) for _ in range(6)], 0, name="equal", mode="separate")
    f.register([eighths(rng, 2) for _ in range(6)], 0, name="equal_vlen", mode="vlen")


def sparse_formats(f: PublishedFile, rng: Generator) -> None:
    """Write csr objects from other formats, with wide indices, stored zeros, unsorted rows."""
    dense = gappy(rng, 6, 5)
    wide = sparse.csr_matrix(dense)
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    unsorted = (np.array([1.0, 0.0, 3.0, 4.0]), np.array([4, 1, 0, 2]), [0, 2, 2, 2, 4, 4, 4])
    f.register(wide, "central", mode="csr")
    f.register(sparse.csr_array(dense), 0, name="array", mode="csr")
    f.register(sparse.csc_matrix(dense), 0, name="csc", mode="csr")
    f.register(sparse.csr_matrix((6, 4)), 0, name="no_entries", mode="csr")
    f.register(gappy(rng, 6, 1), 0, name="one_column", mode="csr")
    f.register(dense != 0, 0, name="bool", mode="csr")
    f.register(sparse.csr_matrix(unsorted, shape=(6, 5)), 0, name="unsorted", mode="csr")
    f.register(wide, "unstructured", name="sparse", mode="csr", csr_load_sparse=True)


def sparse_rows_as_stored(f: PublishedFile, rng: Generator) -> None:
    """Write csr objects that load sparse: wide, unsorted with a stored zero, without entries."""
    wide = sparse.csr_matrix(gappy(rng, 4, 5))
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    unsorted = (np.array([1.0, 0.0, 3.0]), np.array([4, 1, 0]), [0, 2, 2, 2, 3])
    asked = {"mode": "csr", "csr_load_sparse": True}
    f.register(wide, "central", **asked)
    f.register(sparse.csr_matrix(unsorted, shape=(4, 5)), 0, name="unsorted", **asked)
    f.register(sparse.csr_matrix((4, 4)), 0, name="no_entries", **asked)
    f.register(wide, 0, name="float16", dtype_save="float32", dtype_load="float16", **asked)


FILES: dict[str, tuple[Write, list[View]]] = {
    "nd1": (nd([9]), [*whole(0, "coo"), *parts(0, 9), *windows(0, 9)]),
    "nd2": (
        nd([6, 4]),
        [*whole(0, 1, "coo"), *parts(0, 6), *parts(1, 4)[:1], *windows(0, 6), *windows(1, 4)[:1]],
    ),
    "nd3": (nd([4, 2, 3]), [*whole(0, 1, 2, "coo"), *windows(2, 3)[1:]]),
    "nd4": (nd_deep, [*whole(0, 1, 2, 3), *windows(1, 4)]),
    "nd-sparse-beside": (nd_sparse_beside, [*whole(0, 1, "coo"), *parts(0, 6)]),
    "csr": (csr, [*whole(0), *parts(0, 7), *windows(0, 7)]),
    "csr-sparse": (csr_sparse, [*whole(0), *parts(0, 6)]),
    "csr-formats": (sparse_formats, [*whole(0), *windows(0, 6)]),
    "csr-sparse-formats": (sparse_rows_as_stored, whole(0)),
    "coo": (coo, [*whole("coo"), *parts("coo", 6)]),
    "coo-3d": (coo_3d, [*whole("coo"), *parts("coo", 9)]),
    "coo-1d": (coo_1d, whole("coo")),
    "vlen": (vlen, [*whole(0), *parts(0, 6), *windows(0, 6)]),
    "separate": (separate, [*whole(0), *parts(0, 6), *windows(0, 6)]),
    "separate-ranks": (mixed_ranks, [*whole(0), *windows(0, 6)]),
}
