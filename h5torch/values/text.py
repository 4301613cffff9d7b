"""Text: `str` on both sides, UTF-8 bytes in the file."""

from collections.abc import Sequence

import numpy as np

from h5torch.errors import ConversionError
from h5torch.rows import Array

# Fixed width is read fastest; it is chosen unless it would more than double the text's own bytes
# and waste over this many bytes a row.
SLACK = 64


def encode_rows(texts: Sequence[str], *, what: str, first_row: int = 0) -> list[bytes]:
    """Encode each text as UTF-8.

    Raises:
        ConversionError: a text holds a lone surrogate, which UTF-8 cannot spell.
    """
    encoded = []
    for row, text in enumerate(texts, first_row):
        try:
            encoded.append(text.encode())
        except UnicodeEncodeError as error:
            msg = f"{what}: the text in row {row} is not valid Unicode ({error.reason}); repair it first"
            raise ConversionError(msg) from error
    return encoded


def fixed_width(texts: Array, *, width: int | None, what: str, first_row: int = 0) -> Array:
    """Encode text as an array of zero-padded UTF-8 bytes.

    Args:
        texts: `str` values of any shape; axis 0 is rows.
        width: Bytes a value may take, or `None` for the longest one's.
        what: Path of the object, for the message.
        first_row: Row number of `texts[0]`, for the message.

    Returns:
        An array of dtype `S<width>` and the shape of `texts`.

    Raises:
        ConversionError: a text is longer than `width`, or ends in NUL (the padding would eat it).
    """
    flat = encode_rows(texts.ravel().tolist(), what=what, first_row=first_row)
    per_row = max(1, texts.size // max(1, len(texts)))
    longest = max((len(text) for text in flat), default=0)
    limit = max(1, longest) if width is None else width
    for position, text in enumerate(flat):
        row = first_row + position // per_row
        if len(text) > limit:
            msg = (
                f"{what}: the text in row {row} takes {len(text)} bytes of UTF-8, the object holds "
                f"{limit}; ask for more with dtype_save='S{longest}' or use mode='ragged'"
            )
            raise ConversionError(msg)
        if text.endswith(b"\0"):
            msg = f"{what}: the text in row {row} ends in NUL, which padding would eat; use mode='ragged'"
            raise ConversionError(msg)
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
