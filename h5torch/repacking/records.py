"""Records of repacking: what was found, what becomes of it, and what came out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

import attrs

from h5torch.layouts import Layout

Use: TypeAlias = Literal["random", "sequential", "size"]
"""What a file is packed for: reading in any order, reading in order, or taking little room."""


@attrs.frozen(kw_only=True)
class Part:
    """One dataset of an object, as it lies in the file."""

    path: str
    shape: tuple[int, ...]
    itemsize: int
    stored: str
    """How it is stored, in a word: `contiguous`, `chunks`, the name of a codec, `virtual`, …"""
    n_bytes: int
    """Bytes on disk."""
    growable: bool = False
    copyable: bool = True
    """Whether its bytes lie in this file, and hold no address of other bytes."""


@attrs.frozen(kw_only=True)
class Rows:
    """What the rows of a `vlen` or `separate` object are like."""

    n_values: int = 0
    itemsize: int = 1
    ranks: frozenset[int] = frozenset()
    one_type: bool = True
    plain: bool = True
    """Whether values are numbers or times, and samples show them as such."""
    own_attributes: bool = False
    linked: bool = False
    """Whether a row is a link to somewhere else."""
    extras: tuple[str, ...] = ()
    """Members of the group that are no rows."""

    @property
    def n_bytes(self) -> int:
        """Bytes of all values."""
        return self.n_values * self.itemsize


@attrs.frozen(kw_only=True)
class Found:
    """One object of the source."""

    key: str
    layout: Layout
    parts: Mapping[str, Part]
    rows: Rows | None = None


@attrs.frozen(kw_only=True)
class Packing:
    """How arrays are stored in the target."""

    codec: str | None
    """Name of the codec, or `None`: contiguous, uncompressed."""
    shuffle: bool = False
    filter: int | str = ""
    """What HDF5 or h5py know the codec by."""
    options: tuple[int, ...] = ()


@attrs.frozen(kw_only=True)
class ArrayPlan:
    """A dataset that is copied bit by bit into another storage."""

    shape: tuple[int, ...]
    axis: int = 0
    n_filled: int
    """How much there is to copy along `axis`."""
    grows: bool = False
    chunks: tuple[int, ...] | None = None
    packed: bool = False


@attrs.frozen(kw_only=True)
class RaggedPlan:
    """An object of another mode that becomes `ragged`."""

    layout: Layout
    rank: int
    values: ArrayPlan
    offsets: ArrayPlan
    shapes: ArrayPlan


@attrs.frozen(kw_only=True)
class Plan:
    """What becomes of every object; all else is copied as it is."""

    packing: Packing
    arrays: Mapping[str, ArrayPlan]
    ragged: Mapping[str, RaggedPlan]
    omitted: frozenset[str]
    kept: Mapping[str, str]
    """Why an object stays as it was, by key."""
    n_bytes: int
    """Bytes of the arrays, before any compression."""


@attrs.frozen(kw_only=True)
class Repacked:
    """What became of one object."""

    key: str
    mode_before: str
    mode_after: str
    stored_before: str
    stored_after: str
    bytes_before: int
    bytes_after: int
    note: str = ""


@attrs.frozen(kw_only=True)
class Report:
    """What became of a file."""

    source: Path = attrs.field(converter=Path)
    target: Path = attrs.field(converter=Path)
    use: Use
    bytes_before: int
    bytes_after: int
    objects: tuple[Repacked, ...]
    left_out: tuple[str, ...]
    """What was not written to its end, and so counted as absent."""
    notes: tuple[str, ...]
    """What else is worth knowing: links that were kept, objects that stayed as they were."""


def kept_as(word: str) -> dict[str, Any]:
    """Return the arguments of a `Part` whose bytes are not copied."""
    return {"stored": word, "copyable": False}
