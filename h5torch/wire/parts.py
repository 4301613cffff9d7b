"""Splits as the file spells them, and the stamped groups in which splits and samplers lie.

A stamped group is written under a temporary name, gets the attributes `version` and, last, `mode`, and is
only then put in its place; a group without the stamp reads as absent.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

import h5py
import numpy as np

from h5torch.errors import FormatError, H5torchError, ReadOnlyError, RegisterError
from h5torch.parts import LEFT_OUT, LEFT_OUT_NAME, Axis, Parts, unknown_name

__all__ = [
    "Source",
    "check_writable",
    "delete_parts",
    "delete_stamped",
    "find_stamped",
    "list_parts",
    "list_stamped",
    "read_parts",
    "read_story",
    "read_text",
    "stamped",
    "write_parts",
    "write_text",
]

Source: TypeAlias = Mapping[str, Any]
"""An open file or group (h5py's are mappings), or what `File.to_dict` gave."""

_HOME, _MODE, _FORMAT = "splits", "split", 1
_NEW, _OLD = ".new", ".old"  # free: no name of a split or sampler begins with a dot


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
    codes = _look(node, "codes")
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
    axis = axis.decode(errors="replace") if isinstance(axis, bytes) else axis
    if isinstance(axis, str) and axis == "coo":
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


def read_text(source: Source, path: str) -> str:
    """Read a scalar UTF-8 text dataset, open or from a snapshot.

    Raises:
        FormatError: it is missing or something else.
    """
    node = _look(source, path)
    try:
        value: Any = node[()] if getattr(node, "shape", None) == () else None
        value = value.item() if isinstance(value, np.generic | np.ndarray) else value
        text = value.decode() if isinstance(value, bytes) else value
    except (UnicodeDecodeError, OSError) as error:
        msg = f"/{path}: cannot be read as UTF-8 text ({error})"
        raise FormatError(msg) from error
    if not isinstance(text, str):
        msg = f"/{path}: must be one UTF-8 text, found {'nothing' if node is None else repr(node)}"
        raise FormatError(msg)
    return text


def write_text(group: h5py.Group, name: str, text: str) -> None:
    """Write a scalar UTF-8 text dataset of variable length."""
    group.create_dataset(name, data=text, dtype=h5py.string_dtype("utf-8"))


def _look(source: Source, path: str) -> Any:
    node: Any = source
    for step in path.split("/"):
        node = node[step] if isinstance(node, Mapping) and step in node else None
    return node


def _mode(node: Any) -> str:
    mode = (getattr(node, "attrs", None) or {}).get("mode", "")
    return mode.decode(errors="replace") if isinstance(mode, bytes) else str(mode)


def list_stamped(source: Source, home: str, *, mode: str) -> list[str]:
    """List the finished groups of `home`, sorted; what bears no or another stamp is absent."""
    place = _look(source, home)
    names = sorted(place) if isinstance(place, Mapping) else []
    return [name for name in names if not name.startswith(".") and _mode(_look(place, name)) == mode]


def find_stamped(source: Source, home: str, name: str, *, mode: str, version: int) -> Any:
    """Return the group `home/name`.

    Raises:
        UnknownNameError: there is none with this stamp; the message lists those there are.
        FormatError: it is of another version.
    """
    node = _known(source, home, name, mode=mode)
    found = node.attrs.get("version")
    if found != version:
        msg = f"/{home}/{name}: {mode} of version {found}, this h5torch reads {version}; upgrade h5torch"
        raise FormatError(msg)
    return node


def _known(source: Source, home: str, name: str, *, mode: str) -> Any:
    known = list_stamped(source, home, mode=mode)
    if name not in known:
        what = f"the file has no {mode}"
        raise unknown_name(what, name, known)
    return _look(source, f"{home}/{name}")


def delete_stamped(file: h5py.Group, home: str, name: str, *, mode: str) -> None:
    """Remove a stamped group, of whatever version, and its home when that is empty then.

    Raises:
        ReadOnlyError: the file is open for reading only.
        UnknownNameError: there is none with this stamp.
    """
    check_writable(file)
    _known(file, home, name, mode=mode)
    del file[home][name]
    if not len(file[home]):
        del file[home]
    file.file.flush()


def check_writable(file: h5py.Group) -> None:
    """Raise `ReadOnlyError` where the file is open for reading only."""
    if file.file.mode == "r":
        msg = f"{file.file.filename} is open for reading only; open it with h5torch.File(path, 'a')"
        raise ReadOnlyError(msg)


@contextmanager
def stamped(
    file: h5py.Group, home: str, name: str, *, mode: str, version: int, overwrite: bool
) -> Iterator[h5py.Group]:
    """Give a new group to write into; afterwards it stands, whole and stamped, at `home/name`.

    Where the body or HDF5 fails, everything written is removed and what stood there before still does.

    Raises:
        ReadOnlyError: the file is open for reading only.
        RegisterError: something has the name already and `overwrite` is false.
    """
    check_writable(file)
    is_first = home not in file
    place = file.require_group(home)
    if name in place and not overwrite:
        msg = f"/{home}/{name} exists in {file.file.filename}; pass overwrite=True or choose another name"
        raise RegisterError(msg)
    for stale in {_NEW, _OLD} & set(place):
        del place[stale]
    done = False
    try:
        group = place.create_group(_NEW)
        yield group
        group.attrs["version"] = version
        group.attrs["mode"] = mode
        if name in place:
            place.move(name, _OLD)
        place.move(_NEW, name)
        done = True
    finally:
        if _OLD in place and not done:
            place.move(_OLD, name)
        for leftover in {_NEW, _OLD} & set(place):
            del place[leftover]
        if is_first and not done:
            del file[home]
    file.file.flush()
