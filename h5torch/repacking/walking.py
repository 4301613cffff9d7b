"""A file gone through from its root: what is planned is laid out anew, all else is copied as it is."""

from collections.abc import Callable
from typing import Any

import attrs
import h5py
import numpy as np
from h5py import h5a, h5d, h5g, h5l, h5o, h5r, h5t

from h5torch.repacking.bits import (
    attribute_names,
    copy_array,
    copy_as_it_is,
    copy_attribute,
    encoded,
    failures_of,
)
from h5torch.repacking.records import Plan, RaggedPlan
from h5torch.repacking.rows import write_ragged
from h5torch.wire.objects import write_stamp

_STAMP = {"shape", "dtypes", "filled_to", "stored", "load_sparse", "bfloat16", "version", "mode"}


@attrs.define
class Walk:
    """One file being copied into another."""

    source: h5py.File
    target: h5py.File
    plan: Plan
    done: Callable[[int], object]
    notes: list[str] = attrs.field(factory=list)
    _planned: dict[int, str] = attrs.field(factory=dict)  # paths that the plan speaks of, by address
    _copied: dict[int, str] = attrs.field(factory=dict)  # where an object lies in the target, by address
    _references: list[tuple[h5py.HLObject, str, str]] = attrs.field(factory=list)

    def run(self) -> None:
        """Copy everything.

        Raises:
            StorageError: an object cannot be read, or the target not be written.
        """
        paths = [*self.plan.arrays, *self.plan.ragged, *self.plan.omitted]
        self._planned = {_address(self.source[path]): path for path in paths}
        self._copied[_address(self.source)] = "/"
        self._members(self.source, "")
        self._attributes(self.source, "/")
        for node, path, name in self._references:
            self._refer(node, path, name)

    def _members(self, group: h5py.Group, path: str) -> None:
        for name in group:
            place = f"{path}/{name}" if path else name
            kind = group.id.links.get_info(encoded(name)).type
            if kind == h5l.TYPE_HARD:
                with failures_of(place, "read"):
                    node = group[name]
                self._node(node, place)
            elif kind == h5l.TYPE_SOFT:
                self.target.id.links.create_soft(encoded(place), group.id.links.get_val(encoded(name)))
            else:
                self._external(group.id.links.get_val(encoded(name)), place)

    def _external(self, link: tuple[bytes, bytes], path: str) -> None:
        self.target.id.links.create_external(encoded(path), *link)
        file, place = (part.decode(errors="replace") for part in link)
        self.notes.append(f"/{path}: a link to {place} of {file}, kept as a link")

    def _node(self, node: Any, path: str) -> None:
        address = _address(node)
        planned = self._planned.get(address, "")
        if address in self._copied:
            self.target.id.links.create_hard(encoded(path), self.target.id, encoded(self._copied[address]))
        elif planned not in self.plan.omitted:
            self._copied[address] = path
            self._copy(node, path, planned)

    def _copy(self, node: Any, path: str, planned: str) -> None:
        plan = self.plan
        if planned in plan.ragged:
            self._ragged(node, path, plan.ragged[planned])
            return
        if planned in plan.arrays:
            copy_array(node, self.target, path, plan.arrays[planned], plan.packing, self.done)
        elif isinstance(node, h5py.Group):
            self._group(node, path)
            self._members(node, path)
        else:
            copy_as_it_is(node, self.target, path)
            if isinstance(node, h5py.Dataset):
                self._tell_of_kept(node, path)
        self._attributes(node, path)

    def _group(self, node: h5py.Group, path: str) -> None:
        with failures_of(path, "write"):
            h5g.create(self.target.id, encoded(path), None, node.id.get_create_plist())

    def _ragged(self, node: Any, path: str, plan: RaggedPlan) -> None:
        """Write the arrays, what else the object has, and the stamp."""
        if isinstance(node, h5py.Group):
            self._group(node, path)
        else:
            self.target.create_group(path)
        write_ragged(node, self.target, path, plan, self.plan.packing, self.done)
        if isinstance(node, h5py.Group):
            for name in node:
                if not name.isdecimal():
                    self._node(node[name], f"{path}/{name}")
        self._attributes(node, path, besides=_STAMP)
        write_stamp(self.target[path], plan.layout, categories=None)

    def _attributes(self, node: h5py.HLObject, path: str, besides: set[str] | None = None) -> None:
        for name in attribute_names(node):
            if name not in (besides or ()) and not copy_attribute(node, self.target[path], name):
                self._references.append((node, path, name))

    def _tell_of_kept(self, dataset: h5py.Dataset, path: str) -> None:
        if dataset.id.get_type().detect_class(h5t.REFERENCE):
            self.notes.append(f"/{path}: holds references, which lead nowhere in another file")
        how = dataset.id.get_create_plist()
        self.done(int(dataset.id.get_storage_size()))
        if how.get_external_count() or how.get_layout() == h5d.VIRTUAL:
            self.notes.append(f"/{path}: its bytes lie in other files and stay there")

    def _refer(self, node: h5py.HLObject, path: str, name: str) -> None:
        """Write an attribute of references anew: they lead to the same paths."""
        old = h5a.open(node.id, encoded(name))
        values = np.empty(old.shape, old.dtype)
        old.read(values)
        moved = np.empty(old.shape, old.dtype)
        for at in np.ndindex(old.shape):
            moved[at] = self._moved(values[at])
        self.target[path].attrs.create(name, moved, dtype=old.dtype)

    def _moved(self, value: Any) -> Any:
        if isinstance(value, h5r.Reference):
            name = (h5r.get_name(value, self.source.id) or b"").decode(errors="replace") if value else ""
            return (
                h5r.create(self.target.id, encoded(name), h5r.OBJECT)
                if name in self.target
                else h5r.Reference()
            )
        if isinstance(value, np.ndarray):
            moved = np.empty(value.shape, value.dtype)
            for at in np.ndindex(value.shape):
                moved[at] = self._moved(value[at])
            return moved
        if isinstance(value, np.void):
            return tuple(self._moved(value[field]) for field in value.dtype.names or ())
        return value


def _address(node: h5py.HLObject) -> int:
    return int(h5o.get_info(node.id).addr)
