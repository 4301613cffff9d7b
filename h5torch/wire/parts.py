"""Splits as the file spells them."""

from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np

from h5torch.errors import FormatError, H5torchError
from h5torch.parts import LEFT_OUT, LEFT_OUT_NAME, Axis, Parts
from h5torch.wire.stamps import (
    Source,
    as_text,
    delete_stamped,
    find_stamped,
    list_stamped,
    look,
    read_text,
    stamped,
    write_text,
)

__all__ = ["delete_parts", "list_parts", "read_parts", "read_story", "write_parts"]

_HOME, _MODE, _FORMAT = "splits", "split", 1


def list_parts(source: Source) -> list[str]:
    """List the names of the stored splits, sorted."""
    return list_stamped(source, _HOME, mode=_MODE)


def read_parts(source: Source, name: str) -> Parts:
    """Read which part each row belongs to; the split's recipe is not looked at.

    Args:
        source: An open file, or what `File.to_dict` gave.
        name: Name of the split.

    Raises:
        UnknownNameError: the file has no finished split of this name.
        FormatError: the split is of another version, or its codes, names or axis are not as they must be.
    """
    node = find_stamped(source, _HOME, name, mode=_MODE, version=_FORMAT)
    path = f"/{_HOME}/{name}"
    codes = look(node, "codes")
    members = _members(getattr(codes, "dtype", None))
    if members is None or len(codes.shape) != 1:
        msg = f"{path}/codes: must be one-dimensional, of an enum over uint8; create the split again"
        raise FormatError(msg)
    values = {value: part for part, value in members.items() if part != LEFT_OUT_NAME}
    if sorted(values) != list(range(len(members) - (LEFT_OUT_NAME in members))):
        msg = f"{path}/codes: the enum's values must be 0, 1, ... in the parts' order, found {dict(members)}"
        raise FormatError(msg)
    try:
        parts = tuple(values[code] for code in range(len(values)))
        return Parts(name=name, axis=_read_axis(node), parts=parts, codes=codes[...])
    except (H5torchError, OSError) as error:
        msg = f"{path}: {error}; create the split again"
        raise FormatError(msg) from error


def delete_parts(file: h5py.Group, name: str) -> None:
    """Remove a split.

    Raises:
        ReadOnlyError: the file is open for reading only.
        UnknownNameError: the file has no finished split of this name.
    """
    delete_stamped(file, _HOME, name, mode=_MODE)


def _enum(members: dict[str, int]) -> np.dtype[np.uint8]:
    """Return the dtype that h5py stores as an HDF5 enum: it keeps the members in the metadata."""
    return np.dtype(np.uint8, metadata={"enum": members})


def _members(dtype: np.dtype[Any] | None) -> Mapping[str, int] | None:
    if dtype is None or dtype != np.uint8:
        return None
    metadata: Mapping[str, Any] = dtype.metadata or {}
    found: Mapping[str, int] | None = metadata.get("enum")
    return found


def read_story(source: Source, name: str) -> tuple[str, str]:
    """Read the recipe and the provenance of a split that `read_parts` could read: two JSON texts.

    Raises:
        FormatError: one is missing, or no UTF-8 text.
    """
    path = f"{_HOME}/{name}"
    return read_text(source, f"{path}/recipe"), read_text(source, f"{path}/provenance")


def _read_axis(node: Any) -> Axis:
    axis = node.attrs.get("axis")
    if isinstance(axis, str | bytes) and as_text(axis) == "coo":
        return "coo"
    if isinstance(axis, int | np.integer) and axis >= 0:
        return int(axis)
    msg = f"the attribute axis must be a number from 0 up or 'coo', found {axis!r}"
    raise FormatError(msg)


def write_parts(file: h5py.Group, table: Parts, *, recipe: str, provenance: str, overwrite: bool) -> None:
    """Write a split whole, or not at all.

    Args:
        file: An open, writable file.
        table: The rows of each part.
        recipe: How the codes were made, JSON.
        provenance: What they were made from and how they came out, JSON.
        overwrite: Whether a split of this name is replaced.

    Raises:
        ReadOnlyError: the file is open for reading only.
        RegisterError: the name is taken and `overwrite` is false.
    """
    members = {part: code for code, part in enumerate(table.parts)}
    if table.n_left_out:
        members[LEFT_OUT_NAME] = LEFT_OUT
    with stamped(file, _HOME, table.name, mode=_MODE, version=_FORMAT, overwrite=overwrite) as group:
        group.create_dataset("codes", data=table.codes, dtype=_enum(members))
        write_text(group, "recipe", recipe)
        write_text(group, "provenance", provenance)
        group.attrs["axis"] = table.axis
