"""Registering and appending: decide what an object becomes, then write it, or leave no trace."""

import contextlib
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import h5py
import numpy as np
from tqdm import tqdm

from h5torch.blocks import Blocks, blocks_of
from h5torch.errors import (
    ArgumentTypeError,
    RegisterError,
    StorageError,
    UnknownNameError,
)
from h5torch.layouts import LAYOUTS, MODES, CsrLayout, DenseLayout, Layout
from h5torch.names import check_name, did_you_mean
from h5torch.schema import CENTRAL, UNSTRUCTURED, check_alignment
from h5torch.storage.sink import H5Sink, Storage, refusals_of_hdf5
from h5torch.values import categories
from h5torch.values.convert import Casting, check_casting
from h5torch.values.data import Data, DenseData
from h5torch.values.kinds import Value, decide_value
from h5torch.wire.names import names_path, write_names
from h5torch.wire.objects import is_stamped, read_layout, update_stamp, write_stamp
from h5torch.wire.schema import keys_of
from h5torch.wire.stamps import check_writable


@attrs.frozen(kw_only=True)
class Request:
    """What a caller asked of `File.register`, beside the data."""

    axis: Any
    name: str | None
    length: Any
    mode: Any
    dtype_save: Any
    dtype_load: Any
    csr_load_sparse: bool
    casting: Casting = attrs.field(converter=check_casting)
    categories: Any
    storage: Storage
    progress: bool


def register_object(file: h5py.File, data: Any, request: Request) -> None:
    """Write an object so that it is there whole afterwards, or not at all."""
    check_writable(file)
    key = decide_key(request)
    if request.mode not in MODES:
        msg = f"{key}: mode={request.mode!r} is not known; {did_you_mean(str(request.mode), MODES)}"
        raise RegisterError(msg)
    shape = None if key == CENTRAL else _central_shape(file, key)
    if key in file and is_stamped(file[key]):
        msg = f'{key}: is registered already; delete it first with del f["{key}"], or choose another name'
        raise RegisterError(msg)
    known = _length(request, key, shape)
    blocks = blocks_of(data, mode=request.mode, length=known, what=key)
    first = _prepare(next(blocks.items), request, key)
    layout = _plan(first, blocks, request, key)
    if not blocks.growing:
        _check_fit(file, key, layout, shape)
        _check_disk(file, layout, request.storage)
    with _all_or_nothing(file, key):
        layout = _write(file, key, layout, first, blocks, request)
        _check_fit(file, key, layout, shape)
        names = getattr(layout, "names", None)
        path = None if names is None else write_names(file, key, names)
        write_stamp(file[key], layout, categories=path)


def decide_key(request: Request) -> str:
    """Return the key of the object asked for.

    Raises:
        ArgumentTypeError: the axis is none, or the name is missing.
        RegisterError: a negative axis, or a name that no file can hold.
    """
    axis, name = request.axis, request.name
    if isinstance(axis, str) and axis == CENTRAL:
        return CENTRAL
    is_axis = isinstance(axis, (int, np.integer)) and not isinstance(axis, bool)
    if not is_axis and not (isinstance(axis, str) and axis == UNSTRUCTURED):
        msg = f"axis={axis!r}: give 'central', 'unstructured', or the number of an axis"
        raise ArgumentTypeError(msg)
    if is_axis and axis < 0:
        msg = f"axis={axis}: axes are counted from 0, and negative ones would make a group of that name"
        raise RegisterError(msg)
    if not isinstance(name, str):
        msg = f"axis={axis!r}: name= must say what the object is called, found {name!r}"
        raise ArgumentTypeError(msg)
    return f"{axis if isinstance(axis, str) else int(axis)}/{check_name(name, what=f'axis={axis!r}')}"


def _central_shape(file: h5py.File, key: str) -> tuple[int, ...]:
    try:
        return read_layout(file, CENTRAL).shape
    except KeyError:  # it is absent, or lacks the stamp
        msg = f"{key}: the central object comes first; register it with axis='central'"
        raise RegisterError(msg) from None


def _length(request: Request, key: str, shape: tuple[int, ...] | None) -> int | None:
    """Return the number of rows the object will have, where that is known beforehand."""
    length = request.length
    if length is not None:
        if isinstance(length, bool) or not isinstance(length, (int, np.integer)) or length < 0:
            msg = f"{key}: length={length!r} must be a whole number of rows"
            raise RegisterError(msg)
        return int(length)
    axis, _, _ = key.partition("/")
    return shape[int(axis)] if shape and axis.isdecimal() and int(axis) < len(shape) else None


def _prepare(data: Data, request: Request, key: str) -> Data:
    """Apply `categories=` to data of one block."""
    asked = request.categories
    if asked is None or asked is False:
        return data
    if not isinstance(data, DenseData) or data.values.dtype.kind not in "Uiu":
        msg = f"{key}: categories= takes text, or integer codes with a list of names; found {data.dtype}"
        raise RegisterError(msg)
    if data.names is not None and asked is True:
        return data
    if asked is True and data.values.dtype.kind != "U":
        msg = f"{key}: integer codes need names; pass categories=[name of 0, name of 1, ...]"
        raise RegisterError(msg)
    names = categories.check_names(np.unique(data.values).tolist() if asked is True else asked, what=key)
    given = data.values if data.names is None else data.names[data.values]
    return DenseData(values=categories.encode(given, names, what=key), names=names)


def _plan(first: Data, blocks: Blocks, request: Request, key: str) -> Layout:
    """Decide the layout from the first block."""
    if isinstance(first, DenseData) and first.names is not None:
        if request.dtype_save is not None or request.dtype_load is not None:
            msg = f"{key}: categories have dtypes of their own; drop dtype_save and dtype_load"
            raise RegisterError(msg)
        codes = categories.code_dtype(len(first.names))
        value = Value(kind="category", save=codes, load=np.dtype(np.int64))
    else:
        value = decide_value(
            first.dtype,
            dtype_save=request.dtype_save,
            dtype_load=request.dtype_load,
            bfloat16=getattr(first, "bfloat16", False),
            what=key,
        )
    room = blocks.length if request.length is None else int(request.length)
    layout = LAYOUTS[blocks.mode].plan(first, value, length=room, what=key)
    if request.csr_load_sparse:
        if not isinstance(layout, CsrLayout):
            msg = f"{key}: csr_load_sparse=True goes with mode='csr', found mode={layout.mode!r}"
            raise RegisterError(msg)
        layout = attrs.evolve(layout, load_sparse=True)
    return layout


def _check_fit(file: h5py.File, key: str, layout: Layout, shape: tuple[int, ...] | None) -> None:
    """Check lengths against the axes, and the axes' objects against a new central object."""
    if shape is not None:
        check_alignment(key, layout, shape)
        return
    if layout.n_rows == 0:
        msg = f"{CENTRAL}: the data are empty (shape {layout.shape}); a dataset needs at least one row"
        raise RegisterError(msg)
    for other in keys_of(file):
        if other != CENTRAL and is_stamped(file[other]):
            check_alignment(other, read_layout(file, other), layout.shape)


def _check_disk(file: h5py.File, layout: Layout, storage: Storage) -> None:
    """Refuse before the first byte what the disk cannot hold."""
    if not isinstance(layout, DenseLayout) or storage.compression is not None:
        return
    folder = Path(file.filename).absolute().parent
    if file.driver != "sec2" or not folder.is_dir():
        return
    needed = math.prod(layout.shape) * (layout.value.save.itemsize or 1)
    free = shutil.disk_usage(folder).free
    if needed > free:
        msg = (
            f"{file.filename}: the object needs {needed:,} bytes, the disk has {free:,} free; make "
            "room, or choose a smaller dtype_save= or compression="
        )
        raise StorageError(msg)


@contextlib.contextmanager
def _all_or_nothing(file: h5py.File, key: str) -> Iterator[None]:
    """Remove what was begun if the block raises."""
    _remove(file, key)  # what an interrupted registration left, which counts as absent
    try:
        yield
        with refusals_of_hdf5(file, key):
            file.flush()
    except BaseException:
        with contextlib.suppress(KeyError, OSError, RuntimeError):
            _remove(file, key)
        raise


def _remove(file: h5py.File, key: str) -> None:
    for path in (key, names_path(key)):
        if path in file:
            del file[path]
            group, _, _ = path.rpartition("/")
            if group and group in file and len(file[group]) == 0:
                del file[group]


def _write(
    file: h5py.File, key: str, layout: Layout, first: Data, blocks: Blocks, request: Request
) -> Layout:
    kind = LAYOUTS[blocks.mode]
    sink = H5Sink(file, key, request.storage)
    how: dict[str, Any] = {"casting": request.casting, "what": key}
    growing = blocks.growing or bool(request.storage.chunks and blocks.mode == "coo")
    if not blocks.growing:
        _check_room(layout, first, key)
    layout = kind.write(sink, layout, first, growing=growing, **how)
    show = None if request.progress and blocks.stream else True
    with tqdm(desc=key, unit=" rows", total=blocks.length, disable=show) as bar:
        bar.update(layout.filled_to)
        for block in blocks.items:
            done = layout.filled_to
            if not blocks.growing:
                _check_room(layout, block, key)
            layout = kind.append(sink, layout, _prepare(block, request, key), **how)
            bar.update(layout.filled_to - done)
    if blocks.stream and blocks.length is not None and request.length is None:
        _check_all_came(layout, key)
    return layout


def _check_room(layout: Layout, block: Data, key: str) -> None:
    """Refuse rows beyond the length of an object; nonzeros of `coo` are no rows."""
    stop = layout.filled_to + block.shape[0]
    if layout.mode != "coo" and stop > layout.n_rows:
        msg = (
            f"{key}: rows {layout.filled_to} to {stop} do not fit its length of {layout.n_rows}; register "
            "it with a larger length="
        )
        raise RegisterError(msg)


def _check_all_came(layout: Layout, key: str) -> None:
    if layout.filled_to != layout.n_rows:
        msg = (
            f"{key}: the blocks held {layout.filled_to} rows, the axis has {layout.n_rows}; pass "
            "length= to fill in the rest later with append"
        )
        raise RegisterError(msg)


def append_object(file: h5py.File, data: Any, key: Any, *, casting: Casting, progress: bool) -> None:
    """Fill in the next rows of an object that has room for them."""
    check_writable(file)
    check_casting(casting)
    if not isinstance(key, str):
        msg = f"append: give the key of an object, such as '0/name', found {key!r}"
        raise ArgumentTypeError(msg)
    if key not in file or not is_stamped(file[key]):
        msg = f"{key}: nothing to append to; {did_you_mean(key, list(keys_of(file)))}"
        raise UnknownNameError(msg)
    layout = read_layout(file, key)
    kind = LAYOUTS[layout.mode]
    blocks = blocks_of(data, mode=layout.mode, length=None, what=key)
    sink = H5Sink(file, key)
    update_stamp(file[key], layout)  # files of the published package lack what is stored
    show = None if progress and blocks.stream else True
    for block in tqdm(blocks.items, desc=key, unit=" blocks", disable=show):
        _check_room(layout, block, key)
        layout = kind.append(sink, layout, block, casting=casting, what=key)
        update_stamp(file[key], layout)
        with refusals_of_hdf5(file, key):
            file.flush()
