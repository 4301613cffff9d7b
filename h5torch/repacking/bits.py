"""Copying attributes and datasets bit by bit, through HDF5's own types: no value is converted."""

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5o, h5p, h5s, h5t, h5z

from h5torch.errors import StorageError
from h5torch.repacking.blocks import Block, blocks_of_array
from h5torch.repacking.records import ArrayPlan, Packing
from h5torch.storage.sink import FILL_BYTES

BLOCK_BYTES = 8 << 20
"""Arrays are copied in blocks of about so many bytes."""

_SIMPLE = (h5t.INTEGER, h5t.FLOAT, h5t.ENUM, h5t.BITFIELD, h5t.OPAQUE)


def is_plain(kind: Any) -> bool:
    """Whether values of an HDF5 type are their bytes, and hold no address of other bytes."""
    found = kind.get_class()
    if found == h5t.STRING:
        return not kind.is_variable_str()
    if found == h5t.COMPOUND:
        return all(is_plain(kind.get_member_type(at)) for at in range(kind.get_nmembers()))
    if found == h5t.ARRAY:
        return is_plain(kind.get_super())
    return found in _SIMPLE


def encoded(name: str) -> bytes:
    """Spell a name as HDF5 holds it, also one that is no valid UTF-8."""
    return name.encode("utf-8", "surrogateescape")


@contextlib.contextmanager
def failures_of(path: str, verb: str) -> Iterator[None]:
    """Name the object that HDF5 fails at.

    Raises:
        StorageError: it cannot be read, or written.
    """
    try:
        yield
    except StorageError:
        raise
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        remedy = "is the file damaged?" if verb == "read" else "is the disk full?"
        msg = f"/{path}: HDF5 cannot {verb} it ({error}); {remedy}"
        raise StorageError(msg) from error


def copy_as_it_is(source: Any, target: h5py.Group, path: str) -> None:
    """Copy a dataset or a named type with its storage; its attributes are not copied."""
    how = h5p.create(h5p.OBJECT_COPY)
    how.set_copy_object(h5o.COPY_WITHOUT_ATTR_FLAG)
    with failures_of(path, "copy"):
        h5o.copy(source.id, b".", target.id, encoded(path), how)


def copy_array(
    source: h5py.Dataset,
    target: h5py.Group,
    path: str,
    plan: ArrayPlan,
    packing: Packing,
    done: Callable[[int], object],
) -> None:
    """Copy a dataset into another storage, block by block."""
    kind = source.id.get_type().copy()
    with failures_of(path, "write"):
        made = create(target, path, kind, plan, packing, how=source.id.get_create_plist())
    shape = tuple(plan.n_filled if at == plan.axis else n for at, n in enumerate(plan.shape))
    unit = _unit(source, kind.get_size())
    blocks = blocks_of_array(shape, unit, itemsize=kind.get_size(), axis=plan.axis, limit=BLOCK_BYTES)
    for block in blocks:
        with failures_of(path, "read"):
            values = read_block(source.id, block, kind)
        with failures_of(path, "write"):
            write_block(made, block, values, kind)
        done(values.nbytes)


def _unit(source: h5py.Dataset, itemsize: int) -> tuple[int, ...]:
    """Return the least that is worth reading at once: a chunk, where it has to be decoded whole."""
    chunks = source.chunks
    if chunks is None:
        return (1,) * source.ndim
    filtered = source.id.get_create_plist().get_nfilters() > 0
    return chunks if filtered or math.prod(chunks) * itemsize <= BLOCK_BYTES else (1,) * source.ndim


def create(
    target: h5py.Group, path: str, kind: Any, plan: ArrayPlan, packing: Packing, *, how: Any = None
) -> Any:
    """Make a dataset of an HDF5 type and return its identifier.

    Args:
        target: The file.
        path: Where it goes.
        kind: Its HDF5 type.
        plan: Its shape and chunks.
        packing: How it is compressed, where the plan says so.
        how: Properties of the dataset that it is a copy of: what is no storage, such as the fill
            value, is kept.
    """
    how = h5p.create(h5p.DATASET_CREATE) if how is None else how
    if how.get_nfilters():
        how.remove_filter(0)  # 0 stands for all
    how.set_alloc_time(h5d.ALLOC_TIME_DEFAULT)
    if plan.chunks is None:
        how.set_layout(h5d.CONTIGUOUS)
    else:
        how.set_chunk(plan.chunks)
        if plan.packed:
            _compress(how, packing, itemsize=kind.get_size())
    partly = plan.n_filled < plan.shape[plan.axis]
    if partly and math.prod(plan.shape) * kind.get_size() < FILL_BYTES:
        how.set_fill_time(h5d.FILL_TIME_ALLOC)
    longest = tuple(
        h5s.UNLIMITED if plan.grows and at == plan.axis else length for at, length in enumerate(plan.shape)
    )
    return h5d.create(target.id, encoded(path), kind, h5s.create_simple(plan.shape, longest), how)


def _compress(how: Any, packing: Packing, *, itemsize: int) -> None:
    if packing.shuffle and itemsize > 1:
        how.set_shuffle()
    if packing.filter == "gzip":
        how.set_deflate(*packing.options)
    elif packing.filter == "lzf":
        how.set_filter(h5z.FILTER_LZF, h5z.FLAG_OPTIONAL)
    else:
        how.set_filter(packing.filter, h5z.FLAG_MANDATORY, packing.options)


def read_block(source: Any, block: Block, kind: Any) -> Any:
    """Read a block of a dataset as raw bytes of its own type."""
    counts = tuple(stop - start for start, stop in block)
    values = np.empty(counts, f"V{kind.get_size()}")
    # Held by name: were they let go of within the call, an interruption would end there, unnoticed.
    memory, space = h5s.create_simple(counts), _selected(source, block, counts)
    source.read(memory, space, values, kind)
    return values


def write_block(target: Any, block: Block, values: Any, kind: Any) -> None:
    """Write raw bytes of a dataset's own type."""
    counts = tuple(stop - start for start, stop in block)
    memory, space = h5s.create_simple(counts), _selected(target, block, counts)
    target.write(memory, space, values, kind)


def _selected(dataset: Any, block: Block, counts: tuple[int, ...]) -> Any:
    space = dataset.get_space()
    space.select_hyperslab(tuple(start for start, _ in block), counts)
    return space


def attribute_names(node: h5py.HLObject) -> list[str]:
    """List the attributes of an object, `mode` last: the stamp that says that all else is there."""
    return sorted(node.attrs, key=lambda name: name == "mode")


def copy_attribute(source: h5py.HLObject, target: h5py.HLObject, name: str) -> bool:
    """Copy one attribute; where it holds references, which mean nothing in another file, return false."""
    with failures_of(str(source.name).strip("/"), "copy"):
        old = h5a.open(source.id, encoded(name))
        kind = old.get_type().copy()
        if kind.detect_class(h5t.REFERENCE):
            return False
        new = h5a.create(target.id, encoded(name), kind, old.get_space())
        if old.get_space().get_simple_extent_type() == h5s.NULL:
            return True
        if is_plain(kind):
            values = np.empty(old.shape, f"V{kind.get_size()}")
            old.read(values, kind)
            new.write(values, kind)
        else:
            values = np.empty(old.shape, old.dtype)
            old.read(values)
            new.write(values)
    return True
