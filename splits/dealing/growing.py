"""Recipes that decide about each row by itself: when rows are added, those before stay where they are."""

import numpy as np

from splits.errors import SplitError
from splits.frame import Codes

__all__ = ["check_unmoved"]


def check_unmoved(codes: Codes, held: Codes | None) -> None:
    """Refuse codes that would move a row that has been dealt before.

    Args:
        codes: Of all rows, computed anew; of parts or of folds.
        held: Of the first rows, as they were dealt; `None` where none was.

    Raises:
        SplitError: a row would move, or the codes are of other folds.
    """
    if held is None:
        return
    new, old = np.atleast_2d(codes), np.atleast_2d(held)
    n_held = old.shape[1]
    if len(new) != len(old) or n_held > new.shape[1]:
        msg = (
            f"codes of shape {held.shape} cannot be added to by codes of shape {codes.shape}; create the "
            "split anew"
        )
        raise SplitError(msg)
    moved = np.flatnonzero((new[:, :n_held] != old).any(axis=0))
    if moved.size:
        msg = (
            f"row {moved[0]} would move ({moved.size} of {n_held} rows dealt before would): its value is no "
            "longer the one that it was dealt by; create the split anew"
        )
        raise SplitError(msg)
