"""Values to JSON and back with nothing lost, and the strict comparison that goes with it.

Every value becomes `{"type": ...}` with its exact Python or NumPy type, so that a recorded sample
rebuilds as what was returned: a `np.float64` stays apart from a `float`, a 0-d array from a scalar.
Needs NumPy and the standard library alone, and no neighbour of this file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

KINDS = "biufcSU"  # NumPy kinds whose values have an exact spelling here
WIDEST = {"f": 8, "c": 16}  # bytes; a Python float holds no more


@dataclass(frozen=True, kw_only=True)
class Raises:
    """Asking for the value raised an error of this name."""

    error: str


def encode(value: object) -> dict[str, Any]:
    """Spell a value as plain JSON data.

    Args:
        value: None, a Python or NumPy scalar, an `ndarray` of a kind in `KINDS` or of objects, a
            `Raises`, or a tuple, list or dict of these.

    Raises:
        TypeError: the value, or a part of it, is of another type; a subclass of `ndarray` too.
    """
    kind = type(value)
    if isinstance(value, Raises):
        return {"type": "raises", "error": value.error}
    if isinstance(value, np.ndarray) and kind is np.ndarray:
        return _encode_array(value)
    if isinstance(value, np.generic):
        array = np.asarray(value)
        return {"type": "scalar", "dtype": _spelled(array.dtype), "data": _plain_data(array)[0]}
    if isinstance(value, (tuple, list)) and kind in {tuple, list}:
        return {"type": kind.__name__, "items": [encode(item) for item in value]}
    if isinstance(value, dict) and kind is dict:
        return {"type": "dict", "items": {key: encode(item) for key, item in value.items()}}
    if kind in {type(None), bool, int, float, complex, str, bytes}:
        return {"type": kind.__name__, "data": _plain(value)}
    msg = f"encode: no exact spelling for a value of type {kind.__qualname__}"
    raise TypeError(msg)


def decode(spelled: dict[str, Any]) -> Any:
    """Rebuild the value that `encode` spelled.

    Raises:
        ValueError: the `type` is none of those that `encode` writes.
    """
    if spelled["type"] not in _DECODERS:
        msg = f"decode: unknown type {spelled['type']!r}; known are {', '.join(_DECODERS)}"
        raise ValueError(msg)
    return _DECODERS[spelled["type"]](spelled)


def same(expected: object, found: object) -> bool:
    """Whether both values have one type, dtype, shape and content; NaN equals NaN."""
    return not difference(expected, found)


def difference(expected: object, found: object, where: str = "value") -> str:
    """Say where two values first differ, or nothing when they are the same.

    Args:
        expected: What was recorded.
        found: What was returned now.
        where: The name that the message starts with.

    Returns:
        One line, or the empty string when type, dtype, shape and content agree. The order of a
        dict's keys is no content.
    """
    if type(expected) is not type(found):
        return f"{where}: expected type {type(expected).__name__}, found {type(found).__name__}"
    if isinstance(expected, (tuple, list)) and isinstance(found, (tuple, list)):
        return _item_difference(list(expected), list(found), where)
    if isinstance(expected, dict) and isinstance(found, dict):
        return _dict_difference(expected, found, where)
    if isinstance(expected, (np.ndarray, np.generic)) and isinstance(found, (np.ndarray, np.generic)):
        return _array_difference(np.asarray(expected), np.asarray(found), where)
    agree = expected == found or (expected != expected and found != found)
    return "" if agree else f"{where}: expected {expected!r}, found {found!r}"


def _item_difference(expected: list[object], found: list[object], where: str) -> str:
    if len(expected) != len(found):
        return f"{where}: expected {len(expected)} items, found {len(found)}"
    pairs = enumerate(zip(expected, found, strict=True))
    told = (difference(a, b, f"{where}[{at}]") for at, (a, b) in pairs)
    return next((line for line in told if line), "")


def _dict_difference(expected: dict[Any, Any], found: dict[Any, Any], where: str) -> str:
    if set(expected) != set(found):
        return f"{where}: expected keys {sorted(expected)}, found {sorted(found)}"
    told = (difference(expected[key], found[key], f"{where}[{key!r}]") for key in expected)
    return next((line for line in told if line), "")


def _array_difference(expected: NDArray[Any], found: NDArray[Any], where: str) -> str:
    if expected.dtype.str != found.dtype.str:
        return f"{where}: expected dtype {expected.dtype.str}, found {found.dtype.str}"
    if expected.shape != found.shape:
        return f"{where}: expected shape {expected.shape}, found {found.shape}"
    if expected.dtype.hasobject:
        return _item_difference(list(expected.flat), list(found.flat), where)
    if np.array_equal(expected, found, equal_nan=expected.dtype.kind in WIDEST):
        return ""
    return f"{where}: expected {expected.tolist()}, found {found.tolist()}"


def _encode_array(array: NDArray[Any]) -> dict[str, Any]:
    shape = list(array.shape)
    if array.dtype.hasobject:
        return {"type": "objects", "shape": shape, "items": [encode(item) for item in array.flat]}
    return {
        "type": "array",
        "dtype": _spelled(array.dtype),
        "shape": shape,
        "data": _plain_data(array),
    }


def _spelled(dtype: np.dtype[Any]) -> str:
    if dtype.kind not in KINDS or dtype.itemsize > WIDEST.get(dtype.kind, dtype.itemsize):
        msg = f"encode: no exact spelling for values of dtype {dtype}"
        raise TypeError(msg)
    return dtype.str


def _plain_data(array: NDArray[Any]) -> list[Any]:
    return [_plain(item) for item in array.ravel().tolist()]


def _plain(item: Any) -> Any:
    if isinstance(item, complex):
        return [_plain(item.real), _plain(item.imag)]
    if isinstance(item, float) and not math.isfinite(item):
        return repr(item)  # "nan", "inf", "-inf": JSON has no numbers for them
    return item.decode("latin-1") if isinstance(item, bytes) else item


def _revive(item: Any, kind: str) -> Any:
    if kind == "c":
        return complex(float(item[0]), float(item[1]))
    if kind == "f":
        return float(item)
    return item.encode("latin-1") if kind == "S" else item


def _decode_array(spelled: dict[str, Any]) -> NDArray[Any]:
    dtype = np.dtype(spelled["dtype"])
    items = [_revive(item, dtype.kind) for item in spelled["data"]]
    return np.array(items, dtype=dtype).reshape(spelled["shape"])


def _decode_scalar(spelled: dict[str, Any]) -> np.generic:
    scalar: np.generic = _decode_array({**spelled, "data": [spelled["data"]], "shape": [1]})[0]
    return scalar


def _decode_objects(spelled: dict[str, Any]) -> NDArray[Any]:
    array = np.empty(len(spelled["items"]), dtype=object)
    for at, item in enumerate(spelled["items"]):
        array[at] = decode(item)
    return array.reshape(spelled["shape"])


_DECODERS: dict[str, Callable[[dict[str, Any]], object]] = {
    "NoneType": lambda _: None,
    "raises": lambda spelled: Raises(error=spelled["error"]),
    "array": _decode_array,
    "scalar": _decode_scalar,
    "objects": _decode_objects,
    "tuple": lambda spelled: tuple(decode(item) for item in spelled["items"]),
    "list": lambda spelled: [decode(item) for item in spelled["items"]],
    "dict": lambda spelled: {key: decode(item) for key, item in spelled["items"].items()},
    "bool": lambda spelled: bool(spelled["data"]),
    "int": lambda spelled: int(spelled["data"]),
    "str": lambda spelled: str(spelled["data"]),
    "float": lambda spelled: _revive(spelled["data"], "f"),
    "complex": lambda spelled: _revive(spelled["data"], "c"),
    "bytes": lambda spelled: _revive(spelled["data"], "S"),
}
