"""What a dealing of groups is judged by: rows of each group in each stratum, and how far parts are off.

The judge is a sum of squares over parts and strata, of rows too many or too few, and the same for all rows
of a part together; the squares of Pearson's chi-squared, tempered so that a frequent stratum still counts.
All is in whole numbers, so that no platform rounds differently, and scaled to stay below 2**63.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from typing import TypeAlias

import attrs
import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, hstack

__all__ = ["Dealing", "Groups", "Ints", "Tallies", "excess_of", "tally", "weigh"]

Ints: TypeAlias = npt.NDArray[np.int64]
Groups: TypeAlias = npt.NDArray[np.intp]

_BITS = 57  # of a product of rows, rows, units and weights; the sums of products need 5 more
_LEAST_BITS = 6  # of units and weights; for these, many rows count in thousands
_HEAVIEST = 256  # weight of the rarest strata, 16 being that of the most frequent
_SIZE_WEIGHT = 4  # of all rows of a part, where sizes can be met; 1 where some group is half a part or more


@attrs.frozen(kw_only=True, eq=False)
class Tallies:
    """Scaled rows of every group by column: one column a stratum, and a last one for all its rows.

    The cost of a dealing is the sum over parts and columns of `part_weight * weight * excess**2`, where the
    excess is that of a part's rows over its target.

    Attributes:
        rows: int64 of shape `(n_groups, n_columns)`, in fractions of a row; the last entry of a group is in
            the last column.
        weighted: The same times the weight of the column.
        norms: Sum of `weight * rows**2` of each group, shape `(n_groups,)`.
        weights: Weight of each column, shape `(n_columns,)`: 1 over the root of the stratum's size.
        targets: Scaled rows of each column that each part should have, shape `(n_columns, n_parts)`.
        part_weights: 1 over the share of each part, shape `(n_parts,)`.
        shares: The shares in whole numbers, for sums without overflow.
        must_hold: Whether a part should lack no column, shape `(n_parts,)`: all but the rows left out.
        has_outsized: Whether some group is larger than half the largest part, so that sizes may not be met.
    """

    rows: csr_array
    weighted: csr_array
    norms: Ints
    weights: Ints
    targets: Ints
    part_weights: Ints
    shares: tuple[int, ...]
    must_hold: npt.NDArray[np.bool_]
    has_outsized: bool

    @property
    def n_columns(self) -> int:
        """Number of strata and one."""
        return int(self.rows.shape[1])

    @property
    def n_parts(self) -> int:
        """Number of parts, those left out among them if some are."""
        return len(self.shares)


def tally(group: Groups, stratum: Groups | None) -> csr_array:
    """Count the rows of each group by stratum, and in a last column all of them.

    Returns:
        int64 of shape `(n_groups, n_strata + 1)`, columns ascending within each group; of one column where
        all rows are alike.
    """
    sizes = csr_array(np.bincount(group).astype(np.int64)[:, None])
    if stratum is None or not stratum.any():
        return sizes
    ones = np.ones(len(group), np.int64)
    counts = csr_array((ones, (group, stratum)), shape=(sizes.shape[0], int(stratum.max()) + 1))
    counts.sum_duplicates()
    both = csr_array(hstack((counts, sizes), format="csr"))
    both.sort_indices()
    return both


def weigh(counts: csr_array, shares: Sequence[Fraction], *, must_hold: Sequence[bool]) -> Tallies:
    """Scale counts, targets and weights so that no sum of their products passes 2**63.

    Args:
        counts: From `tally`.
        shares: One a part, all above 0; they sum to 1.
        must_hold: Whether each part should hold rows of every stratum.
    """
    totals = _totals(counts)
    coarse = max(0, -(-(_bits(totals[-1]) + _bits(counts.data.max()) + _LEAST_BITS - _BITS) // 2))
    rows = counts.copy()
    rows.data = (counts.data + (1 << coarse >> 1)) >> coarse
    room = _BITS - _bits(_totals(rows)[-1]) - _bits(rows.data.max())
    part_bits = weight_bits = min(8, room // 3)
    unit = 1 << min(6, (room - part_bits - weight_bits) // 2)
    rows.data *= unit
    totals = _totals(rows)
    weights = _column_weights(totals, weight_bits)
    has_outsized = 2 * int(rows.data.max()) > max(shares) * int(totals[-1])
    if not has_outsized:
        weights[-1] = _SIZE_WEIGHT
    weighted = rows.copy()
    weighted.data = rows.data * weights[rows.indices]
    scale = min(shares) * (1 << part_bits)
    distinct, place = np.unique(totals, return_inverse=True)
    targets = [[floor(total * share) for share in shares] for total in distinct.tolist()]
    return Tallies(
        rows=rows,
        weighted=weighted,
        norms=np.add.reduceat(weighted.data * rows.data, rows.indptr[:-1]),
        weights=weights,
        targets=np.array(targets, np.int64)[place],
        part_weights=np.array([max(1, round(scale / share)) for share in shares], np.int64),
        shares=tuple(max(1, round(share * (1 << 30))) for share in shares),
        must_hold=np.array(must_hold),
        has_outsized=has_outsized,
    )


@attrs.frozen(kw_only=True, eq=False)
class Dealing:
    """Which part each group is in, and what follows from it; `move` keeps the three together.

    Attributes:
        tallies: What is dealt.
        slot: Part of each group, shape `(n_groups,)`.
        excess: Rows beyond the target, shape `(n_columns, n_parts)`.
        holders: Groups that have rows of the column, shape `(n_columns, n_parts)`.
        is_due: Whether every part should hold rows of the column: it has a group for each, and one to leave
            out where some are; shape `(n_columns,)`. Some group is due to every part.
    """

    tallies: Tallies
    slot: Groups
    excess: Ints = attrs.field()
    holders: Ints = attrs.field()
    is_due: npt.NDArray[np.bool_] = attrs.field()

    @excess.default
    def _count_excess(self) -> Ints:
        return excess_of(self.tallies, self.slot)

    @holders.default
    def _count_holders(self) -> Ints:
        return _holders_of(self.tallies, self.slot)

    @is_due.default
    def _find_due(self) -> npt.NDArray[np.bool_]:
        is_due: npt.NDArray[np.bool_] = self.holders.sum(axis=1) >= self.tallies.n_parts
        is_due[-1] = True
        return is_due

    def dense(self, group: int | None) -> Ints:
        """Return the rows of a group by column, shape `(n_columns,)`; of no group, zeros."""
        rows, found = self.tallies.rows, np.zeros(self.tallies.n_columns, np.int64)
        if group is not None:
            entries = slice(rows.indptr[group], rows.indptr[group + 1])
            found[rows.indices[entries]] = rows.data[entries]
        return found

    def loses(self, group: int, target: int, partner: int | None) -> bool:
        """Whether to move a group, for a partner if any, would leave more parts lacking what they are due.

        Args:
            group: Group that is moved.
            target: Part that it comes to.
            partner: Group of that part that is moved to where it was.
        """
        source, gone, come = int(self.slot[group]), self.dense(group) > 0, self.dense(partner) > 0
        balance = 0
        for part, less, more in ((source, gone, come), (target, come, gone)):
            if self.tallies.must_hold[part]:
                there = self.holders[:, part]
                balance += int(np.count_nonzero(self.is_due & less & ~more & (there == 1)))
                balance -= int(np.count_nonzero(self.is_due & more & (there == 0)))
        is_last = partner is None and self.holders[-1, source] == 1 and self.tallies.must_hold[source]
        return bool(balance > 0 or is_last)

    def move(self, group: int, target: int, partner: int | None) -> None:
        """Move a group to another part, and a partner, if any, from there to where it was."""
        source, there, back = int(self.slot[group]), self.dense(group), self.dense(partner)
        self.slot[group] = target
        if partner is not None:
            self.slot[partner] = source
        for table, change in ((self.excess, back - there), (self.holders, np.sign(back) - np.sign(there))):
            table[:, source] += change
            table[:, target] -= change


def excess_of(tallies: Tallies, slot: Groups) -> Ints:
    """Return the rows of each column that each part has beyond its target, where -1 is in no part.

    Returns:
        int64 of shape `(n_columns, n_parts)`.
    """
    excess = -tallies.targets
    _add(excess, tallies.rows, slot, tallies.rows.data)
    return excess


def _holders_of(tallies: Tallies, slot: Groups) -> Ints:
    """Return how many groups of each part have rows of each column, shape `(n_columns, n_parts)`."""
    holders = np.zeros_like(tallies.targets)
    _add(holders, tallies.rows, slot, np.ones_like(tallies.rows.data))
    return holders


def _add(table: Ints, rows: csr_array, slot: Groups, amounts: Ints) -> None:
    slots = np.repeat(slot, np.diff(rows.indptr))
    dealt = slots >= 0
    np.add.at(table, (rows.indices[dealt], slots[dealt]), amounts[dealt])


def _totals(counts: csr_array) -> Ints:
    totals = np.zeros(counts.shape[1], np.int64)
    np.add.at(totals, counts.indices, counts.data)
    return totals


def _column_weights(totals: Ints, bits: int) -> Ints:
    """Weigh strata by 1 over the root of their rows, and all rows of a part by the least there is."""
    ratio = np.minimum(totals[:-1].max(initial=1) * _HEAVIEST // np.maximum(totals[:-1], 1), _HEAVIEST**2)
    weights = np.ones(len(totals), np.int64)
    weights[:-1] = np.maximum(np.sqrt(ratio).astype(np.int64) >> (_HEAVIEST.bit_length() - 1 - bits), 1)
    return weights


def _bits(number: np.int64) -> int:
    return int(number).bit_length()
