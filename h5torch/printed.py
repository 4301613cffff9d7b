"""Names and numbers as a terminal shows them: escaped, cut to a width, with units.

Names and text in a file are written by strangers. Nothing of theirs reaches a terminal unescaped.
"""

import unicodedata

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def printable(text: str) -> str:
    """Escape what could move a cursor, hide or reorder text: control, format and private characters."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def columns(text: str) -> int:
    """Count the terminal columns that printable `text` takes; wide characters take two."""
    return sum(_columns_of(c) for c in text)


def fit(text: str, width: int) -> str:
    """Escape `text` and cut it to `width` columns, with an ellipsis where something is missing."""
    safe = printable(text)
    if columns(safe) <= width:
        return safe
    kept, room = "", width - 1
    for character in safe:
        room -= _columns_of(character)
        if room < 0:
            break
        kept += character
    return kept + "…"


def pad(text: str, width: int) -> str:
    """Escape `text`, cut it to `width` columns and fill it up with spaces."""
    cut = fit(text, width)
    return cut + " " * (width - columns(cut))


def size(n_bytes: float) -> str:
    """Write a number of bytes with a decimal unit and three or four digits: `18.2 kB`."""
    value, unit = float(n_bytes), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 or value >= 99.95 else f"{value:.1f} {_UNITS[unit]}"


def _columns_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
