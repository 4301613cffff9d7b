"""What a dataset samples and which columns a sample has. Pure."""

from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

import numpy as np

from h5torch.errors import ArgumentTypeError, SubsetError, UnknownNameError
from h5torch.layouts import CooLayout, CsrLayout, DenseLayout, Layout
from h5torch.names import did_you_mean
from h5torch.schema import CENTRAL, Schema

Sampling: TypeAlias = int | Literal["coo"]


def check_sampling(central: Layout, sampling: Any) -> Sampling:
    """Return `sampling` if the central object can be sampled so.

    Raises:
        ArgumentTypeError: neither an axis nor `"coo"`.
        SubsetError: an axis that the object lacks or cannot be read along.
    """
    if isinstance(sampling, str) and sampling == "coo":
        if not isinstance(central, (CooLayout, DenseLayout)):
            msg = f"sampling='coo' needs a central object of mode 'coo' or 'N-D', found {central.mode!r}"
            raise SubsetError(msg)
        return "coo"
    if isinstance(sampling, bool) or not isinstance(sampling, (int, np.integer)):
        msg = f"sampling={sampling!r}: give the number of an axis, or 'coo'"
        raise ArgumentTypeError(msg)
    if isinstance(central, CooLayout):
        msg = f"sampling={sampling}: a central object of mode 'coo' is sampled with sampling='coo'"
        raise SubsetError(msg)
    if not 0 <= sampling < len(central.shape):
        msg = (
            f"sampling={sampling}: the central object of shape {central.shape} has axes 0 to "
            f"{len(central.shape) - 1}"
        )
        raise SubsetError(msg)
    if sampling > 0 and isinstance(central, CsrLayout):
        msg = f"sampling={sampling}: mode 'csr' is stored by rows; only sampling=0 can read it"
        raise SubsetError(msg)
    return int(sampling)


def n_samples(central: Layout, sampling: Sampling) -> int:
    """Return how many rows or elements there are to draw from."""
    if sampling != "coo":
        return central.shape[sampling]
    if isinstance(central, CooLayout):
        return central.n_stored
    return int(np.prod([int(length) for length in central.shape], dtype=object))


def choose_columns(schema: Schema, sampling: Sampling, columns: Iterable[str] | None) -> tuple[str, ...]:
    """Return the keys that a sample has: the central object first, then by axis and name.

    Raises:
        UnknownNameError: a key asked for is not there, or belongs to an axis that is not sampled.
        ArgumentTypeError: `columns` is one text instead of a list.
    """
    axes = range(len(schema.shape)) if sampling == "coo" else [sampling]
    known = (CENTRAL, *(key for axis in axes for key in schema.aligned(axis)))
    if columns is None:
        return known
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        msg = f"columns={columns!r}: give a list, columns=[{columns!r}]"
        raise ArgumentTypeError(msg)
    columns = list(columns)
    for key in columns:
        if key not in known:
            msg = f"columns: no {key!r} for sampling={sampling!r}; {did_you_mean(str(key), known)}"
            raise UnknownNameError(msg)
    if not columns:
        msg = "columns: the list is empty, so samples would be; name at least one column"
        raise SubsetError(msg)
    return tuple(key for key in known if key in set(columns))
