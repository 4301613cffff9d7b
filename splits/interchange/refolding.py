"""Folds that were found one by one, told as short as they can be: which fold holds out each row."""

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.folds import FIXED
from h5torch.parts import LEFT_OUT, MAX_PARTS
from splits.errors import SplitError
from splits.frame import Codes, Frame, parts_frame
from splits.interchange.found import Found

__all__ = ["framed"]


def framed(found: Found, *, what: str) -> tuple[Frame, Codes]:
    """Return the codes of what was found, and what they mean.

    Folds that hold out each row once, or once in each of several repeats, rotate; any others are listed.

    Args:
        found: Parts or folds.
        what: Where they come from, for messages.

    Raises:
        SplitError: there are inner folds that do not hold out each row once that trains in their outer fold.
    """
    if "" in found.codes:
        return parts_frame(*found.parts), found.codes[""]
    outer = [codes for name, codes in found.codes.items() if "/" not in name]
    nested = len(outer) < len(found.codes)
    rotation = _rotation(found.parts, outer, whole=not nested)
    if nested:
        return _nested(found, rotation, what)
    if rotation is None:
        return Frame(scheme="listed", roles=found.parts), np.stack(outer)
    frame = Frame(scheme="rotating", roles=rotation.roles, fixed=rotation.fixed)
    return frame, rotation.codes


_TWO = 2  # one part trains, one is held out


@attrs.frozen(kw_only=True)
class _Rotation:
    roles: tuple[str, str]
    fixed: tuple[str, ...]
    codes: Codes


def _rotation(parts: tuple[str, ...], folds: Sequence[Codes], *, whole: bool) -> _Rotation | None:
    """Return which fold holds out each row, `None` where it is not one fold in each repeat.

    Args:
        parts: Names by code.
        folds: Codes of each fold.
        whole: Whether a part that no row has keeps folds from rotating, since its name would be lost.
    """
    stack = np.stack(folds)
    still = (stack == stack[0]).all(axis=0)
    moving, standing = np.unique(stack[:, ~still]), np.unique(stack[0, still])
    fixed = [int(code) for code in standing if code != LEFT_OUT]
    two = [int(code) for code in moving if code != LEFT_OUT]
    named = len(two) + len(fixed) == len(parts) or not whole
    if len(two) != _TWO or len(moving) != _TWO or set(two) & set(fixed) or not named:
        return None
    for train, held in (two, two[::-1]):
        numbers = _numbers(stack[:, ~still] == held)
        if numbers is None or int(numbers.max()) + 1 + len(fixed) > MAX_PARTS:
            continue
        codes = np.full((len(numbers), stack.shape[1]), LEFT_OUT, np.uint8)
        codes[:, ~still] = numbers
        for place, code in enumerate(fixed):
            codes[:, stack[0] == code] = FIXED - place
        return _Rotation(
            roles=(parts[train], parts[held]), fixed=tuple(parts[code] for code in fixed), codes=codes
        )
    return None


def _numbers(held: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp] | None:
    """Return, of each repeat, the fold that holds out each row; `None` where that is not exactly one fold.

    Args:
        held: Whether a fold holds out a row, bool of shape `(folds, rows)`, at least one row.
    """
    total = np.zeros(held.shape[1], np.int64)
    n_folds = 0
    while n_folds < len(held) and not (total == 1).all():
        total += held[n_folds]
        n_folds += 1
    if len(held) % n_folds:
        return None
    repeats = held.reshape(-1, n_folds, held.shape[1])
    if not (repeats.sum(axis=1) == 1).all():
        return None
    numbers: npt.NDArray[np.intp] = np.argmax(repeats, axis=1)
    return numbers


def _nested(found: Found, outer: _Rotation | None, what: str) -> tuple[Frame, Codes]:
    inner = []
    for number in range(sum("/" not in name for name in found.codes)):
        own = [codes for name, codes in found.codes.items() if name.startswith(f"{number}/")]
        inner.append(_rotation(found.parts, own, whole=False))
    if outer is None or len(outer.codes) != 1 or outer.fixed:
        msg = f"{what}: the outer folds do not hold out every row once, as those of nested folds must"
        raise SplitError(msg)
    arrays, roles = [outer.codes[0]], set()
    for number, rotation in enumerate(inner):
        trains = (outer.codes[0] != number) & (outer.codes[0] != LEFT_OUT)
        once = rotation is not None and len(rotation.codes) == 1
        if rotation is None or not once or ((rotation.codes[0] != LEFT_OUT) != trains).any():
            msg = f"{what}: the inner folds of fold {number} do not hold out once every row that trains in it"
            raise SplitError(msg)
        arrays.append(rotation.codes[0])
        roles.add(rotation.roles)
    if len(roles) > 1:
        msg = f"{what}: the inner folds have different parts: {', '.join(map(repr, sorted(roles)))}"
        raise SplitError(msg)
    return Frame(scheme="nested", roles=(*outer.roles, *roles.pop())), np.stack(arrays)
