"""Dealing whole groups of rows to parts: sizes near the shares asked for, strata even.

Groups are dealt by falling weight, each to the part that needs its rows most: the rule of longest
processing time first (R. L. Graham, "Bounds on Multiprocessing Timing Anomalies", SIAM Journal on Applied
Mathematics 17, 1969), with rows by stratum for time. What a part needs is measured by the squares of its
excesses over its share, as A. Sainte-Laguë divides seats ("La représentation proportionnelle et la méthode
des moindres carrés", 1910), so that large and small groups come to all parts in proportion. Groups with the
same rows by stratum are dealt together; then `splits.dealing.covering` and `splits.dealing.repairing` mend
the rest. Where some group is larger than half a part, `splits.dealing.spreading` places the heaviest first,
and `splits.dealing.outsized` mends what they have left uneven.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from h5torch.keyed import derive, hash_rows
from splits.dealing.apportion import apportion
from splits.dealing.covering import cover
from splits.dealing.outsized import even_shares
from splits.dealing.repairing import even_out
from splits.dealing.spreading import place_heaviest
from splits.dealing.tallies import Dealing, Groups, Ints, Tallies, excess_of, tally, weigh
from splits.errors import SplitError

__all__ = ["deal_groups", "deal_units"]

_ALONE = 4096  # runs at either end that are dealt one by one where there are many, and blocks between them
_POOL = 2048  # groups that the search for better dealings looks at
_HALF = 1 << 20  # one half, as starts are measured
_FINE = 1 << 30  # what costs are multiplied by before they are divided by shares
_MEAN = 4  # what the mean rows of a run are multiplied by


def deal_groups(
    group: Groups,
    stratum: Groups | None,
    shares: Sequence[Fraction],
    *,
    key: int,
    held: Groups | None = None,
) -> Groups:
    """Deal whole groups to parts so that sizes are near their shares and every stratum is spread evenly.

    Which group goes where depends on the key and on which rows share a label, never on names. Where groups
    are single rows and none is held, every stratum has the floor or the ceiling of its share in every part
    (`splits.dealing.apportion.apportion`). No part lacks a stratum, or all rows, where a move or swap of
    groups that was found could give it some and takes as much from none.

    Args:
        group: Group of each row, shape `(n_rows,)`: 0, 1, ... numbered by first row.
        stratum: Stratum of each row likewise; None where rows are all alike.
        shares: One a part, then the share left out; they sum to 1.
        key: 64-bit key, from `derive`. It decides among equals, which groups go where, and which part
            comes first.
        held: Slot of each group that is dealt already and stays there, -1 for a free one, shape
            `(n_groups,)`.

    Returns:
        Slot of each group, shape `(n_groups,)`: an index into `shares`, the last meaning left out.

    Raises:
        SplitError: there are fewer groups than parts with a share.
    """
    held = np.full(int(group.max(initial=-1)) + 1, -1) if held is None else held
    slots = np.array([slot for slot, share in enumerate(shares) if share > 0])
    n_parts = int(np.count_nonzero(slots < len(shares) - 1))
    if len(held) < n_parts:
        msg = (
            f"a split into {n_parts} parts needs at least {n_parts} groups, found {len(held)} in "
            f"{len(group)} rows; ask for fewer parts, or for rows in place of groups"
        )
        raise SplitError(msg)
    free = np.flatnonzero(held < 0)
    if not free.size:
        return held.copy()
    if len(held) == len(group) == len(free):
        dealt = _deal_rows(np.zeros_like(group) if stratum is None else stratum, shares, slots, key)
        if np.bincount(dealt, minlength=len(shares))[slots[:n_parts]].all():
            return dealt
    else:
        dealt = held
    slots = slots[np.argsort(hash_rows(slots, key=derive(key, "parts")))]
    place = np.full(len(shares) + 1, -1)  # the last is that of -1
    place[slots] = np.arange(len(slots))
    tallies = weigh(
        tally(group, stratum), [shares[slot] for slot in slots], must_hold=(slots < len(shares) - 1).tolist()
    )
    part = place[dealt]
    order, starts = _runs(tallies, free, key)
    n_placed = _deal_free(tallies, part, order, starts, key) if dealt is held else 0
    dealing = Dealing(tallies=tallies, slot=part)
    cover(dealing, free)
    if dealt is held:
        if not n_placed:
            even_out(dealing, _pool(order))
        if tallies.has_outsized:
            even_shares(dealing, order)
    return np.where(held < 0, slots[part], held)


def deal_units(group: Groups, shares: Sequence[Fraction], *, key: int, held: Groups | None = None) -> Groups:
    """Deal whole groups to parts where each group counts as one, whatever its size.

    Parts have the floor or the ceiling of their share of the groups, or, where groups are held, come as
    near to it as the others allow. Arguments, result and errors are those of `deal_groups`.
    """
    return deal_groups(np.arange(int(group.max(initial=-1)) + 1), None, shares, key=key, held=held)


def _deal_rows(stratum: Groups, shares: Sequence[Fraction], slots: Groups, key: int) -> Groups:
    """Deal rows that are all free, as exactly as whole numbers allow."""
    taken = np.append(slots[slots < len(shares) - 1], len(shares) - 1)
    sizes = np.bincount(stratum).astype(np.int64)
    mixed = np.argsort(hash_rows(np.arange(len(sizes)), key=derive(key, "strata")))
    counts = np.empty((len(sizes), len(taken)), np.int64)
    counts[mixed] = apportion(sizes[mixed], [shares[slot] for slot in taken])
    shuffled = np.argsort(hash_rows(np.arange(len(stratum)), key=derive(key, "groups")))
    kind = np.min_scalar_type(len(sizes))  # few strata sort by radix, several times faster
    order = shuffled[np.argsort(stratum[shuffled].astype(kind), kind="stable")]
    dealt = np.empty(len(stratum), np.intp)
    dealt[order] = np.repeat(np.tile(taken, len(sizes)), counts.ravel())
    return dealt


def _runs(tallies: Tallies, free: Groups, key: int) -> tuple[Groups, Groups]:
    """Put free groups in the order in which they are dealt, and find runs of them that are dealt together.

    A run is of groups with the same rows by stratum, in random order. Where there are many, those in the
    middle give way to blocks of groups that are alike only in weight and in their most frequent stratum.

    Returns:
        The order, shape `(len(free),)`, heaviest first, and where each run of it starts.
    """
    rows = tallies.rows[free]
    weight = tallies.norms[free]
    exponent = np.frexp(weight.astype(np.float64))[1].astype(np.int64)
    weight = (exponent << 3) + (
        weight >> np.maximum(exponent - 4, 0) & 7
    )  # its three leading bits: by a tenth
    entry = rows.indices.astype(np.int64) * (int(rows.data.max()) + 1) + rows.data
    entry_hash = hash_rows(entry, key=derive(key, "profiles"))
    profile = np.add.reduceat(entry_hash, rows.indptr[:-1])
    mixed = hash_rows(free, key=derive(key, "groups"))
    order = np.lexsort((mixed, profile, -weight))
    is_first = np.ones(len(free), np.bool_)
    is_first[1:] = profile[order[1:]] != profile[order[:-1]]
    starts = np.flatnonzero(is_first)
    if len(starts) > 3 * _ALONE:
        first, last = int(starts[_ALONE]), int(starts[-_ALONE])
        middle = order[first:last]
        order[first:last] = middle[np.lexsort((mixed[middle], _main_column(rows)[middle], -weight[middle]))]
        blocks = first + np.arange(_ALONE) * (last - first) // _ALONE
        starts = np.concatenate((starts[:_ALONE], blocks, starts[-_ALONE:]))
    return free[order], starts


def _main_column(rows: csr_array) -> Groups:
    """Return the stratum that each group has most rows of, the first of equals."""
    in_strata = rows.data.copy()
    in_strata[rows.indptr[1:] - 1] = 0
    most = np.maximum.reduceat(in_strata, rows.indptr[:-1])
    is_most = in_strata == np.repeat(most, np.diff(rows.indptr))
    places = np.where(is_most, rows.indices, rows.shape[1])
    return np.minimum.reduceat(places, rows.indptr[:-1])


def _deal_free(tallies: Tallies, part: Groups, order: Groups, starts: Groups, key: int) -> int:
    """Deal groups in their order, writing to `part`; return how many of them were placed beforehand."""
    heaviest = place_heaviest(tallies, part, order)
    n_placed = len(heaviest)
    part[order[:n_placed]] = heaviest
    rest = order[n_placed:]
    if rest.size:
        starts = np.unique(np.maximum(starts - n_placed, 0))  # a run may have been placed in part
        part[rest] = _deal_runs(tallies, part, rest, starts[starts < len(rest)], key)
    return n_placed


def _deal_runs(tallies: Tallies, part: Groups, order: Groups, starts: Groups, key: int) -> Groups:
    """Return the part of each group in the order, dealing run after run to where it is most needed."""
    rows, weighted = tallies.rows[order], tallies.weighted[order]
    excess = excess_of(tallies, part)
    dealt = np.empty(len(order), np.intp)
    late = [int(word) >> 43 for word in hash_rows(np.arange(tallies.n_parts), key=derive(key, "starts"))]
    bounds, ends = rows.indptr.tolist(), [*starts[1:].tolist(), len(order)]
    for start, end in zip(starts.tolist(), ends, strict=True):
        entries = slice(bounds[start], bounds[end])
        columns, amounts = rows.indices[entries], rows.data[entries]
        if end == start + 1:
            norm = int(tallies.norms[order[start]])
            best = _neediest(tallies, excess[columns], weighted.data[entries], norm, int(amounts[-1]), late)
            dealt[start] = best
            excess[columns, best] += amounts
        else:
            counts = _fill_up(tallies, excess, columns, amounts, end - start)
            dealt[start:end] = np.repeat(np.arange(tallies.n_parts), counts)
            places = np.repeat(dealt[start:end], np.diff(rows.indptr[start : end + 1]))
            np.add.at(excess, (columns, places), amounts)
    return dealt


def _neediest(tallies: Tallies, excess: Ints, weighted: Ints, norm: int, size: int, late: list[int]) -> int:
    """Return the part where one group raises the cost least.

    A part's first group is worth less or more by the key, so that not the largest groups always go to the
    part with the largest share; but never so much less that a part would overflow by it.
    """
    pulls, fill = (weighted @ excess).tolist(), excess[-1].tolist()
    costs = []
    for part, share in enumerate(tallies.shares):
        delay = late[part] if fill[part] + size <= 0 else max(late[part], _HALF)
        costs.append((2 * _HALF * pulls[part] + delay * norm) * _FINE // share)
    return costs.index(min(costs))


def _fill_up(
    tallies: Tallies, excess: Ints, columns: npt.NDArray[np.int32], amounts: Ints, n_groups: int
) -> list[int]:
    """Return how many of a run of groups each part gets.

    Were groups divisible, the cost would be least where each part has its share of what brings all to one
    level, and those above that level none. Remainders of a group go to the largest ones (Hamilton's method).
    Strata count alone: of all rows of a part it is not known yet what the other strata will bring.
    """
    mean = np.zeros(tallies.n_columns, np.int64)
    np.add.at(mean, columns, amounts)
    mean = mean * _MEAN // n_groups
    if len(mean) > 1:
        mean[-1] = 0
    weighted = mean * tallies.weights
    norm = max(1, int(weighted @ mean))
    pulls = [_MEAN * pull for pull in (weighted @ excess).tolist()]
    parts, shares = list(range(tallies.n_parts)), tallies.shares
    while True:
        level, whole = (
            n_groups * norm + sum(pulls[part] for part in parts),
            sum(shares[part] for part in parts),
        )
        exact = {part: level * shares[part] - pulls[part] * whole for part in parts}
        if min(exact.values()) >= 0:
            break
        parts = [part for part in parts if exact[part] >= 0]
    counts = [exact.get(part, 0) // (norm * whole) for part in range(tallies.n_parts)]
    ranked = sorted(parts, key=lambda part: -(exact[part] % (norm * whole)))
    for part in ranked[: n_groups - sum(counts)]:
        counts[part] += 1
    return counts


def _pool(order: Groups) -> Groups:
    """Choose the groups that may be moved again: all, or the lightest and some of every weight."""
    if len(order) <= _POOL:
        return order
    heavier, some = order[: -(_POOL // 2)], _POOL // 2
    return np.concatenate((heavier[np.arange(some) * len(heavier) // some], order[-some:]))
