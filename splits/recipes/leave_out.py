"""`LeaveOut`: rows with named values of a column go to a part, or each value in turn is held out."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias

import attrs
import numpy as np

from h5torch.folds import FIXED
from h5torch.parts import LEFT_OUT, MAX_PARTS, Axis, check_part_names
from splits.dealing.growing import check_unmoved
from splits.dealing.values import Distinct, as_values, check_present, find_values, place_values
from splits.errors import SplitError
from splits.fields import check_flag
from splits.frame import Codes, Columns, Frame, parts_frame
from splits.keys import axis_of

__all__ = ["LeaveOut"]

Named: TypeAlias = tuple[tuple[str, tuple[Any, ...]], ...]
"""Part names with the values (`splits.dealing.values.Value`) whose rows they get."""

_FEWEST = 2
_HELD_OUT = ("val", "test", "held_out")
_NOBODY = LEFT_OUT


def _as_named(given: Any) -> Named:
    pairs = list(given.items() if isinstance(given, Mapping) else given)
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            msg = f'parts must be like {{"test": ["oslo", "rome"]}}, got {pair!r} among them'
            raise SplitError(msg)
    return tuple((name, as_values(values, what=f"part {name!r}")) for name, values in pairs)


@attrs.frozen(kw_only=True)
class LeaveOut:
    """Give the rows that have certain values in a column to certain parts, and all others to the rest.

    With `folds` every value is held out once: leave one site out. Fold `i` holds out the value that is number
    `i` among those that no part names, numbers and times ascending, text in the order of code points.

    Rows added later follow their values; a new value joins the rest, and is an error where every value is a
    fold.

    Attributes:
        by: Key of the column.
        parts: Part names with their values, one or several, as a mapping or as pairs. A value is text, a
            number or a bool; a time is text such as `2024-05-01`.
        rest: Name of the part of all other rows, which comes first; `None` leaves them out. With `folds` it
            is what the rows that train are called.
        folds: Whether each value that no part names is a fold. What a fold holds out is called `test`; beside
            parts `val`; where a part or the rest is called so, `test` or `held_out`.

    Raises:
        SplitError: no key of an axis, neither parts nor folds, a value that is none or is in two parts, or
            the rest is a part with values too, or has no name and is to train.
        RegisterError: a part name is not legal or comes twice.
    """

    tag: ClassVar[str] = "leave_out"
    version: ClassVar[int] = 1

    by: str
    parts: Named = attrs.field(converter=_as_named, default=(), eq=repr)
    rest: str | None = "train"
    folds: bool = attrs.field(default=False, validator=check_flag)

    def __attrs_post_init__(self) -> None:
        """Check the key, the values together and the names together."""
        axis_of(self.by)
        if not self.parts and not self.folds:
            msg = (
                'name the values to leave out, as in parts={"test": "oslo"}, or hold out each with folds=True'
            )
            raise SplitError(msg)
        if self.folds and self.rest is None:
            msg = "folds train on the rest, which must have a name; leave rest= away to call it 'train'"
            raise SplitError(msg)
        if any(name == self.rest for name, _ in self.parts):
            msg = (
                f"part {self.rest!r} has values and is the rest too; pass rest=None to leave the other rows "
                "out"
            )
            raise SplitError(msg)
        self._check_values()
        check_part_names([*self.frame.roles, *self.frame.fixed], what="LeaveOut")
        numbers = [name for name in (*self.frame.roles, *self.frame.fixed) if name.isdecimal()]
        if self.folds and numbers:
            msg = (
                f"beside folds a part cannot have a number for a name, got {numbers[0]!r}; name it otherwise"
            )
            raise SplitError(msg)

    def _check_values(self) -> None:
        part_of: dict[tuple[bool, Any], str] = {}
        for name, values in self.parts:
            for value in values:
                before = part_of.setdefault((isinstance(value, bool), value), name)
                if before != name:
                    msg = f"value {value!r} is in parts {before!r} and {name!r}; name it once"
                    raise SplitError(msg)

    @property
    def axis(self) -> Axis:
        """The axis that the column is of."""
        return axis_of(self.by)

    @property
    def keys(self) -> tuple[str, ...]:
        """The column of values."""
        return (self.by,)

    @property
    def frame(self) -> Frame:
        """The rest and the parts, or what trains and what is held out of folds."""
        names = [*([] if self.rest is None else [self.rest]), *(name for name, _ in self.parts)]
        if not self.folds:
            return parts_frame(*names)
        usual = _HELD_OUT if self.parts else _HELD_OUT[1:]
        held_out = next((name for name in usual if name not in names), usual[0])
        return Frame(scheme="rotating", roles=(names[0], held_out), fixed=tuple(names[1:]))

    def codes(self, columns: Columns, n_rows: int, held: Codes | None = None) -> Codes:
        """Return the part of each row, or the fold that holds it out; see `SplitRecipe.codes`.

        Raises:
            SplitError: the column is missing, has another shape, or holds NaN, NaT or empty texts; no row has
                a value that is named; no row is left for the rest; fewer than 2 or more than 254 values are
                left for folds; a new row has a value that would be a new fold, or a row of `held` would move.
        """
        found = find_values(columns, self.by, n_rows)
        check_present(found)
        part_of_value = self._place_named(found)
        if self.folds:
            self._check_new(found, held)
            codes = self._fold_of_value(found, part_of_value)[found.of_row][None]
        else:
            codes = self._with_rest(found, part_of_value)[found.of_row]
        check_unmoved(codes, held)
        return codes

    def _place_named(self, found: Distinct) -> Codes:
        """Return the number of the part that names each value, 255 where none does."""
        placed = np.full(len(found.values), _NOBODY, np.uint8)
        for part, (name, values) in enumerate(self.parts):
            numbers = place_values(found, values, what=f"part {name!r}")
            clash = numbers[(placed[numbers] != _NOBODY) & (placed[numbers] != part)]
            if clash.size:
                other = self.parts[placed[clash[0]]][0]
                msg = (
                    f"value {found.spell(int(clash[0]))} of {self.by!r} is in parts {other!r} and {name!r}; "
                    "name it once"
                )
                raise SplitError(msg)
            placed[numbers] = part
        return placed

    def _with_rest(self, found: Distinct, placed: Codes) -> Codes:
        if self.rest is None:
            return placed
        is_free = placed == _NOBODY
        if not is_free.any():
            msg = (
                f"all {len(placed)} values of {self.by!r} are in parts, no row is left for {self.rest!r}; "
                f"name fewer values, or pass rest=None; {found.listing()}"
            )
            raise SplitError(msg)
        return np.where(is_free, 0, placed + 1).astype(np.uint8)

    def _fold_of_value(self, found: Distinct, placed: Codes) -> Codes:
        free = found.in_order[placed[found.in_order] == _NOBODY]
        most = MAX_PARTS - len(self.parts)
        if not _FEWEST <= len(free) <= most:
            hint = (
                "hold out whole groups of them with Grouped(by=..., folds=5)"
                if len(free) > most
                else f"name fewer in parts; {found.listing()}"
            )
            msg = (
                f"each value of {self.by!r} is a fold, which needs 2 to {most} values, {len(free)} are left; "
                f"{hint}"
            )
            raise SplitError(msg)
        codes = (FIXED - placed.astype(np.int64)).astype(np.uint8)
        codes[free] = np.arange(len(free))
        return codes

    def _check_new(self, found: Distinct, held: Codes | None) -> None:
        new = np.flatnonzero(found.first >= held.shape[-1]) if held is not None else np.zeros(0, np.intp)
        if new.size:
            msg = (
                f"row {found.first[new[0]]} has {found.spell(int(new[0]))}, a new value of {self.by!r}, "
                "which would be a new fold and renumber the others; create the split anew"
            )
            raise SplitError(msg)
