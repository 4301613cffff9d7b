"""Masks and lists that lie in a group of an HDF5 file, as robomimic and others keep them."""

from collections.abc import Collection, Iterator
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
from h5py import h5d

from h5torch.errors import ArgumentTypeError
from h5torch.names import did_you_mean
from splits.errors import SplitError
from splits.interchange.bounds import check_array, check_count
from splits.interchange.naming import in_order, is_fold
from splits.interchange.showing import named, shown

__all__ = ["find_group", "read_group"]

_MOST_LINKS = 16  # as many as HDF5 follows
_MOST_LETTERS = 200
_LINKS = (h5py.SoftLink, h5py.ExternalLink, str)  # whatever does not hold its member


def find_group(place: h5py.Group, path: object) -> h5py.Group:
    """Return the group that masks or lists lie in.

    Args:
        place: An open file or a group of one.
        path: Path of the group in it; `None` for a group that is given itself.

    Raises:
        SplitError: there is no such group, it lies in another file, or a whole file is given and no group
            of it named.
        ArgumentTypeError: `path` is no text.
    """
    if path is None and not isinstance(place, h5py.File):
        return place
    where = f"{named(place.file.filename)}{named(place.name) if place.name != '/' else ''}"
    groups = [named(name) for name in place if _is_group(place, name)]
    if path is None:
        known = did_you_mean("mask", groups)
        msg = f"{where}: name the group that the parts lie in, as in group='mask'; {known}"
        raise SplitError(msg)
    if not isinstance(path, str):
        msg = f"group= must be the path of a group, str, got {shown(path)} ({type(path).__name__})"
        raise ArgumentTypeError(msg)
    found = _follow(place, path, where, iter(range(_MOST_LINKS)))
    if not isinstance(found, h5py.Group):
        msg = f"{where}: has no group {shown(path)}; {did_you_mean(path[:_MOST_LETTERS], groups)}"
        raise SplitError(msg)
    return found


def _is_group(place: h5py.Group, name: str) -> bool:
    return not isinstance(_link(place, name), _LINKS) and isinstance(place[name], h5py.Group)


def _link(place: Any, name: str) -> object:
    """Return a link itself, `None` where there is none, and the name where h5py knows no such link."""
    try:
        return place.get(name, getlink=True)
    except TypeError:
        return name


def _follow(place: h5py.Group, path: str, where: str, hops: Iterator[int]) -> object:
    """Return what lies at a path of the same file, `None` where nothing does.

    Args:
        place: Where the path begins, unless it begins with a slash.
        path: Names of groups, and of the member.
        where: What is read, for messages.
        hops: As many links are followed as this has items: they can lead in circles.

    Raises:
        SplitError: a link of another kind than those within a file is on the way; it is not followed.
    """
    here: object = place.file["/"] if path.startswith("/") else place
    for step in path.split("/"):
        if step in {"", "."}:
            continue
        link = _link(here, step) if isinstance(here, h5py.Group) else None
        if link is None or not isinstance(here, h5py.Group):
            return None
        if not isinstance(link, _LINKS):
            here = here[step]
        elif isinstance(link, h5py.SoftLink):
            here = None if next(hops, None) is None else _follow(here, link.path, where, hops)
        else:
            msg = (
                f"{where}: {shown(path)} leads to another file, which is not followed; give that file, or "
                "copy what it holds"
            )
            raise SplitError(msg)
    return here


def read_group(
    group: h5py.Group, *, parts: Collection[str] | None, limit: int
) -> dict[str, npt.NDArray[Any]]:
    """Read the datasets of a group, and of groups in it that are called by numbers of folds.

    Args:
        group: The group.
        parts: The parts to read; `None` for all. Where one of them is not there, all are read, so that
            whoever looks for it can say which there are.
        limit: The most values that one may have.

    Returns:
        By part in the order of `in_order`, `train` or of folds `3/train`.

    Raises:
        SplitError: it holds something else, what it holds lies in other files, or a dataset can be no mask
            and no list.
    """
    what = f"{named(group.file.filename)}{named(group.name)}"
    members = dict(_members(group, "", what))
    check_count(list(members), what=what)
    known = {name.rpartition("/")[2] for name in members}
    wanted = set(parts) if parts is not None and set(parts) <= known else known
    order = in_order(known)
    names = sorted(members, key=lambda name: (_folds(name), order.index(name.rpartition("/")[2])))
    return {
        name: _read(members[name], limit, f"{what}/{named(name)}")
        for name in names
        if name.rpartition("/")[2] in wanted
    }


def _folds(name: str) -> tuple[int, ...]:
    return tuple(int(step) for step in name.split("/")[:-1])


def _members(group: h5py.Group, path: str, what: str) -> Iterator[tuple[str, h5py.Dataset]]:
    for name in group:
        member = _follow(group, name, what, iter(range(_MOST_LINKS)))
        if isinstance(member, h5py.Dataset):
            yield path + name, member
        elif isinstance(member, h5py.Group) and is_fold(name) and path.count("/") < 2:
            yield from _members(member, f"{path}{name}/", what)
        else:
            told = "a link that leads nowhere" if member is None else "no dataset and no fold"
            msg = f"{what}: {named(path + name)} is {told}; name a group that holds masks or lists alone"
            raise SplitError(msg)


def _read(dataset: h5py.Dataset, limit: int, what: str) -> npt.NDArray[Any]:
    plist = dataset.id.get_create_plist()
    if plist.get_external_count() or plist.get_layout() == h5d.VIRTUAL:
        msg = f"{what}: its values lie in other files or datasets, which are not read; copy them into one"
        raise SplitError(msg)
    dtype = dataset.dtype
    if dtype.kind == "O" and h5py.check_string_dtype(dtype) is None:
        msg = f"{what}: must be bools, integers or ids, found values of different length"
        raise SplitError(msg)
    check_array(dataset.shape or (), dtype, limit=limit, what=what)
    try:
        return np.asarray(dataset[...])
    except (OSError, RuntimeError, ValueError) as error:
        msg = f"{what}: cannot be read ({named(error)})"
        raise SplitError(msg) from error
