"""Parts as arrays: bool masks out; masks, lists of row numbers and lists of ids in.

What an array is, is decided by its dtype, in this order:

- with `ids=`, everything but bools is a list of ids;
- bools are a mask and have one value a row;
- 8-bit integers, one a row, that are all 0 or 1 are a mask: so spell files without bools them. (With more
  than two rows such an array can be no list, for a row would come twice; with two or fewer it could be both
  and is refused.)
- other integers are a list of row numbers, from 0 up, none twice;
- text and bytes are a list of ids, and need `ids=`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from h5torch.folds import Folds
from h5torch.parts import LEFT_OUT, MAX_PARTS, Parts
from splits.errors import SplitError
from splits.interchange.found import Codes, Found, found_in
from splits.interchange.ids import as_texts
from splits.interchange.naming import by_fold, chosen, each_split
from splits.interchange.showing import first_few, named, shown, some

__all__ = ["Find", "codes_of_arrays", "is_mask", "masks_of"]

Mask: TypeAlias = npt.NDArray[np.bool_]

Find: TypeAlias = Callable[[Sequence[str], str], npt.NDArray[np.intp]]
"""Returns the rows of ids, those without a row left away; is told where the ids come from, for messages."""

_BITS, _CERTAIN = 8, 3


def masks_of(table: Parts | Folds) -> dict[str, Mask]:
    """Return a bool mask of shape `(n_rows,)` for each part.

    They are called `train`, of folds `0/train`, of inner ones `0/1/train`; all are False for a row left out.
    """
    return {
        f"{fold}/{part}" if fold else part: split.mask(part)
        for fold, split in each_split(table)
        for part in split.parts
    }


def codes_of_arrays(
    arrays: Mapping[str, npt.NDArray[Any]],
    *,
    n_rows: int,
    parts: Sequence[str] | None,
    find: Find | None,
    what: str,
) -> Found:
    """Return the part of each row, given the rows of each part; rows in no part are left out.

    Args:
        arrays: A mask or a list for each part, called `train`, or `3/train` in folds; see this module.
        n_rows: Rows of the axis.
        parts: The parts to take, in this order; `None` for all in the order given.
        find: Finds the rows of ids; `None` where lists are of row numbers.
        what: Where they come from, for messages.

    Raises:
        SplitError: an array is of no kind known, too long, or names rows that there are not or one twice; two
            parts share a row; a part asked for is not there.
    """
    folds = by_fold(arrays, what=what)
    names = chosen(parts, dict.fromkeys(part for split in folds.values() for part in split), what=what)
    if len(names) > MAX_PARTS:
        msg = f"{what}: holds {len(names)} parts, a split has at most {MAX_PARTS}; choose some with parts="
        raise SplitError(msg)
    codes = {}
    for fold, split in folds.items():
        of = f"{what}: {named(fold)}/" if fold else f"{what}: "
        rows = {
            part: _rows_of(split[part], n_rows=n_rows, find=find, what=f"{of}{named(part)}")
            for part in names
            if part in split
        }
        codes[fold] = _merge(rows, names, n_rows=n_rows, known=split, what=what)
    return found_in(codes, names, what=what)


def is_mask(values: npt.NDArray[Any], *, n_rows: int, what: str) -> bool:
    """Whether an array of bools or integers is a mask; else it is a list of row numbers.

    Raises:
        SplitError: it could be either.
    """
    if values.dtype == np.bool_:
        return True
    bits = values.dtype.itemsize * _BITS
    if bits != _BITS or len(values) != n_rows or not n_rows or not np.isin(values, (0, 1)).all():
        return False
    if n_rows < _CERTAIN:
        msg = f"{what}: {values.tolist()} can be a mask or a list of rows; give bools, or integers of 64 bits"
        raise SplitError(msg)
    return True


def _rows_of(values: npt.NDArray[Any], *, n_rows: int, find: Find | None, what: str) -> npt.NDArray[np.intp]:
    values, kind = np.asarray(values), np.asarray(values).dtype.kind
    if values.ndim != 1:
        msg = f"{what}: must have one dimension, has shape {values.shape}"
        raise SplitError(msg)
    if find is not None and kind != "b":
        return _once_each(find(as_texts(values, what=what), what), n_rows=n_rows, what=what)
    if find is not None:
        msg = f"{what}: is a mask, which needs no ids; leave ids= away"
        raise SplitError(msg)
    if not values.size and kind != "b":
        return np.empty(0, np.intp)
    if kind not in "biu":
        told = f"holds ids such as {shown(values[0])}; name their column, as in ids='0/id'"
        msg = (
            f"{what}: {told if kind in 'USTO' else f'must be bools or integers, found {named(values.dtype)}'}"
        )
        raise SplitError(msg)
    if is_mask(values, n_rows=n_rows, what=what):
        if len(values) != n_rows:
            msg = f"{what}: the mask has {len(values)} values, the axis has {n_rows} rows"
            raise SplitError(msg)
        return np.flatnonzero(values)
    return _checked_rows(values, n_rows=n_rows, what=what)


def _checked_rows(values: npt.NDArray[Any], *, n_rows: int, what: str) -> npt.NDArray[np.intp]:
    stray = values[(values < 0) | (values >= n_rows)]
    if stray.size:
        msg = (
            f"{what}: {len(stray)} of {len(values)} row numbers are not in [0, {n_rows}): "
            f"{first_few(stray[:6].tolist())}; rows count from 0"
        )
        raise SplitError(msg)
    return _once_each(values.astype(np.intp), n_rows=n_rows, what=what)


def _once_each(rows: npt.NDArray[np.intp], *, n_rows: int, what: str) -> npt.NDArray[np.intp]:
    counts = np.bincount(rows, minlength=n_rows)
    if counts.size and counts.max() > 1:
        hint = "; a mask must be of bools" if len(rows) == n_rows and rows.max() == 1 else ""
        row, n_twice = int(counts.argmax()), int((counts > 1).sum())
        msg = f"{what}: names row {row} {counts[row]} times, and {n_twice} rows twice or more{hint}"
        raise SplitError(msg)
    return rows


def _merge(
    rows: Mapping[str, npt.NDArray[np.intp]],
    names: Sequence[str],
    *,
    n_rows: int,
    known: Mapping[str, object],
    what: str,
) -> Codes:
    codes: Codes = np.full(n_rows, LEFT_OUT, np.uint8)
    for part, own in rows.items():
        taken = own[codes[own] != LEFT_OUT]
        if taken.size:
            row, other = int(taken.min()), int(codes[taken.min()])
            n_both = int((codes[own] == other).sum())
            both = f"{shown(names[other])} and in {shown(part)}"
            msg = (
                f"{what}: row {row} is in {both} ({n_both} in all); choose "
                f"parts that share none, as in parts=('train', 'test'), of {some(known)}"
            )
            raise SplitError(msg)
        codes[own] = names.index(part)
    return codes
