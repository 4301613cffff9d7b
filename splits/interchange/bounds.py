"""How much is read of what comes from elsewhere."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from splits.errors import SplitError
from splits.interchange.showing import named

__all__ = ["MAX_ARRAYS", "check_array", "check_count"]

MAX_ARRAYS = 1 << 12
"""The most masks or lists that are read together."""

_MAX_ITEM, _MAX_TEXT = 1 << 12, 1 << 30  # bytes of an id of fixed width, and of all ids together


def check_count(names: Sequence[str], *, what: str) -> None:
    """Refuse more arrays than folds and parts there can be.

    Raises:
        SplitError: there are more.
    """
    if len(names) > MAX_ARRAYS:
        msg = f"{what}: holds {len(names)} arrays, at most {MAX_ARRAYS} are read; is this a split?"
        raise SplitError(msg)


def check_array(shape: tuple[int, ...], dtype: np.dtype[Any], *, limit: int, what: str) -> None:
    """Refuse an array that can be no mask and no list, before it is read.

    Raises:
        SplitError: it has not one dimension, more than `limit` values, or values of another kind.
    """
    if len(shape) != 1:
        msg = f"{what}: must have one dimension, has shape {named(shape)}"
        raise SplitError(msg)
    if shape[0] > limit:
        msg = f"{what}: has {shape[0]} values, the axis has fewer rows: at most {limit} are read"
        raise SplitError(msg)
    if dtype.kind in "US" and shape[0] * dtype.itemsize > _MAX_TEXT:
        size = f"{shape[0]} ids of {dtype.itemsize} bytes"
        msg = f"{what}: {size} are more than the {_MAX_TEXT:,} bytes that are read"
        raise SplitError(msg)
    if (shape[0] and dtype.kind not in "biuSUTO") or dtype.itemsize > _MAX_ITEM:
        msg = f"{what}: must be bools, integers or ids, found {named(dtype)}"
        raise SplitError(msg)
