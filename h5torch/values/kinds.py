"""What one value is: in the caller's data, in the file, and in a sample."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, TypeAlias

import attrs
import numpy as np

from h5torch.errors import ArgumentTypeError, ConversionError
from h5torch.rows import Array
from h5torch.values.convert import Casting, check, convert
from h5torch.values.spelled import check_width, parse, spell
from h5torch.values.text import decode

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
    if parsed.kind not in "biufcmMSUO":
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
    if save.kind in "US":
        if load.kind == "O" or (dtype_load is None and load.kind == "U"):
            load = _TEXT
        elif dtype_load is None and load.kind == save.kind:
            load = save
        return _spelled(save, load, what=what)
    if save.kind == "O" or load.kind == "O":
        msg = f"{what}: Python objects cannot be stored; give numbers, text or bytes"
        raise ArgumentTypeError(msg)
    if {source.kind, save.kind, load.kind} & {"m", "M"}:
        return _timed(source, dtype_save and save, dtype_load and load, what=what)
    if dtype_load is None and source.kind in "US":
        load = save  # numbers spelled as text come back as the numbers that they are stored as
    as_bfloat16 = is_bfloat16(dtype_load) or (bfloat16 and dtype_load is None)
    return Value(kind="number", save=save, load=load, bfloat16=as_bfloat16)


def _spelled(save: np.dtype[Any], load: np.dtype[Any], *, what: str) -> Value:
    if load.kind == "b":
        msg = f"{what}: text and bytes do not load as bool; drop dtype_save, or load them as they are"
        raise ArgumentTypeError(msg)
    kinds: dict[str, Kind] = {"U": "text", "S": "bytes", "m": "time", "M": "time"}
    # A width counts characters in `U` and bytes in `S`; only that of `S` says what the file holds.
    width = save if save.kind == "S" else np.dtype("S")
    return Value(kind=kinds.get(load.kind, "number"), save=width, load=load)


def _timed(
    source: np.dtype[Any], save: np.dtype[Any] | None, load: np.dtype[Any] | None, *, what: str
) -> Value:
    """Times lie in the file as int64 counts of one unit, that in which they load."""
    units = {dtype for dtype in (save, load) if dtype is not None and dtype.kind in "mM"}
    counts = np.dtype(np.int64)
    if len(units) > 1 or (load is not None and load.kind not in "mM") or save not in {None, counts, *units}:
        msg = (
            f"{what}: times of {source} cannot be saved as {save or source} and loaded as {load or source}; "
            "ask for one unit, or register values.astype('int64') to have plain counts"
        )
        raise ArgumentTypeError(msg)
    unit = units.pop() if units else source
    if np.datetime_data(unit)[0] == "generic":
        msg = f"{what}: times without a unit cannot be stored; convert them, e.g. to 'datetime64[ns]'"
        raise ArgumentTypeError(msg)
    return Value(kind="time", save=counts, load=unit)


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
        width = value.save.itemsize or None
        return spell(values, width=width, load=value.load, casting=casting, what=what, first_row=first_row)
    change = partial(convert, casting=casting, what=what, first_row=first_row, row_ends=row_ends)
    refuse = partial(check, casting=casting, what=what, first_row=first_row, row_ends=row_ends)
    if value.kind == "time":
        return _count(values, value, change, what=what)
    if values.dtype.kind in "US":
        values = parse(values, value.save, what=what, first_row=first_row)
    if values.dtype.kind in "mM":
        msg = (
            f"{what}: times cannot be stored as {value.save}; register values.astype('int64') to have counts"
        )
        raise ConversionError(msg)
    saved = change(values, value.save)
    if value.load == values.dtype:
        return saved  # what was not lost on the way in comes back
    if value.load.kind in _NUMBERS:
        refuse(saved, value.load)
        if values.dtype.kind in "iu" and value.save.kind in "fc":
            refuse(values, value.load)  # from float to float alone, an integer could be rounded
    elif casting == "checked":
        check_width(saved, value.load, what=what, first_row=first_row)
    return saved


def _count(values: Array, value: Value, change: Callable[..., Array], *, what: str) -> Array:
    """Return times as int64 counts of the object's unit; integers are such counts already."""
    if values.dtype.kind in "iu":
        return change(values, value.save)
    if values.dtype.kind not in "mM":
        msg = f"{what}: {values.dtype} values are no times; give datetime64, timedelta64 or integer counts"
        raise ConversionError(msg)
    return change(values, value.load).view(np.int64)


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
    if stored.kind in "SO" and load.kind == "U":
        return Value(kind="text", save=stored, load=load)
    if stored == np.uint8 and load.kind == "U":
        return Value(kind="text", save=stored, load=load)
    if stored.kind in "SO" and load.kind in "SO":
        return Value(kind="bytes", save=stored, load=load)
    kind: Kind = "category" if category else "time" if load.kind in "mM" else "number"
    return Value(kind=kind, save=stored, load=load, bfloat16=bfloat16)
