"""`Predefined`: parts or folds that are there already, in a column or as arrays."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal, Self, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.kept import Kept, keep
from h5torch.parts import LEFT_OUT, Axis, check_part_names
from splits.dealing.given import codes_of_folds, codes_of_indices, codes_of_masks, codes_of_numbers
from splits.dealing.growing import check_unmoved
from splits.dealing.patterns import checked_pattern
from splits.dealing.values import Distinct, Value, as_values, find_values, place_values
from splits.errors import SplitError
from splits.fields import OWN_AXIS, as_names, check_own_axis, one_of
from splits.frame import Codes, Columns, Frame
from splits.keys import check_axis

__all__ = ["Predefined"]

Matches: TypeAlias = tuple[tuple[str, Any], ...]
"""Part names, each with a regular expression or with a tuple of values (`splits.dealing.values.Value`)."""


def _as_matches(given: Any) -> Matches:
    pairs = list(given.items() if isinstance(given, Mapping) else given)
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            msg = (
                f'parts must be like {{"train": "train|extra", "test": ["a", "b"]}}, got {pair!r} among them'
            )
            raise SplitError(msg)
    return tuple(
        (name, checked_pattern(match) if isinstance(match, str) else as_values(match, what=f"part {name!r}"))
        for name, match in pairs
    )


@attrs.frozen(kw_only=True)
class Predefined:
    """Take parts from a column that names them, or parts or folds from arrays.

    By a column: a part has the rows whose text a regular expression matches as a whole (`re.fullmatch`:
    `"test"` does not match `"test_b"`), or whose value is one of a list. An expression may come from a file,
    so it is kept from running for ages: it repeats no group, as `(a+)+` does, and has at most 8 repeats and 8
    groups. Its time then grows with a power of the length of a text, and each distinct text is matched once;
    over long texts of strangers list values. From arrays: see `from_masks`,
    `from_indices`, `from_codes` and `from_test_fold`, which fill the fields `array`, `names` and `scheme`.

    Rows added later follow their values; a split from arrays cannot be extended.

    Attributes:
        by: Key of the column, or `None` with arrays.
        parts: Part names, each with a regular expression (text) or a list of values, as a mapping or as
            pairs.
        rest: Name of the part of rows that no part matches, one of the others or a further one, which comes
            first; `None` leaves them out.
        axis: Axis whose rows are shared out, or `"coo"` for the elements of the central object; with `by` it
            is that of the column.
        array: The part or fold of each row, 255 for none.
        names: Names of the parts that numbers in `array` stand for.
        scheme: What numbers in `array` are: `"parts"`, `"rotating"` folds, each row held out once, or
            `"listed"` folds, where a row with 255 trains in every one.

    Raises:
        SplitError: neither a column nor an array, or both; a regular expression that is broken
            or may run for ages; no values; an axis
            that is none or not that of the column.
        RegisterError: a part name is not legal or comes twice.
    """

    tag: ClassVar[str] = "predefined"
    version: ClassVar[int] = 1

    by: str | None = None
    parts: Matches = attrs.field(converter=_as_matches, default=(), eq=repr)
    rest: str | None = None
    axis: Axis = OWN_AXIS
    array: Kept | None = None
    names: tuple[str, ...] = attrs.field(converter=as_names, default=())
    scheme: Literal["parts", "rotating", "listed"] = attrs.field(
        default="parts", validator=one_of("parts", "rotating", "listed")
    )

    def __attrs_post_init__(self) -> None:
        """Check that there is one way to know the part of a row, and what belongs to it."""
        check_axis(self.axis)
        if (self.by is None) == (self.array is None):
            msg = (
                'name a column and its parts, as in by="0/split", parts={"train": "train", "test": "test"}, '
                "or use Predefined.from_masks, from_indices, from_codes or from_test_fold"
            )
            raise SplitError(msg)
        if self.by is not None:
            check_own_axis(self.keys, self.axis)
            if not self.parts:
                msg = f'name parts and what they match in {self.by!r}, as in parts={{"train": "train|extra"}}'
                raise SplitError(msg)
        needless = [self.names, self.scheme != "parts"] if self.by is not None else [self.parts, self.rest]
        if any(needless):
            msg = "names= and scheme= go with an array, parts= and rest= with a column; leave the others away"
            raise SplitError(msg)
        check_part_names(self.frame.roles, what="Predefined")

    @classmethod
    def from_masks(cls, masks: Mapping[str, npt.ArrayLike], *, axis: Axis = 0) -> Self:
        """Make parts of masks.

        Args:
            masks: Part names, each with one bool a row, all of one length. Rows in none are left out.
            axis: Axis whose rows are shared out, or `"coo"`.

        Raises:
            SplitError: there is none, they are no bools of one length, or a row is in two.
            RegisterError: a part name is not legal.
        """
        return cls(axis=axis, array=keep(codes_of_masks(masks)), names=tuple(masks))

    @classmethod
    def from_indices(cls, indices: Mapping[str, npt.ArrayLike], *, n_rows: int, axis: Axis = 0) -> Self:
        """Make parts of lists of row numbers.

        Args:
            indices: Part names, each with numbers in `[0, n_rows)`. Rows in none are left out.
            n_rows: Rows of the axis.
            axis: Axis whose rows are shared out, or `"coo"`.

        Raises:
            SplitError: one is no list of integers, a number lies outside the rows, or a row comes twice.
            RegisterError: a part name is not legal.
        """
        return cls(axis=axis, array=keep(codes_of_indices(indices, n_rows=n_rows)), names=tuple(indices))

    @classmethod
    def from_codes(cls, codes: npt.ArrayLike, *, parts: Iterable[str], axis: Axis = 0) -> Self:
        """Make parts of one number a row.

        Args:
            codes: Integers of shape `(n_rows,)`: an index in `parts`; -1 or 255 for a row left out.
            parts: Part names in the order of their codes.
            axis: Axis whose rows are shared out, or `"coo"`.

        Raises:
            SplitError: they are no such integers.
            RegisterError: a part name is not legal or comes twice.
        """
        if isinstance(parts, str):
            msg = f"parts must be a list of names such as ['train', 'test'], got {parts!r}"
            raise SplitError(msg)
        names = tuple(parts)
        return cls(axis=axis, array=keep(codes_of_numbers(codes, n_codes=len(names))), names=names)

    @classmethod
    def from_test_fold(cls, test_fold: npt.ArrayLike, *, axis: Axis = 0) -> Self:
        """Make folds with the parts `train` and `test` of the number of the fold that holds out each row.

        They are those of scikit-learn's `PredefinedSplit(test_fold)`, in its order: ascending by number. The
        scheme is `"rotating"` where every row is held out once, and `"listed"` where some rows only train.

        Args:
            test_fold: Integers of shape `(n_rows,)`; -1 for a row that trains in every fold.
            axis: Axis whose rows are shared out, or `"coo"`.

        Raises:
            SplitError: they are no such integers, or there are no folds or more than 254.
        """
        folds = codes_of_folds(test_fold)
        scheme: Literal["listed", "rotating"] = "listed" if (folds == LEFT_OUT).any() else "rotating"
        return cls(axis=axis, array=keep(folds), names=("train", "test"), scheme=scheme)

    @classmethod
    def from_name_lists(
        cls, names: Mapping[str, Iterable[Value]], *, by: str, rest: str | None = None
    ) -> Self:
        """Make parts of lists of ids, such as the names of demonstrations, that a column holds.

        Args:
            names: Part names, each with the ids whose rows it has.
            by: Key of the column of ids.
            rest: As the field of this name.

        Raises:
            SplitError: there is no id for a part, or the key is of no axis.
            RegisterError: a part name is not legal.
        """
        return cls(by=by, parts={part: list(listed) for part, listed in names.items()}, rest=rest)

    @property
    def keys(self) -> tuple[str, ...]:
        """The column, if there is one."""
        return () if self.by is None else (self.by,)

    @property
    def frame(self) -> Frame:
        """The parts, or `train` and `test` of folds."""
        named = tuple(name for name, _ in self.parts)
        rest = () if self.rest is None or self.rest in named else (self.rest,)
        return Frame(scheme=self.scheme, roles=self.names or (*rest, *named))

    def codes(self, columns: Columns, n_rows: int, held: Codes | None = None) -> Codes:
        """Return the part of each row, in every fold where there are folds; see `SplitRecipe.codes`.

        Raises:
            SplitError: the column is missing, has another shape or kind; a row matches two parts; a part, or
                the rest, has no row; the array is of another number of rows; or a row of `held` would move.
            FormatError: the recipe was read without its array.
        """
        codes = self._by_array(n_rows) if self.by is None else self._by_column(self.by, columns, n_rows)
        check_unmoved(codes, held)
        return codes

    def _by_array(self, n_rows: int) -> Codes:
        array = np.zeros(0, np.uint8) if self.array is None else self.array.array.astype(np.uint8)
        if len(array) != n_rows:
            msg = (
                f"the recipe holds an array for {len(array)} rows and knows nothing of others, the axis has "
                f"{n_rows}; make one for all of them"
            )
            raise SplitError(msg)
        if self.scheme == "parts":
            return array
        if self.scheme == "rotating":
            return array[None]
        n_folds = int(array[array != LEFT_OUT].max(initial=0)) + 1
        codes: Codes = (array == np.arange(n_folds)[:, None]).astype(np.uint8)
        return codes

    def _by_column(self, by: str, columns: Columns, n_rows: int) -> Codes:
        found = find_values(columns, by, n_rows)
        roles = self.frame.roles
        placed = np.full(len(found.values), LEFT_OUT, np.uint8)
        for name, match in self.parts:
            numbers = _matching(found, match, name)
            clash = numbers[placed[numbers] != LEFT_OUT]
            if clash.size:
                row, value = found.first[clash].min(), found.spell(int(clash[np.argmin(found.first[clash])]))
                other = roles[placed[found.of_row[row]]]
                msg = (
                    f"row {row} of {by!r}, {value}, is matched by parts {other!r} and {name!r}; make them "
                    "differ"
                )
                raise SplitError(msg)
            placed[numbers] = roles.index(name)
        if self.rest is not None:
            placed[placed == LEFT_OUT] = roles.index(self.rest)
            if not (placed == roles.index(self.rest)).any():
                msg = (
                    f"every row of {by!r} is matched by a part, none is left for {self.rest!r}; "
                    f"{found.listing()}"
                )
                raise SplitError(msg)
        codes: Codes = placed[found.of_row]
        return codes


def _matching(found: Distinct, match: str | tuple[Value, ...], part: str) -> npt.NDArray[np.intp]:
    """Return the numbers of the values that a part matches."""
    if not isinstance(match, str):
        return np.unique(place_values(found, match, what=f"part {part!r}"))
    if found.values.dtype.kind != "U":
        msg = (
            f"part {part!r} matches the text {match!r}, column {found.key!r} holds {found.values.dtype}; "
            f"list its values instead; {found.listing()}"
        )
        raise SplitError(msg)
    fits = re.compile(match).fullmatch
    numbers = np.flatnonzero([fits(value) is not None for value in found.values.tolist()])
    if not numbers.size:
        msg = f"part {part!r}: {match!r} matches no value of {found.key!r} as a whole; {found.listing()}"
        raise SplitError(msg)
    return numbers
