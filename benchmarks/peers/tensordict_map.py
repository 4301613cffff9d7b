"""tensordict: memory-mapped tensors, indexed by tensors of row numbers."""

from functools import partial

import torch
from tensordict import TensorDict

from benchmarks.peers.parts import sparse_batch
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

    def batch(self, rows):
        """Return a batch."""
        index = torch.from_numpy(rows)
        match self.work.source:
            case "csr":
                spans, lengths = self._spans("indptr", index)
                indices, data = self._flat("indices"), self._flat("data")
                return sparse_batch(
                    lengths.numpy(),
                    torch.cat([indices[start:end] for start, end in spans]).numpy(),
                    torch.cat([data[start:end] for start, end in spans]).numpy(),
                    sparse=self.work.sparse,
                )
            case "ragged":
                spans, lengths = self._spans("offsets", index)
                values = self._flat("values")
                pieces = [values[start:end] for start, end in spans]
                padded = torch.nn.utils.rnn.pad_sequence(pieces, batch_first=True)
                return {"x": padded, "lengths": lengths}
            case "coo":
                cells = self._tables["cells"][index]
                i, j = cells["indices"].long().T
                return {
                    "value": cells["value"],
                    "row": self._tables["row"][i]["row"],
                    "col": self._tables["col"][j]["col"],
                }
            case _:
                return dict(self._tables["rows"][index].items())

    def _flat(self, name):
        return self._tables[name][name].as_subclass(torch.Tensor)

    def _spans(self, name, index):
        offsets = self._flat(name)
        starts, ends = offsets[index], offsets[index + 1]
        return list(zip(starts.tolist(), ends.tolist(), strict=True)), ends - starts

    def close(self):
        """Let go of the maps."""
        self._tables = {}


def openers(work, folder, source):
    """Return how the reader is opened."""
    del source
    return {"tensordict": partial(Reader, work, folder)}
