"""Keys of columns, and the axis each belongs to."""

from collections.abc import Sequence

from splits.errors import SplitError

__all__ = ["axis_of", "check_keys"]


def axis_of(key: object) -> int:
    """Return the axis whose rows a column describes: `"1/gene"` is of axis 1, `"central"` of axis 0.

    Raises:
        SplitError: the key is of no axis.
    """
    if key == "central":
        return 0
    place, slash, name = key.partition("/") if isinstance(key, str) else ("", "", "")
    if not (slash and name and place.isdecimal() and place.isascii()):
        msg = f"{key!r} is no column of an axis; write 'central' or '<axis>/<name>' such as '0/type'"
        raise SplitError(msg)
    return int(place)


def check_keys(keys: Sequence[str]) -> None:
    """Refuse keys that do not describe the same rows.

    Raises:
        SplitError: there is none, one comes twice, or they are of different axes.
    """
    if not keys:
        msg = "by=() names no column; name one or more such as by='0/type'"
        raise SplitError(msg)
    axes = {key: axis_of(key) for key in keys}
    if len(axes) < len(keys):
        msg = f"a column comes twice in by={tuple(keys)!r}"
        raise SplitError(msg)
    if len(set(axes.values())) > 1:
        listed = ", ".join(f"{key!r} of axis {axis}" for key, axis in axes.items())
        msg = f"columns must be of one axis, got {listed}; split one axis at a time"
        raise SplitError(msg)
