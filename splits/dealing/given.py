"""Codes of parts and folds that are given as masks, lists of row numbers, or numbers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from h5torch.parts import LEFT_OUT, MAX_PARTS, check_part_names
from splits.errors import SplitError
from splits.frame import Codes

__all__ = ["as_array", "codes_of_folds", "codes_of_indices", "codes_of_masks", "codes_of_numbers"]

_NONE = -1


def as_array(given: npt.ArrayLike, *, what: str) -> npt.NDArray[Any]:
    """Return what is given as an array; a masked one must mask nothing, for what is masked nobody knows.

    Args:
        given: Anything that NumPy makes an array of.
        what: What it is called in messages.

    Raises:
        SplitError: it is nothing such, or values of it are masked.
    """
    masks = isinstance(given, np.ma.MaskedArray) and given.dtype.names is None
    n_masked = np.count_nonzero(getattr(given, "mask", False)) if masks else 0
    if n_masked:
        msg = (
            f"{what}: {n_masked} of {np.size(given)} values are masked, so it is not known what they are; "
            "fill them in, as in values.filled(False)"
        )
        raise SplitError(msg)
    try:
        return np.asarray(given)
    except (TypeError, ValueError) as error:
        msg = f"{what}: is no mask and no flat list of integers or ids ({error})"
        raise SplitError(msg) from error


def codes_of_masks(masks: Mapping[str, npt.ArrayLike]) -> Codes:
    """Return the number of the mask that holds each row, 255 where none does.

    Args:
        masks: At least one, by part name: bools of shape `(n_rows,)`.

    Raises:
        SplitError: one is something else or masks values, they differ in length, or a row is in two.
        RegisterError: a part name is not legal, or there are none or too many.
    """
    names = list(masks)
    check_part_names(names, what="masks")
    codes: Codes | None = None
    for part, (name, given) in enumerate(masks.items()):
        mask = as_array(given, what=f"the mask of part {name!r}")
        if mask.ndim != 1 or mask.dtype.kind != "b":
            msg = f"the mask of part {name!r} must be one bool a row, got {mask.dtype} of shape {mask.shape}"
            raise SplitError(msg)
        codes = np.full(len(mask), LEFT_OUT, np.uint8) if codes is None else codes
        if len(mask) != len(codes):
            msg = (
                f"masks must be of one length, {names[0]!r} has {len(codes)} rows and {name!r} has "
                f"{len(mask)}"
            )
            raise SplitError(msg)
        _place(codes, np.flatnonzero(mask), part, names)
    return np.zeros(0, np.uint8) if codes is None else codes


def codes_of_indices(indices: Mapping[str, npt.ArrayLike], *, n_rows: int) -> Codes:
    """Return the number of the list that holds each row, 255 where none does.

    Args:
        indices: At least one, by part name: row numbers in `[0, n_rows)`, in any order.
        n_rows: Number of rows.

    Raises:
        SplitError: one is no list of integers or masks some, a number lies outside the rows, or a row
            comes twice.
        RegisterError: a part name is not legal, or there are none or too many.
    """
    names = list(indices)
    check_part_names(names, what="indices")
    codes = np.full(n_rows, LEFT_OUT, np.uint8)
    for part, (name, given) in enumerate(indices.items()):
        rows = _integers(given, what=f"the row numbers of part {name!r}")
        stray = np.flatnonzero((rows < 0) | (rows >= n_rows))
        if stray.size:
            msg = (
                f"part {name!r} names row {rows[stray[0]]}, rows lie in [0, {n_rows}) and count from the "
                "front"
            )
            raise SplitError(msg)
        rows = rows.astype(np.intp)
        counts = np.bincount(rows, minlength=n_rows)
        if counts.max(initial=0) > 1:
            row = int(np.argmax(counts > 1))
            msg = f"part {name!r} names row {row} {counts[row]} times; name each row once"
            raise SplitError(msg)
        _place(codes, rows, part, names)
    return codes


def codes_of_numbers(given: npt.ArrayLike, *, n_codes: int) -> Codes:
    """Return codes as bytes, 255 where they are -1 or 255.

    Args:
        given: Integers of shape `(n_rows,)`, in `[0, n_codes)` but for those two.
        n_codes: Number of parts.

    Raises:
        SplitError: they are something else.
    """
    numbers = _integers(given, what="codes")
    is_none = (numbers == _NONE) | (numbers == LEFT_OUT)
    stray = np.flatnonzero(((numbers < 0) | (numbers >= n_codes)) & ~is_none)
    if stray.size:
        msg = (
            f"row {stray[0]} has code {numbers[stray[0]]}, which is none of {n_codes} parts, nor -1 or 255 "
            "(left out)"
        )
        raise SplitError(msg)
    return np.where(is_none, LEFT_OUT, numbers).astype(np.uint8)


def codes_of_folds(test_fold: npt.ArrayLike) -> Codes:
    """Return the fold that holds out each row, numbered anew from 0 in ascending order, 255 for -1.

    Args:
        test_fold: Integers from -1 up, of shape `(n_rows,)`.

    Raises:
        SplitError: they are something else, there are no folds or more than 254, or no row ever trains.
    """
    numbers = _integers(test_fold, what="test_fold")
    stray = np.flatnonzero(numbers < _NONE)
    if stray.size:
        msg = (
            f"row {stray[0]} has fold {numbers[stray[0]]}; folds count from 0, and -1 is a row that always "
            "trains"
        )
        raise SplitError(msg)
    folds = np.unique(numbers[numbers != _NONE])
    if not 1 <= len(folds) <= MAX_PARTS:
        msg = f"test_fold must have 1 to {MAX_PARTS} folds, has {len(folds)} in {len(numbers)} rows"
        raise SplitError(msg)
    if len(folds) == 1 and (numbers != _NONE).all():
        msg = (
            f"test_fold holds out all {len(numbers)} rows at once and leaves none to train; name 2 folds, or "
            "-1 for some"
        )
        raise SplitError(msg)
    return np.where(numbers == _NONE, LEFT_OUT, np.searchsorted(folds, numbers)).astype(np.uint8)


def _integers(given: npt.ArrayLike, *, what: str) -> npt.NDArray[Any]:
    numbers = as_array(given, what=what)
    numbers = numbers.astype(np.int64) if numbers.size == 0 else numbers
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu":
        use = "; bools go to from_masks" if numbers.dtype.kind == "b" else ""
        msg = f"{what} must be a flat list of integers, got {numbers.dtype} of shape {numbers.shape}{use}"
        raise SplitError(msg)
    return numbers


def _place(codes: Codes, rows: npt.NDArray[np.intp], part: int, names: list[str]) -> None:
    """Give some rows to a part in place."""
    clash = rows[codes[rows] != LEFT_OUT]
    if clash.size:
        row = int(clash.min())
        msg = (
            f"row {row} is in parts {names[codes[row]]!r} and {names[part]!r} ({clash.size} such rows); "
            "parts are disjoint"
        )
        raise SplitError(msg)
    codes[rows] = part
