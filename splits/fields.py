"""Fields that several recipes have."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs

from h5torch.errors import ArgumentTypeError
from h5torch.keyed import checked_seed
from h5torch.parts import Axis, check_part_names
from splits.errors import SplitError
from splits.keys import check_axis, shared_axis

__all__ = [
    "NO_SEED",
    "OWN_AXIS",
    "as_keys",
    "as_names",
    "at_least",
    "check_flag",
    "check_own_axis",
    "check_roles",
    "needed_seed",
    "one_of",
]


def as_keys(by: str | Iterable[str]) -> tuple[str, ...]:
    """Turn one key, or several, into a tuple.

    Raises:
        SplitError: it is neither.
    """
    try:
        return (by,) if isinstance(by, str) else tuple(by)
    except TypeError as error:
        msg = f"by must be the key of a column such as '0/type', or several, got {by!r}"
        raise SplitError(msg) from error


NO_SEED: Any = object()
"""What a seed is that nobody gave."""


def needed_seed(seed: object) -> int:
    """Return a seed as an `int` in `[0, 2**64)`; a converter.

    Raises:
        ArgumentTypeError: nobody gave one, or it is no integer in the range.
    """
    if seed is NO_SEED:
        msg = "seed= is missing, and no recipe has a silent one; write seed=0 for the same split everywhere"
        raise ArgumentTypeError(msg)
    return checked_seed(seed)


def one_of(*choices: str) -> Callable[[Any, "attrs.Attribute[Any]", Any], None]:
    """Return a validator that takes one of some words.

    Raises:
        SplitError: (the validator) the value is none of them.
    """

    def check(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
        if not isinstance(value, str) or value not in choices:
            msg = f"{field.name} must be one of {', '.join(map(repr, choices))}, got {value!r}"
            raise SplitError(msg)

    return check


def at_least(least: int) -> Callable[[Any, "attrs.Attribute[Any]", Any], None]:
    """Return a validator that takes a whole number from `least` up, and `None` where that is the default.

    Raises:
        SplitError: (the validator) the value is no such number.
    """

    def check(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
        if value is None and field.default is None:
            return
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            msg = f"{field.name} must be a whole number from {least} up, got {value!r}"
            raise SplitError(msg)

    return check


def as_names(given: Iterable[str]) -> tuple[str, ...]:
    """Turn names of parts into a tuple.

    Raises:
        SplitError: it is one text, or nothing that has items.
    """
    if isinstance(given, str) or not isinstance(given, Iterable):
        msg = f"parts must be names such as ('train', 'test'), got {given!r}"
        raise SplitError(msg)
    return tuple(given)


def _axis_of_keys(recipe: Any) -> Axis:
    return shared_axis(recipe.keys) if recipe.keys else 0


def check_flag(_: object, field: "attrs.Attribute[bool]", value: object) -> None:
    """Refuse what is neither `True` nor `False`; a validator.

    Raises:
        SplitError: it is neither.
    """
    if not isinstance(value, bool):
        msg = f"{field.name} must be True or False, got {value!r}"
        raise SplitError(msg)


OWN_AXIS: Any = attrs.Factory(_axis_of_keys, takes_self=True)
"""The default of a recipe's axis: that of its `keys`, and 0 where it has none."""


def check_own_axis(keys: Sequence[str], axis: Axis) -> None:
    """Refuse an axis that is none, or not that of the columns.

    Raises:
        SplitError: it is so, or the columns are of different axes.
    """
    check_axis(axis)
    if keys and shared_axis(keys) != axis:
        msg = f"axis={axis!r}, but {keys[0]!r} is of axis {shared_axis(keys)!r}; leave axis= away"
        raise SplitError(msg)


def check_roles(parts: tuple[str, ...], *, folds: bool) -> None:
    """Refuse names that parts, or parts of folds, cannot have.

    Raises:
        SplitError: a part of folds is called like a number, which names a fold.
        RegisterError, ArgumentTypeError: a name is not legal, is no text or comes twice, or there are none.
    """
    check_part_names(parts, what="parts")
    if folds and any(name.isdecimal() for name in parts):
        msg = f"parts of folds must be names and no numbers, got {parts!r}; numbers name the folds"
        raise SplitError(msg)
