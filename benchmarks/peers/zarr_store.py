"""zarr: arrays in chunks, uncompressed but for compressed workloads; orthogonal selection of batches."""

from functools import partial

import numpy as np
import torch
import zarr
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec

from benchmarks.peers.parts import joined_ranges, padded_batch, sparse_batch
from benchmarks.readers import RowReader

CHUNK_BYTES = 1 << 16
CODECS = {
    "gzip": lambda: GzipCodec(level=4),
    "zstd": lambda: ZstdCodec(level=3),
    "blosc": lambda: BloscCodec(cname="lz4", clevel=5, shuffle="shuffle", typesize=4),
    "lz4": lambda: BloscCodec(cname="lz4", clevel=5, shuffle="noshuffle", typesize=4),
}


def write(work, arrays, folder):
    """Write every source array."""
    root = zarr.open_group(str(folder / "data.zarr"), mode="w")
    for name, values in arrays.items():
        array = values.T if name == "indices" and values.ndim == 2 else values
        rows = work.codec.chunk_rows if work.codec else max(1, CHUNK_BYTES // array[0].nbytes)
        compressor = CODECS[work.codec.name]() if work.codec else None
        made = root.create_array(
            name,
            shape=array.shape,
            dtype=array.dtype,
            chunks=(min(rows, len(array)), *array.shape[1:]),
            compressors=compressor,
        )
        made[...] = array


def take(array, rows):
    """Return rows of an array, in the order they were asked for."""
    unique, place = np.unique(rows, return_inverse=True)
    return array.oindex[unique][place]


class Reader(RowReader):
    """An open group."""

    def __init__(self, work, folder):
        """Open the group; offsets are kept in memory."""
        super().__init__(work, folder)
        root = zarr.open_group(str(folder / "data.zarr"), mode="r")
        self._arrays = {name: root[name] for name in root.array_keys()}
        name = {"csr": "indptr", "ragged": "offsets"}.get(work.source)
        self._offsets = self._arrays[name][...] if name else None

    def batch(self, rows):
        """Return a batch."""
        arrays = self._arrays
        match self.work.source:
            case "csr":
                lengths, places = self._places(rows)
                parts = (take(arrays[name], places) for name in ("indices", "data"))
                return sparse_batch(lengths, *parts, sparse=self.work.sparse)
            case "ragged":
                lengths, places = self._places(rows)
                return padded_batch(lengths, take(arrays["values"], places))
            case "coo":
                i, j = take(arrays["indices"], rows).T
                found = {
                    "value": take(arrays["value"], rows),
                    "row": take(arrays["row"], i),
                    "col": take(arrays["col"], j),
                }
                return {name: torch.from_numpy(values) for name, values in found.items()}
            case _:
                return {name: torch.from_numpy(take(array, rows)) for name, array in arrays.items()}

    def _places(self, rows):
        starts = self._offsets[rows]
        lengths = self._offsets[rows + 1] - starts
        return lengths, joined_ranges(starts, lengths)


def openers(work, folder, source):
    """Return how the reader is opened."""
    del source
    return {"zarr": partial(Reader, work, folder)}
