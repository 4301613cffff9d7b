"""Parameters that recipes hand on to other people's code: plain values that JSON can spell."""

from collections.abc import Iterable, Mapping
from math import isfinite
from reprlib import repr as shortened
from typing import Any, TypeAlias

import numpy as np

from splits.errors import SplitError

__all__ = ["Params", "as_params", "thawed"]

Params: TypeAlias = tuple[tuple[str, Any], ...]
"""Names with their values, sorted by name. A value is a number, text, a bool, `None` or a tuple of these."""

_DEEPEST = 8  # of lists in lists
_LARGEST = 1 << 64


def as_params(given: Mapping[str, Any] | Iterable[tuple[str, Any]], *, what: str) -> Params:
    """Turn `{"size": 0.2}`, or such pairs, into sorted pairs that nothing can change.

    NumPy's scalars become Python's, lists become tuples.

    Args:
        given: A mapping or pairs.
        what: Whose parameters they are, for messages.

    Raises:
        SplitError: it is neither, a name is no identifier or comes twice, or a value is not a finite number
            below 2**64, text, bool, `None` or a list of these, at most 8 deep.
    """
    try:
        pairs = [(name, value) for name, value in (given.items() if isinstance(given, Mapping) else given)]
    except (TypeError, ValueError) as error:
        msg = f'{what}: parameters must be like {{"size": 0.2}}, got {shortened(given)}'
        raise SplitError(msg) from error
    for name, _ in pairs:
        if not isinstance(name, str) or not name.isidentifier():
            msg = f"{what}: {name!r} is no name of a parameter; use names as in function(name=value)"
            raise SplitError(msg)
    frozen = {name: _plain(value, f"{what}: parameter {name!r}", 0) for name, value in pairs}
    if len(frozen) < len(pairs):
        msg = f"{what}: a parameter comes twice among {', '.join(repr(name) for name, _ in pairs)}"
        raise SplitError(msg)
    return tuple(sorted(frozen.items()))


def thawed(params: Params) -> dict[str, Any]:
    """Return parameters as keyword arguments, their tuples as lists."""
    return {name: _listed(value) for name, value in params}


def _plain(value: object, what: str, depth: int) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < _LARGEST:
        return int(value)
    if isinstance(value, float) and isfinite(value):
        return float(value)
    if isinstance(value, str) and value.encode(errors="replace").decode() == value:
        return str(value)
    if isinstance(value, list | tuple) and depth < _DEEPEST:
        return tuple(_plain(item, what, depth + 1) for item in value)
    msg = (
        f"{what} must be a finite number, text, True, False, None or a list of these, to be kept in a file, "
        f"got {shortened(value)} ({type(value).__name__})"
    )
    raise SplitError(msg)


def _listed(value: Any) -> Any:
    return [_listed(item) for item in value] if isinstance(value, tuple) else value
