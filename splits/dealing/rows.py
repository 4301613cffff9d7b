"""Dealing the rows of strata out to slots: which row goes where, once shares say how many do.

Imagine the rows in order of their strata, those of one stratum by their keyed hash: then each slot of each
stratum is a run of that order. The order is not sorted for, since few rows need it: rows are counted by
stratum and the first bits of the hash, and where all rows of such a cell lie in one run, as most do, all
that is left is to look their slot up. Only the rows of the other cells are sorted.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from h5torch.keyed import derive, hash_rows
from splits.dealing.apportion import apportion, top_up
from splits.dealing.strata import Strata

__all__ = ["deal_more", "deal_rows"]

Slots: TypeAlias = npt.NDArray[np.uint8]
Hashed: TypeAlias = Callable[[npt.NDArray[np.intp]], npt.NDArray[np.uint64]]

_BLOCK = 1 << 14  # rows worked on at a time, so that the working arrays stay in the second-level cache
_MOST_BITS = 8  # of the hash that tell cells apart: as many as a byte holds until its slot is known
_ROWS_A_CELL = 4  # on average; with fewer, counting the cells takes longer than sorting the rows
_UNSETTLED = 255  # no slot: there are at most 254 parts, and one for rows left out


def deal_rows(strata: Strata, shares: Sequence[Fraction], *, key: int) -> Slots:
    """Deal out the rows of every stratum at random, in exact counts.

    Which rows go where depends on the key, the row numbers and which rows share a stratum.

    Args:
        strata: Of all rows.
        shares: One a part, then the share left out; they sum to 1. At most 255 in all.
        key: From `derive`.

    Returns:
        uint8 of shape `(n_rows,)`: the slot of each row, `len(shares) - 1` for one left out. Counts are those
        of `splits.dealing.apportion.apportion`.
    """
    mixed = _mixed(strata, key)
    counts = np.empty((len(mixed), len(shares)), np.int64)
    counts[mixed] = apportion(strata.sizes[mixed], shares)
    row_key = derive(key, "rows")
    return _deal(strata.of_row, counts, lambda places: hash_rows(places, key=row_key))


def deal_more(strata: Strata, shares: Sequence[Fraction], slots: npt.NDArray[np.intp], *, key: int) -> Slots:
    """Deal out those rows that have no slot yet; the others keep theirs.

    Each stratum comes as near to its shares as the rows that it holds allow; see
    `splits.dealing.apportion.top_up`.

    Args:
        strata: Of all rows, new and old.
        shares: One a part, then the share left out; they sum to 1. At most 255 in all.
        slots: Slot of each row, -1 where it has none, shape `(n_rows,)`.
        key: From `derive`. Where no row has a slot, they get those that `deal_rows` gives with this key.

    Returns:
        uint8 of shape `(n_rows,)`: the slot of each row.
    """
    n_slots = len(shares)
    is_new = slots < 0
    cells = strata.of_row[~is_new] * n_slots + slots[~is_new]
    held = np.bincount(cells, minlength=len(strata.first) * n_slots).reshape(-1, n_slots)
    mixed = _mixed(strata, key)
    counts = np.empty((len(mixed), n_slots), np.int64)
    counts[mixed] = top_up(strata.sizes[mixed], held[mixed], shares)
    rows = np.flatnonzero(is_new)
    row_key = derive(key, "rows")
    dealt = slots.astype(np.uint8)
    dealt[rows] = _deal(strata.of_row[rows], counts, lambda places: hash_rows(rows[places], key=row_key))
    return dealt


def _mixed(strata: Strata, key: int) -> npt.NDArray[np.intp]:
    """Return the strata in random order, as the first of several alike get remainders first."""
    return np.argsort(hash_rows(strata.first, key=derive(key, "strata")))


def _deal(of_row: npt.NDArray[np.intp], counts: npt.NDArray[np.int64], hashed: Hashed) -> Slots:
    """Give the first rows of each stratum, by hash, to its first slot, and so on.

    Args:
        of_row: Stratum of each place.
        counts: Places for each slot of each stratum.
        hashed: Returns the hashes of some places; no two are equal.
    """
    n_slots, bits = counts.shape[1], _bits(len(of_row), len(counts))
    ends = np.cumsum(counts)
    slots, tally = _tally(of_row, len(counts), hashed, bits)
    stop = np.cumsum(tally)
    slot = np.searchsorted(ends, stop - tally, side="right")  # of the first place of each cell
    settled = slot == np.searchsorted(ends, stop - 1, side="right")
    slot_of_cell = np.where(settled, slot % n_slots, _UNSETTLED).astype(np.uint8)
    unsettled = [np.zeros(0, np.intp)]
    for start in range(0, len(of_row), _BLOCK):
        block = slice(start, start + _BLOCK)
        slots[block] = slot_of_cell[(of_row[block] << bits) + slots[block]]
        unsettled.append(np.flatnonzero(slots[block] == _UNSETTLED) + start)
    places = np.concatenate(unsettled)
    hashes = hashed(places)
    cells = (of_row[places] << bits) + _first_bits(hashes, bits)
    order = np.argsort(hashes)
    order = order[np.argsort(cells[order], kind="stable")]
    passed_over = np.cumsum(np.where(settled, tally, 0))  # before each cell, when it is unsettled itself
    rank = passed_over[cells[order]] + np.arange(len(order))
    slots[places[order]] = np.searchsorted(ends, rank, side="right") % n_slots
    return slots


def _bits(n_rows: int, n_strata: int) -> int:
    """Return how many bits of the hash tell cells apart."""
    room = n_rows // (_ROWS_A_CELL * max(1, n_strata))
    return min(_MOST_BITS, max(0, room.bit_length() - 1))


def _first_bits(hashes: npt.NDArray[np.uint64], bits: int) -> npt.NDArray[np.intp]:
    return (hashes >> np.uint64(1) >> np.uint64(63 - bits)).astype(np.intp)


def _tally(
    of_row: npt.NDArray[np.intp], n_strata: int, hashed: Hashed, bits: int
) -> tuple[Slots, npt.NDArray[np.int64]]:
    """Return the first bits of each place's hash, and the number of places in each cell."""
    first = np.empty(len(of_row), np.uint8)
    tally = np.zeros(n_strata << bits, np.int64)
    step = max(_BLOCK, len(tally))
    for start in range(0, len(of_row), step):
        stop = min(start + step, len(of_row))
        own = _first_bits(hashed(np.arange(start, stop)), bits)
        first[start:stop] = own
        own += of_row[start:stop] << bits
        tally += np.bincount(own, minlength=len(tally))
    return first, tally
