"""How the command line writes: escaped names, numbers with units, lines that fit."""

import os
import sys
from collections.abc import Iterable

from h5torch.printed import columns, fit, pad, printable, size

__all__ = ["WIDTH", "bold", "columns", "dim", "fit", "pad", "printable", "shape", "size"]

WIDTH = 80
"""Columns that every line of output fits in."""

_CLOSE = "\x1b[0m"


def shape(lengths: Iterable[int | None]) -> str:
    """Write a shape as people do: `1,797 × 8 × 8`; `None` is a length that differs by row."""
    return " × ".join("any" if n is None else f"{n:,}" for n in lengths) or "one value"


def bold(text: str) -> str:
    """Make `text` stand out on a terminal; in a pipe, return it as it is."""
    return _styled("\x1b[1m", text)


def dim(text: str) -> str:
    """Make `text` step back on a terminal; in a pipe, return it as it is."""
    return _styled("\x1b[2m", text)


def _styled(start: str, text: str) -> str:
    plain = not sys.stdout.isatty() or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    return text if plain or not text else f"{start}{text}{_CLOSE}"
