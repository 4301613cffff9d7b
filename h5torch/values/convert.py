"""Numbers from one dtype to another, refusing what would change them.

Rounding a float to a narrower float is the one change of value that passes silently: it is what
"store as float32" asks for. Everything else that would come back different is an error.
"""

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

import numpy as np

from h5torch.errors import ArgumentTypeError, ConversionError
from h5torch.rows import Array
from h5torch.values.survival import all_survive, always_survives, survives

Casting: TypeAlias = Literal["checked", "unsafe"]

_BLOCK = 1 << 16  # values that are converted and checked together


def check_casting(casting: object) -> Casting:
    """Return `casting` if it is one of the two there are.

    Raises:
        ArgumentTypeError: it is neither.
    """
    if casting == "checked" or casting == "unsafe":
        return casting
    msg = f"casting={casting!r}: give 'checked' or 'unsafe'"
    raise ArgumentTypeError(msg)


def convert(
    values: Array,
    dtype: np.dtype[Any],
    *,
    casting: Casting,
    what: str,
    first_row: int = 0,
    row_ends: Array | None = None,
) -> Array:
    """Convert numbers to `dtype`, or say which value of which row would be lost.

    Args:
        values: Numbers, booleans or times of any shape; axis 0 is rows.
        dtype: Wanted dtype.
        casting: `"checked"` refuses a conversion that changes a value; `"unsafe"` does what
            `ndarray.astype` does.
        what: Path of the object, for the message.
        first_row: Row number of `values[0]`, for the message.
        row_ends: Where `values` are flat, the position at which each row ends, for the message.

    Returns:
        `values` itself where nothing changes, otherwise a new array.

    Raises:
        ConversionError: a value overflows, is NaN or fractional where an integer is wanted, loses
            an imaginary part, or is an integer too long for the mantissa of a float.
    """
    if values.dtype == dtype:
        return values
    if casting == "unsafe" or always_survives(values.dtype, dtype):
        return _cast(values, dtype, what=what)
    converted = np.empty(values.shape, dtype)
    for block, place in zip(_blocks(values, like=values), _blocks(converted, like=values), strict=True):
        _cast(block, dtype, what=what, into=place)
        if not _all_survive(block, place):
            told = _lost(values, dtype, what=what, first_row=first_row, row_ends=row_ends)
            raise ConversionError(told)
    return converted


def check(
    values: Array,
    dtype: np.dtype[Any],
    *,
    casting: Casting,
    what: str,
    first_row: int = 0,
    row_ends: Array | None = None,
) -> None:
    """Refuse what `convert` refuses, and keep nothing of what it makes.

    Raises:
        ConversionError: a value would be lost.
    """
    if values.dtype == dtype or casting == "unsafe" or always_survives(values.dtype, dtype):
        return
    if not all(_all_survive(block, _cast(block, dtype, what=what)) for block in _blocks(values, like=values)):
        told = _lost(values, dtype, what=what, first_row=first_row, row_ends=row_ends)
        raise ConversionError(told)


def _blocks(array: Array, *, like: Array) -> Iterator[Array]:
    """Cut an array into blocks that stay in the processor's cache, where `like` has them."""
    if like.flags.c_contiguous:
        array = array.reshape(-1)
    step = max(1, _BLOCK * len(array) // max(1, array.size))
    for start in range(0, len(array), step):
        yield array[start : start + step]


def _all_survive(values: Array, converted: Array) -> bool:
    with np.errstate(all="ignore"):
        return all_survive(values, converted)


def _lost(values: Array, dtype: np.dtype[Any], *, what: str, first_row: int, row_ends: Array | None) -> str:
    """Say which value is the first to be lost, and how many are."""
    with np.errstate(all="ignore"):
        lost = ~survives(values, _cast(values, dtype, what=what))
    where = np.unravel_index(int(np.argmax(lost)), lost.shape)
    position = int(where[0]) if where else 0
    if row_ends is not None:
        position = int(np.searchsorted(row_ends, position, side="right"))
    return (
        f"{what}: {values[where]!s} in row {first_row + position} cannot be held in {dtype} "
        f"({int(lost.sum())} of {lost.size} values of {values.dtype} would change); choose a wider "
        'dtype, clean the values, or pass casting="unsafe"'
    )


def _cast(values: Array, dtype: np.dtype[Any], *, what: str, into: Array | None = None) -> Array:
    # The imaginary part is dropped here, not by `copyto`, which would warn of what is checked later.
    drops = values.dtype.kind == "c" and dtype.kind in "iuf"
    converted = np.empty(values.shape, dtype) if into is None else into
    try:
        with np.errstate(all="ignore"):
            np.copyto(converted, values.real if drops else values, casting="unsafe")
    except OverflowError as error:
        msg = f"{what}: {values.dtype} does not become {dtype} ({error}); choose nearer units"
        raise ConversionError(msg) from error
    return converted
