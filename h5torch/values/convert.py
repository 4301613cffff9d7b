"""Numbers from one dtype to another, refusing what would change them.

Rounding a float to a narrower float is the one change of value that passes silently: it is what
"store as float32" asks for. Everything else that would come back different is an error.
"""

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from h5torch.errors import ArgumentTypeError, ConversionError
from h5torch.rows import Array

Casting: TypeAlias = Literal["checked", "unsafe"]


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
    converted = _cast(values, dtype, what=what)
    if casting == "unsafe" or _always_survives(values.dtype, dtype):
        return converted
    with np.errstate(all="ignore"):
        lost = ~_survives(values, converted)
    if not lost.any():
        return converted
    where = np.unravel_index(int(np.argmax(lost)), lost.shape)
    position = int(where[0]) if where else 0
    if row_ends is not None:
        position = int(np.searchsorted(row_ends, position, side="right"))
    msg = (
        f"{what}: {values[where]!s} in row {first_row + position} cannot be held in {dtype} "
        f"({int(lost.sum())} of {lost.size} values of {values.dtype} would change); choose a wider "
        'dtype, clean the values, or pass casting="unsafe"'
    )
    raise ConversionError(msg)


def _cast(values: Array, dtype: np.dtype[Any], *, what: str) -> Array:
    # The imaginary part is dropped here, not by `astype`, which would warn of what is checked later.
    drops = values.dtype.kind == "c" and dtype.kind in "iuf"
    try:
        with np.errstate(all="ignore"):
            return (values.real if drops else values).astype(dtype)
    except OverflowError as error:
        msg = f"{what}: {values.dtype} does not become {dtype} ({error}); choose nearer units"
        raise ConversionError(msg) from error


def _always_survives(source: np.dtype[Any], target: np.dtype[Any]) -> bool:
    """Whether no value can be lost; NumPy also calls int64 to float64, and seconds to days, safe."""
    if source.kind in "mM" or target.kind in "mM" or (source.kind in "iu" and target.kind in "fc"):
        return False
    return np.can_cast(source, target, "safe")


def _survives(values: Array, converted: Array) -> NDArray[np.bool_]:
    """Say for each value whether `converted` still means the same number."""
    source, target = values.dtype.kind, converted.dtype.kind
    if source == "c" and target != "c":
        return np.asarray(values.imag == 0) & _survives(values.real, converted)
    if target == "c":
        if source == "c":
            return _float_survives(values.real, converted.real) & _float_survives(values.imag, converted.imag)
        return _survives(values, converted.real)
    if source in "mM" or target in "mM":
        return _time_survives(values, converted)
    if target == "b":
        return np.asarray((values == 0) | (values == 1))
    if target in "iu":
        return _fits_integer(values, np.iinfo(converted.dtype))
    if source in "iu":
        return _fits_mantissa(values, converted)
    return _float_survives(values, converted)


def _time_survives(values: Array, converted: Array) -> NDArray[np.bool_]:
    """Whether each time is the same moment, or span, in another unit; numbers are no times."""
    if values.dtype.kind != converted.dtype.kind:
        return np.zeros(values.shape, bool)
    return np.asarray(converted.astype(values.dtype) == values) | np.isnat(values)


def _fits_integer(values: Array, limits: np.iinfo[Any]) -> NDArray[np.bool_]:
    """Whether each integer or float is a whole number within the limits of an integer dtype."""
    if values.dtype.kind in "iu":
        own = np.iinfo(values.dtype)
        low, high = max(own.min, limits.min), min(own.max, limits.max)
        return np.asarray((values >= low) & (values <= high))
    # 2.0**bits is exact where the integer maximum itself would round up to it.
    wide = values.astype(np.result_type(values.dtype, np.float64))
    inside = (wide >= float(limits.min)) & (wide < 2.0 ** (limits.bits - (limits.kind == "i")))
    return np.asarray(inside & (np.trunc(wide) == wide))


def _fits_mantissa(values: Array, converted: Array) -> NDArray[np.bool_]:
    """Whether each integer has few enough significant bits for the float it became."""
    bits = np.finfo(converted.dtype).nmant + 1
    negative = values < 0
    size = np.where(negative, np.uint64(0) - values.astype(np.uint64), values.astype(np.uint64))
    lowest_bit = np.maximum(size & (np.uint64(0) - size), np.uint64(1))
    exact = (size // lowest_bit) <= np.uint64(2 ** min(bits, 64) - 1)
    return np.asarray(exact & np.isfinite(converted))


def _float_survives(values: Array, converted: Array) -> NDArray[np.bool_]:
    """Whether each finite float stayed finite."""
    return np.asarray(np.isfinite(converted) | ~np.isfinite(values))
