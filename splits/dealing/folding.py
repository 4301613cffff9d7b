"""From dealing some rows in some shares to the codes of parts or folds: the same for every such recipe.

A *slot* is a place in a list of shares, the last of which is the share left out; who deals knows slots
alone. A *code* is what is stored of a row: of parts the number of its part, of folds the number of the fold
that holds it out, 255 where it is left out. A *part* is what a code is called.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil, floor
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from h5torch.folds import FIXED
from h5torch.keyed import derive
from h5torch.parts import LEFT_OUT, MAX_PARTS
from h5torch.rows import Rows
from splits.dealing.apportion import stratum_targets
from splits.dealing.folds import Folding, KFold, Nested, RepeatedKFold
from splits.dealing.shares import Shares, check_shares, exact_shares
from splits.errors import SplitError
from splits.frame import Codes, Frame, parts_frame

__all__ = ["FREE", "Check", "Deal", "Slots", "check_choice", "deal_out", "fewest", "frame_of"]

Slots = npt.NDArray[Any]
"""Integers, one a row: an index into shares, of which the last is the share left out."""

FREE = -1
"""The slot of a row that is still to be dealt."""


_MOST_REPEATS, _MOST_CODES = 10_000, 1 << 31
_HELD_OUT = ("val", "test", "held_out")


class Deal(Protocol):
    """What a recipe knows: how to deal rows, all or some of them, in given shares."""

    def __call__(
        self, rows: Rows | None, shares: Sequence[Fraction], *, key: int, held: Slots | None
    ) -> Slots:
        """Return the slot of each row.

        Args:
            rows: Row numbers, ascending, or `None` for all.
            shares: One a part, then the share left out; they sum to 1.
            key: 64-bit key that decides which rows go where.
            held: Slot of each of these rows that stays, -1 for one to deal; `None` to deal all.
        """
        ...


Check: TypeAlias = Callable[[Slots, Sequence[Fraction]], None]
"""Refuses slots of all rows that do not come near enough to the shares that were asked for."""


def check_choice(parts: Shares, folds: Folding | None) -> None:
    """Refuse a recipe that has neither parts nor folds, or both in a way that means nothing.

    Raises:
        SplitError: it is so, or shares are no shares of a whole.
        RegisterError: a part name is not legal or comes twice.
    """
    if parts:
        check_shares(parts)
    elif folds is None:
        msg = 'name the parts, as in parts={"train": 0.8, "test": 0.2}, or a number of folds, as in folds=5'
        raise SplitError(msg)
    if isinstance(folds, Nested) and parts:
        msg = "Nested folds hold out every row once, so parts= cannot stand beside them; leave one away"
        raise SplitError(msg)
    frame = frame_of(parts, folds)
    numbers = [name for name, _ in parts if name.isdecimal()]
    if frame.scheme == "rotating" and numbers:
        msg = f"beside folds, parts are names and no numbers, got {numbers[0]!r}; call it otherwise"
        raise SplitError(msg)
    n_folds = max(folds.outer, folds.inner) if isinstance(folds, Nested) else getattr(folds, "folds", 0)
    if n_folds + len(frame.fixed) > MAX_PARTS:
        msg = f"at most {MAX_PARTS} folds and parts can stand together, got {n_folds} folds; ask for fewer"
        raise SplitError(msg)


def frame_of(parts: Shares, folds: Folding | None) -> Frame:
    """Return what the codes mean.

    Folds alone have the parts `train` and `test`. Beside parts they cut up the first part: it keeps its name
    for the rows that train. Those held out are `val`; where another part is called so, `test` or `held_out`.
    """
    names = [name for name, _ in parts]
    if folds is None:
        return parts_frame(*names)
    if isinstance(folds, Nested):
        return Frame(scheme="nested", roles=("train", "test", "train", "val"))
    if not names:
        return Frame(scheme="rotating", roles=("train", "test"))
    held_out = next((name for name in _HELD_OUT if name not in names), "")
    if not held_out:
        msg = f"beside folds one of {', '.join(_HELD_OUT)} names what a fold holds out; rename one of {names}"
        raise SplitError(msg)
    return Frame(scheme="rotating", roles=(names[0], held_out), fixed=tuple(names[1:]))


def fewest(parts: Shares, folds: Folding | None) -> int:
    """Return how many rows a class needs so that no part and no fold lacks it.

    Of nested folds, enough must train outside to be in every inner one; beside parts, enough must be in the
    first.
    """
    if isinstance(folds, Nested):
        n_rows = max(folds.outer, folds.inner)
        while n_rows - ceil(n_rows / folds.outer) < folds.inner:
            n_rows += 1
        return n_rows
    n_folds = folds.folds if isinstance(folds, KFold | RepeatedKFold) else 1
    if not parts:
        return n_folds
    shares = exact_shares(parts)
    n_rows = max(len(parts) + (shares[-1] > 0), n_folds)
    while floor(stratum_targets(n_rows, shares)[0]) < n_folds:
        n_rows += max(1, floor((n_folds - n_rows * shares[0]) / 2))
    return n_rows


def deal_out(
    deal: Deal,
    *,
    parts: Shares,
    folds: Folding | None,
    n_rows: int,
    key: int,
    held: Codes | None,
    check: Check | None = None,
) -> Codes:
    """Deal all rows into parts or folds.

    Args:
        deal: Deals rows in shares.
        parts: Names and shares of the parts, or none.
        folds: The folds, or `None`.
        n_rows: Number of rows.
        key: From the recipe's seed.
        held: Codes of the first rows, which stay.
        check: Looks at the parts of a new split; folds, whose shares nobody chose, are taken as they come.

    Returns:
        Codes as `SplitRecipe.codes` returns them.

    Raises:
        SplitError: there are fewer rows than parts or folds.
    """
    old = None if held is None else _slots(np.atleast_2d(held), n_rows)
    if isinstance(folds, Nested):
        return _deal_nested(deal, folds, n_rows=n_rows, key=key, old=old)
    if folds is None:
        return _deal_parts(
            deal, parts, n_rows=n_rows, key=key, old=None if old is None else old[0], check=check
        )
    if not isinstance(folds, KFold | RepeatedKFold):
        msg = f"{folds!r} are no folds that rows can be dealt into; use KFold, RepeatedKFold or Nested"
        raise SplitError(msg)
    n_repeats = folds.repeats if isinstance(folds, RepeatedKFold) else 1
    if n_repeats * n_rows > _MOST_CODES or n_repeats > _MOST_REPEATS:
        found = f"{n_repeats} repeats of {n_rows} rows are too many to store"
        msg = f"{found}, at most {_MOST_REPEATS} and 2 GiB of codes; ask for fewer"
        raise SplitError(msg)
    around, pool = _deal_around(deal, parts, n_rows=n_rows, key=key, old=old, check=check)
    codes = np.repeat(around[None], n_repeats, axis=0)
    for repeat in range(n_repeats):
        own = None if old is None else old[repeat]
        dealt = _deal_folds(deal, folds.folds, pool, n_rows, key=derive(key, "repeat", repeat), old=own)
        codes[repeat, slice(None) if pool is None else pool] = dealt
    return codes


def _slots(held: Codes, n_rows: int) -> npt.NDArray[np.int16]:
    """Return held codes as wide integers, and rows to deal behind them."""
    slots = np.full((len(held), n_rows), FREE, np.int16)
    slots[:, : held.shape[1]] = held
    return slots


def _deal_parts(
    deal: Deal, parts: Shares, *, n_rows: int, key: int, old: Slots | None, check: Check | None
) -> Codes:
    _check_rows(n_rows, len(parts), "parts")
    held = None if old is None else np.where(old == LEFT_OUT, len(parts), old)
    slots = deal(None, exact_shares(parts), key=derive(key, "parts"), held=held)
    if check is not None and old is None:
        check(slots, exact_shares(parts))
    codes = slots.astype(np.uint8)
    codes[slots == len(parts)] = LEFT_OUT
    return codes


def _deal_around(
    deal: Deal, parts: Shares, *, n_rows: int, key: int, old: Slots | None, check: Check | None
) -> tuple[Codes, Rows | None]:
    """Deal the parts around folds: their codes, and the rows of the first one, or `None` for all rows."""
    if not parts:
        return np.zeros(n_rows, np.uint8), None
    first = None
    if old is not None:
        is_fixed = (old[0] > FIXED - len(parts) + 1) & (old[0] != LEFT_OUT)
        in_folds = (old[0] != FREE) & (old[0] != LEFT_OUT) & ~is_fixed
        first = np.where(is_fixed, FIXED + 1 - old[0], np.where(in_folds, 0, old[0]))
    codes = _deal_parts(deal, parts, n_rows=n_rows, key=key, old=first, check=check)
    pool = np.flatnonzero(codes == 0)
    is_fixed = (codes > 0) & (codes != LEFT_OUT)
    codes[is_fixed] = FIXED + 1 - codes[is_fixed]
    return codes, pool


def _deal_folds(
    deal: Deal, n_folds: int, rows: Rows | None, n_rows: int, *, key: int, old: Slots | None
) -> Codes:
    """Deal some rows, or all, in equal shares: the number of the fold that holds out each."""
    _check_rows(n_rows if rows is None else len(rows), n_folds, "folds")
    held = old if old is None or rows is None else old[rows]
    shares = (*(Fraction(1, n_folds) for _ in range(n_folds)), Fraction())
    return deal(rows, shares, key=key, held=held).astype(np.uint8)


def _deal_nested(deal: Deal, folds: Nested, *, n_rows: int, key: int, old: Slots | None) -> Codes:
    codes = np.full((1 + folds.outer, n_rows), LEFT_OUT, np.uint8)
    codes[0] = _deal_folds(
        deal, folds.outer, None, n_rows, key=derive(key, "outer"), old=None if old is None else old[0]
    )
    for number in range(folds.outer):
        rows = np.flatnonzero(codes[0] != number)
        own = None if old is None else old[1 + number]
        codes[1 + number, rows] = _deal_folds(
            deal, folds.inner, rows, n_rows, key=derive(key, "inner", number), old=own
        )
    return codes


def _check_rows(n_rows: int, wanted: int, what: str) -> None:
    if n_rows < wanted:
        msg = f"{wanted} {what} need at least as many rows, there are {n_rows}; ask for fewer, or add rows"
        raise SplitError(msg)
