"""A file read into memory: dicts of arrays, each with its attributes, for groups and datasets."""

from collections import UserDict
from collections.abc import Mapping
from typing import Any, Self

import h5py
import numpy as np


class AttrArray(np.ndarray):
    """An array in memory that keeps the attributes of the dataset it was read from."""

    attrs: Mapping[str, Any]

    def __new__(cls, array: Any, attrs: Mapping[str, Any] | None = None) -> Self:
        """View an array and hold its attributes."""
        self = np.asarray(array).view(cls)
        self.attrs = dict(attrs or {})
        return self

    def __array_finalize__(self, parent: Any) -> None:
        """Take the attributes along into views."""
        self.attrs = getattr(parent, "attrs", {})

    def __reduce__(self) -> Any:
        """Pickle the values and the attributes."""
        return AttrArray, (np.asarray(self), dict(self.attrs))


class h5pyDict(UserDict[str, Any]):  # noqa: N801 - the published name
    """A group in memory: a dict whose keys may be paths, with the group's attributes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Start without attributes."""
        super().__init__(*args, **kwargs)
        self.attrs: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        """Return a member, following a path such as `"central/indptr"`."""
        first, _, rest = key.partition("/")
        member = super().__getitem__(first)
        return member[rest] if rest else member

    def __contains__(self, key: object) -> bool:
        """Say whether a member, or the end of a path, is there."""
        first, _, rest = str(key).partition("/")
        if not super().__contains__(first):
            return False
        return not rest or (hasattr(self[first], "keys") and rest in self[first])

    def close(self) -> None:
        """Do nothing: there is no file."""


def snapshot(group: h5py.Group) -> h5pyDict:
    """Read a group and everything below it into memory."""
    copy = h5pyDict()
    copy.attrs = dict(group.attrs)
    for name, member in group.items():
        if member is None:
            continue  # a link that leads nowhere
        if isinstance(member, h5py.Dataset):
            copy[name] = AttrArray(member[()], attrs=dict(member.attrs))
        else:
            copy[name] = snapshot(member)
    return copy
