"""`Stratified`: every class has the same shares in every part."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, TypeAlias

import attrs
import numpy as np

from h5torch.keyed import derive
from h5torch.parts import Axis
from splits.dealing.binning import quantile_bins
from splits.dealing.dealers import Oversized, by_groups, by_marks, check_oversized, find_groups
from splits.dealing.folding import check_choice, deal_out, fewest, frame_of
from splits.dealing.folds import Folding, as_folding
from splits.dealing.labelling import is_labelled, labels_of
from splits.dealing.multilabel import Labels
from splits.dealing.picking import pick
from splits.dealing.rarity import Rare, merge_rare, refuse_rare
from splits.dealing.shares import Shares, as_shares
from splits.dealing.strata import Strata, find_strata
from splits.errors import SplitError
from splits.fields import NO_SEED, as_keys, needed_seed, one_of
from splits.frame import Codes, Columns, Frame
from splits.keys import check_keys, shared_axis

__all__ = ["Stratified"]

Bins: TypeAlias = tuple[tuple[str, int], ...]
"""Keys of continuous columns, each with its number of quantile bins."""

_FEWEST_BINS, _MOST_BINS = 2, 1 << 31


def _as_bins(given: Any) -> int | Bins:
    """Take one number for all, or a number a key, as a mapping or as pairs."""
    if isinstance(given, int | np.integer) and not isinstance(given, bool):
        return int(given)
    listed = given.items() if isinstance(given, Mapping) else given
    pairs = list(listed) if isinstance(listed, Iterable) else [listed]
    if not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs):
        msg = f"bins must be a number such as 5, or like {{'0/age': 5}}, got {given!r}"
        raise SplitError(msg)
    return tuple((key, count.item() if isinstance(count, np.integer) else count) for key, count in pairs)


@attrs.frozen(kw_only=True)
class Stratified:
    """Share out rows at random so that every class has its share in every part.

    Rows that agree in all columns of `by` are a stratum. Each stratum gives each part the floor or the
    ceiling of `rows * share`, and so do all rows together. Where a share of a stratum is less than one row
    though the stratum has a row for every part (and one to leave out, where the shares leave some out), it
    is raised to one row and the stratum's other shares give way, so that no class is missing from a part:
    many classes so small draw the totals away from the shares.

    A column of label sets, that is a 0/1 matrix with a column a label, or ragged lists of labels, is
    stratified by every label at once: the rows of each label come as near to their shares as can be, and
    sizes of parts are exact.

    Which rows go where depends on the seed, the row numbers and which rows share a label, not on the
    labels' names, the platform or any library's version.

    Attributes:
        by: Key of the label column, or several that count jointly; all of one axis. A string is taken too.
        parts: Part names with their shares, as a mapping or as pairs. Shares that sum to less than 1 leave
            the other rows out of every part.
        folds: A number of folds, or `KFold`, `RepeatedKFold`, `Nested`, instead of parts or beside them: then
            the rows of the first part are cut into folds.
        seed: In `[0, 2**64)`; the same seed gives the same split everywhere.
        groups: Key of a column of the same axis: rows with the same value are never in two parts.
        bins: Number of quantile bins for a continuous column, or a mapping of keys to numbers.
        rare: What becomes of a class with fewer members than parts or folds: `"refuse"`, `"merge"` with all
            others like it into one class, or `"keep"`, so that parts may lack it. Members are rows; with
            groups, groups.
        oversized: `"refuse"` parts of which a group is larger than its part, or `"accept"` them; folds take
            what groups allow.

    Raises:
        SplitError: no key, a key twice, keys of different axes, neither parts nor folds, or shares that are
            no shares of a whole.
        RegisterError: a part name is not legal or comes twice.
        ArgumentTypeError: the seed is missing, or no integer in its range.
    """

    tag: ClassVar[str] = "stratified"
    version: ClassVar[int] = 1

    by: tuple[str, ...] = attrs.field(converter=as_keys)
    parts: Shares = attrs.field(converter=as_shares, default=())
    folds: Folding | None = attrs.field(converter=as_folding, default=None)
    seed: int = attrs.field(converter=needed_seed, default=NO_SEED)
    groups: str | None = None
    bins: Any = attrs.field(converter=_as_bins, default=())  # JSON has a number or pairs
    rare: Rare = attrs.field(default="refuse", validator=one_of("refuse", "merge", "keep"))
    oversized: Oversized = attrs.field(default="refuse", validator=one_of("refuse", "accept"))

    def __attrs_post_init__(self) -> None:
        """Check the keys together, and parts and folds together."""
        check_keys(self.by)
        shared_axis(self.by if self.groups is None else (*self.by, self.groups))
        check_choice(self.parts, self.folds)
        for key, count in self._bins_by_key:
            if key not in self.by or type(count) is not int or not _FEWEST_BINS <= count <= _MOST_BINS:
                asked = f"got {count!r} for {key!r}"
                msg = f"bins must be {_FEWEST_BINS} or more for columns of by={self.by}, {asked}"
                raise SplitError(msg)

    @property
    def _bins_by_key(self) -> Bins:
        """The number of bins of each column that is cut."""
        if not isinstance(self.bins, int):
            pairs: Bins = self.bins
            return pairs
        if len(self.by) > 1:
            told = f"name it, as in bins={{{self.by[0]!r}: {self.bins}}}"
            msg = f"bins={self.bins} could be of any of {self.by}; {told}"
            raise SplitError(msg)
        return ((self.by[0], self.bins),)

    @property
    def axis(self) -> Axis:
        """The axis that the columns belong to."""
        return shared_axis(self.by)

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that decide: those of `by`, and of groups."""
        return tuple(dict.fromkeys([*self.by, *([] if self.groups is None else [self.groups])]))

    @property
    def frame(self) -> Frame:
        """The parts, or `train` and `test` of folds."""
        return frame_of(self.parts, self.folds)

    def codes(self, columns: Columns, n_rows: int, held: Codes | None = None) -> Codes:
        """Return the part of each row; see `SplitRecipe.codes`.

        Args:
            columns: Label columns by key, each of shape `(n_rows,)`: numbers, bools, text or times; or one of
                label sets, 0/1 of shape `(n_rows, n_labels)`, or an array of lists of labels.
            n_rows: Length of the axis.
            held: Codes of the first rows, which stay.

        Raises:
            SplitError: fewer rows or groups than parts; a class with too few members, a group larger than its
                part; a column is missing, has another shape, or holds NaN, NaT or empty labels.
        """
        marks = self._marks(columns, n_rows)
        groups = None if self.groups is None else find_groups(columns, self.groups, n_rows)
        wanted = fewest(self.parts, self.folds)
        if self.rare == "refuse" and held is None:
            refuse_rare(marks, groups, columns, self.by, wanted=wanted)
        elif self.rare == "merge":
            marks = merge_rare(marks, groups, wanted=wanted)
        return deal_out(
            by_marks(marks) if groups is None else by_groups(groups, marks),
            parts=self.parts,
            folds=self.folds,
            n_rows=n_rows,
            key=derive(self.seed, self.tag),
            held=held,
            check=check_oversized(groups, self.oversized),
        )

    def _marks(self, columns: Columns, n_rows: int) -> Strata | Labels:
        """Return the stratum of each row, or its labels."""
        if len(self.by) == 1 and is_labelled(columns.get(self.by[0])):
            return labels_of(columns[self.by[0]], n_rows=n_rows, key_name=self.by[0])
        binned = {key: quantile_bins(pick(columns, key), count, key=key) for key, count in self._bins_by_key}
        return find_strata({**columns, **binned}, self.by, n_rows)
