"""Keys of columns, and the axis each belongs to."""

from collections.abc import Sequence

from h5torch.parts import Axis
from splits.errors import SplitError

__all__ = ["COO", "SHAPE", "axis_of", "check_axis", "check_keys", "index_key", "shared_axis"]

SHAPE = "shape"
"""Key of the shape of the central object, int64, one number an axis."""

COO = "coo/"
"""What the keys of columns begin with that describe the elements of the central object.

`coo/central` are their values, `coo/1` is their index on axis 1, `coo/1/gene` the column `1/gene` as seen
from each.
"""


def index_key(axis: int) -> str:
    """Return the key of the column that holds each element's index on an axis."""
    return f"{COO}{axis}"


def axis_of(key: object) -> Axis:
    """Return the axis whose rows a column describes: `"1/gene"` is of axis 1, `"central"` of axis 0.

    Keys that begin with `coo/` describe elements of the central object; their axis is `"coo"`.

    Raises:
        SplitError: the key is of no axis.
    """
    if key == "central":
        return 0
    if isinstance(key, str) and key.startswith(COO):
        inner = key.removeprefix(COO)
        if not _is_axis(inner):
            axis_of(inner)
        return "coo"
    place, slash, name = key.partition("/") if isinstance(key, str) else ("", "", "")
    if not (slash and name and _is_axis(place) and name.encode(errors="replace").decode() == name):
        msg = f"{key!r} is no column of an axis; write 'central' or '<axis>/<name>' such as '0/type'"
        raise SplitError(msg)
    return int(place)


def _is_axis(text: str) -> bool:
    return text.isdecimal() and text.isascii()


def check_axis(axis: object) -> Axis:
    """Return an axis that a recipe may name: a number from 0 up, or `"coo"`.

    Raises:
        SplitError: it is neither.
    """
    if axis == "coo":
        return "coo"
    if isinstance(axis, bool) or not isinstance(axis, int) or axis < 0:
        msg = (
            f"axis must be a number from 0 up, or 'coo' for the elements of the central object, got {axis!r}"
        )
        raise SplitError(msg)
    return axis


def shared_axis(keys: Sequence[str]) -> Axis:
    """Return the axis that all keys are of.

    Raises:
        SplitError: there is no key, or they are of different axes.
    """
    for key in keys:
        axis_of(key)
    check_keys(tuple(dict.fromkeys(keys)))
    return axis_of(keys[0])


def check_keys(keys: Sequence[str]) -> None:
    """Refuse keys that do not describe the same rows.

    Raises:
        SplitError: there is none, one comes twice, or they are of different axes.
    """
    if not keys:
        msg = "no column is named; name one or more such as '0/type'"
        raise SplitError(msg)
    axes = {key: axis_of(key) for key in keys}
    if len(axes) < len(keys):
        msg = f"a column comes twice in {tuple(keys)!r}"
        raise SplitError(msg)
    if len(set(axes.values())) > 1:
        listed = ", ".join(f"{key!r} of axis {axis}" for key, axis in axes.items())
        msg = f"columns must be of one axis, got {listed}; split one axis at a time"
        raise SplitError(msg)
