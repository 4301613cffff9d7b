"""WebDataset: tar shards read in order, shuffled by shard and in a buffer of samples.

The buffer holds 2,000 samples: this is no true shuffle, and the order is WebDataset's own.
"""

from functools import partial

import numpy as np
import torch
import webdataset as wds

from benchmarks.peers.parts import joined, padded_batch, sparse_batch
from benchmarks.readers import DRAWN, StreamReader

SHARD_BYTES = 64 << 20
BUFFER = 2_000


def write(work, arrays, folder):
    """Write one tar member for each array of a sample, as raw bytes."""
    offsets = next((arrays[name] for name in ("indptr", "offsets") if name in arrays), None)
    names = [name for name in arrays if name not in {"indptr", "offsets"}]
    pattern = str(folder / "shard-%06d.tar")
    with wds.ShardWriter(pattern, maxsize=SHARD_BYTES, maxcount=10**9, verbose=0) as sink:
        for row in range(work.n_rows):
            place = row if offsets is None else slice(*offsets[row : row + 2])
            sample = {f"{name}.bin": arrays[name][place].tobytes() for name in names}
            sink.write({"__key__": f"{row:09d}", **sample})


DTYPES = {"image": np.uint8, "label": np.int64, "indices": np.int32, "values": np.int32}


def decoded(sample):
    """Return a sample's row number, and its members as arrays over their bytes."""
    members = {
        name.removesuffix(".bin"): np.frombuffer(
            value, dtype=DTYPES.get(name.removesuffix(".bin"), np.float32)
        )
        for name, value in sample.items()
        if name.endswith(".bin")
    }
    return int(sample["__key__"]), members


class Reader(StreamReader):
    """A pipeline of shards."""

    def epoch(self, draw):
        """Begin an epoch."""
        shards = [str(path) for path in sorted(self.folder.glob("*.tar"))]
        source = wds.WebDataset(
            shards,
            shardshuffle=len(shards),
            seed=draw.seed,
            workersplitter=wds.split_by_worker,
            empty_check=False,
        )
        pipeline = source.shuffle(BUFFER, initial=BUFFER, seed=draw.seed).map(decoded)
        batches = pipeline.batched(self.work.batch, collation_fn=partial(collated, self.work), partial=False)
        return iter(wds.WebLoader(batches, batch_size=None, num_workers=draw.workers))


def collated(work, samples):
    """Return a batch of tensors of decoded samples."""
    rows, members = zip(*samples, strict=True)
    drawn = {DRAWN: torch.tensor(rows)}
    columns = {name: [member[name] for member in members] for name in members[0]}
    match work.source:
        case "images":
            image = torch.from_numpy(np.stack(columns["image"]).reshape(-1, 3, 64, 64))
            return {"image": image, "label": torch.from_numpy(np.concatenate(columns["label"])), **drawn}
        case "csr":
            lengths, indices = joined(columns["indices"])
            data = np.concatenate(columns["data"])
            return {**sparse_batch(lengths, indices, data, sparse=work.sparse), **drawn}
        case "ragged":
            return {**padded_batch(*joined(columns["values"])), **drawn}
        case _:
            return {"x": torch.from_numpy(np.stack(columns["x"])), **drawn}


def openers(work, folder, source):
    """Return how the reader is opened."""
    del source
    return {"webdataset": partial(Reader, work, folder)}
