"""Category names: a list of text beside the object whose codes they explain."""

from typing import Any

import h5py
import numpy as np

from h5torch.errors import FormatError
from h5torch.rows import Array
from h5torch.values.text import decode, fixed_width

_GROUP = "categories"


def names_path(key: str) -> str:
    """Return where the names of the object `key` lie."""
    return f"{_GROUP}/{key}"


def read_names(root: Any, path: str) -> Array:
    """Read category names, shape `(n,)`, dtype `U`.

    Raises:
        FormatError: they are missing, or no list of text.
    """
    try:
        stored = np.asarray(root[path.strip("/")][()])
    except KeyError as error:
        msg = f"its category names, /{path.strip('/')}, are missing"
        raise FormatError(msg) from error
    if stored.ndim != 1 or stored.dtype.kind != "S":
        msg = f"/{path.strip('/')}: category names must be a list of text, found {stored.dtype}"
        raise FormatError(msg)
    return decode(stored, what=path)


def write_names(file: h5py.Group, key: str, names: Array) -> str:
    """Write category names, in place of any there are, and return their path."""
    path = names_path(key)
    if path in file:
        del file[path]
    encoded = fixed_width(names, width=None, what=path)
    text = h5py.string_dtype("utf-8", encoded.dtype.itemsize)
    file.create_dataset(path, data=encoded.view(text), dtype=text)
    return f"/{path}"
