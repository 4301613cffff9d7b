"""Placing the heaviest groups where some group is larger than half a part, before all others are dealt.

What such a dealing comes to is settled by its few heaviest groups, and the best place for each by itself is
seldom part of the best for all. So several dealings of them are carried along, group after group, and those
that cost least go on: a beam search (B. T. Lowerre, "The HARPY Speech Recognition System", 1976). Costs are
counted in shares of the rows of each column: what a part has above the share asked for stays there, whatever
comes later, and counts in full; half the squares tell apart those that are below.
"""

import numpy as np

from splits.dealing.tallies import Groups, Ints, Tallies, excess_of

__all__ = ["place_heaviest"]

_HEAVIEST = 64  # groups that are placed
_WIDTH = 16  # dealings that go on
_CELLS = 256  # parts by columns at most; of more, the rest of the groups makes what is even
_BITS = 20  # of a share
_ONE = 60  # bits of 1 before it is divided; times rows and shifted back, shares are left


def place_heaviest(tallies: Tallies, part: Groups, order: Groups) -> Groups:
    """Return the parts of the heaviest groups, found together, from which shares can become most even.

    Args:
        tallies: What is dealt.
        part: Part of each group that is dealt already, -1 for the others, shape `(n_groups,)`.
        order: Groups to be dealt, heaviest first.

    Returns:
        Part of each of the first groups of the order, 64 of them or all. Of none where no group is outsized,
        where rows are all alike, so that sizes are all there is, or where there are more than 256 cells of a
        part and a column.
    """
    n_parts, n_columns = tallies.n_parts, tallies.n_columns
    if not tallies.has_outsized or n_columns < 2 or n_parts * n_columns > _CELLS:
        return np.empty(0, np.intp)
    heaviest = order[:_HEAVIEST]
    inverse = (1 << _ONE) // np.maximum(_totals(tallies), 1)
    amounts = tallies.rows[heaviest].toarray() * inverse >> (_ONE - _BITS)
    asked = np.array([share >> (30 - _BITS) for share in tallies.shares], np.int64)
    held = (excess_of(tallies, part) + tallies.targets).T * inverse >> (_ONE - _BITS)
    above = (held - asked[:, None])[None]
    costs, found = np.zeros(1, np.int64), np.empty((1, len(heaviest)), np.intp)
    for place, amount in enumerate(amounts):
        after = above + amount
        costs, kept = _cheapest(costs[:, None] + _rise(above, after))
        dealing, target = np.divmod(kept, n_parts)
        above, found = above[dealing], found[dealing]
        above[np.arange(len(kept)), target] = after[dealing, target]
        found[:, place] = target
    best: Groups = found[0]
    return best


def _totals(tallies: Tallies) -> Ints:
    totals = np.zeros(tallies.n_columns, np.int64)
    np.add.at(totals, tallies.rows.indices, tallies.rows.data)
    return totals


def _rise(above: Ints, after: Ints) -> Ints:
    """Return what it costs to give one more group to each part of each dealing.

    Args:
        above: Shares beyond those asked for, shape `(n_dealings, n_parts, n_columns)`.
        after: The same if the part had the group.
    """
    squares = (after - above) * (after + above) >> (_BITS + 1)
    rise: Ints = (squares + np.maximum(after, 0) - np.maximum(above, 0)).sum(axis=-1)
    return rise


def _cheapest(costs: Ints) -> tuple[Ints, Groups]:
    """Return the lowest costs, ascending, and where each is found first: equal ones mostly mirror it."""
    lowest, first = np.unique(costs, return_index=True)
    return lowest[:_WIDTH], first[:_WIDTH]
