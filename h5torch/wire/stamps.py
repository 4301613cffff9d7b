"""The stamped groups in which splits and samplers lie, and the texts in them.

A stamped group is written under a temporary name, gets the attributes `version` and, last, `mode`, and is
only then put in its place; a group without the stamp reads as absent.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

import h5py
import numpy as np

from h5torch.errors import FormatError, ReadOnlyError, RegisterError, StorageError
from h5torch.parts import unknown_name

Source: TypeAlias = Mapping[str, Any]
"""An open file or group (h5py's are mappings), or what `File.to_dict` gave."""

_NEW, _OLD = ".new", ".old"  # free: no name of a split or sampler begins with a dot


def read_text(source: Source, path: str) -> str:
    """Read a scalar UTF-8 text dataset, open or from a snapshot.

    Raises:
        FormatError: it is missing or something else.
    """
    node = look(source, path)
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


def look(source: Source, path: str) -> Any:
    """Return what lies at the end of a path, or `None`."""
    node: Any = source
    for step in path.split("/"):
        try:
            node = node[step] if isinstance(node, Mapping) and step in node else None
        except (KeyError, OSError, RuntimeError):  # a link to nothing, to no HDF5 file, to itself
            return None
    return node


def _mode(node: Any) -> str:
    mode = (getattr(node, "attrs", None) or {}).get("mode", "")
    return as_text(mode)


def list_stamped(source: Source, home: str, *, mode: str) -> list[str]:
    """List the finished groups of `home`, sorted; what bears no or another stamp is absent."""
    place = look(source, home)
    names = sorted(place) if isinstance(place, Mapping) else []
    return [name for name in names if not name.startswith(".") and _mode(look(place, name)) == mode]


def find_stamped(source: Source, home: str, name: str, *, mode: str, version: int) -> Any:
    """Return the group `home/name`.

    Raises:
        UnknownNameError: there is none with this stamp; the message lists those there are.
        FormatError: it is of another version.
    """
    node = _known(source, home, name, mode=mode)
    found = np.asarray(node.attrs.get("version"))
    if found.shape or found.dtype.kind not in "iu" or found != version:
        msg = f"/{home}/{name}: {mode} of version {found}, this h5torch reads {version}; upgrade h5torch"
        raise FormatError(msg)
    return node


def _known(source: Source, home: str, name: str, *, mode: str) -> Any:
    known = list_stamped(source, home, mode=mode)
    if name not in known:
        what = f"the file has no {mode}"
        raise unknown_name(what, name, known)
    return look(source, f"{home}/{name}")


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


def rename_stamped(file: h5py.Group, home: str, name: str, new: str, *, mode: str) -> None:
    """Move a stamped group to another name in the same home.

    Raises:
        ReadOnlyError: the file is open for reading only.
        UnknownNameError: there is none of this name with this stamp.
        RegisterError: `new` is taken.
    """
    check_writable(file)
    _known(file, home, name, mode=mode)
    if new in file[home]:
        msg = f"/{home}/{new} exists in {file.file.filename}; delete it first or choose another name"
        raise RegisterError(msg)
    file[home].move(name, new)
    file.file.flush()


def as_text(value: Any) -> str:
    """Return text as an attribute holds it: `str`, or bytes where another library wrote it."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def can_change(root: Any) -> bool:
    """Whether what `root` holds may be changed while it is open."""
    if isinstance(root, h5py.File):  # asking a group for its file costs four times as much
        return bool(root) and root.mode != "r"
    return isinstance(root, h5py.Group) and bool(root) and root.file.mode != "r"


def check_open(file: Source) -> None:
    """Refuse a file that is closed.

    Raises:
        StorageError: it is.
    """
    if isinstance(file, h5py.Group) and not file:
        msg = 'the file is closed; open it again with h5torch.File(path), or with mode "a" to change it'
        raise StorageError(msg)


def check_writable(file: h5py.Group) -> None:
    """Refuse to change a file that is closed, or open for reading.

    Raises:
        StorageError: it is closed.
        ReadOnlyError: it is open for reading only.
    """
    check_open(file)
    if file.file.mode == "r":
        msg = f'{file.file.filename}: open for reading only; reopen it with h5torch.File(path, "a")'
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
        if _OLD in place and name not in place:
            place.move(_OLD, name)
        for leftover in {_NEW, _OLD} & set(place):
            del place[leftover]
        if is_first and not done:
            del file[home]
    file.file.flush()
