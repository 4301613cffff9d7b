"""Digests of columns: the same values give the same SHA-256 on every platform, and whatever they lie in.

The digest is that of a header line, ASCII and ended by a line feed, and the values in C order:
`h5torch-column 1 <kind> <shape, numbers joined by x>`. By kind the values are

- `int`: integers and bools of every width, as little-endian int64;
- `uint`: integers of which one is 2**63 or more, as little-endian uint64;
- `float`: as little-endian IEEE 754 binary64, -0 as 0 and every NaN as 7ff8000000000000;
- `complex`: real and imaginary part, each as `float`;
- `text`: the number of code points of each, as little-endian uint64, then all texts in UTF-8;
- `time[<unit>]`, `span[<unit>]`: NumPy's datetime64 and timedelta64, as little-endian int64;
- `list`: rows of different length: the number of values of each as little-endian uint64, then all values as
  one column of their own, its header line included.
"""

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from h5torch.errors import ArgumentTypeError

__all__ = ["digest"]

_BLOCK = 1 << 16


def digest(column: npt.NDArray[Any]) -> str:
    """Return the SHA-256 of a column's values in 64 hexadecimal digits.

    Args:
        column: Of any shape: bools, numbers up to 64 bits a part, text, bytes that are UTF-8, or times. Or
            one axis of objects: texts, or arrays of one axis each.

    Raises:
        ArgumentTypeError: the dtype has no such form, such as other objects or long doubles.
    """
    state = hashlib.sha256()
    _add(state, column)
    return state.hexdigest()


def _add(state: "hashlib._Hash", column: npt.NDArray[Any]) -> None:
    if column.dtype.kind == "O":
        if not all(isinstance(value, str) for value in column.flat):
            _add_lists(state, column)
            return
        column = column.astype(np.str_)
    if column.dtype.kind == "S":
        column = _decoded(column)
    kind, form = _form(column)
    shape = "x".join(map(str, column.shape))
    state.update(f"h5torch-column 1 {kind} {shape}\n".encode())
    flat = np.ascontiguousarray(column).reshape(-1)
    blocks = [flat[first : first + _BLOCK] for first in range(0, len(flat), _BLOCK)]
    if kind == "text":
        for block in blocks:
            state.update(np.strings.str_len(block).astype("<u8").tobytes())
    for block in blocks:
        state.update(_text(block) if form is None else _numbers(block, form))


def _add_lists(state: "hashlib._Hash", column: npt.NDArray[Any]) -> None:
    rows = [np.asarray(row) for row in column.flat]
    if column.ndim != 1 or any(row.ndim != 1 for row in rows):
        msg = "a column of such objects has no digest; use numbers up to 64 bits, text or times, or lists"
        raise ArgumentTypeError(msg)
    state.update(f"h5torch-column 1 list {len(rows)}\n".encode())
    state.update(np.array([len(row) for row in rows], "<u8").tobytes())
    filled = [row for row in rows if len(row)]
    _add(state, np.concatenate(filled) if filled else np.zeros(0, np.int64))


def _decoded(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    try:
        return np.strings.decode(column, "utf-8")
    except UnicodeDecodeError as error:
        msg = f"a column of bytes that are not UTF-8 has no digest ({error}); store it as numbers"
        raise ArgumentTypeError(msg) from error


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
    raise ArgumentTypeError(msg)


def _numbers(block: npt.NDArray[Any], form: str) -> bytes:
    values = block.astype(block.dtype.newbyteorder("=")).view(np.int64) if block.dtype.kind in "mM" else block
    plain = values.astype(form)
    if form in ("<f8", "<c16"):
        parts = plain.view("<f8")
        parts += 0.0  # -0.0 + 0.0 is 0.0
        parts[np.isnan(parts)] = np.nan
    return plain.tobytes()


def _text(block: npt.NDArray[Any]) -> bytes:
    return "".join(block.tolist()).encode("utf-8", "surrogatepass")
