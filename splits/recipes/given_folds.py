"""`GivenFolds`: folds that were made elsewhere, kept as they came."""

from typing import ClassVar, Literal

import attrs
import numpy as np

from h5torch.kept import Kept, keep
from h5torch.parts import Axis, check_part_names
from splits.dealing.growing import check_unmoved
from splits.errors import SplitError
from splits.fields import as_names, one_of
from splits.frame import Codes, Columns, Frame
from splits.keys import check_axis

__all__ = ["GivenFolds"]


@attrs.frozen(kw_only=True)
class GivenFolds:
    """Take folds from an array: of any number of repeats, nested, or each a split of its own.

    `import_` makes it of folds; parts become `Predefined`. Rows added later have no place in it.

    Attributes:
        axis: Axis whose rows are shared out, or `"coo"` for the elements of the central object.
        scheme: How the array is read, as in `h5torch.folds.Folds`.
        roles: Names of the parts of a fold, as there.
        fixed: Names of parts outside all folds, as there.
        array: Codes, uint8 of shape `(arrays, n_rows)`, as there.

    Raises:
        SplitError: no such scheme, axis or array.
        RegisterError: a part name is not legal or comes twice.
    """

    tag: ClassVar[str] = "given_folds"
    version: ClassVar[int] = 1

    axis: Axis = attrs.field(converter=check_axis)
    scheme: Literal["rotating", "listed", "nested"] = attrs.field(
        validator=one_of("rotating", "listed", "nested")
    )
    roles: tuple[str, ...] = attrs.field(converter=as_names)
    fixed: tuple[str, ...] = attrs.field(converter=as_names, default=())
    array: Kept

    def __attrs_post_init__(self) -> None:
        """Check the names together, and the codes by them where they are at hand."""
        for names in (
            (self.roles[:2], self.roles[2:]) if self.scheme == "nested" else (self.roles + self.fixed,)
        ):
            check_part_names(names, what="folds")
        if self.array.values is not None:
            self.frame.table("folds", self.axis, self.array.values)

    @classmethod
    def of(cls, frame: Frame, codes: Codes, *, axis: Axis) -> "GivenFolds":
        """Make the recipe of codes and what they mean.

        Args:
            frame: Of folds.
            codes: uint8 of shape `(arrays, n_rows)`.
            axis: Axis whose rows are shared out.

        Raises:
            SplitError: the frame is of parts.
            SubsetError: the codes are not what the frame asks for.
        """
        if frame.scheme == "parts":
            msg = f"parts {', '.join(map(repr, frame.roles))} are no folds; use Predefined.from_codes"
            raise SplitError(msg)
        return cls(axis=axis, scheme=frame.scheme, roles=frame.roles, fixed=frame.fixed, array=keep(codes))

    @property
    def keys(self) -> tuple[str, ...]:
        """No column decides."""
        return ()

    @property
    def frame(self) -> Frame:
        """What the codes mean."""
        return Frame(scheme=self.scheme, roles=self.roles, fixed=self.fixed)

    def codes(self, columns: Columns, n_rows: int, held: Codes | None = None) -> Codes:
        """Return the array; see `SplitRecipe.codes`.

        Raises:
            SplitError: it is of another number of rows.
            FormatError: the recipe was read without it.
        """
        del columns
        codes = np.array(self.array.array, np.uint8)
        if codes.shape[1] != n_rows:
            msg = (
                f"the folds are of {codes.shape[1]} rows and know nothing of others, the axis has {n_rows}; "
                "import folds of all of them"
            )
            raise SplitError(msg)
        check_unmoved(codes, held)
        return codes
