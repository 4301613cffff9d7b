"""What adapters share: sparse and ragged batches made of parts that a library hands out."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from benchmarks.gathers import densified
from benchmarks.workloads import CSR_COLUMNS


def sparse_batch(lengths: Any, indices: Any, data: Any, *, sparse: bool) -> dict[str, torch.Tensor]:
    """Return rows of nonzeros as one tensor, sparse or dense.

    Args:
        lengths: Nonzeros of each row, shape `(n,)`.
        indices: Columns of all of them, one row after the other.
        data: Their values.
        sparse: Whether the tensor stays sparse.
    """
    indptr = np.zeros(len(lengths) + 1, dtype=indices.dtype)
    np.cumsum(lengths, out=indptr[1:])
    if not sparse:
        return {"x": torch.from_numpy(densified(indptr, indices, data))}
    shape = (len(lengths), CSR_COLUMNS)
    parts = (torch.from_numpy(part) for part in (indptr, indices, data))
    return {"x": torch.sparse_csr_tensor(*parts, size=shape, check_invariants=False)}


def padded_batch(lengths: Any, values: Any) -> dict[str, torch.Tensor]:
    """Return rows of different length, padded with zeros, and their lengths.

    Args:
        lengths: Length of each row, int64, shape `(n,)`.
        values: All of them, one row after the other.
    """
    padded = np.zeros((len(lengths), int(lengths.max())), dtype=values.dtype)
    at = 0
    for place, length in enumerate(lengths.tolist()):
        padded[place, :length] = values[at : at + length]
        at += length
    return {"x": torch.from_numpy(padded), "lengths": torch.from_numpy(lengths)}


def joined(rows: Sequence[Any]) -> tuple[Any, Any]:
    """Return the lengths of rows, int64, and all their values, one row after the other."""
    return np.array([len(row) for row in rows], dtype=np.int64), np.concatenate(rows)


def joined_ranges(starts: Any, lengths: Any) -> Any:
    """Return the numbers of all values of rows that lie at these places."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1]) + np.repeat(starts - (ends - lengths), lengths)
