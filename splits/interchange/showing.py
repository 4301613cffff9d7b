"""Values and paths in messages: escaped, and cut where they are long, for strangers write them."""

from collections.abc import Iterable

from h5torch.printed import fit

__all__ = ["SHOWN", "first_few", "named", "shown", "some"]

SHOWN = 5
"""How many of many are shown."""

_VALUE, _TEXT = 80, 400  # columns of a value, and of a path or what another library says
_MANY = 12


def shown(value: object) -> str:
    """Return a value as Python spells it, in at most 80 columns."""
    if isinstance(value, str | bytes):
        value = value[: _VALUE + 1]  # so that long ones are not spelled in vain
    return fit(repr(value)[: _TEXT + 1], _VALUE)


def named(text: object) -> str:
    """Return a path, a name or the words of an error without quotes, in at most 400 columns."""
    return fit(str(text)[: _TEXT + 1], _TEXT)


def some(items: Iterable[object], *, most: int = _MANY) -> str:
    """Show the first of many."""
    listed = list(items)
    return ", ".join(map(shown, listed[:most])) + (", …" if len(listed) > most else "")


def first_few(items: Iterable[object]) -> str:
    """Show the first few of many."""
    return some(items, most=SHOWN)
