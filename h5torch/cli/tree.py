"""The command `h5torch tree FILE`: what a file holds, at a glance."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from h5torch.cli import text

if TYPE_CHECKING:
    from h5torch.cli.contents import Contents, Entry

_NAME, _KIND, _SHAPE, _VALUES, _BYTES = 22, 10, 18, 17, 9
"""Widths of the columns, with a blank between each two: 80 in all."""


def tree(file: Path, /) -> None:
    """Print what a file holds.

    The central object, what is aligned to its axes, splits and samplers: each with its mode, its shape,
    what its values are in the file (and in a sample, where that differs), and the bytes it takes on disk.

    Args:
        file: An HDF5 file that h5torch wrote.
    """
    from h5torch.cli.reading import read_contents

    print("\n".join(draw(read_contents(file))))


def draw(contents: "Contents") -> Iterator[str]:
    """Yield the lines of the tree, each within 80 columns."""
    total = text.size(contents.n_bytes)
    yield text.bold(text.pad(contents.name, text.WIDTH - len(total) - 1)) + " " + total
    if contents.central is not None:
        yield from _lines(contents.central, branch="", below="   ")
    else:
        yield text.dim("no central object")
    for section in contents.sections:
        yield text.fit(section.title, text.WIDTH)
        for entry in section.entries[:-1]:
            yield from _lines(entry, branch="├─ ", below="│  ")
        for entry in section.entries[-1:]:
            yield from _lines(entry, branch="└─ ", below="   ")


def _lines(entry: "Entry", *, branch: str, below: str) -> Iterator[str]:
    name = text.dim(branch) + text.pad(entry.name, _NAME - len(branch))
    cells = [text.pad(entry.kind, _KIND), text.pad(entry.shape, _SHAPE)]
    if not entry.shape:  # a recipe has a longer name than a mode, and no shape
        cells = [text.pad(entry.kind, _KIND + 1 + _SHAPE)]
    n_bytes = ("" if entry.bytes_are_all else "> ") + text.size(entry.n_bytes)
    yield " ".join([name, *cells, text.pad(entry.values, _VALUES), text.dim(n_bytes.rjust(_BYTES))])
    for note in entry.notes:
        yield text.dim(f"{below}   ") + text.dim(text.fit(note, text.WIDTH - len(below) - 3))
