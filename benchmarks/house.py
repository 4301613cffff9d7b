"""h5torch and the limits, in one process: the same rows through h5torch, a `.npy` map and arrays in RAM.

They share a process because their rates are compared within a few percent: drawn in turns of some
milliseconds, they meet the same clock rate, the same heap and the same neighbours.
"""

import importlib
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
import torch

import h5torch
from benchmarks.gathers import GATHERS
from benchmarks.readers import Batch, RowReader, Rows, UnsupportedError
from benchmarks.serving import LIMIT, Openers
from benchmarks.sources import Arrays, load_arrays
from benchmarks.workloads import COO_SHAPE, CSR_COLUMNS, Codec, Workload

OURS = "h5torch"
RAM = "ram"

_FILE = "data.h5t"
_KEYS = {
    "images": {"central": "image", "0/label": "label"},
    "coo": {"central": "value", "0/features": "row", "1/features": "col"},
    "ragged": {"central": "x", "central/lengths": "lengths"},
}


class Ours(RowReader):
    """`h5torch.Dataset`, asked in the three ways that its users have."""

    ways = ("batch", "loader", "arrays")

    def __init__(self, work: Workload, folder: Path) -> None:
        """Open the dataset."""
        super().__init__(work, folder)
        self._dataset = h5torch.Dataset(folder / _FILE, sampling="coo" if work.source == "coo" else 0)

    def batch(self, rows: Rows) -> Batch:
        """Return `dataset.batch(rows)`."""
        return batch_of(self._dataset, rows)

    def dataset(self) -> torch.utils.data.Dataset[Any]:
        """Return the dataset itself."""
        return self._dataset

    def collate(self) -> None:
        """Leave collating to PyTorch's default."""

    def named(self, batch: Batch) -> Batch:
        """Return a batch under the names of the source arrays."""
        names = _KEYS.get(self.work.source, {"central": "x"})
        return {names.get(key, key): value for key, value in batch.items()}

    def close(self) -> None:
        """Close the file."""
        self._dataset.close()


def batch_of(dataset: h5torch.Dataset, rows: Rows) -> Batch:
    """Return a batch the direct way."""
    batch: Batch = dataset.batch(rows)
    return batch


class Limit(RowReader):
    """The hand-written gather over plain arrays."""

    ways = ("batch", "loader", "arrays")

    def __init__(self, work: Workload, folder: Path, *, mapped: bool) -> None:
        """Map the source arrays, or read them into memory."""
        super().__init__(work, folder)
        self.arrays = load_arrays(folder, mapped=mapped)
        self._gather = GATHERS[work.layout]
        self._finish = _sparse_tensor if work.sparse else _tensors

    def batch(self, rows: Rows) -> Batch:
        """Gather, and wrap the arrays as tensors."""
        return self._finish(self._gather(self.arrays, rows))

    def close(self) -> None:
        """Let go of the maps."""
        self.arrays = {}


def _tensors(batch: Batch) -> Batch:
    return {name: torch.from_numpy(array) for name, array in batch.items()}


def _sparse_tensor(batch: Batch) -> Batch:
    tensor = torch.sparse_csr_tensor(
        torch.from_numpy(batch["indptr"]),
        torch.from_numpy(batch["indices"]),
        torch.from_numpy(batch["data"]),
        size=(len(batch["indptr"]) - 1, CSR_COLUMNS),
        check_invariants=False,
    )
    return {"x": tensor}


def openers(work: Workload, folder: Path, source: Path) -> Openers:
    """Return how h5torch and the limits are opened."""
    return {
        OURS: partial(Ours, work, folder),
        LIMIT: partial(Limit, work, source, mapped=True),
        RAM: partial(Limit, work, source, mapped=False),
    }


def write(work: Workload, arrays: Arrays, folder: Path) -> None:
    """Register the source arrays in a file of their own."""
    with h5torch.File(folder / _FILE, "w") as f:
        register(f, work, arrays)


def register(f: h5torch.File, work: Workload, arrays: Arrays) -> None:
    """Register the source arrays as a user would."""
    match work.source:
        case "dense":
            f.register(arrays["x"], "central")
        case "counts":
            f.register(arrays["x"], "central", **storage(work.codec))
        case "images":
            f.register(arrays["image"], "central")
            f.register(arrays["label"], 0, name="label")
        case "csr":
            f.register(csr_matrix(arrays), "central", mode="csr", csr_load_sparse=work.sparse)
        case "ragged":
            f.register(ragged_rows(arrays), "central", mode="ragged")
        case "coo":
            f.register((arrays["indices"], arrays["value"], COO_SHAPE), "central", mode="coo")
            f.register(arrays["row"], 0, name="features")
            f.register(arrays["col"], 1, name="features")


def csr_matrix(arrays: Arrays) -> scipy.sparse.csr_matrix:
    """Return the sparse rows as SciPy has them."""
    parts = (arrays["data"], arrays["indices"], arrays["indptr"])
    return scipy.sparse.csr_matrix(parts, shape=(len(arrays["indptr"]) - 1, CSR_COLUMNS), copy=False)


def ragged_rows(arrays: Arrays) -> list[np.ndarray[Any, Any]]:
    """Return ragged rows as a list of arrays."""
    return np.split(arrays["values"], arrays["offsets"][1:-1])


def storage(codec: Codec | None) -> dict[str, Any]:
    """Return the storage options of `h5py.Group.create_dataset` that a codec stands for.

    Raises:
        UnsupportedError: the codec needs hdf5plugin, which is not installed.
    """
    if codec is None:
        return {}
    if codec.name == "gzip":
        return {"chunks": codec.chunk_rows, "compression": "gzip", "compression_opts": 4}
    try:
        plugins = importlib.import_module("hdf5plugin")
    except ImportError:
        msg = f"writing {codec.name} needs hdf5plugin, which is not installed"
        raise UnsupportedError(msg) from None
    filters = {
        "zstd": lambda: plugins.Zstd(),
        "blosc": lambda: plugins.Blosc(cname="lz4", clevel=5, shuffle=plugins.Blosc.SHUFFLE),
        "lz4": lambda: plugins.LZ4(),
    }
    return {"chunks": codec.chunk_rows, **filters[codec.name]()}
