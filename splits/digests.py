"""Digests of columns: the same values give the same SHA-256 on every platform, and whatever they lie in.

The digest is that of a header line, ASCII and ended by a line feed, and the values in C order:
`h5torch-column 1 <kind> <shape, numbers joined by x>`. By kind the values are

- `int`: integers and bools of every width, as little-endian int64;
- `uint`: integers of which one is 2**63 or more, as little-endian uint64;
- `float`: as little-endian IEEE 754 binary64, -0 as 0 and every NaN as 7ff8000000000000;
- `complex`: real and imaginary part, each as `float`;
- `text`: the number of code points of each, as little-endian uint64, then all texts in UTF-8;
- `time[<unit>]`, `span[<unit>]`: NumPy's datetime64 and timedelta64, as little-endian int64.
"""

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from splits.errors import SplitError

__all__ = ["digest"]

_BLOCK = 1 << 16


def digest(column: npt.NDArray[Any]) -> str:
    """Return the SHA-256 of a column's values in 64 hexadecimal digits.

    Args:
        column: Of any shape: bools, numbers up to 64 bits a part, text, bytes that are UTF-8, or times.

    Raises:
        SplitError: the dtype has no such form, such as objects or long doubles.
    """
    if column.dtype.kind == "S":
        column = _decoded(column)
    kind, form = _form(column)
    shape = "x".join(map(str, column.shape))
    state = hashlib.sha256(f"h5torch-column 1 {kind} {shape}\n".encode())
    flat = np.ascontiguousarray(column).reshape(-1)
    blocks = [flat[first : first + _BLOCK] for first in range(0, len(flat), _BLOCK)]
    if kind == "text":
        for block in blocks:
            state.update(np.strings.str_len(block).astype("<u8").tobytes())
    for block in blocks:
        state.update(_text(block) if form is None else _numbers(block, form))
    return state.hexdigest()


def _decoded(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    try:
        return np.strings.decode(column, "utf-8")
    except UnicodeDecodeError as error:
        msg = f"a column of bytes that are not UTF-8 has no digest ({error}); store it as numbers"
        raise SplitError(msg) from error


def _form(column: npt.NDArray[Any]) -> tuple[str, str | None]:
    kind, size = column.dtype.kind, column.dtype.itemsize
    if kind == "u" and column.size and int(column.max()) >= 1 << 63:
        return "uint", "<u8"
    if kind in "biu":
        return "int", "<i8"
    if kind == "f" and size <= 8:
        return "float", "<f8"
    if kind == "c" and size <= 16:
        return "complex", "<c16"
    if kind == "U":
        return "text", None
    if kind in "mM":
        unit, count = np.datetime_data(column.dtype)
        name = "time" if kind == "M" else "span"
        return f"{name}[{unit if count == 1 else f'{count}{unit}'}]", "<i8"
    msg = f"a column of dtype {column.dtype} has no digest; use numbers up to 64 bits, text or times"
    raise SplitError(msg)


def _numbers(block: npt.NDArray[Any], form: str) -> bytes:
    values = block.view(np.int64) if block.dtype.kind in "mM" else block
    plain = values.astype(form)
    if form in ("<f8", "<c16"):
        parts = plain.view("<f8")
        parts += 0.0  # -0.0 + 0.0 is 0.0
        parts[np.isnan(parts)] = np.nan
    return plain.tobytes()


def _text(block: npt.NDArray[Any]) -> bytes:
    return "".join(block.tolist()).encode("utf-8", "surrogatepass")
