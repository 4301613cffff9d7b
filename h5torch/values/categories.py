"""Categories: a code for each value, and the names that the codes stand for."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from h5torch.errors import ConversionError, RegisterError
from h5torch.rows import Array
from h5torch.values.text import check_ends


def code_dtype(n_names: int) -> np.dtype[Any]:
    """Return the narrowest unsigned integer that numbers `n_names` names."""
    return np.min_scalar_type(max(0, n_names - 1))


def check_names(names: object, *, what: str) -> Array:
    """Return category names as an array of `str`.

    Raises:
        RegisterError: there are none, one is no text, or one stands twice.
    """
    if isinstance(names, str) or not isinstance(names, Iterable):
        msg = f"{what}: categories={names!r} must be a list of names, or True"
        raise RegisterError(msg)
    listed = tuple(names)
    if not listed:
        msg = f"{what}: categories= is empty; list the names, or pass True to take them from the data"
        raise RegisterError(msg)
    for name in listed:
        if not isinstance(name, str):
            msg = f"{what}: category names are text, found {name!r} of type {type(name).__name__}"
            raise RegisterError(msg)
    check_ends(listed, "\0", what=what)
    if len(set(listed)) != len(listed):
        twice, _ = Counter(listed).most_common(1)[0]
        msg = f"{what}: the category {twice!r} stands twice in categories="
        raise RegisterError(msg)
    return np.array(listed, dtype=np.str_)


def encode(values: Array, names: Array, *, what: str, first_row: int = 0) -> Array:
    """Replace names by their codes, or check codes that are given as such.

    Args:
        values: Names (`U`) or codes (integers), shape `(n, ...)`.
        names: All names, in the order of their codes.
        what: Path of the object, for messages.
        first_row: Row number of `values[0]`, for messages.

    Returns:
        Codes of the narrowest unsigned dtype, same shape.

    Raises:
        ConversionError: a value is none of the names, or a code numbers none of them.
    """
    if values.dtype.kind not in "iuU":
        msg = f"{what}: categories are text, or integer codes, found {values.dtype}; convert them first"
        raise ConversionError(msg)
    if values.dtype.kind in "iu":
        wrong = (values < 0) | (values >= len(names))
        codes = values
    else:
        order = np.argsort(names)
        ordered = names[order]
        place = np.minimum(np.searchsorted(ordered, values), len(names) - 1)
        wrong = ordered[place] != values
        codes = order[place]
    if wrong.any():
        at = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
        shown = ", ".join(repr(str(name)) for name in names[:5]) + (", …" if len(names) > 5 else "")
        msg = (
            f"{what}: {values[at].item()!r} in row {first_row + int(at[0])} is not one of the {len(names)} "
            f"categories ({shown}); add it to categories=, or name missing values"
        )
        raise ConversionError(msg)
    return codes.astype(code_dtype(len(names)))
