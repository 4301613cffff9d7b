"""h5py as people write it by hand: a row at a time, and a batch at a time by sorted fancy indexing."""

import os
from functools import partial

import h5py
import hdf5plugin
import numpy as np
import torch
from torch.utils.data import default_collate

from benchmarks.peers.parts import joined, padded_batch, sparse_batch
from benchmarks.readers import OneByOne, RowReader
from benchmarks.workloads import CSR_COLUMNS

FILE = "data.h5"
CHUNK_CACHE = 64 << 20


def filters(codec):
    """Return the options of `create_dataset` for a codec."""
    if codec is None:
        return {}
    options = {
        "gzip": lambda: {"compression": "gzip", "compression_opts": 4},
        "zstd": hdf5plugin.Zstd,
        "blosc": lambda: hdf5plugin.Blosc(cname="lz4", clevel=5, shuffle=hdf5plugin.Blosc.SHUFFLE),
        "lz4": hdf5plugin.LZ4,
    }[codec.name]()
    return {"chunks": (codec.chunk_rows, 256), **options}


def write(work, arrays, folder):
    """Write every source array as a dataset."""
    with h5py.File(folder / FILE, "w") as f:
        for name, array in arrays.items():
            f.create_dataset(name, data=array, **filters(work.codec))


class Reader(RowReader):
    """An open file, opened anew in each process."""

    def __init__(self, work, folder):
        """Open the file."""
        super().__init__(work, folder)
        self._owner, self._file, self._datasets = None, None, {}
        name = {"csr": "indptr", "ragged": "offsets"}.get(work.source)
        self._offsets = self.datasets[name][()] if name else None

    @property
    def datasets(self):
        """The datasets of the file as this process has it open."""
        if self._owner != os.getpid():
            self._owner, self._file = os.getpid(), h5py.File(self.folder / FILE, rdcc_nbytes=CHUNK_CACHE)
            self._datasets = dict(self._file)
        return self._datasets

    def spans(self, rows):
        """Return where rows start and end."""
        return list(zip(self._offsets[rows].tolist(), self._offsets[rows + 1].tolist(), strict=True))

    def close(self):
        """Close the file."""
        if self._file is not None:
            self._file.close()
        self._owner, self._file, self._datasets = None, None, {}


class ByRow(Reader):
    """One sample at a time, made a batch by PyTorch's default collate."""

    def batch(self, rows):
        """Return a batch of samples."""
        return self.collate()([self.sample(row) for row in rows])

    def dataset(self):
        """Return a dataset of samples."""
        return OneByOne(self.work.n_rows, self.sample)

    def collate(self):
        """Return PyTorch's default collate, or one that pads or keeps rows sparse."""
        if self.work.source == "ragged":
            return pad
        return keep_sparse if self.work.sparse else default_collate

    def sample(self, row):
        """Return one sample."""
        f = self.datasets
        match self.work.source:
            case "csr":
                ((start, end),) = self.spans(np.array([row]))
                indices, data = f["indices"][start:end], f["data"][start:end]
                if self.work.sparse:
                    return indices, data
                dense = np.zeros(CSR_COLUMNS, dtype=data.dtype)
                dense[indices] = data
                return {"x": dense}
            case "ragged":
                ((start, end),) = self.spans(np.array([row]))
                return f["values"][start:end]
            case "coo":
                i, j = f["indices"][:, row]
                return {"value": f["value"][row], "row": f["row"][i], "col": f["col"][j]}
            case _:
                return {name: f[name][row] for name in f}


def pad(samples):
    """Pad samples to the longest."""
    return padded_batch(*joined(samples))


def keep_sparse(samples):
    """Join samples that are pairs of columns and values."""
    lengths, indices = joined([indices for indices, _ in samples])
    return sparse_batch(lengths, indices, np.concatenate([data for _, data in samples]), sparse=True)


def take(dataset, rows):
    """Return rows of a dataset: a slice where they are neighbours, sorted fancy indexing elsewhere."""
    if rows[-1] - rows[0] == len(rows) - 1 and (np.diff(rows) == 1).all():
        return torch.from_numpy(dataset[rows[0] : rows[-1] + 1])
    unique, place = np.unique(rows, return_inverse=True)
    return torch.from_numpy(dataset[unique][place])


class Batched(Reader):
    """A whole batch at a time."""

    def batch(self, rows):
        """Return a batch."""
        f = self.datasets
        match self.work.source:
            case "csr":
                spans = self.spans(rows)
                lengths, indices = joined([f["indices"][start:end] for start, end in spans])
                data = np.concatenate([f["data"][start:end] for start, end in spans])
                return sparse_batch(lengths, indices, data, sparse=self.work.sparse)
            case "ragged":
                return pad([f["values"][start:end] for start, end in self.spans(rows)])
            case "coo":
                unique, place = np.unique(rows, return_inverse=True)
                i, j = f["indices"][:, unique][:, place]
                return {"value": take(f["value"], rows), "row": take(f["row"], i), "col": take(f["col"], j)}
            case _:
                return {name: take(f[name], rows) for name in f}


def openers(work, folder, source):
    """Return how both readers are opened; only the batched one reads compressed chunks."""
    del source
    batched = {"h5py": partial(Batched, work, folder)}
    return batched if work.codec else {**batched, "h5py-rows": partial(ByRow, work, folder)}
