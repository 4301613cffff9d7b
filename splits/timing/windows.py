"""Cutting rows in the order of time, with margins between what trains and what is held out."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

import attrs
import numpy as np

from h5torch.rows import Rows
from splits.errors import SplitError
from splits.timing.timeline import Timeline

__all__ = ["Margins", "around", "before", "cut", "equal_stretches", "last_stretches"]

Bounds = list[int]
"""Positions at which stretches begin, and the end of the last one."""


@attrs.frozen(kw_only=True)
class Margins:
    """What is left out between rows that train and a stretch that is held out.

    Attributes:
        gap: Rows before the stretch.
        purge: Span before its start.
        embargo: Span after its end.
    """

    gap: int
    purge: Fraction
    embargo: Fraction


def cut(line: Timeline, wanted: Sequence[int], *, may_begin: bool = False) -> Bounds:
    """Return positions near those wanted at which time moves on, each later than the one before.

    Each is the nearest one, of two the earlier, that leaves room for those after it.

    Args:
        line: Rows in the order of time.
        wanted: Positions in `[0, n_rows]`, ascending.
        may_begin: Whether the first one may be 0.

    Raises:
        SplitError: there are fewer times than stretches.
    """
    steps = line.steps[0 if may_begin else 1 : -1]
    if len(steps) < len(wanted):
        needed = len(wanted) + (not may_begin)
        msg = (
            f"{needed} stretches of time need at least as many different times, {line.key!r} has "
            f"{line.n_times} in {len(line)} rows, and rows of one time stay together; ask for fewer parts or "
            "folds"
        )
        raise SplitError(msg)
    found: Bounds = []
    first = 0
    for number, position in enumerate(wanted):
        last = len(steps) - len(wanted) + number
        near = int(np.searchsorted(steps[first : last + 1], position)) + first
        near = min(near, last)
        if near > first and position - steps[near - 1] <= steps[near] - position:
            near -= 1
        found.append(int(steps[near]))
        first = near + 1
    return found


def equal_stretches(line: Timeline, n_folds: int) -> Bounds:
    """Cut all rows into stretches of one length, the first ones a row longer where it does not come out even.

    Raises:
        SplitError: there are fewer times than folds.
    """
    length, longer = divmod(len(line), n_folds)
    wanted = [number * length + min(number, longer) for number in range(1, n_folds)]
    return [0, *cut(line, wanted), len(line)]


def last_stretches(line: Timeline, n_folds: int, test_rows: int | None) -> Bounds:
    """Cut the last rows into stretches to be held out one after the other, all behind rows that only train.

    Args:
        line: Rows in the order of time.
        n_folds: Number of stretches.
        test_rows: Rows of each; where it is not said, all rows over `n_folds + 1`, rounded down.

    Raises:
        SplitError: there are too few rows or times.
    """
    n_rows = len(line)
    length = n_rows // (n_folds + 1) if test_rows is None else test_rows
    first = n_rows - n_folds * length
    if length < 1 or first < 1:
        msg = (
            f"{n_folds} folds of {max(length, 1)} rows behind at least one row to train on need "
            f"{n_folds * max(length, 1) + 1} rows, there are {n_rows}; ask for fewer folds or test_rows"
        )
        raise SplitError(msg)
    return [*cut(line, range(first, n_rows, length)), n_rows]


def before(line: Timeline, first: int, start: int, margins: Margins) -> Rows:
    """Return the positions from `first` on that may train for a stretch that is held out from `start` on.

    Left out are `gap` rows before the stretch, and those of their time; rows less than `purge` before its
    start; and rows of which something becomes known only at its start or later.
    """
    end = line.step_before(start - margins.gap)
    if margins.purge:
        end = min(end, line.first_after(line.time_at(start) - margins.purge))
    positions = np.arange(first, max(first, end))
    if line.ends is not None:
        positions = positions[line.ends[positions] < line.times[start]]
    return positions


def _after(line: Timeline, start: int, stop: int, margins: Margins) -> Rows:
    """Return the positions that may train behind a stretch that is held out.

    Left out are rows not later than all of the stretch is known, and rows less than `embargo` later than
    this.
    """
    end = line.time_at(stop - 1)
    first = stop
    if line.ends is not None:
        end = max(end, Fraction(line.ends[start:stop].max().item()))
        first = max(first, line.first_after(end))
    if margins.embargo:
        first = max(first, line.first_from(end + margins.embargo))
    return np.arange(first, len(line))


def around(line: Timeline, bounds: Bounds, margins: Margins) -> Iterator[Rows]:
    """Yield, for each stretch, the positions around it that may train."""
    for start, stop in pairwise(bounds):
        earlier = before(line, 0, start, margins) if start else np.arange(0)
        yield np.concatenate([earlier, _after(line, start, stop, margins)])
