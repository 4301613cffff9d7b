"""Which numbers mean the same in another dtype: the rules behind every checked conversion."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from h5torch.rows import Array


def always_survives(source: np.dtype[Any], target: np.dtype[Any]) -> bool:
    """Whether no value can be lost; NumPy also calls int64 to float64, and seconds to days, safe."""
    if source.kind in "mM" or target.kind in "mM" or (source.kind in "iu" and target.kind in "fc"):
        return False
    return np.can_cast(source, target, "safe")


def all_survive(values: Array, converted: Array) -> bool:
    """Say whether each value does: by their bounds where these tell, else value by value."""
    if values.size == 0 or _bounds_tell(values, converted):
        return True
    return bool(survives(values, converted).all())


def _bounds_tell(values: Array, converted: Array) -> bool:
    """Whether the least and the greatest value show, at little cost, that every one survives."""
    source, target = values.dtype.kind, converted.dtype.kind
    if source == "f" and target == "f":
        return bool(np.isfinite(converted).all())
    if source not in "iuf" or target not in "iuf":
        return False
    low, high = values.min(), values.max()
    if source == "f":
        whole = _fits_integer(np.array([low, high]), np.iinfo(converted.dtype)).all()
        return bool(whole and (np.trunc(values) == values).all())
    if target in "iu":
        limits = np.iinfo(converted.dtype)
        return bool(limits.min <= int(low) and int(high) <= limits.max)
    exact = 2 ** (np.finfo(converted.dtype).nmant + 1)  # so far, a float holds every whole number
    return bool(-exact <= int(low) and int(high) <= exact)


def survives(values: Array, converted: Array) -> NDArray[np.bool_]:
    """Say for each value whether `converted` still means the same number."""
    source, target = values.dtype.kind, converted.dtype.kind
    if source == "c" and target != "c":
        return np.asarray(values.imag == 0) & survives(values.real, converted)
    if target == "c":
        if source == "c":
            return _float_survives(values.real, converted.real) & _float_survives(values.imag, converted.imag)
        return survives(values, converted.real)
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


def _fits_integer(values: Array, limits: "np.iinfo[Any]") -> NDArray[np.bool_]:
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
