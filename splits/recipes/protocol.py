"""What every recipe for a split is."""

from typing import ClassVar, Protocol

from h5torch.parts import Axis
from splits.frame import Codes, Columns, Frame

__all__ = ["SplitRecipe"]


class SplitRecipe(Protocol):
    """A frozen record that says how rows are shared out; it knows no file.

    Attributes:
        tag: Its name in files.
        version: Raised when the same fields come to mean other codes.
    """

    tag: ClassVar[str]
    version: ClassVar[int]

    @property
    def axis(self) -> Axis:
        """The axis whose rows are shared out."""
        ...

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the columns that decide, each once; see `splits.keys`."""
        ...

    @property
    def frame(self) -> Frame:
        """What the codes mean: names of parts, or of the parts of folds."""
        ...

    def codes(self, columns: Columns, n_rows: int, held: Codes | None = None) -> Codes:
        """Return the part of each row, in every fold where there are folds.

        Args:
            columns: Those of `keys`, each of length `n_rows`; further ones are not looked at.
            n_rows: Rows of the axis.
            held: Codes that the first rows already have: they stay, and only the rows after them are dealt.

        Returns:
            uint8, a new array: of parts shape `(n_rows,)`, of folds `(arrays, n_rows)`; 255 for a row left
            out.

        Raises:
            SplitError: the columns do not fit, or rows cannot be added to this kind of split.
        """
        ...
