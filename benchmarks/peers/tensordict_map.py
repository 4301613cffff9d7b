"""tensordict: memory-mapped tensors, indexed by tensors of row numbers."""

from functools import partial

import numpy as np
import torch
from tensordict import TensorDict

from benchmarks.peers.parts import padded_batch, sparse_batch
from benchmarks.readers import RowReader


def write(work, arrays, folder):
    """Save arrays of one length together; others each in a `TensorDict` of its own."""
    for name, members in tables(work, list(arrays)).items():
        tensors = {member: torch.from_numpy(arrays[member].copy()) for member in members}
        if members == ["indices", "value"]:
            tensors["indices"] = tensors["indices"].T.contiguous()
        first = next(iter(tensors.values()))
        TensorDict(tensors, batch_size=first.shape[:1]).memmap(str(folder / name))


def tables(work, names):
    """Return which arrays are saved together."""
    match work.source:
        case "csr" | "ragged":
            return {name: [name] for name in names}
        case "coo":
            return {"cells": ["indices", "value"], "row": ["row"], "col": ["col"]}
        case _:
            return {"rows": names}


class Reader(RowReader):
    """Loaded `TensorDict`s."""

    def __init__(self, work, folder):
        """Map the tensors."""
        super().__init__(work, folder)
        self._tables = {path.name: TensorDict.load_memmap(str(path)) for path in sorted(folder.iterdir())}
        tensors = {name: table[name] for name, table in self._tables.items() if name in table.keys()}  # noqa: SIM118
        self._flat = {name: tensor.as_subclass(torch.Tensor).numpy() for name, tensor in tensors.items()}

    def batch(self, rows):
        """Return a batch."""
        match self.work.source:
            case "csr":
                spans, lengths = self._spans("indptr", rows)
                parts = (self._joined(name, spans) for name in ("indices", "data"))
                return sparse_batch(lengths, *parts, sparse=self.work.sparse)
            case "ragged":
                spans, lengths = self._spans("offsets", rows)
                return padded_batch(lengths, self._joined("values", spans))
            case "coo":
                cells = self._tables["cells"][torch.from_numpy(rows)]
                i, j = cells["indices"].long().T
                return {
                    "value": cells["value"],
                    "row": self._tables["row"][i]["row"],
                    "col": self._tables["col"][j]["col"],
                }
            case _:
                return dict(self._tables["rows"][torch.from_numpy(rows)].items())

    def _spans(self, name, index):
        offsets = self._flat[name]
        starts, ends = offsets[index], offsets[index + 1]
        return list(zip(starts.tolist(), ends.tolist(), strict=True)), ends - starts

    def _joined(self, name, spans):
        values = self._flat[name]  # slices of an array cost a tenth of those of a tensor
        return np.concatenate([values[start:end] for start, end in spans])

    def close(self):
        """Let go of the maps."""
        self._tables, self._flat = {}, {}


def openers(work, folder, source):
    """Return how the reader is opened."""
    del source
    return {"tensordict": partial(Reader, work, folder)}
