"""Values spelled as bytes: text, what `dtype_save="bytes"` makes of numbers, and numbers given as text."""

from typing import Any

import numpy as np

from h5torch.errors import ConversionError
from h5torch.rows import Array
from h5torch.values.convert import Casting, convert
from h5torch.values.text import fixed_width


def spell(
    values: Array, *, width: int | None, load: np.dtype[Any], casting: Casting, what: str, first_row: int
) -> Array:
    """Spell values as bytes of one width, out of which `load` makes the same values.

    Args:
        values: Text (`U`), bytes, numbers or times of any shape; axis 0 is rows.
        width: Bytes a value may take, or `None` for as many as are needed.
        load: Dtype in samples.
        casting: `"unsafe"` cuts what is too long, and does not look whether values come back.
        what: Path of the object, for messages.
        first_row: Row number of `values[0]`, for messages.

    Raises:
        ConversionError: a value is too long, or would come back as another one.
    """
    if values.dtype.kind == "U":
        encoded = fixed_width(values, width=width, casting=casting, what=what, first_row=first_row)
    else:
        encoded = values.astype("S")
        if width is not None:
            if casting == "checked":
                check_width(encoded, np.dtype(f"S{width}"), what=what, first_row=first_row)
            encoded = encoded.astype(f"S{width}")
    if casting == "checked":
        _check_loading(values, encoded, load, what=what, first_row=first_row)
    return encoded


def check_width(values: Array, dtype: np.dtype[Any], *, what: str, first_row: int) -> None:
    """Refuse values that the width of `dtype`, if it has one, would cut.

    Raises:
        ConversionError: a value is too long.
    """
    whole = values.astype(dtype.kind)
    cut = whole.astype(dtype) != whole if dtype.itemsize else np.zeros(0, bool)
    if cut.any():
        where = np.unravel_index(int(np.argmax(cut)), cut.shape)
        longest = int(np.strings.str_len(whole).max())
        msg = (
            f"{what}: {whole[where].item()!r} in row {first_row + int(where[0])} does not fit {dtype} "
            f"({int(cut.sum())} of {cut.size} values would be cut); ask for "
            f"'{dtype.kind}{longest}', or for no width at all"
        )
        raise ConversionError(msg)


def _check_loading(values: Array, encoded: Array, load: np.dtype[Any], *, what: str, first_row: int) -> None:
    if load.kind == "S":
        return check_width(encoded, load, what=what, first_row=first_row)
    if load.kind == "U":
        text = values if values.dtype.kind == "U" else _decoded(encoded, what=what, first_row=first_row)
        return check_width(text, load, what=what, first_row=first_row)
    loaded = parse(encoded, load, what=what, first_row=first_row)
    if values.dtype.kind in "US":
        return None
    expected = convert(values, load, casting="checked", what=what, first_row=first_row)
    lost = (loaded != expected) & ~(np.isnan(loaded) & np.isnan(expected))
    if lost.any():
        where = np.unravel_index(int(np.argmax(lost)), lost.shape)
        msg = (
            f"{what}: {values[where]!s} in row {first_row + int(where[0])} would come back as "
            f"{loaded[where]!s}; drop dtype_save to store {values.dtype} as it is"
        )
        raise ConversionError(msg)
    return None


def _decoded(encoded: Array, *, what: str, first_row: int) -> Array:
    try:
        return np.strings.decode(encoded, "utf-8")
    except UnicodeDecodeError:
        position = next(at for at, item in enumerate(encoded.ravel().tolist()) if not _is_utf8(item))
        row = first_row + position // max(1, encoded.size // len(encoded))
        msg = (
            f"{what}: the bytes in row {row} are no UTF-8; load them with dtype_load='bytes', or repair them"
        )
        raise ConversionError(msg) from None


def _is_utf8(item: bytes) -> bool:
    try:
        item.decode()
    except UnicodeDecodeError:
        return False
    return True


def parse(texts: Array, dtype: np.dtype[Any], *, what: str, first_row: int) -> Array:
    """Read numbers or times out of text or bytes.

    Raises:
        ConversionError: a text spells no value of `dtype`.
    """
    if dtype.kind != "b":  # to NumPy, every text but an empty one is true
        try:
            return _parse(texts, dtype)
        except (ValueError, OverflowError, TypeError):
            position = next(at for at, text in enumerate(texts.ravel()) if not _spells(text, dtype))
    else:
        position = 0
    text = texts.ravel()[position].item()
    row = first_row + position // max(1, texts.size // len(texts))
    msg = f"{what}: {text!r} in row {row} is no {dtype}; store it as text, or repair it first"
    raise ConversionError(msg)


def _parse(texts: Array, dtype: np.dtype[Any]) -> Array:
    """Parse floats in full, so that one too large for `dtype` is found and not made infinite."""
    if dtype.kind not in "fc":
        return texts.astype(dtype)
    wide = texts.astype(np.result_type(dtype, np.float64))
    return convert(wide, dtype, casting="checked", what="text")


def _spells(text: Any, dtype: np.dtype[Any]) -> bool:
    try:
        _parse(np.array([text]), dtype)
    except (ValueError, OverflowError, TypeError):
        return False
    return True
