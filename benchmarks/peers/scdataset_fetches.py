"""scDataset: fetches of many batches at once, sorted, over h5py datasets or a backed AnnData.

A true shuffle is blocks of one row; `blocks` are as long as the chunks, eight of them fetched together.
"""

from functools import partial

import anndata
import h5py
import numpy as np
import scipy.sparse
import torch
from scdataset import BlockShuffling, MultiIndexable, Streaming, scDataset
from torch.utils.data import DataLoader

from benchmarks.peers import h5py_by_hand
from benchmarks.peers.parts import sparse_batch
from benchmarks.readers import DRAWN, StreamReader
from benchmarks.workloads import BLOCK_ROWS, BLOCKS_TOGETHER, CSR_COLUMNS

H5AD = "data.h5ad"


def write(work, arrays, folder):
    """Write plain HDF5 datasets, or an AnnData of sparse rows."""
    if work.source != "csr":
        h5py_by_hand.write(work, arrays, folder)
        return
    parts = (arrays["data"], arrays["indices"], arrays["indptr"])
    matrix = scipy.sparse.csr_matrix(parts, shape=(work.n_rows, CSR_COLUMNS))
    anndata.AnnData(X=matrix).write_h5ad(folder / H5AD)


class Reader(StreamReader):
    """A dataset that fetches."""

    def _fetched(self):
        return BLOCK_ROWS * BLOCKS_TOGETHER // self.work.batch if self.work.order == "blocks" else 16

    def cycle(self, draw):
        """Return the batches of one fetch of every worker: all but the first of them cost next to nothing."""
        return self._fetched() * max(1, draw.workers)

    def epoch(self, draw):
        """Begin an epoch."""
        work = self.work
        strategy = {
            "shuffle": partial(BlockShuffling, block_size=1),
            "blocks": partial(BlockShuffling, block_size=BLOCK_ROWS),
            "sequential": Streaming,
        }[work.order]()
        options = {"fetch_factor": self._fetched(), "drop_last": True, "seed": draw.seed}
        if work.source == "csr":
            collection = anndata.read_h5ad(self.folder / H5AD, backed="r")
            options |= {"fetch_callback": fetched, "batch_callback": partial(nonzeros, sparse=work.sparse)}
        else:
            f = h5py.File(self.folder / h5py_by_hand.FILE, rdcc_nbytes=h5py_by_hand.CHUNK_CACHE)
            collection = MultiIndexable(**{name: f[name] for name in f}, **{DRAWN: np.arange(work.n_rows)})
            options["batch_transform"] = tensors
        dataset = scDataset(collection, strategy, work.batch, **options)
        return iter(DataLoader(dataset, batch_size=None, num_workers=draw.workers))


def fetched(data, rows):
    """Return rows of a backed AnnData, in memory and sparse still, and their numbers."""
    return data[rows].to_memory().X, rows


def nonzeros(fetch, places, *, sparse):
    """Return a batch out of a fetch as a tensor."""
    found, rows = fetch[0][places], fetch[1][places]
    indices = found.indices.astype(np.int32, copy=False)
    made = sparse_batch(np.diff(found.indptr), indices, found.data, sparse=sparse)
    return {**made, DRAWN: torch.from_numpy(rows)}


def tensors(batch):
    """Return a batch of arrays as tensors."""
    return {name: torch.from_numpy(np.ascontiguousarray(batch[name])) for name in batch.names}


def openers(work, folder, source):
    """Return how the reader is opened."""
    del source
    return {"scdataset": partial(Reader, work, folder)}
