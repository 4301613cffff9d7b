"""`Random`: rows, or whole groups of rows, shared out at random."""

from typing import ClassVar

import attrs

from h5torch.keyed import derive
from h5torch.parts import Axis
from splits.dealing.dealers import Oversized, all_alike, by_groups, check_oversized, find_groups
from splits.dealing.folding import check_choice, deal_out, frame_of
from splits.dealing.folds import Folding, as_folding
from splits.dealing.shares import Shares, as_shares
from splits.fields import NO_SEED, OWN_AXIS, check_own_axis, needed_seed, one_of
from splits.frame import Codes, Columns, Frame

__all__ = ["Random"]


@attrs.frozen(kw_only=True)
class Random:
    """Share out rows at random, in exact numbers.

    Each part gets the floor or the ceiling of `rows * share`; with `groups` as near to that as whole groups
    allow.

    Attributes:
        parts: Part names with their shares, as a mapping or as pairs. Shares that sum to less than 1 leave
            the other rows out of every part.
        folds: A number of folds, or `KFold`, `RepeatedKFold`, `Nested`, instead of parts or beside them: then
            the rows of the first part are cut into folds.
        seed: In `[0, 2**64)`; the same seed gives the same split everywhere.
        groups: Key of a column: rows with the same value are never in two parts.
        oversized: `"refuse"` parts of which a group is larger than its part, or `"accept"` them; folds take
            what groups allow.
        axis: Axis whose rows are shared out, or `"coo"` for the elements of the central object; with groups
            it is theirs.

    Raises:
        SplitError: neither parts nor folds, shares that are no shares of a whole, or an axis that is none.
        RegisterError: a part name is not legal or comes twice.
        ArgumentTypeError: the seed is missing, or no integer in its range.
    """

    tag: ClassVar[str] = "random"
    version: ClassVar[int] = 1

    parts: Shares = attrs.field(converter=as_shares, default=())
    folds: Folding | None = attrs.field(converter=as_folding, default=None)
    seed: int = attrs.field(converter=needed_seed, default=NO_SEED)
    groups: str | None = None
    oversized: Oversized = attrs.field(default="refuse", validator=one_of("refuse", "accept"))
    axis: Axis = OWN_AXIS

    def __attrs_post_init__(self) -> None:
        """Check parts and folds together, and the axis."""
        check_choice(self.parts, self.folds)
        check_own_axis(self.keys, self.axis)

    @property
    def keys(self) -> tuple[str, ...]:
        """The column of groups, if there is one."""
        return () if self.groups is None else (self.groups,)

    @property
    def frame(self) -> Frame:
        """The parts, or `train` and `test` of folds."""
        return frame_of(self.parts, self.folds)

    def codes(self, columns: Columns, n_rows: int, held: Codes | None = None) -> Codes:
        """Return the part of each row; see `SplitRecipe.codes`.

        Raises:
            SplitError: fewer rows than parts, fewer groups than parts, a group larger than its part, or a
                column that is missing, has another shape, or holds NaN, NaT or empty labels.
        """
        groups = None if self.groups is None else find_groups(columns, self.groups, n_rows)
        return deal_out(
            all_alike(n_rows) if groups is None else by_groups(groups),
            parts=self.parts,
            folds=self.folds,
            n_rows=n_rows,
            key=derive(self.seed, self.tag),
            held=held,
            check=check_oversized(groups, self.oversized),
        )
