"""Classes with fewer members than parts: refused by name, or put together."""

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from splits.dealing.dealers import Groups, number
from splits.dealing.multilabel import Labels
from splits.dealing.numbering import number_rows
from splits.dealing.strata import Strata
from splits.errors import SplitError
from splits.frame import Columns

__all__ = ["Rare", "merge_rare", "refuse_rare"]

Rare: TypeAlias = Literal["refuse", "merge", "keep"]
"""What becomes of a class with fewer members than there are parts or folds: an error; one class with all
others like it; or nothing, and it is missing from some parts."""

_SHOWN = 5


def refuse_rare(
    marks: Strata | Labels, groups: Groups | None, columns: Columns, by: Sequence[str], *, wanted: int
) -> None:
    """Refuse classes with too few members: rows, or groups where rows come in groups.

    Args:
        marks: The class of each row, or its labels.
        groups: The group of each row, or `None`.
        columns: Columns by key, for names.
        by: Keys of those that name the classes.
        wanted: How many members a class needs.

    Raises:
        SplitError: there is such a class; the message names the first of them with their counts.
    """
    members = _sizes(marks) if groups is None else _groups_with(marks, groups)
    rare = np.flatnonzero((members < wanted) & (members > 0)).tolist()
    if rare:
        names = _names(marks, rare[:_SHOWN], columns, by)
        listed = ", ".join(
            f"{name} ({int(members[one])})" for name, one in zip(names, rare[:_SHOWN], strict=True)
        )
        more = f" and {len(rare) - _SHOWN} more" if len(rare) > _SHOWN else ""
        what = "rows" if groups is None else "groups"
        msg = (
            f"every class of {', '.join(map(repr, by))} needs at least {wanted} {what}, one for each part or "
            f'fold; too few have {listed}{more}; pass rare="merge" to put such classes together, or '
            'rare="keep" to let parts lack them'
        )
        raise SplitError(msg)


def merge_rare(marks: Strata | Labels, groups: Groups | None, *, wanted: int) -> Strata | Labels:
    """Put all classes with fewer than `wanted` members into one, and the next smallest until it has enough.

    Args:
        marks: Strata, or labels.
        groups: The group of each row, where members are groups and not rows.
        wanted: How many members a class needs.

    Returns:
        The same kind, with classes numbered anew.
    """
    sizes = _sizes(marks) if groups is None else _groups_with(marks, groups)
    order = np.argsort(sizes, kind="stable")
    n_merged = int(np.count_nonzero(sizes < wanted))
    if not n_merged:
        return marks
    while n_merged < len(order) and _members_of(marks, groups, order[:n_merged], sizes) < wanted:
        n_merged += 1
    merged = np.arange(len(order))
    merged[order[:n_merged]] = order[0]
    if isinstance(marks, Strata):
        return number(merged[marks.of_row])
    return _without_repeats(marks, merged[marks.label])


def _members_of(
    marks: Strata | Labels,
    groups: Groups | None,
    classes: npt.NDArray[np.intp],
    sizes: npt.NDArray[np.int64],
) -> int:
    """Return how many members some classes have together; a group that holds several counts once."""
    if groups is None:
        return int(sizes[classes].sum())
    rows, found = _pairs(marks)
    return len(np.unique(groups.of_row[rows[np.isin(found, classes)]]))


def _sizes(marks: Strata | Labels) -> npt.NDArray[np.int64]:
    """Return the number of rows of each class."""
    return marks.sizes if isinstance(marks, Strata) else np.bincount(marks.label)


def _groups_with(marks: Strata | Labels, groups: Groups) -> npt.NDArray[np.int64]:
    """Return the number of groups that hold each class."""
    rows, classes = _pairs(marks)
    _, first = number_rows([classes, groups.of_row[rows]], len(rows))
    return np.bincount(classes[first])


def _pairs(marks: Strata | Labels) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the row and the class of each membership."""
    if isinstance(marks, Strata):
        return np.arange(len(marks.of_row)), marks.of_row
    return np.repeat(np.arange(len(marks.of_row) - 1), np.diff(marks.of_row)), marks.label


def _without_repeats(labels: Labels, merged: npt.NDArray[np.intp]) -> Labels:
    """Return labels of which several may now be one, each once a row."""
    rows, _ = _pairs(labels)
    _, first = number_rows([rows, merged], len(rows))
    rows, merged = rows[first], merged[first]
    order = np.lexsort((merged, rows))
    of_row = np.concatenate(
        [np.zeros(1, np.int64), np.cumsum(np.bincount(rows, minlength=len(labels.of_row) - 1))]
    )
    return attrs.evolve(labels, of_row=of_row, label=merged[order])


def _names(marks: Strata | Labels, classes: list[int], columns: Columns, by: Sequence[str]) -> list[str]:
    """Return what classes are called."""
    if isinstance(marks, Strata):
        rows = marks.first[classes].tolist()
        labels = [[np.asarray(columns[key])[row] for key in by] for row in rows]
        return [" × ".join(repr(value.item()) for value in values) for values in labels]
    rows, labels_of_pairs = _pairs(marks)
    names: list[str] = []
    for one in classes:
        alike = _label_names(columns[by[0]], rows[labels_of_pairs == one])
        names.append(next(name for name in alike if name not in names))
    return names


def _label_names(column: npt.NDArray[Any], rows: npt.NDArray[np.intp]) -> list[str]:
    """Return what labels are called that these rows have, and no others."""
    if column.dtype.kind != "O":
        common = (column[rows] != 0).all(axis=0) & (np.count_nonzero(column, axis=0) == len(rows))
        return [f"label {number}" for number in np.flatnonzero(common).tolist()]
    sets = [set(np.asarray(labels).tolist()) for labels in column]
    shared = set.intersection(*(sets[row] for row in rows.tolist()))
    own = [label for label in shared if sum(label in labels for labels in sets) == len(rows)]
    return sorted(map(repr, own))
