"""What one value is: in the caller's data, in the file, and in a sample."""

from functools import partial
from typing import Any, Literal, TypeAlias

import attrs
import numpy as np

from h5torch.errors import ArgumentTypeError, ConversionError
from h5torch.rows import Array
from h5torch.values.convert import Casting, convert
from h5torch.values.text import decode, fixed_width

Kind: TypeAlias = Literal["number", "time", "text", "bytes", "category"]

_TEXT = np.dtype("U")
_NUMBERS = "biufc"


@attrs.frozen(kw_only=True)
class Value:
    """One value of an object: its kind, its dtype in the file and its dtype in a sample."""

    kind: Kind
    save: np.dtype[Any]
    load: np.dtype[Any]
    bfloat16: bool = False
    """Whether tensors are made `torch.bfloat16`; NumPy, which lacks it, sees float32."""


def parse_dtype(dtype: Any, *, what: str) -> np.dtype[Any]:
    """Read a dtype as NumPy, Python or torch spells it.

    Raises:
        ArgumentTypeError: it is no dtype that can be stored.
    """
    name = str(dtype).removeprefix("torch.") if "torch" in str(type(dtype)) else dtype
    try:
        parsed = np.dtype("float32" if name == "bfloat16" else name)
    except TypeError as error:
        msg = f"{what}: {dtype!r} is not a dtype; use a NumPy name such as 'float32', 'str' or 'bytes'"
        raise ArgumentTypeError(msg) from error
    if parsed.kind not in "biufcmMSUO" or parsed.kind == "V":
        msg = f"{what}: values of dtype {parsed} cannot be stored; split them into plain columns"
        raise ArgumentTypeError(msg)
    return parsed.newbyteorder("=")


def is_bfloat16(dtype: Any) -> bool:
    """Whether the caller asked for bfloat16, as a name or as torch's dtype."""
    return str(dtype) in {"bfloat16", "torch.bfloat16"}


def decide_value(
    source: np.dtype[Any], *, dtype_save: Any, dtype_load: Any, bfloat16: bool, what: str
) -> Value:
    """Decide how values of dtype `source` lie in the file and come back.

    Args:
        source: Dtype of the data; text is `U`.
        dtype_save: What the caller asked for in the file, or `None` for the data's own.
        dtype_load: What the caller asked for in samples, or `None` for the data's own.
        bfloat16: Whether the data were `torch.bfloat16` before they became float32.
        what: Path of the object, for messages.

    Raises:
        ArgumentTypeError: a dtype that cannot be stored or read back.
    """
    source = parse_dtype(source, what=what)
    save = source if dtype_save is None else parse_dtype(dtype_save, what=what)
    load = source if dtype_load is None else parse_dtype(dtype_load, what=what)
    as_bfloat16 = is_bfloat16(dtype_load) or (bfloat16 and dtype_load is None)
    if load.kind == "U" and dtype_load is None:
        load = _TEXT
    if save.kind in "mM" and np.datetime_data(save)[0] == "generic":
        msg = f"{what}: times without a unit cannot be stored; convert them, e.g. to 'datetime64[ns]'"
        raise ArgumentTypeError(msg)
    if save.kind == "U":
        save = np.dtype("S")
    if load.kind == "O":
        load = _TEXT
    if save.kind == "O":
        msg = f"{what}: Python objects cannot be stored; give numbers, text or bytes"
        raise ArgumentTypeError(msg)
    if save.kind in "mM":
        return Value(kind="time", save=np.dtype("int64"), load=load)
    if save.kind == "S":
        kinds: dict[str, Kind] = {"U": "text", "S": "bytes"}
        return Value(kind=kinds.get(load.kind, "number"), save=save, load=load)
    return Value(kind="number", save=save, load=load, bfloat16=as_bfloat16)


def encode_values(
    values: Array,
    value: Value,
    *,
    casting: Casting,
    what: str,
    first_row: int = 0,
    row_ends: Array | None = None,
) -> Array:
    """Turn the caller's values into what the file holds, checking that they come back.

    `first_row` and `row_ends` say which row a value belongs to, as in `convert`.

    Raises:
        ConversionError: the values would change on the way in or on the way out.
    """
    if value.save.kind == "S":
        return _encode_bytes(values, value, what=what, first_row=first_row)
    change = partial(convert, casting=casting, what=what, first_row=first_row, row_ends=row_ends)
    if value.kind == "time":
        source = values if values.dtype.kind in "mM" else values.astype("int64")
        timed = change(source, value.load)
        return timed.view("int64") if timed.dtype.kind in "mM" else timed.astype("int64")
    if values.dtype.kind in "USO":
        values = _parse_numbers(values, what=what)
    saved = change(values, value.save)
    if value.load.kind in _NUMBERS:
        change(saved, value.load)
    return saved


def _encode_bytes(values: Array, value: Value, *, what: str, first_row: int) -> Array:
    if values.dtype.kind in "UT":
        width = value.save.itemsize or None
        return fixed_width(values, width=width, what=what, first_row=first_row)
    encoded = values.astype("S")
    if value.save.itemsize and encoded.dtype.itemsize > value.save.itemsize:
        msg = (
            f"{what}: bytes of length {encoded.dtype.itemsize} do not fit the object's "
            f"{value.save.itemsize}; ask for more with dtype_save='S{encoded.dtype.itemsize}'"
        )
        raise ConversionError(msg)
    return encoded.astype(value.save) if value.save.itemsize else encoded


def _parse_numbers(values: Array, *, what: str) -> Array:
    try:
        return values.astype(np.float64)
    except ValueError as error:
        msg = f"{what}: text cannot be stored as numbers ({error}); drop dtype_save to store it as text"
        raise ConversionError(msg) from error


def decode_values(values: Array, value: Value, *, what: str) -> Array:
    """Turn what the file holds into what a sample shows (codes of categories stay codes)."""
    if value.kind == "text" and values.dtype.kind in "SO":
        text = decode(values, what=what)
        return text.astype(value.load) if value.load.itemsize else text
    if values.dtype == value.load:
        return values
    return values.astype(value.load)


def value_of(stored: np.dtype[Any], load: np.dtype[Any], *, category: bool, bfloat16: bool) -> Value:
    """Read back what a value is from its dtype in the file and the dtype samples have."""
    if stored.kind in "SO" and load.kind in "UO":
        return Value(kind="text", save=stored, load=load if load.kind == "U" else _TEXT)
    if stored == np.uint8 and load.kind == "U":
        return Value(kind="text", save=stored, load=load)
    if stored.kind == "S" and load.kind == "S":
        return Value(kind="bytes", save=stored, load=load)
    kind: Kind = "category" if category else "time" if load.kind in "mM" else "number"
    return Value(kind=kind, save=stored, load=load, bfloat16=bfloat16)
