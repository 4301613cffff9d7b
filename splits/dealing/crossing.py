"""The part of an element from the parts of its rows on several axes."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from h5torch.parts import LEFT_OUT, MAX_PARTS
from splits.errors import SplitError
from splits.frame import Codes
from splits.keys import index_key

__all__ = ["MIXED", "Mixed", "check_filled", "check_kept", "cross", "crossed_names"]

Mixed: TypeAlias = Literal["own", "drop", "assign"]
"""What becomes of elements whose rows are of different parts."""

MIXED: tuple[Mixed, ...] = get_args(Mixed)

_JOINT = "+"
_SHOWN = 12  # parts or folds listed in a message


def crossed_names(names: Sequence[str], n_axes: int, mixed: Mixed | None) -> tuple[str, ...]:
    """Return the names of the parts of elements, in the order of the codes of `cross`.

    Args:
        names: Those of the parts of each axis, in the order of their codes.
        n_axes: Number of axes.
        mixed: As in `cross`; not looked at where there is one axis.

    Returns:
        The same names, or for `"own"` a name for each of `len(names) ** n_axes` combinations, the last axis
        changing first: that of the part where all axes agree, else all joined by `+` as in `train+test`.

    Raises:
        SplitError: these are more than 254 combinations, or a name holds a `+` and so would not be told from
            others.
    """
    if n_axes == 1 or mixed != "own":
        return tuple(names)
    n_combined = len(names) ** n_axes
    if n_combined > MAX_PARTS:
        msg = (
            f"mixed='own' makes {n_combined} parts of {len(names)} on each of {n_axes} axes, a split has at "
            f"most {MAX_PARTS}; use fewer parts or axes, or mixed='drop' or 'assign'"
        )
        raise SplitError(msg)
    odd = [name for name in names if _JOINT in name]
    if odd:
        msg = f"mixed='own' joins names of parts by '{_JOINT}', and {odd[0]!r} holds one; rename that part"
        raise SplitError(msg)
    combined = product(names, repeat=n_axes)
    return tuple(one[0] if len(set(one)) == 1 else _JOINT.join(one) for one in combined)


def cross(per_axis: Sequence[Codes], n_parts: int, mixed: Mixed | None) -> Codes:
    """Return the code of each element from those of its rows.

    An element with a row that is left out on any axis is left out. One whose rows agree on a part is in that
    part. For any other, `"own"` gives the combination a code of its own, `"drop"` leaves it out, and
    `"assign"` gives it to the part that comes last among those of its rows.

    Args:
        per_axis: For each axis the part of each element's row: uint8 of shape `(n_elements,)`, below
            `n_parts`, or 255.
        n_parts: Number of parts of each axis.
        mixed: What becomes of the others; not looked at where there is one axis.

    Returns:
        uint8 of shape `(n_elements,)`, a new array: an index into `crossed_names`, or 255.
    """
    codes = per_axis[0].copy()
    if mixed == "own":
        left_out = codes == LEFT_OUT
        for other in per_axis[1:]:
            left_out |= other == LEFT_OUT
            codes *= np.uint8(n_parts)  # wraps around where left out, and is below 254 elsewhere
            codes += other
        codes[left_out] = LEFT_OUT
        return codes
    for other in per_axis[1:]:
        if mixed == "drop":
            codes[codes != other] = LEFT_OUT
        else:
            np.maximum(codes, other, out=codes)  # 255 is above every part, so that left out stays left out
    return codes


def check_filled(codes: Codes, wanted: Mapping[int, str], *, where: str) -> None:
    """Refuse codes among which one is missing.

    Args:
        codes: The part of each element, shape `(n_elements,)`.
        wanted: The codes that must be there, with what they are called.
        where: Which split or fold these are, for the message.

    Raises:
        SplitError: a code is missing; the message says how often each is there.
    """
    counts = np.bincount(codes, minlength=LEFT_OUT + 1)
    empty = [name for code, name in wanted.items() if not counts[code]]
    if empty:
        shown = [f"{name} {counts[code]}" for code, name in wanted.items()]
        listed = ", ".join(shown[:_SHOWN]) + (", …" if len(shown) > _SHOWN else "")
        msg = (
            f"{where}{empty[0]} has none of the {codes.size} elements ({listed}, left out "
            f"{counts[LEFT_OUT]}); use other shares or another seed, fewer parts or folds, or another mixed="
        )
        raise SplitError(msg)


def check_kept(codes: Codes, held: Codes, indices: Mapping[int, npt.NDArray[Any]]) -> None:
    """Refuse codes that would move an element which already had one.

    Args:
        codes: Shape `(arrays, n_elements)`.
        held: What the first elements had, shape `(arrays, n_held)` or `(n_held,)`.
        indices: The index of each element on each axis.

    Raises:
        SplitError: an element would move, or there are fewer elements or another number of folds than before.
    """
    before = np.atleast_2d(held)
    n_held = before.shape[1]
    if len(before) != len(codes) or n_held > codes.shape[1]:
        msg = f"codes of shape {before.shape} are held, and now would be {codes.shape}; create the split anew"
        raise SplitError(msg)
    moved = np.flatnonzero((codes[:, :n_held] != before).any(axis=0))
    if moved.size:
        places = ", ".join(f"{index[moved[0]]} on axis {axis}" for axis, index in indices.items())
        msg = (
            f"element {moved[0]} (row {places}) and {moved.size - 1} more would move to other parts, since "
            f"the recipes of the axes share out their rows anew; create the split anew, or hold out the rows "
            f"of one axis by Hashed(by={index_key(next(iter(indices)))!r}, ...), which can be extended"
        )
        raise SplitError(msg)
