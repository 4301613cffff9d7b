"""Shares of the rows that parts get, as exact fractions."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import ceil, isfinite
from numbers import Real
from typing import Any, TypeAlias

import numpy as np

from h5torch.parts import check_part_names
from splits.errors import SplitError

__all__ = ["Shares", "as_shares", "check_shares", "exact_shares"]

Shares: TypeAlias = tuple[tuple[str, float], ...]
"""Part names with their shares, in the order of the parts."""

_SLACK = Fraction(1, 10**9)  # on the sum of shares
_NEAR = Fraction(1, 10**12)  # on each share, relative


def as_shares(given: Mapping[str, float] | Iterable[tuple[str, float]]) -> Shares:
    """Turn `{"train": 0.8, "test": 0.2}`, or such pairs, into pairs that nothing can change.

    Raises:
        SplitError: it is neither, or a share is no number.
    """
    listed: Any = given.items() if isinstance(given, Mapping) else given
    if not isinstance(listed, Iterable):
        msg = f'parts must be like {{"train": 0.8, "test": 0.2}}, got {given!r}'
        raise SplitError(msg)
    pairs = list(listed)
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            msg = f'parts must be like {{"train": 0.8, "test": 0.2}}, got {pair!r} among them'
            raise SplitError(msg)
        if isinstance(pair[1], bool | np.bool_) or not isinstance(pair[1], Real):
            msg = f"the share of part {pair[0]!r} must be a number, got {pair[1]!r}"
            raise SplitError(msg)
    return tuple((name, float(share)) for name, share in pairs)


def check_shares(shares: Shares) -> None:
    """Refuse shares that are not positive or are more than the whole.

    Raises:
        SplitError: a share is not above 0 or not finite, or they sum to more than 1.
        RegisterError: a part name is not legal or comes twice, or there are none or more than 254.
    """
    check_part_names([name for name, _ in shares], what="parts")
    for name, share in shares:
        if not (isfinite(share) and share > 0):
            msg = f"the share of part {name!r} must be above 0 and finite, got {share}; drop the part instead"
            raise SplitError(msg)
    total = sum(map(_simplest, (share for _, share in shares)), Fraction())
    if total > 1 + _SLACK:
        listed = ", ".join(f"{name} {share:g}" for name, share in shares)
        msg = f"shares must sum to at most 1, these sum to {float(total):g}: {listed}"
        raise SplitError(msg)


def exact_shares(shares: Shares) -> tuple[Fraction, ...]:
    """Return the shares as fractions, with the share left out, perhaps 0, as one more at the end.

    A float stands for the simplest fraction very near it: 0.1 and 1 - 0.9 for 1/10, 0.333333333333 for 1/3.
    Shares that sum to 1 within 10**-9 are scaled to sum to exactly 1.

    Returns:
        One fraction a part and one for the rows left out; they sum to 1.
    """
    fractions = [_simplest(share) for _, share in shares]
    total = sum(fractions, Fraction())
    if abs(total - 1) <= _SLACK:
        return (*(fraction / total for fraction in fractions), Fraction())
    return (*fractions, 1 - total)


def _simplest(share: float) -> Fraction:
    """Find the fraction of the smallest denominator within a relative 10**-12 of `share`."""
    exact = Fraction(share)
    return _simplest_between(exact * (1 - _NEAR), exact * (1 + _NEAR))


def _simplest_between(low: Fraction, high: Fraction) -> Fraction:
    """Walk down the continued fraction that the two have in common, and end it as early as possible."""
    whole = ceil(low)
    if whole <= high:
        return Fraction(whole)
    return whole - 1 + 1 / _simplest_between(1 / (high - whole + 1), 1 / (low - whole + 1))
