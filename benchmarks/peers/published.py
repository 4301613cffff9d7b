"""The published h5torch 0.3.1: `File.register`, `Dataset`, and a plain `DataLoader`."""

from functools import partial

import numpy as np
from scipy import sparse
from torch.utils.data import default_collate

import h5torch
from benchmarks.peers.parts import joined, padded_batch, sparse_batch
from benchmarks.readers import RowReader
from benchmarks.workloads import COO_SHAPE, CSR_COLUMNS

FILE = "data.h5t"


def write(work, arrays, folder):
    """Register the source arrays."""
    with h5torch.File(str(folder / FILE), "w") as f:
        match work.source:
            case "dense":
                f.register(arrays["x"], "central")
            case "images":
                f.register(arrays["image"], "central")
                f.register(arrays["label"], 0, name="label")
            case "csr":
                parts = (arrays["data"], arrays["indices"], arrays["indptr"])
                matrix = sparse.csr_matrix(parts, shape=(work.n_rows, CSR_COLUMNS))
                f.register(matrix, "central", mode="csr", csr_load_sparse=work.sparse)
            case "ragged":
                rows = np.split(arrays["values"], arrays["offsets"][1:-1])
                f.register(rows, "central", mode="vlen")
            case "coo":
                f.register((arrays["indices"], arrays["value"], COO_SHAPE), "central", mode="coo")
                f.register(arrays["row"], 0, name="features")
                f.register(arrays["col"], 1, name="features")


class Reader(RowReader):
    """Samples one by one, as that package draws them."""

    ways = ("loader",)

    def __init__(self, work, folder):
        """Open the dataset."""
        super().__init__(work, folder)
        sampling = "coo" if work.source == "coo" else 0
        self._dataset = h5torch.Dataset(str(folder / FILE), sampling=sampling)

    def batch(self, rows):
        """Return a batch of samples: there is no other way."""
        return self.collate()([self._dataset[row] for row in rows])

    def dataset(self):
        """Return the dataset."""
        return self._dataset

    def collate(self):
        """Return PyTorch's default collate, or one that pads or keeps rows sparse."""
        if self.work.source == "ragged":
            return pad
        return keep_sparse if self.work.sparse else default_collate

    def named(self, batch):
        """Return a batch under the names of the source arrays."""
        keys = {
            "images": {"central": "image", "0/label": "label"},
            "coo": {"central": "value", "0/features": "row", "1/features": "col"},
        }.get(self.work.source, {"central": "x"})
        return {keys.get(key, key): value for key, value in batch.items()}

    def close(self):
        """Close the file."""
        self._dataset.close()


def pad(samples):
    """Pad samples to the longest."""
    return padded_batch(*joined([sample["central"] for sample in samples]))


def keep_sparse(samples):
    """Join samples that are pairs of columns and values."""
    lengths, indices = joined([sample["central"][0] for sample in samples])
    data = np.concatenate([sample["central"][1] for sample in samples])
    return sparse_batch(lengths, indices, data, sparse=True)


def openers(work, folder, source):
    """Return how the reader is opened."""
    del source
    return {"published": partial(Reader, work, folder)}
