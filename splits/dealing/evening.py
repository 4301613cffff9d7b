"""Dealing rows by what their labels still want of each slot, and swapping them until the wants are small.

What a label wants of a slot is counted in units of 1 / SCALE row, as whole numbers, so that every
comparison is exact and the same everywhere. `rows_of` is always the sparse matrix with a row a row and a
column a label, all of whose entries are 1; `slot` holds the slot of each row, -1 where it is not dealt yet;
`free` holds the rows that may move in random order, by which those are taken that are as good as each other.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.keyed import derive, hash_rows
from h5torch.rows import Rows

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["SCALE", "Wants", "deal_once", "label_weights"]

Counts: TypeAlias = npt.NDArray[np.int64]

SCALE = 1 << 8
"""Units that a row counts for in what labels want."""

_WEIGHT = 1 << 24  # of a label of one row
_NEAR, _FAR = 1 << 12, 1 << 16  # rows and their labels looked at in a slot at a time: at first, at most
_WORK = 1 << 26  # of these in all
_POOL = 64  # rows of each of two slots compared with one another
_FEW = 8  # swaps of two slots, below which it is worth looking at more rows
_NEVER = 1 << 61


@attrs.frozen(kw_only=True, eq=False)
class Wants:
    """What is still wanted, brought up to date as rows are dealt.

    Attributes:
        labels: What each label wants of each slot, negative where a slot has too much; int64 of shape
            `(n_labels, n_slots)`, in units of 1 / SCALE row.
        rows: Rows that each slot still takes; int64 of shape `(n_slots,)`.
        weights: What each label counts for, positive; int64 of shape `(n_labels,)`.
    """

    labels: Counts
    rows: Counts
    weights: Counts

    @property
    def unevenness(self) -> int:
        """What is wanted squared, times its label's weight, summed over labels and slots."""
        squares = np.square(self.labels).sum(axis=1)
        return sum(
            weight * square for weight, square in zip(self.weights.tolist(), squares.tolist(), strict=True)
        )

    def least_unevenness(self, sizes: npt.NDArray[np.intp]) -> int:
        """Return what is left where each label has what is wanted now, rounded to whole rows.

        Args:
            sizes: Rows of each label, shape `(n_labels,)`.
        """
        whole = self.labels // SCALE
        parts = -np.sort(whole * SCALE - self.labels, axis=1)  # of a row, the largest first
        up = np.arange(parts.shape[1]) < (sizes - whole.sum(axis=1))[:, None]
        left = Wants(labels=np.where(up, SCALE - parts, parts), rows=self.rows, weights=self.weights)
        return left.unevenness

    def take(self, rows_of: "csr_array", slot: Rows) -> None:
        """Subtract rows just dealt (those of a `slot` of -1 are not) from what their labels want."""
        of_pair = np.repeat(slot, np.diff(rows_of.indptr))
        dealt = of_pair >= 0
        np.subtract.at(self.labels, (rows_of.indices[dealt], of_pair[dealt]), SCALE)


def label_weights(sizes: npt.NDArray[np.intp]) -> Counts:
    """Let a label count for 1 / its number of rows, as in chi-squared: a rare one minds a row more."""
    weights: Counts = np.maximum(_WEIGHT // np.maximum(sizes, 1), 1).astype(np.int64)
    return weights


def deal_once(
    rows_of: "csr_array", start: Rows, before: Wants, *, portions: Sequence[Fraction] | None, key: int
) -> tuple[Wants, Rows]:
    """Deal all rows, and swap them until labels are as even as swaps make them.

    Args:
        rows_of: Labels of rows.
        start: Slot of each row that must not move, -1 for others.
        before: What is wanted then; the rows that slots take are as many as those to deal.
        portions: Shares in which rows with the same labels are dealt first, or `None` not to do so.
        key: From `derive`.

    Returns:
        What is wanted in the end, and the slot of each row.
    """
    slot = start.copy()
    wants = Wants(labels=before.labels.copy(), rows=before.rows.copy(), weights=before.weights)
    free = _shuffled(np.flatnonzero(slot < 0), derive(key, "rows"))
    if portions is not None:
        _deal_same_sets(rows_of, slot, wants, portions=portions, key=derive(key, "sets"))
    _deal_rarest_first(rows_of, slot, wants, free=free, key=derive(key, "labels"))
    rest = free[slot[free] < 0]  # rows without a label go where there is room
    slot[rest] = np.repeat(np.arange(len(wants.rows)), wants.rows)
    _even_out(rows_of, slot, wants, free=free)
    return wants, slot


def _shuffled(rows: Rows, key: int) -> Rows:
    return rows[np.argsort(hash_rows(rows, key=key))]


def _deal_same_sets(
    rows_of: "csr_array", slot: Rows, wants: Wants, *, portions: Sequence[Fraction], key: int
) -> None:
    """Deal rows that have the same labels, as far as whole numbers go, where every slot gets one at least.

    Sets of labels are told apart by a 64-bit hash; were two mistaken for one, only evenness would suffer.
    The rows left of each set are the last in an order of its own: they would be dealt late otherwise, and
    rows that are the only one of their set so often early that their slots would not be random.
    """
    order = _shuffled(np.arange(len(slot)), derive(key, "rows"))
    hashes = hash_rows(np.arange(rows_of.shape[1]), key=key)
    ends = np.concatenate([np.zeros(1, np.uint64), np.cumsum(hashes[rows_of.indices], dtype=np.uint64)])
    _, of_row, repeats = np.unique(
        ends[rows_of.indptr[1:]] - ends[rows_of.indptr[:-1]], return_inverse=True, return_counts=True
    )
    sizes, kind = np.unique(repeats, return_inverse=True)
    whole = np.array([[floor(size * portion) for portion in portions] for size in sizes.tolist()], np.int64)
    whole = whole.reshape(len(sizes), len(portions))
    whole[(whole == 0).any(axis=1, where=np.array([portion > 0 for portion in portions]))] = 0
    counts = np.column_stack([whole, sizes - whole.sum(axis=1)])[kind]
    by_set = order[np.argsort(of_row[order], kind="stable")]
    slot[by_set] = np.repeat(np.tile([*range(len(portions)), -1], len(counts)), counts.ravel())
    wants.rows[:] -= counts[:, :-1].sum(axis=0)
    wants.take(rows_of, slot)


def _deal_rarest_first(rows_of: "csr_array", slot: Rows, wants: Wants, *, free: Rows, key: int) -> None:
    """Deal the rows of each label that are not dealt yet, labels with the fewest of them first."""
    open_rows = free[slot[free] < 0]
    of_label = rows_of[open_rows].tocsc()
    n_slots = len(wants.rows)
    for label in np.argsort(np.diff(of_label.indptr), kind="stable").tolist():
        rows = open_rows[of_label.indices[of_label.indptr[label] : of_label.indptr[label + 1]]]
        rows = rows[slot[rows] < 0]
        if len(rows):
            ties = hash_rows(np.arange(label * n_slots, (label + 1) * n_slots), key=key)
            counts = _filled(wants.labels[label], wants.rows, n_rows=len(rows), ties=ties)
            slot[rows] = np.repeat(np.arange(n_slots), counts)
            wants.rows[:] -= counts
            wants.take(rows_of[rows], slot[rows])


def _filled(want: Counts, room: Counts, *, n_rows: int, ties: npt.NDArray[np.uint64]) -> Counts:
    """Share out rows one by one to the slot that wants them most and has room, in one go.

    Afterwards all slots that got rows want about as much: the level, found by halving.
    """

    def above(level: int) -> Counts:
        counts: Counts = np.clip(-((level - want) // SCALE), 0, room)
        return counts

    low, high = int(want.min()) - SCALE * (n_rows + 1), int(want.max())
    while low < high:
        level = (low + high) // 2
        low, high = (low, level) if above(level).sum() <= n_rows else (level + 1, high)
    counts = above(low)
    next_in_line = np.flatnonzero(above(low - 1) > counts)
    next_in_line = next_in_line[np.argsort(ties[next_in_line])]
    counts[next_in_line[: n_rows - int(counts.sum())]] += 1
    return counts


def _even_out(rows_of: "csr_array", slot: Rows, wants: Wants, *, free: Rows) -> None:
    """Swap rows between slots, which keeps the slots' sizes, while that makes labels more even.

    What shrinks is `wants.unevenness`. Pairs of slots are looked at in turn, a bounded number of times; of
    each slot some rows that look best by themselves are compared with one another, and some at random.

    Args:
        rows_of: Labels of rows.
        slot: Slot of every row; changed in place.
        wants: What labels want with rows so dealt; changed in place.
        free: Rows that may move, in random order.
    """
    of_slot = free[np.argsort(slot[free].astype(np.min_scalar_type(len(wants.rows))), kind="stable")]
    ends = np.cumsum(np.bincount(slot[free], minlength=len(wants.rows)))
    members = [(number, rows) for number, rows in enumerate(np.split(of_slot, ends[:-1])) if len(rows)]
    reach, turn, spent, idle = _NEAR, 0, 0, 0
    while len(members) > 1 and spent < _WORK and idle < len(members):
        pairs = _paired_off(len(members), turn)
        window = max(_POOL, reach * rows_of.shape[0] // (rows_of.nnz + rows_of.shape[0]))
        swapped = 0
        for first, second in pairs:
            swapped += _swap(rows_of, wants, members[first], members[second], window=window, turn=turn)
        turn += 1
        spent += reach * len(pairs)
        idle = 0 if swapped or reach < _FAR else idle + 1
        if swapped < len(pairs) * _FEW:
            reach = min(2 * reach, _FAR)
    for number, rows in members:
        slot[rows] = number


def _paired_off(n_slots: int, turn: int) -> list[tuple[int, int]]:
    """Pair slots off as in a round robin: in each turn all of them, but for one if they are odd."""
    odd = n_slots - 1 + n_slots % 2
    pairs = [(slot, (turn - slot) % odd) for slot in range(odd)]
    return [(a, b if a != b else odd) for a, b in pairs if a < b or (a == b and odd < n_slots)]


def _swap(
    rows_of: "csr_array",
    wants: Wants,
    first: tuple[int, Rows],
    second: tuple[int, Rows],
    *,
    window: int,
    turn: int,
) -> int:
    """Swap rows between two slots, the best pair each time, until none of those looked at helps.

    For slots p and q, a row x of p and a row y of q, both as 0 or 1 a label, the sum to shrink changes by
    2 * SCALE times `weights * (SCALE * (y - x)**2 + (y - x) * (want_q - want_p))` summed over labels.
    """
    (p, rows_p), (q, rows_q) = first, second
    unit = SCALE * wants.weights
    pull = wants.weights * (wants.labels[:, q] - wants.labels[:, p])
    at_p, x = _pool(rows_of, rows_p, unit - pull, window=window, turn=turn)
    at_q, y = _pool(rows_of, rows_q, unit + pull, window=window, turn=turn)
    shared = y.copy()
    shared.data = 2 * unit[y.indices]
    change = (x @ (unit - pull))[:, None] + (y @ (unit + pull)) - (x @ shared.T).toarray()
    swapped = 0
    while True:
        i, j = divmod(int(np.argmin(change)), change.shape[1])
        if change[i, j] >= 0:
            return swapped
        rows_p[at_p[i]], rows_q[at_q[j]] = rows_q[at_q[j]], rows_p[at_p[i]]
        gone = x.indices[x.indptr[i] : x.indptr[i + 1]]
        come = y.indices[y.indptr[j] : y.indptr[j + 1]]
        step = np.zeros_like(unit)
        step[come] += 2 * unit[come]
        step[gone] -= 2 * unit[gone]
        for labels, less, more in ((gone, q, p), (come, p, q)):
            wants.labels[labels, less] -= SCALE
            wants.labels[labels, more] += SCALE
        change += y @ step
        change -= (x @ step)[:, None]
        change[i], change[:, j] = _NEVER, _NEVER
        swapped += 1


def _pool(
    rows_of: "csr_array", rows: Rows, costs: Counts, *, window: int, turn: int
) -> "tuple[Rows, csr_array]":
    """Choose rows of a slot to compare: half those that cost the least, half the first of a window.

    Returns:
        Their places in `rows`, and their labels.
    """
    places = np.arange(min(window, len(rows))) + turn * window
    places %= len(rows)
    if len(places) > _POOL:
        cost = rows_of[rows[places]] @ costs
        limit = np.partition(cost, _POOL // 2)[_POOL // 2]
        best = np.concatenate([np.flatnonzero(cost < limit), np.flatnonzero(cost == limit)])[: _POOL // 2]
        chosen = np.zeros(len(places), np.bool_)
        chosen[best] = True
        chosen[np.flatnonzero(~chosen)[: _POOL - _POOL // 2]] = True
        places = places[chosen]
    return places, rows_of[rows[places]].astype(np.int64)
