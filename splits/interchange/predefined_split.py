"""scikit-learn's `PredefinedSplit`: of each row the fold that tests on it, or -1 where it only trains."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from h5torch.folds import Folds
from h5torch.parts import LEFT_OUT, Parts
from splits.errors import SplitError
from splits.interchange.found import Found, found_in

__all__ = ["codes_of_test_folds", "tested_in"]

TestFold = npt.NDArray[np.int64]

_ALWAYS_TRAINS = -1
_HELD_OUT = 1


def _instead(table: Parts | Folds) -> str:
    """Return what to do where `PredefinedSplit` cannot tell a split."""
    held, loop = "split", ""
    parts = table.parts if isinstance(table, Parts) else table.roles
    if isinstance(table, Folds):
        held, loop = "fold", f" for fold in splits.folds(f, {table.name!r})"
    rows = ", ".join(f"{held}.rows({part!r})" for part in parts[:2])
    return f"give scikit-learn rows instead, as in cv=[({rows}){loop}]"


def tested_in(table: Parts | Folds) -> list[TestFold]:
    """Return the `test_fold` of one `PredefinedSplit`, or of one for each repeat.

    It says of every row that it trains or is tested on, so a split is refused that leaves rows out or has a
    third part: scikit-learn would train on these.

    Args:
        table: Parts, of which the first trains and the second is tested on; or folds.

    Returns:
        int64 arrays of shape `(n_rows,)`.

    Raises:
        SplitError: rows are left out, there are not two parts, folds are nested, test on nothing, or share a
            row.
    """
    what = f"split {table.name!r}"
    instead = _instead(table)
    if isinstance(table, Parts):
        _check(table, what, instead)
        return [np.where(table.codes == _HELD_OUT, 0, _ALWAYS_TRAINS).astype(np.int64)]
    if table.scheme == "nested":
        msg = f"{what}: PredefinedSplit has no inner folds; {instead}"
        raise SplitError(msg)
    for fold in table.all_folds():
        _check(fold, f"{what}, fold {fold.name.rpartition('/')[2]}", instead)
    if table.scheme == "rotating":
        return [codes.astype(np.int64) for codes in table.codes]
    held = table.codes == _HELD_OUT
    shared = np.flatnonzero(held.sum(axis=0) > 1)
    if shared.size:
        folds = np.flatnonzero(held[:, shared[0]])
        msg = (
            f"{what}: folds {folds[0]} and {folds[1]} both test on row {shared[0]}, PredefinedSplit has each "
            f"row in one fold; {instead}"
        )
        raise SplitError(msg)
    return [np.where(held.any(axis=0), held.argmax(axis=0), _ALWAYS_TRAINS).astype(np.int64)]


def _check(split: Parts, what: str, instead: str) -> None:
    if len(split.parts) != 2:
        msg = (
            f"{what}: has parts {', '.join(map(repr, split.parts))}, PredefinedSplit has one that trains and "
            f"one that is tested on; {instead}"
        )
        raise SplitError(msg)
    if split.n_left_out:
        msg = f"{what}: leaves out {split.n_left_out} rows, which PredefinedSplit would train on; {instead}"
        raise SplitError(msg)
    if not split.counts[split.parts[_HELD_OUT]]:
        msg = f"{what}: no row is in {split.parts[_HELD_OUT]!r}; PredefinedSplit has no empty fold"
        raise SplitError(msg)


def codes_of_test_folds(
    test_folds: Sequence[npt.NDArray[Any]], *, n_rows: int, parts: Sequence[str] | None, what: str
) -> Found:
    """Return the folds of one `PredefinedSplit` after the other; of a single fold in all, its two parts.

    Args:
        test_folds: What each of them has as `test_fold`.
        n_rows: Rows of the axis.
        parts: What the part that trains and the one tested on are called; `None` for `train` and `test`.
        what: Where they come from, for messages.

    Raises:
        SplitError: one has another length, no integers, numbers below -1, or no fold.
    """
    names = ("train", "test") if parts is None else tuple(parts)
    if len(names) != 2:
        msg = f"{what}: parts={parts!r}: name the part that trains and the one that is tested on"
        raise SplitError(msg)
    folds = []
    for values in test_folds:
        if values.shape != (n_rows,) or (n_rows and values.dtype.kind not in "iu"):
            msg = f"{what}: test_fold has {values.dtype} of shape {values.shape}, the axis has {n_rows} rows"
            raise SplitError(msg)
        numbers = [int(number) for number in np.unique(values) if number != _ALWAYS_TRAINS]
        if not numbers or numbers[0] < _ALWAYS_TRAINS or len(numbers) >= LEFT_OUT:
            msg = f"{what}: test_fold must number 1 to {LEFT_OUT - 1} folds from 0 up, found {numbers[:5]}"
            raise SplitError(msg)
        folds += [(values == number).astype(np.uint8) for number in numbers]
    if len(folds) == 1:
        return found_in({"": folds[0]}, names, what=what)
    return found_in({str(number): codes for number, codes in enumerate(folds)}, names, what=what)
