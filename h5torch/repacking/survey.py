"""What a file holds and how it lies there: facts to plan from."""

import importlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import attrs
import h5py
import numpy as np
from h5py import h5a, h5d, h5l, h5t, h5z

from h5torch.errors import FormatError, StorageError
from h5torch.layouts import (
    CooLayout,
    CsrLayout,
    DenseLayout,
    Layout,
    RaggedLayout,
    SeparateLayout,
    VlenLayout,
)
from h5torch.repacking.bits import encoded, is_plain
from h5torch.repacking.packings import CODECS
from h5torch.repacking.records import Found, Part, Rows, kept_as
from h5torch.repacking.rows import vlen_blocks
from h5torch.schema import Schema
from h5torch.wire.names import names_path
from h5torch.wire.parts import list_parts
from h5torch.wire.stamps import list_stamped

Seen = Callable[[int], object]
Look = Callable[[str, int], AbstractContextManager[Seen]]
"""Shows that the rows of an object are looked through, and takes how many were."""

_NAMED = {CsrLayout: ("indptr", "indices", "data"), CooLayout: ("indices", "data")}
_HOMES = {"splits": "split", "samplers": "sampler"}


def hdf5plugin() -> Any:
    """Return the package of codecs, which registers them with HDF5, or `None` where there is none."""
    try:
        return importlib.import_module("hdf5plugin")
    except ImportError:
        return None


def survey_objects(file: h5py.File, schema: Schema, look: Look) -> Iterator[Found]:
    """Yield the facts of every object that lies in the file itself.

    Raises:
        FormatError: an object is damaged.
        StorageError: a codec is not installed.
    """
    problems = [key for key in schema.problems if is_own(file, key)]
    for key in problems:
        _check_codecs_of(file, key)
    schema.check(problems)
    for key, layout in schema.objects.items():
        if is_own(file, key):
            yield _survey(file, key, layout, look)


def survey_beside(file: h5py.File, schema: Schema) -> Iterator[Part]:
    """Yield the arrays beside the objects: codes of splits, names of categories."""
    paths = [f"splits/{name}/codes" for name in list_parts(file)]
    paths += [names_path(key) for key in schema.objects]
    for path in paths:
        if path in file and is_own(file, path) and isinstance(file[path], h5py.Dataset):
            yield survey_part(file[path], path)


def cut_short(file: h5py.File, schema: Schema) -> Iterator[str]:
    """Yield the paths of what was not written to its end."""
    for key in schema.unfinished:
        if is_own(file, key):
            yield key
            if names_path(key) in file:
                yield names_path(key)
    for home, mode in _HOMES.items():
        members = file[home] if isinstance(file.get(home), h5py.Group) else {}
        done = set(list_stamped(file, home, mode=mode))
        for name in members:
            if name not in done and is_own(file, f"{home}/{name}") and not _is_stamped(members[name]):
                yield f"{home}/{name}"


def _is_stamped(node: Any) -> bool:
    """Whether a member of `splits` or `samplers` is finished, or something else altogether."""
    hidden = str(node.name).rpartition("/")[2].startswith(".")
    return not isinstance(node, h5py.Group) or ("mode" in node.attrs and not hidden)


def is_own(file: h5py.File, path: str) -> bool:
    """Whether every step to an object is a hard link: it lies in this file, at this place."""
    group, steps = file, path.split("/")
    for at, step in enumerate(steps):
        if group.id.links.get_info(encoded(step)).type != h5l.TYPE_HARD:
            return False
        if at + 1 < len(steps):
            group = group[step]
    return True


def _survey(file: h5py.File, key: str, layout: Layout, look: Look) -> Found:
    node = file[key]
    names: tuple[str, ...]
    try:
        match layout:
            case VlenLayout():
                with look(key, layout.filled_to) as seen:
                    rows = _vlen_rows(node, layout, seen)
                return Found(key=key, layout=layout, parts={"": survey_part(node, key)}, rows=rows)
            case SeparateLayout():
                with look(key, layout.filled_to) as seen:
                    return _separate(node, key, layout, seen)
            case DenseLayout():
                return Found(key=key, layout=layout, parts={"": survey_part(node, key)})
            case RaggedLayout(row_rank=rank):
                names = ("values", "offsets", "shapes")[: 3 if rank > 1 else 2]
            case _:
                names = _NAMED[type(layout)]
        parts = {name: survey_part(node[name], f"{key}/{name}") for name in names}
        return Found(key=key, layout=layout, parts=parts)
    except (OSError, RuntimeError, KeyError) as error:
        if isinstance(error, StorageError):
            raise
        msg = f"/{key}: HDF5 cannot read it ({error}); is the file damaged?"
        raise StorageError(msg) from error


def survey_part(dataset: h5py.Dataset, path: str) -> Part:
    """Return the facts of one dataset.

    Raises:
        StorageError: it is compressed with a codec that is not installed.
    """
    kind, how = dataset.id.get_type(), dataset.id.get_create_plist()
    part = Part(
        path=path,
        shape=dataset.shape,
        itemsize=kind.get_size(),
        stored="contiguous",
        n_bytes=int(dataset.id.get_storage_size()),
        growable=None in dataset.maxshape,
    )
    if how.get_layout() == h5d.VIRTUAL:
        return attrs.evolve(part, **kept_as("virtual"))
    if how.get_external_count():
        return attrs.evolve(part, **kept_as("external"))
    if not is_plain(kind):
        return attrs.evolve(part, **kept_as("heap"))
    filters = _filters(dataset)
    _check_codecs(filters, path)
    if dataset.chunks is not None:
        coded = [CODECS.get(code, f"filter {code}") for code in filters if code not in _NO_CODEC]
        return attrs.evolve(part, stored=coded[-1] if coded else "chunks")
    return attrs.evolve(part, stored="compact") if how.get_layout() == h5d.COMPACT else part


_NO_CODEC = {h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32}


def _check_codecs_of(file: h5py.File, key: str) -> None:
    """Tell an object that needs a codec from one that is damaged."""
    node: Any = file[key]
    for member in [node] if isinstance(node, h5py.Dataset) else node.values():
        if isinstance(member, h5py.Dataset):
            _check_codecs(_filters(member), str(member.name).strip("/"))


def _filters(dataset: h5py.Dataset) -> list[int]:
    how = dataset.id.get_create_plist()
    return [how.get_filter(at)[0] for at in range(how.get_nfilters())]


def _check_codecs(filters: list[int], path: str) -> None:
    missing = [code for code in filters if not h5z.filter_avail(code)]
    if missing:
        name = CODECS.get(missing[0], "an unknown codec")
        msg = f"/{path}: needs {name}, HDF5 filter {missing[0]}, to be read; pip install hdf5plugin"
        raise StorageError(msg)


def _vlen_rows(node: h5py.Dataset, layout: VlenLayout, seen: Seen) -> Rows:
    base = h5py.check_vlen_dtype(node.dtype)
    if not isinstance(base, np.dtype) or base.kind not in "biufc" or layout.value.load.kind not in "biufcmM":
        return Rows(plain=False)
    n_values = 0
    for block in vlen_blocks(node, layout.filled_to):
        n_values += sum(len(row) for row in block)
        seen(len(block))
    return Rows(n_values=n_values, itemsize=base.itemsize, ranks=frozenset({1}))


def _separate(node: h5py.Group, key: str, layout: SeparateLayout, seen: Seen) -> Found:
    """Look at the type and shape of every row; no value is read."""
    rows = Rows(plain=layout.value.load.kind in "biufcmM")
    n_bytes, first = 0, None
    ranks: set[int] = set()
    for number in range(layout.filled_to):
        name = str(number).encode()
        if not node.id.links.exists(name):
            msg = f"/{key}: row {number} of {layout.filled_to} is missing; register the object anew"
            raise FormatError(msg)
        linked = node.id.links.get_info(name).type != h5l.TYPE_HARD
        if linked:
            rows = attrs.evolve(rows, linked=True)
            continue
        row = h5d.open(node.id, name)
        kind = row.get_type()
        first = first or kind
        plain = is_plain(kind) and kind.get_class() not in (h5t.STRING, h5t.OPAQUE)
        rows = attrs.evolve(
            rows,
            n_values=rows.n_values + int(np.prod(row.shape, dtype=np.int64)),
            itemsize=kind.get_size(),
            plain=rows.plain and plain,
            one_type=rows.one_type and kind.equal(first),
            own_attributes=rows.own_attributes or h5a.get_num_attrs(row) > 0,
        )
        ranks.add(len(row.shape))
        n_bytes += int(row.get_storage_size())
        seen(1)
    extras = tuple(name for name in node if not (name.isdecimal() and name == str(int(name))))
    rows = attrs.evolve(rows, ranks=frozenset(ranks), extras=extras)
    part = Part(path=key, shape=layout.shape, itemsize=rows.itemsize, stored="apart", n_bytes=n_bytes)
    return Found(key=key, layout=layout, parts={"": part}, rows=rows)
