"""`Cold`: elements of the central object shared out by their rows on one axis or several."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.folds import FIXED, Folds
from h5torch.parts import Parts, check_part_names
from h5torch.rows import outside
from splits.dealing.crossing import MIXED, Mixed, check_filled, check_kept, cross, crossed_names
from splits.dealing.picking import pick
from splits.errors import SplitError
from splits.fields import one_of
from splits.frame import Codes, Columns, Frame, parts_frame
from splits.keys import SHAPE, index_key
from splits.recipes.protocol import SplitRecipe

__all__ = ["Cold"]

Axes: TypeAlias = tuple[tuple[int, SplitRecipe], ...]
"""Axes with the recipe of each, ascending."""

Index: TypeAlias = npt.NDArray[Any]
"""Integers, one an element."""


def _as_axes(given: Any) -> Axes:
    pairs = list(given.items()) if isinstance(given, Mapping) else given
    if not isinstance(pairs, list | tuple) or not pairs:
        msg = f"axes must be like {{0: Random(...), 1: Grouped(by='1/family', ...)}}, got {given!r}"
        raise SplitError(msg)
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            msg = f"axes must be pairs of an axis and its recipe, got {pair!r} among them"
            raise SplitError(msg)
        axis, recipe = pair
        if isinstance(axis, bool) or not isinstance(axis, int) or axis < 0:
            msg = f"an axis to hold out must be a number from 0 up, got {axis!r}"
            raise SplitError(msg)
        if not all(hasattr(recipe, name) for name in ("axis", "keys", "frame", "codes")):
            msg = f"axis {axis} must be held out by a recipe such as Random or Grouped, got {recipe!r}"
            raise SplitError(msg)
    return tuple((axis, recipe) for axis, recipe in sorted(pairs, key=lambda pair: pair[0]))


@attrs.frozen(kw_only=True)
class Cold:
    """Hold out rows on one axis or several, and with them the elements of the central object that are theirs.

    For pairs of drugs (axis 0) and targets (axis 1), the settings of T. Pahikkala, A. Airola, S. Pietilä,
    S. Shakyawar, A. Szwajda, J. Tang and T. Aittokallio, "Toward more realistic drug-target interaction
    predictions", Briefings in Bioinformatics 16(2), 2015, are these, with `Random(axis=i, ...)` or any other
    recipe of that axis:

    - S1, neither is new: no `Cold`, but `Random(axis="coo", ...)`.
    - S2, new drugs: `axes={0: ...}`.
    - S3, new targets: `axes={1: ...}`.
    - S4, both are new: `axes={0: ..., 1: ...}` and `mixed="drop"`. With `mixed="own"` the parts `test+train`,
      `train+test` and `test` are S2, S3 and S4 for one model.

    Elements are the nonzeros of a `coo` central object or the cells of a dense one; any number of axes can be
    held out. An element whose rows are in the same part on all axes named is in that part, and one with a row
    that is left out is left out. Every other one is mixed, and `mixed` says what becomes of it:

    - `"own"`: it is in a part for its combination, called after the parts of its rows in the order of axes,
      such as `train+test`. On every axis two parts share a row only where their names agree at that axis.
    - `"drop"`: it is left out. On every axis no row has elements in two parts.
    - `"assign"`: it is in the part that comes last among those of its rows, so name the parts from seen to
      held out. No row held out on any axis is in an element of `train`, but elements of `test` may have rows
      that `train` has seen.

    With one axis nothing is mixed, and no row of that axis has elements in two parts.

    Where recipes make folds, fold `i` holds out fold `i` of every axis. Where two axes list the same things
    (pairs of proteins), give both the same recipe and seed, and axes of the same length and columns are held
    out alike.

    Attributes:
        axes: The recipe of each axis to hold out, as a mapping or as pairs; each recipe's own axis must be
            that one. All have the same parts in the same order, or the same number of folds.
        mixed: What becomes of mixed elements; it must be said for several axes, and may be left away for one.

    Raises:
        SplitError: no axis, an axis twice or a recipe for another one, recipes whose parts differ or of
            nested folds, `mixed` missing or unknown, or combinations of parts that are too many or cannot be
            named.
        RegisterError: the name of a combination is too long.
    """

    tag: ClassVar[str] = "cold"
    version: ClassVar[int] = 1

    axes: Axes = attrs.field(converter=_as_axes)
    mixed: Mixed | None = attrs.field(default=None, validator=attrs.validators.optional(one_of(*MIXED)))

    def __attrs_post_init__(self) -> None:
        """Check each recipe by its axis, then all together, then what becomes of mixed elements."""
        for axis, recipe in self.axes:
            _check_recipe(axis, recipe)
        _check_alike(self.axes)
        if len(self.axes) > 1 and self.mixed is None:
            msg = (
                f"say what becomes of elements whose rows on the {len(self.axes)} axes are in different "
                f"parts: mixed='own' (parts of their own), 'drop' (left out) or 'assign' (the last of these)"
            )
            raise SplitError(msg)
        check_part_names(_part_names(self.frame), what="Cold")

    @property
    def axis(self) -> Literal["coo"]:
        """The elements of the central object."""
        return "coo"

    @property
    def keys(self) -> tuple[str, ...]:
        """Index of each element on each axis held out, the shape, and the columns of the axes' recipes."""
        indices = [index_key(axis) for axis, _ in self.axes]
        inner = [key for _, recipe in self.axes for key in recipe.keys]
        return tuple(dict.fromkeys([*indices, SHAPE, *inner]))

    @property
    def frame(self) -> Frame:
        """The parts of elements, or of the folds; folds of several axes are listed one by one."""
        first = self.axes[0][1].frame
        if len(self.axes) == 1:
            return first
        names = crossed_names(_part_names(first), len(self.axes), self.mixed)
        return parts_frame(*names) if first.scheme == "parts" else Frame(scheme="listed", roles=names)

    @property
    def libraries(self) -> tuple[str, ...]:
        """The libraries that decide on any of the axes."""
        named = [name for _, recipe in self.axes for name in getattr(recipe, "libraries", ())]
        return tuple(dict.fromkeys(named))

    @property
    def provenance(self) -> dict[str, str]:
        """What recipes of the axes have to say for the record, such as digests of functions."""
        told = [getattr(recipe, "provenance", {}) for _, recipe in self.axes]
        return {name: value for each in told for name, value in each.items()}

    def settled(self, columns: Columns, n_rows: int) -> "Cold":  # noqa: ARG002 - every recipe is asked so
        """Return the recipe with what those of the axes compute once and keep, such as clusters.

        What they have kept already is computed anew.

        Raises:
            SplitError: as `codes` does.
        """
        shape = _shape_of(columns, self.axes)
        settle = {axis: getattr(recipe, "settled", None) for axis, recipe in self.axes}
        found = {axis: one(columns, shape[axis]) for axis, one in settle.items() if one is not None}
        return attrs.evolve(self, axes={**dict(self.axes), **found}) if found else self

    def codes(self, columns: Columns, n_rows: int, held: Codes | None = None) -> Codes:
        """Return the part of each element; see `SplitRecipe.codes`.

        Args:
            columns: `coo/<axis>`, the index of each element on each axis held out: integers of shape
                `(n_rows,)`; `shape`, that of the central object; and the columns of the axes' recipes, as
                long as their axes.
            n_rows: Number of elements.
            held: Codes of the first elements, which stay.

        Raises:
            SplitError: a column is missing or of another shape; an index lies outside its axis; a recipe
                refuses its axis; numbers of folds differ; a part would have no element; or an element of
                `held` would move.
        """
        shape = _shape_of(columns, self.axes)
        indices = {axis: _index_of(columns, axis, length=shape[axis], n_rows=n_rows) for axis, _ in self.axes}
        tables = {axis: _table_of(columns, axis, recipe, n_rows=shape[axis]) for axis, recipe in self.axes}
        codes = self._crossed(tables, indices)
        names = self._wanted(tables)
        for number, array in enumerate(codes):
            where = {"parts": "", "listed": f"fold {number}: ", "rotating": f"repeat {number}: "}
            check_filled(array, names, where=where[self.frame.scheme])
        if held is not None:
            check_kept(codes, held, indices)
        return codes[0] if self.frame.scheme == "parts" else codes

    def _crossed(self, tables: Mapping[int, Parts | Folds], indices: Mapping[int, Index]) -> Codes:
        """Return codes of elements, of shape `(arrays, n_elements)` also for parts."""
        if len(tables) == 1:
            ((axis, table),) = tables.items()
            return np.stack([array.take(indices[axis]) for array in np.atleast_2d(table.codes)])
        folds = {axis: _each_fold(table) for axis, table in tables.items()}
        if len({len(each) for each in folds.values()}) > 1:
            listed = ", ".join(f"{len(each)} on axis {axis}" for axis, each in folds.items())
            msg = f"fold i holds out fold i of every axis, and there are {listed}; ask for as many on each"
            raise SplitError(msg)
        n_parts = len(_part_names(self.axes[0][1].frame))
        codes = np.empty((len(folds[self.axes[0][0]]), len(indices[self.axes[0][0]])), np.uint8)
        for number, row in enumerate(codes):
            row[:] = cross(
                [each[number].take(indices[axis]) for axis, each in folds.items()], n_parts, self.mixed
            )
        return codes

    def _wanted(self, tables: Mapping[int, Parts | Folds]) -> dict[int, str]:
        """Return the codes that every array must have, with what they are called."""
        table = tables[self.axes[0][0]]
        if self.frame.scheme != "rotating" or not isinstance(table, Folds):
            return {code: repr(name) for code, name in enumerate(self.frame.roles)}
        wanted = {code: f"fold {code}" for code in range(table.n_folds[0])}
        return wanted | {FIXED - place: repr(name) for place, name in enumerate(table.fixed)}


def _check_recipe(axis: int, recipe: SplitRecipe) -> None:
    what = type(recipe).__name__
    if recipe.axis != axis:
        msg = f"axis {axis} is to be held out by {what} of axis {recipe.axis!r}; give it one of its own axis"
        raise SplitError(msg)
    if recipe.frame.scheme == "nested":
        msg = f"axis {axis}: {what} makes nested folds, which Cold cannot cross; use KFold or RepeatedKFold"
        raise SplitError(msg)


def _check_alike(axes: Axes) -> None:
    numbers = [axis for axis, _ in axes]
    if len(set(numbers)) < len(numbers):
        msg = f"each axis can be held out once, got axes {numbers}; put both ideas into one recipe"
        raise SplitError(msg)
    frames = {axis: recipe.frame for axis, recipe in axes}
    kinds = {(frame.scheme == "parts", _part_names(frame)) for frame in frames.values()}
    if len(kinds) > 1:
        listed = "; ".join(
            f"axis {axis} has {'' if frame.scheme == 'parts' else 'folds of '}{', '.join(_part_names(frame))}"
            for axis, frame in frames.items()
        )
        msg = f"all axes must have the same parts in the same order, or all folds of the same; {listed}"
        raise SplitError(msg)


def _part_names(frame: Frame) -> tuple[str, ...]:
    """Return the names of the parts, or of those of each fold."""
    return frame.roles + frame.fixed


def _each_fold(table: Parts | Folds) -> list[Codes]:
    """Return the codes of each fold, or those of parts alone."""
    return [table.codes] if isinstance(table, Parts) else [fold.codes for fold in table.all_folds()]


def _table_of(columns: Columns, axis: int, recipe: SplitRecipe, *, n_rows: int) -> Parts | Folds:
    """Return the parts or folds of the rows of one axis."""
    try:
        codes = recipe.codes(columns, n_rows)
    except SplitError as error:
        msg = f"axis {axis}: {error}"
        raise SplitError(msg) from error
    return recipe.frame.table(f"axis {axis}", axis, codes)


def _column(columns: Columns, key: str) -> Index:
    found = pick(columns, key)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        msg = f"column {key!r} must be integers of one dimension, got {found.dtype} of shape {found.shape}"
        raise SplitError(msg)
    return found


def _shape_of(columns: Columns, axes: Axes) -> tuple[int, ...]:
    shape = tuple(map(int, _column(columns, SHAPE)))
    last = axes[-1][0]
    if last >= len(shape):
        msg = f"axis {last} is none of the central object's, which has shape {shape}"
        raise SplitError(msg)
    return shape


def _index_of(columns: Columns, axis: int, *, length: int, n_rows: int) -> Index:
    key = index_key(axis)
    index = _column(columns, key)
    if len(index) != n_rows:
        msg = f"column {key!r} has {len(index)} rows, there are {n_rows} elements"
        raise SplitError(msg)
    if outside(index, length):
        stray = int(np.flatnonzero((index < 0) | (index >= length))[0])
        msg = f"element {stray} has index {index[stray]} on axis {axis} of {length} rows; mend the indices"
        raise SplitError(msg)
    return index
