"""The distinct values of a column, and finding in it those that a recipe names."""

import math
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from splits.dealing.numbering import number_rows
from splits.dealing.picking import flat_column
from splits.errors import SplitError
from splits.frame import Columns

__all__ = ["Distinct", "Value", "as_values", "check_present", "find_values", "place_values"]

Value: TypeAlias = str | int | float | bool
"""What JSON can say of one value; a time is spelled as text such as `2024-05-01`."""

_SHOWN = 12
_COMPARED = 10_000  # the most values among which the nearest is looked for
_HOLDS = {"b": "bools", "U": "text", "M": "times", "i": "numbers", "u": "numbers", "f": "numbers"}


def as_values(given: object, *, what: str) -> tuple[Value, ...]:
    """Turn one value, or several, into a tuple; NumPy's own are fine.

    Raises:
        SplitError: there is none, or one is neither text, a bool nor a finite number.
    """
    if isinstance(given, list | tuple) or (isinstance(given, np.ndarray) and given.ndim == 1):
        values = list(given)
    else:
        values = [given]
    plain = [_plain_value(value) for value in values]
    for value in plain:
        if not isinstance(value, str | bool | int | float) or (
            isinstance(value, float) and not math.isfinite(value)
        ):
            msg = f"{what} must name text, bools or finite numbers, got {value!r} among them"
            raise SplitError(msg)
    if not plain:
        msg = f"{what} names no value; name at least one, or drop the part"
        raise SplitError(msg)
    return tuple(plain)


def _plain_value(value: Any) -> Any:
    if isinstance(value, np.datetime64):
        return str(value)
    return value.item() if isinstance(value, np.generic) else value


@attrs.frozen(kw_only=True, eq=False)
class Distinct:
    """The distinct values of a column, numbered by the row in which they first come.

    Attributes:
        key: Key of the column.
        of_row: Number of the value of each row, shape `(n_rows,)`.
        values: The values, shape `(n_values,)`; text as `U`.
        first: First row of each, ascending.
        sizes: Number of rows of each.
    """

    key: str
    of_row: npt.NDArray[np.intp]
    values: npt.NDArray[Any]
    first: npt.NDArray[np.intp]
    sizes: npt.NDArray[np.int64]

    @property
    def in_order(self) -> npt.NDArray[np.intp]:
        """Numbers of the values in their own order: numbers and times ascending, text by code points."""
        return np.argsort(self.values, kind="stable")

    def spell(self, number: int) -> str:
        """Return how a value is written in messages."""
        value = self.values[number]
        return repr(str(value)) if self.values.dtype.kind in "UM" else repr(value.item())

    def listing(self) -> str:
        """Return a clause that lists the values with their rows."""
        numbers = self.in_order.tolist()
        shown = ", ".join(f"{self.spell(number)} ({self.sizes[number]})" for number in numbers[:_SHOWN])
        more = f", … ({len(numbers)} values in all)" if len(numbers) > _SHOWN else ""
        return f"its values and their rows are {shown}{more}" if numbers else "the column has no rows"


def find_values(columns: Columns, key: str, n_rows: int) -> Distinct:
    """Number the distinct values of a column of text, numbers, bools or times.

    Raises:
        SplitError: the column is missing, has another shape or kind, or holds bytes that are not UTF-8.
    """
    column = flat_column(columns, key, n_rows, kinds="biufUSM", use="text, numbers, bools or times")
    of_row, first = number_rows([column], n_rows)
    values = column[first]
    if values.dtype.kind == "S":
        try:
            values = np.strings.decode(values, "utf-8")
        except UnicodeDecodeError as error:
            msg = f"column {key!r} holds bytes that are not UTF-8 ({error}); register it as text"
            raise SplitError(msg) from error
    sizes = np.bincount(of_row, minlength=len(first)).astype(np.int64)
    return Distinct(key=key, of_row=of_row, values=values, first=first, sizes=sizes)


def check_present(found: Distinct) -> None:
    """Refuse a column in which a row has no value.

    Raises:
        SplitError: one has NaN, NaT or an empty text.
    """
    values = found.values
    is_text = values.dtype.kind == "U"
    missing = np.flatnonzero(np.strings.str_len(values) == 0 if is_text else values != values)
    if missing.size:
        what = "an empty text" if is_text else "NaT" if values.dtype.kind == "M" else "NaN"
        row, count = found.first[missing[0]], int(found.sizes[missing].sum())
        msg = (
            f"column {found.key!r} has {what} in row {row} ({count} in all); name the value or drop the rows"
        )
        raise SplitError(msg)


def place_values(found: Distinct, asked: Sequence[Value], *, what: str) -> npt.NDArray[np.intp]:
    """Return the numbers of the values asked for, in their order.

    A number is compared as the column holds it, so 0.1 is found among 32-bit floats. A time is found by text
    that names the same moment in whatever unit.

    Raises:
        SplitError: a value is of another kind than the column, or no row has it.
    """
    kind = found.values.dtype.kind
    for value in asked:
        given = "b" if isinstance(value, bool) else "U" if isinstance(value, str) else "i"
        if _HOLDS[given] != _HOLDS[kind] and (given, kind) != ("U", "M"):
            msg = f"{what} names {value!r}, column {found.key!r} holds {_HOLDS[kind]}; {found.listing()}"
            raise SplitError(msg)
    known = {} if kind == "M" else {value: number for number, value in enumerate(found.values.tolist())}
    numbers = [
        _number_of_time(value, found.values)
        if kind == "M"
        else known.get(_as_held(value, found.values.dtype))
        for value in asked
    ]
    for value, number in zip(asked, numbers, strict=True):
        if number is None:
            msg = (
                f"{what} names {value!r}, which no row has in {found.key!r}; "
                f"{_nearest(value, found)}{found.listing()}"
            )
            raise SplitError(msg)
    return np.array(numbers, np.intp)


def _as_held(value: Any, dtype: np.dtype[Any]) -> Any:
    """Return a value as a column of this dtype would hold it."""
    if dtype.kind != "f":
        return value
    with np.errstate(over="ignore"):
        return dtype.type(value).item()


def _number_of_time(value: Value, times: npt.NDArray[Any]) -> int | None:
    try:  # NumPy reads "today" and "now" as well, which mean another time every time
        moment = np.datetime64(str(value)) if str(value)[:1] in "0123456789+-" else np.datetime64("NaT")
        same = np.flatnonzero(times == moment)
    except (ValueError, OverflowError):
        return None
    return int(same[0]) if same.size else None


def _nearest(value: Value, found: Distinct) -> str:
    if len(found.values) > _COMPARED:
        return ""
    near = get_close_matches(str(value), [str(known) for known in found.values.tolist()], n=1)
    return f"did you mean {near[0]!r}? " if near else ""
