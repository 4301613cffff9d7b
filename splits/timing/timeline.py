"""Rows in the order of their times, as exact numbers, with the places at which time moves on."""

from bisect import bisect_left, bisect_right
from fractions import Fraction
from math import gcd
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from splits.dealing.picking import flat_column
from splits.errors import SplitError
from splits.frame import Columns
from splits.timing.spans import Unit, unit_of

__all__ = ["Timeline", "read_timeline"]

_INT64 = 1 << 63


@attrs.frozen(kw_only=True, eq=False)
class Timeline:
    """Rows of an axis in the order of their times; a position counts in this order.

    Attributes:
        key: Key of the column of times.
        order: Row at each position, shape `(n_rows,)`.
        times: Time at each position, int64 or float64, ascending.
        ends: Time at which what is known of the row is known, at each position; `None` if there is no such
            column.
        steps: Positions at which another time begins than before: 0, ..., n_rows, ascending.
        unit: What times are counted in; `None` for plain numbers.
    """

    key: str
    order: npt.NDArray[np.intp]
    times: npt.NDArray[Any]
    ends: npt.NDArray[Any] | None
    steps: npt.NDArray[np.intp]
    unit: Unit | None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.order)

    @property
    def n_times(self) -> int:
        """Number of different times."""
        return len(self.steps) - 1

    def time_at(self, position: int) -> Fraction:
        """Return the time at a position."""
        return Fraction(self.times[position].item())

    def step_before(self, position: int) -> int:
        """Return the last position up to this one at which time moves on, at least 0."""
        return int(self.steps[np.searchsorted(self.steps, max(position, 0), side="right") - 1])

    def step_after(self, position: int) -> int:
        """Return the first position from this one on at which time moves on, or the end."""
        return int(self.steps[np.searchsorted(self.steps, position, side="left")])

    def first_from(self, time: Fraction) -> int:
        """Return the first position whose time is `time` or later."""
        return bisect_left(self.times, time, key=_exact)

    def first_after(self, time: Fraction) -> int:
        """Return the first position whose time is later than `time`."""
        return bisect_right(self.times, time, key=_exact)


def _exact(time: Any) -> Fraction:
    return Fraction(time.item())


def read_timeline(columns: Columns, by: str, until: str | None, n_rows: int) -> Timeline:
    """Put rows in the order of their times.

    Args:
        columns: Columns by key, each of shape `(n_rows,)`: finite numbers, or NumPy's times without NaT.
        by: Key of the times.
        until: Key of the times at which what is known of each row is known, of the same kind and no earlier.
        n_rows: Number of rows.

    Raises:
        SplitError: a column is missing, or is not as described.
    """
    times, unit = _read(columns, by, n_rows)
    ends: npt.NDArray[Any] | None = None
    if until is not None:
        ends, unit_of_ends = _read(columns, until, n_rows)
        _check_alike(times, unit, by, ends, unit_of_ends, until)
        if unit is not None and unit_of_ends is not None and unit != unit_of_ends:
            common = _common(unit, unit_of_ends)
            times, ends = _counted_in(common, times, unit, by), _counted_in(common, ends, unit_of_ends, until)
            unit = common
        _check_later(columns, by, times, until, ends)
    order = np.argsort(times, kind="stable")
    ordered = times[order]
    moves = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    steps = np.concatenate([[0], moves, [n_rows] if n_rows else []]).astype(np.intp)
    return Timeline(
        key=by,
        order=order,
        times=ordered,
        ends=None if ends is None else ends[order],
        steps=steps,
        unit=unit,
    )


def _read(columns: Columns, key: str, n_rows: int) -> tuple[npt.NDArray[Any], Unit | None]:
    """Return times as int64 or float64, and their unit."""
    column = flat_column(columns, key, n_rows, kinds="iufMm", use="numbers or datetime64")
    kind = column.dtype.kind
    if kind == "f":
        _refuse(~np.isfinite(column), key, "no finite number")
        return column.astype(np.float64), None
    if kind in "iu":
        _refuse(
            column >= _INT64 if column.dtype == np.uint64 else np.zeros(0, np.bool_), key, "2**63 or more"
        )
        return column.astype(np.int64), None
    _refuse(np.isnat(column), key, "NaT")
    unit = unit_of(*np.datetime_data(column.dtype))
    if unit is None and n_rows:
        msg = f"column {key!r} has times without a unit; register them as datetime64[s] or the like"
        raise SplitError(msg)
    return column.astype(column.dtype.newbyteorder("=")).view(np.int64), unit


def _refuse(wrong: npt.NDArray[np.bool_], key: str, what: str) -> None:
    rows = np.flatnonzero(wrong)
    if rows.size:
        msg = (
            f"column {key!r} has {what} in row {rows[0]} ({rows.size} in all); give it a time or drop the "
            "rows"
        )
        raise SplitError(msg)


def _check_alike(
    times: npt.NDArray[Any],
    unit: Unit | None,
    by: str,
    ends: npt.NDArray[Any],
    other: Unit | None,
    until: str,
) -> None:
    if times.dtype == ends.dtype and (unit is None) == (other is None):
        return
    kinds = [
        "times" if each is not None else "whole numbers" if array.dtype == np.int64 else "floats"
        for array, each in ((times, unit), (ends, other))
    ]
    msg = f"{until!r} holds {kinds[1]}, {by!r} holds {kinds[0]}; both must be alike to be compared"
    raise SplitError(msg)


def _check_later(
    columns: Columns, by: str, times: npt.NDArray[Any], until: str, ends: npt.NDArray[Any]
) -> None:
    early = np.flatnonzero(ends < times)
    if early.size:
        row = int(early[0])
        msg = (
            f"row {row} is at {columns[by][row]} in {by!r} and already known at {columns[until][row]} in "
            f"{until!r} ({early.size} such rows); until= names a time that is not before the row's own"
        )
        raise SplitError(msg)


def _common(one: Unit, other: Unit) -> Unit:
    """Return the largest unit of which both are whole multiples."""
    if one.is_calendar != other.is_calendar:
        msg = f"times in {one.name} and in {other.name} cannot be compared, as months have no fixed length"
        raise SplitError(msg)
    a, b = one.length, other.length
    length = Fraction(
        gcd(a.numerator * b.denominator, b.numerator * a.denominator), a.denominator * b.denominator
    )
    finer = one if a < b else other
    name = finer.name if finer.length == length else f"{length} {'months' if one.is_calendar else 's'}"
    return Unit(name=name, length=length, is_calendar=one.is_calendar)


def _counted_in(unit: Unit, times: npt.NDArray[Any], own: Unit, key: str) -> npt.NDArray[Any]:
    factor = int(own.length / unit.length)
    bound = max(abs(int(times.min(initial=0))), abs(int(times.max(initial=0)))) * factor
    if bound >= _INT64:
        msg = (
            f"column {key!r} has times that 64 bits cannot count in {unit.name}; store both columns in one "
            "unit"
        )
        raise SplitError(msg)
    return times * factor
