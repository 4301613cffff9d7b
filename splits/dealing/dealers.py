"""Ways to deal rows in shares: all alike, by strata, by labels, by whole groups."""

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import Any, Literal, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.rows import Rows
from splits.dealing.folding import Check, Deal, Slots
from splits.dealing.labelling import take_labels
from splits.dealing.multilabel import Labels, deal_labelled
from splits.dealing.numbering import number_rows
from splits.dealing.rows import deal_more, deal_rows
from splits.dealing.strata import Strata, find_strata
from splits.errors import SplitError
from splits.frame import Columns

__all__ = [
    "Groups",
    "Oversized",
    "all_alike",
    "by_groups",
    "by_labels",
    "by_marks",
    "by_strata",
    "check_oversized",
    "find_groups",
    "number",
]

Oversized: TypeAlias = Literal["refuse", "accept"]
"""Whether a group may be larger than its part."""


@attrs.frozen(kw_only=True, eq=False)
class Groups:
    """Which group each row belongs to.

    Attributes:
        key: Key of the column that says so.
        of_row: Group of each row, shape `(n_rows,)`, numbered by first row.
        names: Label of each group, shape `(n_groups,)`.
    """

    key: str
    of_row: npt.NDArray[np.intp]
    names: npt.NDArray[Any]


def find_groups(columns: Columns, key: str, n_rows: int) -> Groups:
    """Number the groups that a column names.

    Raises:
        SplitError: the column is missing, has another shape, or holds NaN, NaT or an empty label.
    """
    found = find_strata(columns, (key,), n_rows)
    return Groups(key=key, of_row=found.of_row, names=np.asarray(columns[key])[found.first])


def number(labels: npt.NDArray[np.intp]) -> Strata:
    """Number labels anew by first row, as where some rows of many are looked at."""
    of_row, first = number_rows([labels], len(labels))
    return Strata(
        of_row=of_row, first=first, sizes=np.bincount(of_row, minlength=len(first)).astype(np.int64)
    )


def all_alike(n_rows: int) -> Deal:
    """Deal rows that nothing tells apart."""
    first = np.zeros(min(1, n_rows), np.intp)
    whole = Strata(of_row=np.zeros(n_rows, np.intp), first=first, sizes=np.full(len(first), n_rows, np.int64))
    return by_strata(whole)


def by_marks(marks: Strata | Labels) -> Deal:
    """Deal rows so that each stratum, or each label, has its shares."""
    return by_strata(marks) if isinstance(marks, Strata) else by_labels(marks)


def by_strata(strata: Strata) -> Deal:
    """Deal rows so that each stratum has its shares."""
    return partial(_deal_strata, strata)


def _deal_strata(
    strata: Strata, rows: Rows | None, shares: Sequence[Fraction], *, key: int, held: Slots | None
) -> Slots:
    own = strata if rows is None else number(strata.of_row[rows])
    if held is None:
        return deal_rows(own, shares, key=key)
    return deal_more(own, shares, np.asarray(held, np.intp), key=key)


def by_labels(labels: Labels) -> Deal:
    """Deal rows that have any number of labels so that the rows of each label have its shares."""
    return partial(_deal_labels, labels)


def _deal_labels(
    labels: Labels, rows: Rows | None, shares: Sequence[Fraction], *, key: int, held: Slots | None
) -> Slots:
    own = labels if rows is None else take_labels(labels, rows)
    return deal_labelled(own, shares, key=key, held=None if held is None else np.asarray(held, np.intp))


def by_groups(groups: Groups, marks: Strata | Labels | None = None, *, units: bool = False) -> Deal:
    """Deal whole groups so that rows, and those of each stratum or label, have shares as near as possible.

    Args:
        groups: Of all rows.
        marks: Strata or labels of all rows, or `None` where rows count alike.
        units: Whether each group counts as one, whatever its size.
    """
    return partial(_deal_groups, groups, marks, units)


def _deal_groups(
    groups: Groups,
    marks: Strata | Labels | None,
    units: bool,
    rows: Rows | None,
    shares: Sequence[Fraction],
    *,
    key: int,
    held: Slots | None,
) -> Slots:
    from splits.dealing.grouping import deal_groups, deal_units  # which needs SciPy

    own = number(groups.of_row if rows is None else groups.of_row[rows])
    names = groups.names[(groups.of_row if rows is None else groups.of_row[rows])[own.first]]
    wanted = sum(share > 0 for share in shares[:-1])
    if len(names) < wanted:
        msg = (
            f"{wanted} parts or folds need at least as many groups, {groups.key!r} has {len(names)}; ask for "
            "fewer, or split without groups"
        )
        raise SplitError(msg)
    kept = None if held is None else _slots_of_groups(own.of_row, held, names, groups.key)
    if units:
        slots = deal_units(own.of_row, shares, key=key, held=kept)
    else:
        group, stratum = _marked(own.of_row, marks, rows)
        slots = deal_groups(group, stratum, shares, key=key, held=kept)
    return slots[own.of_row]


def _marked(
    group: npt.NDArray[np.intp], marks: Strata | Labels | None, rows: Rows | None
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp] | None]:
    """Return groups and strata; rows with several labels count once as a row and once for each label."""
    if marks is None:
        return group, None
    if isinstance(marks, Strata):
        return group, marks.of_row if rows is None else number(marks.of_row[rows]).of_row
    own = marks if rows is None else take_labels(marks, rows)
    row_of_pair = np.repeat(np.arange(len(group)), np.diff(own.of_row))
    everyone = np.zeros(len(group), np.intp)
    return np.concatenate([group, group[row_of_pair]]), np.concatenate([everyone, own.label + 1])


def _slots_of_groups(
    group: npt.NDArray[np.intp], held: Slots, names: npt.NDArray[Any], key: str
) -> npt.NDArray[np.intp]:
    """Return the slot that each group already has, -1 where all its rows are new."""
    slots = np.full(len(names), -1, np.intp)
    old = np.flatnonzero(held >= 0)
    slots[group[old]] = held[old]
    torn = old[slots[group[old]] != held[old]]
    if torn.size:
        name = names[group[torn[0]]].item()
        msg = f"group {name!r} of {key!r} is in two parts already (row {torn[0]}); create the split again"
        raise SplitError(msg)
    return slots


def check_oversized(groups: Groups | None, oversized: Oversized) -> Check | None:
    """Return what refuses parts that are smaller than one of their groups, where that is asked for."""
    return None if groups is None or oversized == "accept" else partial(_refuse_oversized, groups)


def _refuse_oversized(groups: Groups, slots: Slots, shares: Sequence[Fraction]) -> None:
    n_rows, sizes = len(slots), np.bincount(groups.of_row)
    of_group = np.empty(len(groups.names), np.intp)
    of_group[groups.of_row] = slots
    targets = [share * n_rows for share in shares[:-1]]
    largest = np.zeros(len(shares), np.int64)
    np.maximum.at(largest, of_group, sizes)
    over = [slot for slot, target in enumerate(targets) if int(largest[slot]) > -(-target // 1)]
    if over:
        group = int(np.flatnonzero((of_group == over[0]) & (sizes == largest[over[0]]))[0])
        totals = np.bincount(slots, minlength=len(shares))[:-1]
        achieved = ", ".join(f"{count / n_rows:.1%}" for count in totals.tolist())
        asked = ", ".join(f"{float(share):.1%}" for share in shares[:-1])
        msg = (
            f"group {groups.names[group].item()!r} of {groups.key!r} has {sizes[group]} rows, more than the "
            f"{float(targets[over[0]]):g} of its part; asked for {asked} of {n_rows} rows, achieved would be "
            f'{achieved}; change the shares, or pass oversized="accept"'
        )
        raise SplitError(msg)
