"""`Grouped`: whole groups shared out at random."""

from typing import ClassVar, Literal

import attrs

from h5torch.keyed import derive
from h5torch.parts import Axis
from splits.dealing.dealers import Oversized, by_groups, check_oversized, find_groups
from splits.dealing.folding import check_choice, deal_out, frame_of
from splits.dealing.folds import Folding, as_folding
from splits.dealing.shares import Shares, as_shares
from splits.fields import NO_SEED, needed_seed, one_of
from splits.frame import Codes, Columns, Frame
from splits.keys import axis_of

__all__ = ["Grouped"]


@attrs.frozen(kw_only=True)
class Grouped:
    """Share out whole groups at random: rows with the same value in a column are never in two parts.

    Attributes:
        by: Key of the column that names each row's group.
        parts: Part names with their shares, as a mapping or as pairs. Shares that sum to less than 1 leave
            the other groups out of every part.
        folds: A number of folds, or `KFold`, `RepeatedKFold`, `Nested`, instead of parts or beside them: then
            the groups of the first part are cut into folds.
        seed: In `[0, 2**64)`; the same seed gives the same split everywhere.
        balance: What shares are shares of. `"rows"`: parts come as near to their share of all rows as whole
            groups allow. `"groups"`: each part gets the floor or the ceiling of its share of groups, whatever
            their size.
        oversized: `"refuse"` a split in which a group is larger than its part, or `"accept"` it; it matters
            to `balance="rows"` alone.

    Raises:
        SplitError: no key of an axis, neither parts nor folds, or shares that are no shares of a whole.
        RegisterError: a part name is not legal or comes twice.
        ArgumentTypeError: the seed is missing, or no integer in its range.
    """

    tag: ClassVar[str] = "grouped"
    version: ClassVar[int] = 1

    by: str
    parts: Shares = attrs.field(converter=as_shares, default=())
    folds: Folding | None = attrs.field(converter=as_folding, default=None)
    seed: int = attrs.field(converter=needed_seed, default=NO_SEED)
    balance: Literal["rows", "groups"] = attrs.field(default="rows", validator=one_of("rows", "groups"))
    oversized: Oversized = attrs.field(default="refuse", validator=one_of("refuse", "accept"))

    def __attrs_post_init__(self) -> None:
        """Check the key, and parts and folds together."""
        axis_of(self.by)
        check_choice(self.parts, self.folds)

    @property
    def axis(self) -> Axis:
        """The axis that the groups are of."""
        return axis_of(self.by)

    @property
    def keys(self) -> tuple[str, ...]:
        """The column of groups."""
        return (self.by,)

    @property
    def frame(self) -> Frame:
        """The parts, or `train` and `test` of folds."""
        return frame_of(self.parts, self.folds)

    def codes(self, columns: Columns, n_rows: int, held: Codes | None = None) -> Codes:
        """Return the part of each row; see `SplitRecipe.codes`.

        Raises:
            SplitError: fewer groups than parts, a group larger than its part, or a column that is missing,
                has another shape, or holds NaN, NaT or empty labels.
        """
        groups = find_groups(columns, self.by, n_rows)
        return deal_out(
            by_groups(groups, units=self.balance == "groups"),
            parts=self.parts,
            folds=self.folds,
            n_rows=n_rows,
            key=derive(self.seed, self.tag),
            held=held,
            check=check_oversized(groups, "accept" if self.balance == "groups" else self.oversized),
        )
