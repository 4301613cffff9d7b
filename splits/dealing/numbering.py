"""Numbering the distinct rows of some columns by hashing, many times faster than by sorting.

The hash table is one with open addresses and linear probing (D. E. Knuth, "The Art of Computer Programming",
volume 3, section 6.4, 1973), asked for a block of rows at a time.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["number_rows"]

Words: TypeAlias = npt.NDArray[np.uint64]

_BLOCK = 1 << 14  # rows worked on at a time, so that the working arrays stay in the second-level cache
_ODD = 0x9E3779B97F4A7C15  # 2**64 / golden ratio: its products differ most in their top bits
_NOBODY = -1


def number_rows(
    columns: Sequence[npt.NDArray[Any]], n_rows: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Number rows so that two have one number where they agree in all columns.

    Args:
        columns: At least one, each of shape `(n_rows,)`, of numbers, bools, text or times. 0 and -0 agree,
            NaNs do so only where their bits do.
        n_rows: Number of rows.

    Returns:
        The number of each row, shape `(n_rows,)`, and the first row of each number, ascending.
    """
    plain = [_plain(column) for column in columns]
    table = _Table(n_rows)
    of_row = np.empty(n_rows, np.intp)
    for start in range(0, n_rows, _BLOCK):
        rows = slice(start, min(start + _BLOCK, n_rows))
        of_row[rows] = table.number([word for column in plain for word in _words(column[rows])], start)
    first = table.first
    by_first = np.argsort(first)
    if not np.array_equal(by_first, np.arange(len(first))):
        rank = np.empty_like(by_first)
        rank[by_first] = np.arange(len(by_first))
        for start in range(0, n_rows, _BLOCK):
            of_row[start : start + _BLOCK] = rank[of_row[start : start + _BLOCK]]
    return of_row, first[by_first]


def _plain(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the column, or numbers of its values where their bits do not tell whether they are equal."""
    if column.dtype.kind in "fc" and column.dtype.itemsize > (8 if column.dtype.kind == "f" else 16):
        return np.unique(column, return_inverse=True)[1]
    return column


def _words(block: npt.NDArray[Any]) -> Words:
    """Return 64-bit words that agree where values do, shape `(words a value, rows)`."""
    kind, size = block.dtype.kind, block.dtype.itemsize
    if kind in "US":
        letters = max(1, -(-size // 8)) * (2 if kind == "U" else 8)
        text = np.ascontiguousarray(block, dtype=f"{kind}{letters}")
        return text.view(np.uint64).reshape(len(block), -1).T
    if kind in "fc":
        numbers = np.ascontiguousarray(block, dtype=np.float64 if kind == "f" else np.complex128)
        words: Words = numbers.view(np.uint64).reshape(len(block), -1).T
        return np.where(words == np.uint64(1 << 63), np.uint64(0), words)
    whole = block.astype(np.int64) if kind in "biu" else block.astype(block.dtype.newbyteorder("="))
    return whole.view(np.uint64)[None]


class _Table:
    """Keys of several words numbered from 0, in the order in which blocks bring them."""

    def __init__(self, n_rows: int) -> None:
        self._numbers = np.empty(0, np.int32 if n_rows < 1 << 31 else np.int64)
        self._keys: list[Words] = []
        self._first = np.empty(0, np.intp)
        self._n_keys = 0

    @property
    def first(self) -> npt.NDArray[np.intp]:
        """The first row of each key."""
        return self._first[: self._n_keys]

    def number(self, words: Sequence[Words], start: int) -> npt.NDArray[Any]:
        """Return the number of each of some rows, of which row `start` is the first; number new keys."""
        self._make_room(words)
        slot = self._slots(words)
        found = self._numbers[slot]
        rows = np.flatnonzero(self._differ(found, words))
        slot = slot[rows]
        while rows.size:
            self._enter(slot, rows, words, start)
            there = self._numbers[slot]
            found[rows] = there
            other = self._differ(there, [word[rows] for word in words])
            rows, slot = rows[other], (slot[other] + 1) & (len(self._numbers) - 1)
        return found

    def _differ(self, numbers: npt.NDArray[Any], words: Sequence[Words]) -> npt.NDArray[np.bool_]:
        differ: npt.NDArray[np.bool_] = numbers == _NOBODY
        for known, word in zip(self._keys, words, strict=True):
            differ |= known[numbers] != word
        return differ

    def _enter(
        self, slot: npt.NDArray[np.intp], rows: npt.NDArray[np.intp], words: Sequence[Words], start: int
    ) -> None:
        """Give each free slot among those asked for to the first row that asks."""
        free = np.flatnonzero(self._numbers[slot] == _NOBODY)
        slot, rows = slot[free], rows[free]
        claims = np.arange(len(free)).astype(self._numbers.dtype)
        self._numbers[slot[::-1]] = claims[::-1]  # of several claims on one slot the last written stays
        won = self._numbers[slot] == claims
        slot, rows = slot[won], rows[won]
        numbers = np.arange(self._n_keys, self._n_keys + len(rows))
        self._numbers[slot] = numbers
        for known, word in zip(self._keys, words, strict=True):
            known[numbers] = word[rows]
        self._first[numbers] = rows + start
        self._n_keys += len(rows)

    def _make_room(self, words: Sequence[Words]) -> None:
        """Let half of the slots be free, even if every row of the next block is new."""
        needed = self._n_keys + len(words[0])
        if needed > len(self._first):
            room = max(2 * len(self._first), needed)
            self._keys = self._keys or [np.empty(0, np.uint64) for _ in words]
            self._keys = [_longer(known, room) for known in self._keys]
            self._first = _longer(self._first, room)
        if 2 * needed > len(self._numbers):
            n_slots = 1 << (4 * needed - 1).bit_length()
            self._numbers = np.full(n_slots, _NOBODY, self._numbers.dtype)
            self._enter_again()

    def _enter_again(self) -> None:
        numbers = np.arange(self._n_keys)
        slot = self._slots([known[: self._n_keys] for known in self._keys])
        while numbers.size:
            free = self._numbers[slot] == _NOBODY
            self._numbers[slot[free]] = numbers[free]
            other = self._numbers[slot] != numbers
            numbers, slot = numbers[other], (slot[other] + 1) & (len(self._numbers) - 1)

    def _slots(self, words: Sequence[Words]) -> npt.NDArray[np.intp]:
        state = words[0] ^ (words[0] >> np.uint64(32))
        state *= np.uint64(_ODD)
        for word in words[1:]:
            state ^= word
            state ^= state >> np.uint64(32)
            state *= np.uint64(_ODD)
        state >>= np.uint64(65 - len(self._numbers).bit_length())
        return state.astype(np.intp)


def _longer(array: npt.NDArray[Any], length: int) -> npt.NDArray[Any]:
    longer = np.empty(length, array.dtype)
    longer[: len(array)] = array
    return longer
