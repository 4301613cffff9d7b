"""How rows are cut into folds: `KFold`, `RepeatedKFold`, `Nested`, for the `folds=` of a recipe."""

from typing import Any, ClassVar, Protocol

import attrs
import numpy as np

from splits.errors import SplitError
from splits.fields import at_least

__all__ = ["Folding", "KFold", "Nested", "RepeatedKFold", "as_folding"]

_FEWEST = 2


def _count(least: int) -> Any:
    return attrs.field(converter=_plain, validator=at_least(least))


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.integer) else value


class Folding(Protocol):
    """How rows are cut into folds."""

    tag: ClassVar[str]
    version: ClassVar[int]


@attrs.frozen
class KFold:
    """Cut rows into `folds` folds, each of which is held out once.

    Attributes:
        folds: At least 2.

    Raises:
        SplitError: it is no such number.
    """

    tag: ClassVar[str] = "k_fold"
    version: ClassVar[int] = 1

    folds: int = _count(_FEWEST)


@attrs.frozen
class RepeatedKFold:
    """Cut rows into `folds` folds, `repeats` times in different ways.

    Fold `i` of repeat `r` has the number `r * folds + i`.

    Attributes:
        folds: At least 2.
        repeats: At least 1.

    Raises:
        SplitError: one is no such number.
    """

    tag: ClassVar[str] = "repeated_k_fold"
    version: ClassVar[int] = 1

    folds: int = _count(_FEWEST)
    repeats: int = _count(1)


@attrs.frozen
class Nested:
    """Cut rows into `outer` folds, and the rows that train in each of them into `inner` folds.

    Models are chosen on the inner folds and judged on the outer ones, so that no row that judges has chosen
    (S. Varma and R. Simon, "Bias in error estimation when using cross-validation for model selection", 2006).
    The parts of fold `i` are `i/train` and `i/test`, those of its inner fold `j` are `i/j/train` and
    `i/j/val`.

    Attributes:
        outer: At least 2.
        inner: At least 2.

    Raises:
        SplitError: one is no such number.
    """

    tag: ClassVar[str] = "nested"
    version: ClassVar[int] = 1

    outer: int = _count(_FEWEST)
    inner: int = _count(_FEWEST)


def as_folding(given: Any) -> Any:
    """Take a number of folds for `KFold`; anything else as it is.

    Raises:
        SplitError: it is neither a number, `None`, nor one of this module's records.
    """
    if given is None or isinstance(given, KFold | RepeatedKFold | Nested):
        return given
    if isinstance(given, int | np.integer) and not isinstance(given, bool):
        return KFold(int(given))
    msg = f"folds must be a number such as 5, KFold, RepeatedKFold or Nested, got {given!r}"
    raise SplitError(msg)
