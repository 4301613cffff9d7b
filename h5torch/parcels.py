"""Batches that worker processes send: sparse rows travel as they are."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch.utils.data import get_worker_info

from h5torch.batch import Column, SparseColumn
from h5torch.scatter import dense_rows
from h5torch.tensors import tensor, tensors_of


def batch_of(columns: Mapping[str, Column]) -> dict[str, Any]:
    """Turn columns into tensors; in a worker process, sparse rows become dense where they arrive."""
    if get_worker_info() is None:
        return tensors_of(columns)
    tensors = tensors_of(columns, dense=False)
    waiting = {key: value for key, value in tensors.items() if isinstance(value, SparseColumn)}
    return Parcel(tensors, waiting) if waiting else tensors


class Parcel(dict[str, Any]):
    """A batch made in a worker process: sparse rows travel as they are, and are made dense on arrival.

    In the worker it is a dict of tensors like any other: who looks into it makes the rows dense there.
    """

    def __init__(self, tensors: Mapping[str, Any], waiting: Mapping[str, SparseColumn]) -> None:
        """Hold tensors, and under the keys of `waiting` what is yet to be made."""
        super().__init__(tensors)
        self._waiting = dict(waiting)

    def _settle(self) -> dict[str, Any]:
        for key, column in self._waiting.items():
            super().__setitem__(key, tensor(key, column.stack()))
        self._waiting = {}
        return dict(super().items())

    def __getitem__(self, key: str) -> Any:
        """Return one tensor."""
        return self._settle()[key]

    def __iter__(self) -> Iterator[str]:
        """Go over the keys; that this is defined makes `dict(parcel)` ask for the tensors."""
        return super().__iter__()

    def get(self, key: str, default: Any = None) -> Any:
        """Return one tensor, or `default`."""
        return self._settle().get(key, default)

    def items(self) -> Any:
        """Return keys and tensors."""
        return self._settle().items()

    def values(self) -> Any:
        """Return the tensors."""
        return self._settle().values()

    def pop(self, key: str, *default: Any) -> Any:
        """Take one tensor out."""
        self._settle()
        return super().pop(key, *default)

    def copy(self) -> dict[str, Any]:
        """Return a plain dict of the tensors."""
        return self._settle()

    def __or__(self, other: Any) -> Any:
        """Return a plain dict with further or other tensors."""
        return self._settle() | other

    def __setitem__(self, key: str, value: Any) -> None:
        """Put a tensor in."""
        self._waiting.pop(key, None)
        super().__setitem__(key, value)

    def __reduce__(self) -> tuple[Any, ...]:
        """Send tensors, and the parts of sparse rows as tensors, which travel in shared memory."""
        parts = {
            key: (*map(torch.from_numpy, (column.indptr, column.indices, column.data)), column.n_cols)
            for key, column in self._waiting.items()
        }
        return _unpacked, ({**dict(super().items()), **dict.fromkeys(parts)}, parts)


def _unpacked(tensors: dict[str, Any], parts: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    for key, (indptr, indices, data, n_cols) in parts.items():
        dense = dense_rows(indptr.numpy(), indices.numpy(), data.numpy(), n_cols=n_cols)
        tensors[key] = tensor(key, dense)
    return tensors
