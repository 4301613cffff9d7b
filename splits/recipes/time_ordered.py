"""`TimeOrdered`: the past trains, the future is held out."""

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import attrs
import numpy as np

from h5torch.parts import LEFT_OUT, Axis
from h5torch.rows import Rows
from splits.dealing.apportion import apportion
from splits.dealing.shares import Shares, as_shares, check_shares, exact_shares
from splits.errors import SplitError
from splits.fields import at_least, one_of
from splits.frame import Codes, Columns, Frame, parts_frame
from splits.keys import axis_of, shared_axis
from splits.timing.spans import Span, as_span, span_in
from splits.timing.timeline import Timeline, read_timeline
from splits.timing.windows import Margins, around, before, cut, equal_stretches, last_stretches

__all__ = ["TimeOrdered"]

_FEWEST = 2
_TRAIN, _TEST = 0, 1


def _as_purge(given: Any) -> Span:
    return as_span(given, what="purge")


def _as_embargo(given: Any) -> Span:
    return as_span(given, what="embargo")


@attrs.frozen(kw_only=True)
class TimeOrdered:
    """Cut rows into stretches of time: the past trains, what comes after it is held out.

    Rows of one time are never in two stretches: a boundary that would part them moves to the nearest change
    of time, of two the earlier. Nothing is random. The order of the rows in the file does not matter.

    Parts are consecutive stretches in their order, each with the floor or the ceiling of its share of rows
    where times differ; the last one ends with the newest row.

    Folds have the parts `train` and `test`; other rows are left out. The windows `"expanding"` and
    `"sliding"` hold out the last stretches one after the other, and where times differ, folds are those of
    scikit-learn's `TimeSeriesSplit(n_splits, max_train_size, test_size, gap)`. The window `"around"` cuts all
    rows into stretches and trains before and behind the one held out.

    Rows that train too near to what is held out tell of it what could not be known. `gap`, `purge` and
    `until` leave out such rows at the end of every part but the last, and of what trains before each test
    stretch; `embargo` those behind it. Use `gap` where what leaks is counted in rows, as with lagged features
    of regular series, `purge` where it lasts a time, `until` where each row's own time is known. Without
    `until` an embargo runs from the time of the last row held out. Purging and embargo are those of M. López
    de Prado, "Advances in Financial Machine Learning", 2018, chapter 7; intervals that touch count as
    overlapping.

    Rows added later must not be older than those before. They join the last part; folds cannot be extended.

    Attributes:
        by: Key of the column of times: numbers, `datetime64` or `timedelta64`.
        parts: Part names with their shares, as a mapping or as pairs. Shares that sum to less than 1 leave
            out the oldest rows.
        folds: Number of folds, at least 2, in place of parts.
        window: What folds train on. `"expanding"`: all rows before the test stretch. `"sliding"`: the last
            `train_rows` of these. `"around"`: rows before and behind.
        train_rows: The most rows that a sliding window trains on; rows of one time enter together or not at
            all.
        test_rows: Rows of each test stretch of expanding and sliding windows; rows over `folds + 1` if not
            said.
        gap: Rows left out before each part or test stretch, and with them those of the same time as the
            first.
        purge: Span: rows less than this before the start of what comes next are left out. A number in the
            units of numeric times, or text such as `7D` or `12h`, in NumPy's units; `timedelta64` is taken
            too.
        until: Key of a column of the same kind with the time at which each row's label is known: rows for
            which this is the start of what comes next, or later, are left out. With `"around"` also rows
            behind the test stretch that are not later than all its labels are known.
        embargo: Span, with `"around"` alone: rows that begin less than this after the end of the test
            stretch, or after its last label is known, do not train.

    Raises:
        SplitError: neither parts nor folds, or both; shares that are no shares of a whole; a number or span
            that is none; a choice that does not go with the others; or keys of no axis or of two.
        RegisterError: a part name is not legal or comes twice.
    """

    tag: ClassVar[str] = "time_ordered"
    version: ClassVar[int] = 1

    by: str
    parts: Shares = attrs.field(converter=as_shares, default=())
    folds: int | None = attrs.field(default=None, validator=at_least(_FEWEST))
    window: Literal["expanding", "sliding", "around"] = attrs.field(
        default="expanding", validator=one_of("expanding", "sliding", "around")
    )
    train_rows: int | None = attrs.field(default=None, validator=at_least(1))
    test_rows: int | None = attrs.field(default=None, validator=at_least(1))
    gap: int = attrs.field(default=0, validator=at_least(0))
    purge: Span = attrs.field(default=None, converter=_as_purge)
    until: str | None = None
    embargo: Span = attrs.field(default=None, converter=_as_embargo)

    def __attrs_post_init__(self) -> None:
        """Check the keys together, and that every choice has something to choose about."""
        shared_axis(self.keys)
        if bool(self.parts) == (self.folds is not None):
            msg = 'name either parts, as in parts={"train": 0.8, "test": 0.2}, or folds, as in folds=5'
            raise SplitError(msg)
        if self.parts:
            check_shares(self.parts)
        if self.until == self.by:
            msg = f"until={self.until!r} is the column of times itself; name the one of when labels are known"
            raise SplitError(msg)
        if (self.window == "sliding") != (self.train_rows is not None):
            msg = (
                f"window={self.window!r} and train_rows={self.train_rows}: a sliding window needs "
                "train_rows, no other takes it"
            )
            raise SplitError(msg)
        needless = {
            "window": self.window != "expanding" and self.folds is None,
            "test_rows": self.test_rows is not None and (self.folds is None or self.window == "around"),
            "embargo": self.embargo is not None and self.window != "around",
        }
        if any(needless.values()):
            names = ", ".join(name for name, is_needless in needless.items() if is_needless)
            msg = (
                f"{names} means nothing here: window is for folds, test_rows for folds with an expanding or "
                "sliding window, embargo for folds with window='around'; leave it away"
            )
            raise SplitError(msg)

    @property
    def axis(self) -> Axis:
        """The axis that the times are of."""
        return axis_of(self.by)

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of times."""
        return (self.by,) if self.until is None else tuple(dict.fromkeys((self.by, self.until)))

    @property
    def frame(self) -> Frame:
        """The parts, or `train` and `test` of each fold."""
        if self.folds is not None:
            return Frame(scheme="listed", roles=("train", "test"))
        return parts_frame(*(name for name, _ in self.parts))

    def codes(self, columns: Columns, n_rows: int, held: Codes | None = None) -> Codes:
        """Return the part of each row, in every fold where there are folds; see `SplitRecipe.codes`.

        Args:
            columns: Columns of times by key, each of shape `(n_rows,)`: finite numbers, or times without NaT.
            n_rows: Length of the axis.
            held: Codes of the first rows, which stay.

        Raises:
            SplitError: a column is missing, has another shape or kind, or lacks a time; `until` is before
                `by`; a span has another kind of unit than the times; there are fewer times than parts or
                stretches; a part or what trains in a fold has no row left; a new row is older than one dealt
                before, or folds are to be extended.
        """
        line = read_timeline(columns, self.by, self.until, n_rows)
        margins = Margins(
            gap=self.gap,
            purge=span_in(self.purge, line.unit, what="purge"),
            embargo=span_in(self.embargo, line.unit, what="embargo"),
        )
        if held is not None and held.shape[-1]:
            return self._extended(columns, n_rows, line, held)
        return self._fold_codes(line, margins, self.folds) if self.folds else self._part_codes(line, margins)

    def _part_codes(self, line: Timeline, margins: Margins) -> Codes:
        *counts, left_out = apportion(np.array([len(line)], np.int64), exact_shares(self.parts))[0].tolist()
        wanted = (left_out + np.cumsum([0, *counts[:-1]])).tolist()
        bounds = cut(line, wanted, may_begin=True) if left_out else [0, *cut(line, wanted[1:])]
        codes = np.full(len(line), LEFT_OUT, np.uint8)
        for part, start in enumerate(bounds[:-1]):
            codes[before(line, start, bounds[part + 1], margins)] = part
        codes[bounds[-1] :] = len(bounds) - 1
        achieved = np.bincount(codes, minlength=len(bounds))[: len(bounds)]
        if not achieved.all() or not len(line):
            listed = ", ".join(
                f"{name} {count}" for (name, _), count in zip(self.parts, achieved.tolist(), strict=True)
            )
            msg = (
                f"part {self.parts[int(np.argmin(achieved))][0]!r} has no row left; asked for {counts} of "
                f"{len(line)} rows, achieved with gap={self.gap}, purge={self.purge!r}, "
                f"until={self.until!r}: {listed}; lower these"
            )
            raise SplitError(msg)
        return _by_row(line, codes)

    def _fold_codes(self, line: Timeline, margins: Margins, n_folds: int) -> Codes:
        is_around = self.window == "around"
        bounds = (
            equal_stretches(line, n_folds) if is_around else last_stretches(line, n_folds, self.test_rows)
        )
        trained = around(line, bounds, margins) if is_around else self._windows(line, bounds, margins)
        codes = np.full((n_folds, len(line)), LEFT_OUT, np.uint8)
        for fold, positions in enumerate(trained):
            start, stop = bounds[fold], bounds[fold + 1]
            if not positions.size:
                msg = (
                    f"fold {fold} has no row left to train on: {start} rows come before its {stop - start} "
                    f"test rows; lower gap={self.gap}, purge={self.purge!r}, embargo={self.embargo!r} or the "
                    f"number of folds ({n_folds}), or raise train_rows={self.train_rows}"
                )
                raise SplitError(msg)
            codes[fold, positions] = _TRAIN
            codes[fold, start:stop] = _TEST
        return _by_row(line, codes)

    def _windows(self, line: Timeline, bounds: list[int], margins: Margins) -> Iterator[Rows]:
        """Yield, for each stretch, the positions before it that train."""
        for start in bounds[:-1]:
            positions = before(line, 0, start, margins)
            if self.train_rows is not None and len(positions) > self.train_rows:
                first = line.step_after(int(positions[-self.train_rows]))
                positions = positions[positions >= first]
            yield positions

    def _extended(self, columns: Columns, n_rows: int, line: Timeline, held: Codes) -> Codes:
        if self.folds is not None:
            msg = (
                "folds by time cannot be extended: the stretches of all folds would move with the new rows; "
                "create the split anew"
            )
            raise SplitError(msg)
        n_held = len(held)
        is_new = line.order >= n_held
        last = int(np.flatnonzero(~is_new)[-1])
        early = line.order[is_new & (line.times < line.times[last])]
        if early.size:
            row = int(early.min())
            msg = (
                f"row {row} is at {columns[self.by][row]}, before {columns[self.by][line.order[last]]} of "
                f"row {line.order[last]}, which has been dealt ({early.size} such rows); new rows must not "
                "be older, create the split anew"
            )
            raise SplitError(msg)
        return np.concatenate([held, np.full(n_rows - n_held, len(self.parts) - 1, np.uint8)])


def _by_row(line: Timeline, by_position: Codes) -> Codes:
    codes = np.empty_like(by_position)
    codes[..., line.order] = by_position
    return codes
