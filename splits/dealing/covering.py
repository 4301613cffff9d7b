"""Giving every part what it lacks: a group, and rows of each stratum that has groups enough for all parts."""

import numpy as np
from scipy.sparse import csr_array

from splits.dealing.tallies import Dealing, Groups, Ints

__all__ = ["cover"]

_TRIES = 1 << 10  # cells of a stratum and a part that are tried to be filled
_CANDIDATES, _PARTNERS = 4, 256  # groups that may fill a cell, and those that may go in return


def cover(dealing: Dealing, free: Groups) -> None:
    """Give parts the strata that they lack, and groups if they have none, as far as groups can be found.

    Rarest strata come first. A group comes alone or in return for one of the part's, whichever empties
    least elsewhere and then costs least; nothing is done where as much would be lost.

    Args:
        dealing: Changed in place.
        free: Groups that may be moved, ascending.
    """
    tallies, must = dealing.tallies, dealing.tallies.must_hold
    short = np.flatnonzero(dealing.is_due & (dealing.holders[:, must] == 0).any(axis=1))
    if not short.size:
        return
    by_column = csr_array(tallies.rows[free].T.tocsr())
    order = np.lexsort((short, dealing.holders[short].sum(axis=1), short != tallies.n_columns - 1))
    tries = 0
    for column in short[order].tolist():
        owners = free[by_column.indices[by_column.indptr[column] : by_column.indptr[column + 1]]]
        for part in np.flatnonzero(must & (dealing.holders[column] == 0)).tolist():
            tries += 1
            if tries > _TRIES:
                return
            spare = (dealing.holders[column] > 1) | ~must
            _fill(dealing, owners[spare[dealing.slot[owners]]], free, part)


def _fill(dealing: Dealing, owners: Groups, free: Groups, part: int) -> None:
    """Bring one of the owners of a stratum into a part that has none of them, if there are any to spare."""
    tallies = dealing.tallies
    inmates = free[dealing.slot[free] == part]
    inmates = inmates[:: len(inmates) // _PARTNERS + 1]
    rows, pulls = tallies.rows[inmates], tallies.weighted[inmates] @ dealing.excess
    best: tuple[int, int, int, int | None] | None = None
    for group in _cheapest(dealing, owners, part):
        source = int(dealing.slot[group])
        emptied = _emptied(dealing, group, rows, source, part)
        costs = _costs(dealing, group, inmates, rows, pulls, part)
        pick = int(np.lexsort((costs, emptied))[0])
        partner = None if pick == len(inmates) else int(inmates[pick])
        found = (int(emptied[pick]), int(costs[pick]), group, partner)
        if best is None or found[:2] < best[:2]:
            best = found
    if best is not None and best[0] < 0:
        dealing.move(best[2], part, best[3])


def _cheapest(dealing: Dealing, owners: Groups, part: int) -> list[int]:
    tallies = dealing.tallies
    pulls = tallies.weighted[owners] @ dealing.excess
    weights, norms, places = tallies.part_weights, tallies.norms[owners], dealing.slot[owners]
    leave = weights[places] * (norms - 2 * pulls[np.arange(len(owners)), places])
    costs = leave + weights[part] * (norms + 2 * pulls[:, part])
    return [int(group) for group in owners[np.argsort(costs, kind="stable")[:_CANDIDATES]]]


def _emptied(dealing: Dealing, group: int, rows: csr_array, source: int, part: int) -> Ints:
    """Count the cells that would be emptied, less those filled, for each partner, and last for none.

    A part left without any group counts for more than all strata.
    """
    tallies, has = dealing.tallies, dealing.dense(group) > 0
    worth = dealing.is_due.astype(np.int64)
    worth[-1] += tallies.n_columns
    at_source, at_part = dealing.holders[:, source], dealing.holders[:, part]
    gone = worth * (has & (at_source == 1)) * tallies.must_hold[source]
    come = worth * (has & (at_part == 0))
    brought = worth * (at_source == 0) * tallies.must_hold[source]
    missed = worth * (~has & (at_part == 1))
    change = (missed - gone - brought)[rows.indices]
    sums = np.zeros(rows.shape[0] + 1, np.int64)
    np.add.at(sums, np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)), change)
    sums += int(gone.sum()) - int(come.sum())
    return sums


def _costs(dealing: Dealing, group: int, inmates: Groups, rows: csr_array, pulls: Ints, part: int) -> Ints:
    """Return what it costs to move a group to a part, for each partner in return, and last for none."""
    tallies, source = dealing.tallies, dealing.slot[group]
    weighted, norm, norms = (
        dealing.dense(group) * tallies.weights,
        tallies.norms[group],
        tallies.norms[inmates],
    )
    at_source, at_part = tallies.part_weights[source], tallies.part_weights[part]
    pull = weighted @ dealing.excess
    alone = at_source * (norm - 2 * pull[source]) + at_part * (norm + 2 * pull[part])
    leave = at_part * (norms - 2 * pulls[:, part])
    enter = at_source * (norms + 2 * pulls[:, source])
    costs: Ints = np.append(leave + enter - 2 * (at_source + at_part) * (rows @ weighted), 0) + alone
    return costs
