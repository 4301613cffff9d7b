"""Layout records to the attributes of HDF5 objects, and back.

Reading takes the objects of an open file or what `File.to_dict` gave for them. It fails closed: an
object whose parts do not fit together has a problem, and no layout.
"""

from collections.abc import Callable, Mapping
from typing import Any

import h5py
import numpy as np

from h5torch.errors import FormatError, H5torchError
from h5torch.layouts import (
    LAYOUTS,
    CooLayout,
    CsrLayout,
    DenseLayout,
    Layout,
    RaggedLayout,
    SeparateLayout,
    VlenLayout,
)
from h5torch.values.kinds import Value, value_of
from h5torch.wire.names import read_names
from h5torch.wire.stamps import as_text

VERSION = 1
_NEEDED = ("shape", "dtypes", "filled_to")


def is_stamped(node: Any) -> bool:
    """Whether an object was written to its end: the stamp `mode` comes last."""
    return "mode" in (getattr(node, "attrs", None) or {})


def read_layout(root: Any, key: str) -> Layout:
    """Read the layout of one object.

    Args:
        root: An open file, or what `File.to_dict` gave.
        key: Its key, such as `central` or `0/name`.

    Raises:
        FormatError: attributes are missing or wrong, or parts do not fit together.
    """
    node = root[key]
    mode = as_text(node.attrs["mode"])
    version = int(node.attrs.get("version", VERSION))
    if mode not in LAYOUTS:
        msg = f"unknown mode {mode!r}; known are {', '.join(LAYOUTS)}"
        raise FormatError(msg)
    if version > VERSION:
        msg = f"mode {mode!r} has version {version}, this package reads up to {VERSION}; upgrade h5torch"
        raise FormatError(msg)
    missing = [name for name in _NEEDED if name not in node.attrs] if "version" in node.attrs else []
    if missing:
        msg = f"mode {mode!r} of version {version} lacks the attributes {missing}; register the object anew"
        raise FormatError(msg)
    try:
        shape = tuple(int(length) for length in np.atleast_1d(node.attrs["shape"]))
        filled_to = int(node.attrs.get("filled_to", shape[0]))
        if not shape or min(shape) < 0 or not 0 <= filled_to <= shape[0]:
            msg = f"attributes say shape {shape}, filled to {filled_to}"
            raise FormatError(msg)
        return _READERS[mode](root, node, shape, filled_to)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        msg = f"mode {mode!r} lacks a part or attribute ({error}); register the object anew"
        raise FormatError(msg) from error
    except H5torchError:
        raise
    except ValueError as error:
        msg = f"attributes of mode {mode!r} make no sense ({error})"
        raise FormatError(msg) from error


def _value(node: Any, stored: np.dtype[Any]) -> Value:
    """Read what a value is; the first releases wrote no `dtypes`."""
    dtypes = [as_text(name) for name in node.attrs.get("dtypes", [stored, stored])]
    load = np.dtype(dtypes[1]).newbyteorder("=")
    unit = np.datetime_data(load)[0] if load.kind in "mM" else ""
    if load.kind not in "biufcmMSUO" or load.shape or unit == "generic":
        msg = f"samples cannot have the dtype {dtypes[1]!r}"
        raise FormatError(msg)
    if load.kind == "O" and len(getattr(node, "shape", ())) == 1:
        load = np.dtype("U")  # rows of text, which the published package stored but could not give back
    return value_of(
        stored,
        load,
        category="categories" in node.attrs,
        bfloat16=bool(node.attrs.get("bfloat16", False)),
    )


def _expect(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        msg = f"{what} is {found}, should be {wanted}"
        raise FormatError(msg)


def _expect_integers(part: Any, name: str, *, or_floats: bool = False) -> None:
    """Refuse a part that must count; release 0.2.12 counted in float32."""
    if np.dtype(part.dtype).kind not in ("iuf" if or_floats else "iu"):
        msg = f"{name} must be integers, found {part.dtype}"
        raise FormatError(msg)


def _read_dense(root: Any, node: Any, shape: tuple[int, ...], filled_to: int) -> DenseLayout:
    _expect(tuple(node.shape), shape, "the dataset's shape")
    names = read_names(root, as_text(node.attrs["categories"])) if "categories" in node.attrs else None
    value = _value(node, np.dtype(node.dtype))
    if names is not None:
        _expect_integers(node, "the codes")
    return DenseLayout(shape=shape, filled_to=filled_to, value=value, names=names)


def _read_csr(root: Any, node: Any, shape: tuple[int, ...], filled_to: int) -> CsrLayout:
    del root
    n_rows, n_cols = shape
    indptr, data = node["indptr"], node["data"]
    _expect(indptr.shape, (n_rows + 1,), "the shape of indptr")
    _expect_integers(indptr, "indptr", or_floats="version" not in node.attrs)
    _expect_integers(node["indices"], "indices")
    n_stored = _stored(node, indptr, filled_to, "indptr", ["indices", "data"])
    return CsrLayout(
        shape=(n_rows, n_cols),
        filled_to=filled_to,
        n_stored=n_stored,
        value=_value(node, np.dtype(data.dtype)),
        load_sparse=bool(node.attrs.get("load_sparse", False)),
        # Where another package wrote last, it knew nothing of the order.
        ordered=bool(node.attrs.get("ordered", False)) and node.attrs.get("stored", -1) == n_stored,
    )


def _stored(node: Any, offsets: Any, filled_to: int, name: str, parts: list[str]) -> int:
    """Return how many values the filled rows own.

    The attribute `stored` repeats the last offset: then an append that was cut short may have left
    values behind that no row owns. Where it does not, as after the published package wrote, the values
    must be as many as the last offset says: its releases 0.2.12 and 0.2.13 lost row boundaries.
    """
    first, last = float(offsets[0]), float(offsets[filled_to])
    for part in parts:
        _expect(len(node[part].shape), 1, f"the number of axes of {part}")
    lengths = [int(node[part].shape[0]) for part in parts]
    slack = float(node.attrs.get("stored", -1)) == last
    fits = all(length >= last if slack else length == last for length in lengths)
    if first != 0 or last != int(last) or last < 0 or not fits:
        msg = (
            f"{name}[0] is {first:g} and {name}[{filled_to}] is {last:g}, but {min(lengths)} values are "
            "stored: a row boundary is missing, as after an append by release 0.2.12 or 0.2.13 of "
            "the published package; register the object anew from its source"
        )
        raise FormatError(msg)
    return int(last)


def _read_coo(root: Any, node: Any, shape: tuple[int, ...], filled_to: int) -> CooLayout:
    del root, filled_to
    indices, data = node["indices"], node["data"]
    _expect(indices.ndim, 2, "the number of axes of indices")
    _expect(data.ndim, 1, "the number of axes of data")
    _expect_integers(indices, "indices")
    n_stored = int(node.attrs.get("stored", data.shape[0]))
    if "stored" not in node.attrs:
        _expect(indices.shape[1], data.shape[0], "the length of indices")
    if indices.shape[0] != len(shape) or not 0 <= n_stored <= min(indices.shape[1], data.shape[0]):
        msg = f"{n_stored} nonzeros of shape {shape} are not in indices {indices.shape}, data {data.shape}"
        raise FormatError(msg)
    return CooLayout(shape=shape, n_stored=n_stored, value=_value(node, np.dtype(data.dtype)))


def _read_ragged(root: Any, node: Any, shape: tuple[int, ...], filled_to: int) -> RaggedLayout:
    del root
    (n_rows,) = shape
    values, offsets = node["values"], node["offsets"]
    _expect(offsets.shape, (n_rows + 1,), "the shape of offsets")
    _expect_integers(offsets, "offsets")
    rank = int(node["shapes"].shape[1]) if "shapes" in node else 1
    if rank > 1:
        _expect(node["shapes"].shape, (n_rows, rank), "the shape of shapes")
        _expect_integers(node["shapes"], "shapes")
    return RaggedLayout(
        shape=(n_rows,),
        filled_to=filled_to,
        row_rank=rank,
        n_stored=_stored(node, offsets, filled_to, "offsets", ["values"]),
        value=_value(node, np.dtype(values.dtype)),
    )


def _read_vlen(root: Any, node: Any, shape: tuple[int, ...], filled_to: int) -> VlenLayout:
    del root
    (n_rows,) = shape
    _expect(tuple(node.shape), shape, "the dataset's shape")
    stored = h5py.check_vlen_dtype(node.dtype)
    if stored is None:
        stored = np.dtype(as_text(node.attrs["dtypes"][0]))
    return VlenLayout(shape=(n_rows,), filled_to=filled_to, value=_value(node, np.dtype(stored)))


def _read_separate(root: Any, node: Any, shape: tuple[int, ...], filled_to: int) -> SeparateLayout:
    del root
    (n_rows,) = shape
    stored = np.dtype(node["0"].dtype if "0" in node else as_text(node.attrs["dtypes"][0]))
    return SeparateLayout(shape=(n_rows,), filled_to=filled_to, value=_value(node, stored))


_READERS: Mapping[str, Callable[[Any, Any, tuple[int, ...], int], Layout]] = {
    "N-D": _read_dense,
    "csr": _read_csr,
    "coo": _read_coo,
    "ragged": _read_ragged,
    "vlen": _read_vlen,
    "separate": _read_separate,
}


def write_stamp(node: h5py.HLObject, layout: Layout, *, categories: str | None) -> None:
    """Write the attributes of an object whose data are complete; `mode` comes last."""
    node.attrs["dtypes"] = [str(layout.value.save), str(layout.value.load)]
    update_stamp(node, layout)
    if isinstance(layout, CsrLayout):
        node.attrs["load_sparse"] = layout.load_sparse
    if layout.value.bfloat16:
        node.attrs["bfloat16"] = True
    if categories is not None:
        node.attrs["categories"] = categories
    node.attrs["version"] = VERSION
    node.attrs["mode"] = layout.mode


def update_stamp(node: h5py.HLObject, layout: Layout) -> None:
    """Say how many rows an object holds, once they are all there."""
    if isinstance(layout, CsrLayout):
        node.attrs["ordered"] = layout.ordered
    node.attrs["shape"] = np.array(layout.shape, dtype=np.int64)
    if isinstance(layout, CsrLayout | CooLayout | RaggedLayout):
        node.attrs["stored"] = layout.n_stored
    node.attrs["filled_to"] = layout.filled_to
