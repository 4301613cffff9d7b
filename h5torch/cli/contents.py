"""What a file holds, as records ready to be drawn."""

import attrs


@attrs.frozen(kw_only=True)
class Entry:
    """One object of a file: a line, and notes below it."""

    name: str
    kind: str = ""  # the layout's mode, or the recipe's name
    shape: str = ""
    values: str = ""  # what one value is, or what a split or sampler says of itself
    n_bytes: int = 0  # on disk, compressed as it lies there
    bytes_are_all: bool = True  # HDF5 does not tell how much of a file's heap one object takes
    notes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Section:
    """Objects that belong together: those aligned to one axis, the splits, the samplers."""

    title: str
    entries: tuple[Entry, ...]


@attrs.frozen(kw_only=True)
class Contents:
    """A whole file."""

    name: str
    n_bytes: int
    central: Entry | None
    sections: tuple[Section, ...]
