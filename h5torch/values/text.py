"""Text: `str` on both sides, UTF-8 bytes in the file."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from h5torch.errors import ConversionError
from h5torch.rows import Array
from h5torch.values.convert import Casting

# Fixed width is read fastest; it is chosen unless it would more than double the text's own bytes
# and waste over this many bytes a row.
SLACK = 64


def text_array(texts: Sequence[str], *, what: str) -> Array:
    """Return text as an array of dtype `U`, shape `(n,)`.

    Raises:
        ConversionError: a text ends in NUL, which neither NumPy nor HDF5 would keep.
    """
    check_ends(texts, "\0", what=what)
    return np.array([str(text) for text in texts], dtype=np.str_)


def check_ends(items: Iterable[Any], nul: str | bytes, *, what: str) -> None:
    """Refuse text or bytes that end in NUL.

    Raises:
        ConversionError: one does; NumPy pads with NUL, and strips what it takes for padding.
    """
    for row, item in enumerate(items):
        if item.endswith(nul):
            msg = f"{what}: {item!r} in row {row} ends in NUL, which arrays cannot keep; strip it first"
            raise ConversionError(msg)


def encode_rows(texts: Sequence[str], *, what: str, first_row: int = 0, per_row: int = 1) -> list[bytes]:
    """Encode each text as UTF-8.

    Args:
        texts: Text, `per_row` of them to a row.
        what: Path of the object, for the message.
        first_row: Row number of the first, for the message.
        per_row: How many texts make a row.

    Raises:
        ConversionError: a text holds a lone surrogate, which UTF-8 cannot spell.
    """
    encoded = []
    for position, text in enumerate(texts):
        try:
            encoded.append(text.encode())
        except UnicodeEncodeError as error:
            row = first_row + position // per_row
            msg = f"{what}: the text in row {row} is not valid Unicode ({error.reason}); repair it first"
            raise ConversionError(msg) from error
    return encoded


def fixed_width(
    texts: Array, *, width: int | None, what: str, casting: Casting = "checked", first_row: int = 0
) -> Array:
    """Encode text as an array of zero-padded UTF-8 bytes.

    Args:
        texts: `str` values of any shape; axis 0 is rows.
        width: Bytes a value may take, or `None` for the longest one's.
        what: Path of the object, for the message.
        casting: `"unsafe"` cuts text that is too long, between two characters.
        first_row: Row number of `texts[0]`, for the message.

    Returns:
        An array of dtype `S<width>` and the shape of `texts`.

    Raises:
        ConversionError: a text is longer than `width`, or no Unicode.
    """
    per_row = max(1, texts.size // max(1, len(texts)))
    flat = encode_rows(texts.ravel().tolist(), what=what, first_row=first_row, per_row=per_row)
    longest = max((len(text) for text in flat), default=0)
    limit = max(1, longest) if width is None else width
    if longest > limit:
        if casting == "checked":
            position = next(at for at, text in enumerate(flat) if len(text) > limit)
            msg = (
                f"{what}: the text in row {first_row + position // per_row} takes {len(flat[position])} "
                f"bytes of UTF-8, the object holds {limit}; ask for more with dtype_save='S{longest}', "
                "or use mode='ragged'"
            )
            raise ConversionError(msg)
        flat = [text[:limit].decode(errors="ignore").encode() for text in flat]
    return np.array(flat, dtype=f"S{limit}").reshape(texts.shape)


def decode(values: Array, *, what: str) -> Array:
    """Decode UTF-8 bytes of any shape, fixed in width or objects, into an array of `str`.

    Raises:
        ConversionError: bytes that are not UTF-8.
    """
    try:
        if values.dtype.kind == "O":
            texts = [text if isinstance(text, str) else text.decode() for text in values.ravel()]
            return np.array(texts, dtype=np.str_).reshape(values.shape)
        width = f"U{values.dtype.itemsize}"  # the same for every batch
        return np.strings.decode(values, "utf-8").astype(width) if values.size else values.astype(width)
    except UnicodeDecodeError as error:
        msg = f"{what}: holds bytes that are not UTF-8 ({error}); read it with dtype_load='bytes'"
        raise ConversionError(msg) from error


def wastes_space(lengths: Sequence[int]) -> bool:
    """Whether fixed width would cost much more than the text itself."""
    total, padded = sum(lengths), max(lengths, default=0) * len(lengths)
    return padded > 2 * total + SLACK * len(lengths)
