"""LitData: chunks of samples, streamed by its own dataset and loader, shuffled in an order of its own."""

from functools import partial

import numpy as np
import torch
from litdata import StreamingDataLoader, StreamingDataset
from litdata.streaming import Cache
from torch.utils.data import default_collate

from benchmarks.peers.parts import joined, padded_batch, sparse_batch
from benchmarks.readers import DRAWN, StreamReader


def write(work, arrays, folder):
    """Write every sample as a dict of tensors."""
    offsets = next((arrays[name] for name in ("indptr", "offsets") if name in arrays), None)
    names = [name for name in arrays if name not in {"indptr", "offsets"}]
    cache = Cache(input_dir=str(folder), chunk_bytes="64MB")
    for row in range(work.n_rows):
        place = row if offsets is None else slice(*offsets[row : row + 2])
        sample = {name: torch.from_numpy(np.array(arrays[name][place])) for name in names}
        cache[row] = {DRAWN: row, **sample}
    cache.done()
    cache.merge()


class Reader(StreamReader):
    """A streaming dataset over local chunks."""

    def epoch(self, draw):
        """Begin an epoch."""
        dataset = StreamingDataset(input_dir=str(self.folder), shuffle=True, seed=draw.seed, drop_last=True)
        loader = StreamingDataLoader(
            dataset,
            batch_size=self.work.batch,
            num_workers=draw.workers,
            drop_last=True,
            collate_fn=partial(collated, self.work),
        )
        return iter(loader)


def collated(work, samples):
    """Return a batch of tensors."""
    if work.source not in {"csr", "ragged"}:
        return default_collate(samples)
    drawn = {DRAWN: torch.tensor([sample[DRAWN] for sample in samples])}
    columns = {name: [sample[name].numpy() for sample in samples] for name in samples[0] if name != DRAWN}
    if work.source == "ragged":
        return {**padded_batch(*joined(columns["values"])), **drawn}
    lengths, indices = joined(columns["indices"])
    data = np.concatenate(columns["data"])
    return {**sparse_batch(lengths, indices, data, sparse=work.sparse), **drawn}


def openers(work, folder, source):
    """Return how the reader is opened."""
    del source
    return {"litdata": partial(Reader, work, folder)}
