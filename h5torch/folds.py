"""The record of stored folds: many splits of one axis, of which each is a training and a held-out part."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.errors import ArgumentTypeError, SubsetError, UnknownNameError
from h5torch.parts import LEFT_OUT, MAX_PARTS, Axis, Parts, check_label, check_part_names

__all__ = ["FIXED", "Folds", "Scheme", "choose_fold", "fold_of_path"]

Scheme: TypeAlias = Literal["rotating", "listed", "nested"]

FIXED = 254
"""The code of the first part that is held out of all folds; the next one has 253, and so on."""

_DIGITS = 9  # of the number of a fold, at most
_ROLES = {"rotating": 2, "nested": 4}


def _as_names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(names)


def _as_counts(counts: Iterable[int]) -> tuple[int, ...]:
    return tuple(counts)


def _as_codes(codes: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    given = np.asarray(codes)
    if given.ndim != 2 or given.dtype != np.uint8 or not len(given):
        msg = f"codes of folds must be uint8 of shape (arrays, rows), got {given.dtype} of {given.shape}"
        raise ArgumentTypeError(msg)
    copy = given.copy()
    copy.flags.writeable = False
    return copy


@attrs.frozen(kw_only=True)
class Folds:
    """Folds over the rows of one axis: fold number `i` of split `cv` is the split `cv/i`.

    Attributes:
        name: Name of the split in its file.
        axis: Axis whose rows are shared out, or `"coo"` for the elements of the central object.
        scheme: How codes are read.
            `"rotating"`: each array is a repeat and says of each row which fold holds it out.
            `"listed"`: each array is a fold and says of each row its part in it.
            `"nested"`: the first array rotates through the outer folds; array `1 + i` rotates, among the
            rows that train in outer fold `i`, through its inner folds.
        n_folds: Folds of an array that rotates; for `"nested"` outer and inner ones; for `"listed"` arrays.
        roles: Names of the parts of a fold: for `"rotating"` those that train and those held out, for
            `"nested"` the same of the outer and then of the inner folds, for `"listed"` all, in the order of
            codes.
        fixed: Names of parts that no fold of `"rotating"` trains on or holds out.
        codes: uint8 of shape `(arrays, n_rows)`, read-only. 255 is a row left out, 254, 253, … are rows of
            the `fixed` parts.
    """

    name: str
    axis: Axis
    scheme: Scheme
    n_folds: tuple[int, ...] = attrs.field(converter=_as_counts)
    roles: tuple[str, ...] = attrs.field(converter=_as_names)
    fixed: tuple[str, ...] = attrs.field(converter=_as_names, default=())
    codes: npt.NDArray[np.uint8] = attrs.field(
        converter=_as_codes, eq=attrs.cmp_using(eq=np.array_equal), repr=False
    )

    def __attrs_post_init__(self) -> None:
        """Check the names first, then the codes by them."""
        check_label(self.name, what="split")
        what = f"split {self.name!r}"
        clash = [role for role in (*self.roles, *self.fixed) if role.isdecimal()]
        if clash or len(self.roles) != _ROLES.get(self.scheme, len(self.roles)):
            msg = f"{what}: parts of folds are names and no numbers, got {self.roles + self.fixed}"
            raise SubsetError(msg)
        together = (self.roles[:2], self.roles[2:]) if self.scheme == "nested" else (self.roles + self.fixed,)
        for names in together:
            check_part_names(names, what=what)
        if not self.n_folds or min(self.n_folds) < 1 or self.n_folds != self._possible:
            msg = f"{what}: {len(self.codes)} arrays of codes are not {self.n_folds} folds, {self.scheme}"
            raise SubsetError(msg)
        if self.scheme != "listed" and max(self.n_folds) + len(self.fixed) > MAX_PARTS:
            msg = f"{what}: at most {MAX_PARTS} folds and parts share an array, got {max(self.n_folds)} folds"
            raise SubsetError(msg)
        for array, codes in enumerate(self.codes):
            self._check_codes(array, codes)
        self._check_together()

    def _check_codes(self, array: int, codes: npt.NDArray[np.uint8]) -> None:
        least_fixed = FIXED + 1 - len(self.fixed)
        stray = np.flatnonzero((codes >= self._n_codes(array)) & (codes != LEFT_OUT) & (codes < least_fixed))
        if stray.size:
            msg = (
                f"split {self.name!r}: row {stray[0]} of array {array} has code {codes[stray[0]]}, no fold's"
            )
            raise SubsetError(msg)

    def _check_together(self) -> None:
        """Refuse arrays that contradict the first one."""
        first = self.codes[0]
        for number, codes in enumerate(self.codes[1:]):
            if self.scheme == "nested":
                contradicts = (codes == LEFT_OUT) != ((first == number) | (first == LEFT_OUT))
            elif self.scheme == "rotating":
                of_folds = [(array < self.n_folds[0]) for array in (first, codes)]
                contradicts = (of_folds[0] != of_folds[1]) | (~of_folds[0] & (first != codes))
            else:
                continue
            if contradicts.any():
                row = int(np.argmax(contradicts))
                msg = (
                    f"split {self.name!r}: row {row} has code {codes[row]} in array {number + 1} and "
                    f"{first[row]} in the first, which contradict each other"
                )
                raise SubsetError(msg)

    @property
    def _possible(self) -> tuple[int, ...]:
        """The numbers of folds that the arrays allow, taking those that they leave open as they are."""
        if self.scheme == "listed":
            return (len(self.codes),)
        if self.scheme == "nested":
            return (len(self.codes) - 1, *self.n_folds[1:2]) if len(self.n_folds) > 1 else ()
        return self.n_folds[:1]

    def _n_codes(self, array: int) -> int:
        if self.scheme == "listed":
            return len(self.roles)
        return self.n_folds[1] if self.scheme == "nested" and array else self.n_folds[0]

    @property
    def n_rows(self) -> int:
        """Number of rows of the axis, those left out included."""
        n_rows: int = self.codes.shape[1]
        return n_rows

    def __len__(self) -> int:
        """Return the number of folds, those of all repeats together; of nested ones the outer."""
        return len(self.codes) * self.n_folds[0] if self.scheme == "rotating" else self.n_folds[0]

    def fold(self, *numbers: int) -> Parts:
        """Return one fold as a split of its own, called `name/number`.

        Args:
            numbers: The fold, counted from 0 through all repeats; of nested folds the outer, or the outer
                and the inner.

        Raises:
            UnknownNameError: there is no such fold.
        """
        depth = 2 if self.scheme == "nested" else 1
        if not 1 <= len(numbers) <= depth:
            msg = f"split {self.name!r} has {len(self)} folds {depth} deep, fold {numbers} is none of them"
            raise UnknownNameError(msg)
        outer, *inner = (self._checked(number, deep) for deep, number in enumerate(numbers))
        path = "/".join([self.name, *map(str, numbers)])
        if self.scheme == "listed":
            return Parts(name=path, axis=self.axis, parts=self.roles, codes=self.codes[outer])
        array, number = divmod(outer, self.n_folds[0])
        roles = self.roles[:2]
        if inner:
            array, number, roles = 1 + outer, inner[0], self.roles[2:]
        return Parts(name=path, axis=self.axis, parts=(*roles, *self.fixed), codes=self._held(array, number))

    def _checked(self, number: int, deep: int) -> int:
        n_folds = self.n_folds[1] if deep else len(self)
        if not 0 <= number < n_folds:
            msg = f"split {self.name!r} has no fold {number}; it has folds 0 to {n_folds - 1}"
            raise UnknownNameError(msg)
        return number

    def _held(self, array: int, number: int) -> npt.NDArray[np.uint8]:
        """Return codes in which fold `number` of one rotating array is part 1 and the others are part 0."""
        table = np.zeros(LEFT_OUT + 1, np.uint8)
        table[number] = 1
        table[LEFT_OUT] = LEFT_OUT
        for place in range(len(self.fixed)):
            table[FIXED - place] = 2 + place
        codes: npt.NDArray[np.uint8] = table[self.codes[array]]
        return codes

    def all_folds(self, outer: int | None = None) -> Iterator[Parts]:
        """Return every fold in order, one at a time.

        Args:
            outer: Of nested folds: the outer fold whose inner folds are meant.

        Raises:
            UnknownNameError: there is no such outer fold.
        """
        if outer is None:
            return (self.fold(number) for number in range(len(self)))
        self.fold(outer, 0)
        return (self.fold(outer, number) for number in range(self.n_folds[1]))

    def around(self) -> Parts:
        """Return the split that the folds lie in: all rows of folds under the first role, and fixed parts.

        Raises:
            UnknownNameError: no part is fixed: every row is in the folds.
        """
        if not self.fixed:
            msg = f"split {self.name!r} has {len(self)} folds; say which, as in {self.name + '/0'!r}"
            raise UnknownNameError(msg)
        parts = (self.roles[0], *self.fixed)
        codes = self._held(0, FIXED)  # 0 in any fold, then from 2 on, as no fold is held out
        codes[(codes >= 2) & (codes < LEFT_OUT)] -= 1
        return Parts(name=self.name, axis=self.axis, parts=parts, codes=codes)

    @property
    def counts(self) -> Mapping[str, int]:
        """Number of rows of each part of each fold: `{"0/train": 80, "0/test": 20, ...}`."""
        found = {}
        for fold in self.all_folds():
            number = fold.name.rpartition("/")[2]
            found.update({f"{number}/{part}": count for part, count in fold.counts.items()})
        return MappingProxyType(found)

    @property
    def n_left_out(self) -> int:
        """Number of rows that belong to no part of any fold."""
        return int(np.count_nonzero((self.codes == LEFT_OUT).all(axis=0)))


def fold_of_path(path: object) -> tuple[str, tuple[int, ...]]:
    """Part `cv/3` into the split `cv` and the fold `(3,)`; `main` is a split and no fold.

    Raises:
        ArgumentTypeError: the path is no text.
        UnknownNameError: what follows the split's name is no number.
    """
    if not isinstance(path, str):
        msg = f"a split is named by text such as 'main' or 'cv/3', got {path!r}"
        raise ArgumentTypeError(msg)
    name, *steps = path.split("/")
    odd = [step for step in steps if not (step.isdecimal() and step.isascii() and len(step) <= _DIGITS)]
    if odd:
        msg = f"split {path!r}: {odd[0]!r} is no number of a fold; write 'name/part' or 'name/fold/part'"
        raise UnknownNameError(msg)
    return name, tuple(map(int, steps))


def choose_fold(table: Parts | Folds, numbers: tuple[int, ...]) -> Parts:
    """Return one fold of a split; without numbers the split itself, or what its folds lie in.

    Raises:
        UnknownNameError: the split has no such fold, or has folds and none is named.
    """
    if isinstance(table, Folds):
        return table.fold(*numbers) if numbers else table.around()
    if numbers:
        msg = f"split {table.name!r} has parts {', '.join(map(repr, table.parts))} and no folds"
        raise UnknownNameError(msg)
    return table
