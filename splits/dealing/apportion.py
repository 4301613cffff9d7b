"""Whole numbers of rows for fractional shares: the counts behind a stratified split.

Within one stratum this is the largest-remainder or Hamilton's method (M. L. Balinski, H. P. Young, "Fair
Representation", 1982): the floor of each exact share, and one row more for the largest remainders. Over
many strata remainders are carried on, and where the totals still drift from their own floor and ceiling,
rows are moved along a path of strata, which exists as a matrix with integer sums can always be rounded
(M. Bacharach, "Matrix Rounding Problems", Management Science 12, 1966).
"""

from collections import deque
from collections.abc import Sequence
from fractions import Fraction
from math import ceil, floor

import numpy as np
import numpy.typing as npt

__all__ = ["apportion", "round_matrix", "stratum_targets", "top_up"]

Counts = npt.NDArray[np.int64]


def stratum_targets(n_rows: int, shares: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Return the exact number of rows that each part should get of one stratum.

    It is `n_rows * share`, except that a stratum with a row for every part, and one to leave out where
    some are, gives every part at least one: shares below one row are raised to one, and the others give
    way in proportion.

    Args:
        n_rows: Rows of the stratum.
        shares: One a part, then the share left out; they sum to 1.

    Returns:
        As many numbers as shares, summing to `n_rows`.
    """
    n_parts = len(shares) - 1
    if n_rows < n_parts + (shares[-1] > 0):
        return tuple(n_rows * share for share in shares)
    raised: set[int] = set()
    while True:
        rest = sum((share for part, share in enumerate(shares) if part not in raised), Fraction())
        scale = (n_rows - len(raised)) / rest if rest else Fraction()
        small = {part for part in range(n_parts) if part not in raised and shares[part] * scale < 1}
        if not small:
            return tuple(
                Fraction(1) if part in raised else share * scale for part, share in enumerate(shares)
            )
        raised |= small


def apportion(sizes: npt.NDArray[np.int64], shares: Sequence[Fraction]) -> Counts:
    """Share out the rows of every stratum among the parts.

    Args:
        sizes: Rows of each stratum, shape `(n_strata,)`. Among strata of one size the first ones get the
            remainders of the first parts: put them in random order.
        shares: One a part, then the share left out; they sum to 1.

    Returns:
        int64 of shape `(n_strata, len(shares))`. Rows sum to `sizes`; each count is the floor or the
        ceiling of its target (`stratum_targets`), each column sum that of the sum of its targets.
    """
    distinct, kind, repeats = np.unique(sizes, return_inverse=True, return_counts=True)
    targets = [stratum_targets(size, shares) for size in distinct.tolist()]
    return _round_kinds(targets, kind, repeats, [Fraction()] * len(shares))


def top_up(sizes: npt.NDArray[np.int64], held: Counts, shares: Sequence[Fraction]) -> Counts:
    """Share out the rows that no part holds yet, so that every part comes near to its share.

    What a part lacks is its target (`stratum_targets`, of all rows of the stratum) less what it holds, and
    nothing where it holds more. Where some do, there is less to share out than the others lack, and each
    gets the same fraction of what it lacks.

    Args:
        sizes: Rows of each stratum, shape `(n_strata,)`; of several alike the first ones get the remainders
            of the first parts: put them in random order.
        held: How many of them each part holds and, last, how many are left out, shape
            `(n_strata, len(shares))`.
        shares: One a part, then the share left out; they sum to 1.

    Returns:
        int64 of shape `(n_strata, len(shares))`. Rows sum to `sizes` less what is held; each count is the
        floor or the ceiling of what is described above, and so is each column sum. With nothing held they are
        those of `apportion`.
    """
    rows = np.column_stack([sizes, held])
    distinct, kind, repeats = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    wanted, owed = [], [Fraction()] * len(shares)
    for (size, *has), count in zip(distinct.tolist(), repeats.tolist(), strict=True):
        lacking = [target - own for target, own in zip(stratum_targets(size, shares), has, strict=True)]
        positive = [max(Fraction(), lack) for lack in lacking]
        scale = Fraction(size - sum(has)) / (sum(positive) or 1)
        wanted.append([lack * scale for lack in positive])
        owed = [
            before + count * (lack - own) for before, lack, own in zip(owed, lacking, wanted[-1], strict=True)
        ]
    return _round_kinds(wanted, kind.reshape(-1), repeats, owed)


def _round_kinds(
    targets: Sequence[Sequence[Fraction]],
    kind: npt.NDArray[np.intp],
    repeats: npt.NDArray[np.intp],
    owed: Sequence[Fraction],
) -> Counts:
    """Round the targets of strata that are alike all at once, and deal the roundings out among them.

    Args:
        targets: Of each kind of stratum.
        kind: Of each stratum.
        repeats: Number of strata of each kind.
        owed: See `round_matrix`.
    """
    if not len(kind):
        return np.zeros((0, len(owed)), np.int64)
    base = np.array([[floor(target) for target in row] for row in targets], np.int64)
    wanted = [
        [count * target for target in row] for count, row in zip(repeats.tolist(), targets, strict=True)
    ]
    extras = round_matrix(wanted, owed) - base * repeats[:, None]
    counts = base[kind]
    for number in np.flatnonzero(extras.any(axis=1)):
        _deal(counts, np.flatnonzero(kind == number), extras[number])
    return counts


def _deal(counts: Counts, strata: npt.NDArray[np.intp], extras: Counts) -> None:
    """Give each of some strata of one size the same number of further rows, no part twice to one.

    Each part's rows go to strata that follow each other, round and round: no part has more than there
    are strata, and together they go round a whole number of times.
    """
    part = np.repeat(np.arange(len(extras)), extras)
    counts[strata[np.arange(len(part)) % len(strata)], part] += 1


def round_matrix(wanted: list[list[Fraction]], owed: Sequence[Fraction] = ()) -> Counts:
    """Round a matrix with integer row sums: each cell and each column sum to its floor or ceiling.

    Args:
        wanted: Rows of the matrix.
        owed: What each column lacks from before, nothing if not given: those that lack most are rounded up
            rather than others, as far as their floors and ceilings allow.

    Returns:
        int64 in the shape of `wanted`, with the same row sums.
    """
    low = np.array([[floor(cell) for cell in row] for row in wanted], np.int64)
    open_cells = np.array([[cell.denominator > 1 for cell in row] for row in wanted])
    up = np.zeros_like(open_cells)
    carried = [max(Fraction(-1), min(Fraction(1), lack)) for lack in owed] or [Fraction()] * len(wanted[0])
    for number, row in enumerate(wanted):
        carried = [lack + cell - floor(cell) for lack, cell in zip(carried, row, strict=True)]
        left = int(sum(row)) - int(low[number].sum())
        ranked = sorted(np.flatnonzero(open_cells[number]).tolist(), key=lambda part: (-carried[part], part))
        up[number, ranked[:left]] = True
        carried = [lack - int(taken) for lack, taken in zip(carried, up[number].tolist(), strict=True)]
    sums = [
        sum(column, Fraction()) - int(low[:, part].sum())
        for part, column in enumerate(zip(*wanted, strict=True))
    ]
    _settle(up, open_cells, [floor(total) for total in sums], [ceil(total) for total in sums])
    rounded: Counts = low + up
    return rounded


def _settle(
    up: npt.NDArray[np.bool_], open_cells: npt.NDArray[np.bool_], least: list[int], most: list[int]
) -> None:
    """Move roundings between columns, within rows, until every column has `least` to `most` of them."""
    while True:
        have = up.sum(axis=0).tolist()
        columns = range(len(have))
        if over := [part for part in columns if have[part] > most[part]]:
            path = _path(up, open_cells, over[0], {part for part in columns if have[part] < most[part]})
        elif under := [part for part in columns if have[part] < least[part]]:
            path = _path(~up & open_cells, open_cells, under[0], {p for p in columns if have[p] > least[p]})
        else:
            return
        for row, source, target in path:
            up[row, source], up[row, target] = up[row, target], up[row, source]


def _path(
    up: npt.NDArray[np.bool_], open_cells: npt.NDArray[np.bool_], start: int, ends: set[int]
) -> list[tuple[int, int, int]]:
    """Find the shortest chain of swaps (row, from column, to column) from `start` to one of `ends`.

    There always is one: were there none, no rounding at all would satisfy every column.
    """
    came: dict[int, tuple[int, int, int]] = {}
    queue = deque([start])
    is_new = np.arange(up.shape[1]) != start
    while True:
        source = queue.popleft()
        free = up[:, [source]] & ~up & open_cells
        for target in np.flatnonzero(free.any(axis=0) & is_new).tolist():
            is_new[target] = False
            came[target] = (int(np.argmax(free[:, target])), source, target)
            queue.append(target)
            if target in ends:
                return _trace(came, start, target)


def _trace(came: dict[int, tuple[int, int, int]], start: int, end: int) -> list[tuple[int, int, int]]:
    steps = [came[end]]
    while steps[-1][1] != start:
        steps.append(came[steps[-1][1]])
    return steps
