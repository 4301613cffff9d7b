"""Batches that worker processes send: sparse rows travel as they are."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch.utils.data import get_worker_info

from h5torch.batch import Column, SparseColumn
from h5torch.scatter import dense_rows
from h5torch.settling import Settling
from h5torch.tensors import tensor, tensors_of


def batch_of(columns: Mapping[str, Column]) -> dict[str, Any]:
    """Turn columns into tensors; in a worker process, sparse rows become dense where they arrive."""
    if get_worker_info() is None:
        return tensors_of(columns)
    tensors = tensors_of(columns, dense=False)
    waiting = {key: value for key, value in tensors.items() if isinstance(value, SparseColumn)}
    return Parcel(tensors, waiting) if waiting else tensors


class Parcel(Settling):
    """A batch made in a worker process: sparse rows travel as they are, and are made dense on arrival.

    In the worker it is a dict of tensors like any other: who looks into it makes the rows dense there.
    """

    def __init__(self, tensors: Mapping[str, Any], waiting: Mapping[str, SparseColumn]) -> None:
        """Hold tensors, and under the keys of `waiting` what is yet to be made."""
        super().__init__(tensors)
        self._waiting = dict(waiting)

    def settle(self) -> None:
        """Make dense what is not."""
        for key, column in list(self._waiting.items()):
            dict.__setitem__(self, key, tensor(key, column.stack()))
            self._waiting.pop(key, None)

    def __copy__(self) -> dict[str, Any]:
        """Return a plain dict of the tensors."""
        return self.copy()

    def __reduce__(self) -> tuple[Any, ...]:
        """Send tensors, and the parts of sparse rows as tensors, which travel in shared memory."""
        parts = {
            key: (
                *(tensor(key, part) for part in (column.indptr, column.indices, column.data)),
                column.n_cols,
            )
            for key, column in self._waiting.items()
        }
        return _unpacked, ({**dict(dict.items(self)), **dict.fromkeys(parts)}, parts)


class Sealed:
    """A parcel that PyTorch's `default_convert` sends on unopened: it looks into every mapping.

    `DataLoader` with `batch_size=None` converts what `dataset[positions]` gives. Who uses it in the worker
    finds the methods of a dict.
    """

    def __init__(self, parcel: Parcel) -> None:
        """Hold a parcel."""
        self._parcel = parcel

    def __getattr__(self, name: str) -> Any:
        """Return a method of the dict."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._parcel, name)

    def __getitem__(self, key: str) -> Any:
        """Return one tensor."""
        return self._parcel[key]

    def __setitem__(self, key: str, value: Any) -> None:
        """Put a tensor in."""
        self._parcel[key] = value

    def __iter__(self) -> Iterator[str]:
        """Go over the keys."""
        return iter(self._parcel)

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._parcel)

    def __contains__(self, key: object) -> bool:
        """Say whether a key is there."""
        return key in self._parcel

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as the parcel does."""
        return self._parcel.__reduce__()


def sealed(batch: Any) -> Any:
    """Seal a parcel; anything else stays as it is."""
    return Sealed(batch) if isinstance(batch, Parcel) else batch


def _unpacked(tensors: dict[str, Any], parts: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    for key, (indptr, indices, data, n_cols) in parts.items():
        dense = dense_rows(indptr.numpy(), indices.numpy(), data.numpy(), n_cols=n_cols)
        tensors[key] = tensor(key, dense)
    return tensors
