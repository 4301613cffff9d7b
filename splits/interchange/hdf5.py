"""Masks and lists that lie in a group of an HDF5 file, as robomimic and others keep them."""

from collections.abc import Collection, Iterator
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from h5torch.names import did_you_mean
from splits.errors import SplitError
from splits.interchange.bounds import check_array, check_count
from splits.interchange.naming import in_order, is_fold

__all__ = ["find_group", "read_group"]


def find_group(place: h5py.Group, path: str | None) -> h5py.Group:
    """Return the group that masks or lists lie in.

    Args:
        place: An open file or a group of one.
        path: Path of the group in it; `None` for a group that is given itself.

    Raises:
        SplitError: there is no such group, or a whole file is given and no group of it named.
    """
    groups = [name for name in place if isinstance(place.get(name), h5py.Group)]
    if path is None and not isinstance(place, h5py.File):
        return place
    where = f"{place.file.filename}{place.name if place.name != '/' else ''}"
    if path is None:
        known = did_you_mean("mask", groups)
        msg = f"{where}: name the group that the parts lie in, as in group='mask'; {known}"
        raise SplitError(msg)
    found = place.get(path)
    if not isinstance(found, h5py.Group):
        msg = f"{where}: has no group {path!r}; {did_you_mean(path, groups)}"
        raise SplitError(msg)
    return found


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
        SplitError: it holds something else, or a dataset can be no mask and no list.
    """
    what = f"{group.file.filename}{group.name}"
    members = dict(_members(group, "", what))
    check_count(list(members), what=what)
    known = {name.rpartition("/")[2] for name in members}
    wanted = set(parts) if parts is not None and set(parts) <= known else known
    order = in_order(known)
    names = sorted(members, key=lambda name: (_folds(name), order.index(name.rpartition("/")[2])))
    return {
        name: _read(members[name], limit, f"{what}/{name}")
        for name in names
        if name.rpartition("/")[2] in wanted
    }


def _folds(name: str) -> tuple[int, ...]:
    return tuple(int(step) for step in name.split("/")[:-1])


def _members(group: h5py.Group, path: str, what: str) -> Iterator[tuple[str, h5py.Dataset]]:
    for name in group:
        member = group.get(name)
        if isinstance(member, h5py.Dataset):
            yield path + name, member
        elif isinstance(member, h5py.Group) and is_fold(name) and path.count("/") < 2:
            yield from _members(member, f"{path}{name}/", what)
        else:
            told = "a link that leads nowhere" if member is None else "no dataset and no fold"
            msg = f"{what}: {path}{name} is {told}; name a group that holds masks or lists alone"
            raise SplitError(msg)


def _read(dataset: h5py.Dataset, limit: int, what: str) -> npt.NDArray[Any]:
    dtype = dataset.dtype
    if dtype.kind == "O" and h5py.check_string_dtype(dtype) is None:
        msg = f"{what}: must be bools, integers or ids, found values of different length"
        raise SplitError(msg)
    check_array(dataset.shape or (), dtype, limit=limit, what=what)
    try:
        return np.asarray(dataset[...])
    except (OSError, RuntimeError, ValueError) as error:
        msg = f"{what}: cannot be read ({error})"
        raise SplitError(msg) from error
