"""The source arrays, made once and kept as `.npy` files: every adapter stores these, and is checked by them.

All of it is synthetic, drawn from a NumPy generator with a fixed seed: reading does not depend on the values
but for compressed data, which are counts as sequencers and detectors give them.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmarks.workloads import (
    COLUMNS,
    COO_FEATURES,
    COO_SHAPE,
    CSR_COLUMNS,
    CSR_NONZEROS,
    RAGGED_MEAN,
    Workload,
)

Array = NDArray[Any]
Arrays = Mapping[str, Array]

_BLOCK = 10_000
_SEED = 2024


def make_dense(n_rows: int) -> dict[str, Array]:
    """Return float32 rows that do not compress."""
    return {"x": _rng().random((n_rows, COLUMNS), dtype=np.float32)}


def make_images(n_rows: int) -> dict[str, Array]:
    """Return uint8 images of 3×64×64 and int64 labels."""
    rng = _rng()
    image = rng.integers(0, 256, (n_rows, 3, 64, 64), dtype=np.uint8)
    return {"image": image, "label": rng.integers(0, 10, n_rows)}


def make_csr(n_rows: int) -> dict[str, Array]:
    """Return sparse rows: one nonzero in each of 1,000 equal ranges of columns, so all rows are sorted."""
    rng = _rng()
    width = CSR_COLUMNS // CSR_NONZEROS
    indices = np.empty((n_rows, CSR_NONZEROS), dtype=np.int32)
    for start in range(0, n_rows, _BLOCK):
        block = indices[start : start + _BLOCK]
        block[:] = rng.integers(0, width, block.shape, dtype=np.int32)
        block += np.arange(CSR_NONZEROS, dtype=np.int32) * np.int32(width)
    data = rng.random(n_rows * CSR_NONZEROS, dtype=np.float32) + np.float32(1)
    indptr = np.arange(n_rows + 1, dtype=np.int64) * CSR_NONZEROS
    return {"data": data, "indices": indices.reshape(-1), "indptr": indptr}


def make_ragged(n_rows: int) -> dict[str, Array]:
    """Return int32 tokens in rows whose lengths are lognormal (sigma 0.5, mean 120), cut to 8 to 512."""
    rng = _rng()
    sigma = 0.5
    drawn = rng.lognormal(np.log(RAGGED_MEAN) - sigma**2 / 2, sigma, n_rows)
    lengths = np.clip(np.rint(drawn), 8, 512).astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return {"values": rng.integers(1, 30_000, int(offsets[-1]), dtype=np.int32), "offsets": offsets}


def make_coo(n_rows: int) -> dict[str, Array]:
    """Return nonzeros at random places, and 16 float32 features for each row and each column."""
    rng = _rng()
    height, width = COO_SHAPE
    places = np.stack([rng.integers(0, height, n_rows), rng.integers(0, width, n_rows)]).astype(np.int32)
    return {
        "indices": places,
        "value": rng.random(n_rows, dtype=np.float32) + np.float32(1),
        "row": rng.random((height, COO_FEATURES), dtype=np.float32),
        "col": rng.random((width, COO_FEATURES), dtype=np.float32),
    }


def make_counts(n_rows: int) -> dict[str, Array]:
    """Return counts as float32, two thirds of them zero: gzip makes them about 8 times smaller.

    Their mean is that of the column times that of the row, as a gene's in a cell is.
    """
    rng = _rng()
    means = rng.gamma(0.5, 2.0, COLUMNS)
    counts = np.empty((n_rows, COLUMNS), dtype=np.float32)
    for start in range(0, n_rows, _BLOCK):
        block = counts[start : start + _BLOCK]
        block[:] = rng.poisson(means * rng.gamma(1.0, 1.0, (len(block), 1)))
    return {"x": counts}


_MAKERS = {
    "dense": make_dense,
    "images": make_images,
    "csr": make_csr,
    "ragged": make_ragged,
    "coo": make_coo,
    "counts": make_counts,
}


def _rng() -> np.random.Generator:
    return np.random.default_rng(_SEED)


def source_folder(data: Path, work: Workload) -> Path:
    """Return where the source arrays of a workload lie."""
    return data / "source" / f"{work.source}-{work.n_rows}"


def ensure_source(data: Path, work: Workload) -> Path:
    """Make the source arrays of a workload, unless they are there; return their folder."""
    folder = source_folder(data, work)
    if not folder.exists():
        unfinished = folder.with_name(f"{folder.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for name, array in _MAKERS[work.source](work.n_rows).items():
            np.save(unfinished / f"{name}.npy", array)
        unfinished.rename(folder)
    return folder


def load_arrays(folder: Path, *, mapped: bool) -> dict[str, Array]:
    """Return the source arrays: as plain arrays over read-only maps, or read into memory."""
    mode: Literal["r"] | None = "r" if mapped else None
    return {path.stem: np.asarray(np.load(path, mmap_mode=mode)) for path in sorted(folder.glob("*.npy"))}
