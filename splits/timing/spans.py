"""Spans of time, and the units that times are counted in, as exact fractions."""

import math
import re
from datetime import timedelta
from fractions import Fraction
from typing import Any, TypeAlias

import attrs
import numpy as np

from splits.errors import SplitError

__all__ = ["Span", "Unit", "as_span", "span_in", "unit_of"]

Span: TypeAlias = Any
"""A number, or text such as `7D` with one of NumPy's units; `None` for no span."""

_SECONDS = {
    "W": Fraction(604_800),
    "D": Fraction(86_400),
    "h": Fraction(3600),
    "m": Fraction(60),
    "s": Fraction(1),
    "ms": Fraction(1, 10**3),
    "us": Fraction(1, 10**6),
    "ns": Fraction(1, 10**9),
    "ps": Fraction(1, 10**12),
    "fs": Fraction(1, 10**15),
    "as": Fraction(1, 10**18),
}
_MONTHS = {"Y": Fraction(12), "M": Fraction(1)}
_TEXT = re.compile(r"([0-9]+)([A-Za-z]+)")


@attrs.frozen(kw_only=True)
class Unit:
    """What times are counted in.

    Attributes:
        name: As NumPy spells it, such as `D` or `25s`.
        length: Seconds, or months where it is one of the calendar.
        is_calendar: Whether it is months or years, which have no fixed number of seconds.
    """

    name: str
    length: Fraction
    is_calendar: bool


def unit_of(name: str, count: int) -> Unit | None:
    """Return `count` of NumPy's unit `name`, or `None` where there is no such unit."""
    spelled = name if count == 1 else f"{count}{name}"
    for table in (_SECONDS, _MONTHS):
        if name in table:
            return Unit(name=spelled, length=count * table[name], is_calendar=table is _MONTHS)
    return None


def as_span(given: Any, *, what: str) -> Span:
    """Return a span as a recipe holds it.

    Args:
        given: A finite number from 0 up, text such as `7D`, NumPy's or Python's `timedelta`, or `None`.
        what: Name of the field, for messages.

    Raises:
        SplitError: it is something else.
    """
    plain: Any = np.timedelta64(given) if isinstance(given, timedelta) else given
    if isinstance(plain, np.timedelta64):
        unit, count = np.datetime_data(plain.dtype)
        plain = f"{int(plain.astype(np.int64)) * count}{unit}"
    elif isinstance(plain, np.generic):
        plain = plain.item()
    if plain is None or (isinstance(plain, str) and _is_text(plain)):
        return plain
    is_number = isinstance(plain, int | float) and not isinstance(plain, bool)
    if is_number and math.isfinite(plain) and plain >= 0:
        return plain
    units = ", ".join([*_MONTHS, *_SECONDS])
    msg = (
        f"{what} must be a number from 0 up in the units of the times, or text such as '7D' (a whole "
        f"number and one of {units}), got {given!r}"
    )
    raise SplitError(msg)


def _is_text(text: str) -> bool:
    found = _TEXT.fullmatch(text)
    return found is not None and unit_of(found[2], 1) is not None


def span_in(span: Span, unit: Unit | None, *, what: str) -> Fraction:
    """Return how many units a span is; no span is 0.

    Args:
        span: From `as_span`.
        unit: What times are counted in, `None` for plain numbers.
        what: Name of the field, for messages.

    Raises:
        SplitError: a number is given for times with a unit, or text for plain numbers, or months for times in
            seconds or the other way round.
    """
    if span is None:
        return Fraction()
    found = _TEXT.fullmatch(span) if isinstance(span, str) else None
    own = None if found is None else unit_of(found[2], 1)
    if found is None or own is None:
        if unit is not None:
            msg = (
                f"{what}={span!r} has no unit, the times are counted in {unit.name}; write text such as '7D'"
            )
            raise SplitError(msg)
        return Fraction(span)
    if unit is None:
        msg = f"{what}={span!r} has a unit, the times are plain numbers; write a number in their units"
        raise SplitError(msg)
    if own.is_calendar != unit.is_calendar:
        msg = (
            f"{what}={span!r} cannot be counted in {unit.name}, as months have no fixed length; write it in "
            f"{'Y or M' if unit.is_calendar else 'W, D, h or smaller units'}"
        )
        raise SplitError(msg)
    return int(found[1]) * own.length / unit.length
