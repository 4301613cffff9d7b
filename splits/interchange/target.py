"""The rows that what is imported may speak of, and how it names them."""

from collections.abc import Mapping, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.file import File
from h5torch.parts import LEFT_OUT, Axis
from splits.columns import extent_of, read_columns
from splits.errors import SplitError
from splits.frame import Codes
from splits.interchange.ids import as_texts, rows_by_id
from splits.interchange.showing import first_few
from splits.interchange.tables import ROW
from splits.keys import axis_of, check_axis

__all__ = ["Target", "read_target"]

_LONGEST = 18  # digits of a number that an int64 can hold


@attrs.frozen(kw_only=True, eq=False)
class Target:
    """Rows of one axis of a file.

    Attributes:
        axis: The axis.
        n_rows: Its rows; where they are named by ids, those filled in.
        filled: How many of them are filled in. Those behind can be in no part.
        key: Key of the column of ids, or `None` for row numbers.
        texts: The id of each row; empty for row numbers.
        rows: The row of each id; where ids repeat, the last.
        repeats: Whether several rows may have one id: lists of ids then mean all of them.
        unknown_is_skipped: Whether ids of no row are passed over.
    """

    axis: Axis
    n_rows: int
    filled: int
    key: str | None
    texts: Sequence[str]
    rows: Mapping[str, int]
    repeats: bool
    unknown_is_skipped: bool

    @property
    def column(self) -> str:
        """What tables call the column that says which row is meant, unless told otherwise."""
        return ROW if self.key is None else self.key

    def row_of(self, cell: str) -> int | None:
        """Return the row that a cell of a table means, `None` where there is none."""
        if self.key is not None:
            return self.rows.get(cell)
        fits = cell.isdecimal() and cell.isascii() and len(cell) <= _LONGEST and int(cell) < self.n_rows
        return int(cell) if fits else None

    def name(self, row: int) -> object:
        """Return how a row is called in tables."""
        return row if self.key is None else self.texts[row]

    def find(self, ids: Sequence[str], what: str) -> npt.NDArray[np.intp]:
        """Return the rows of ids.

        Args:
            ids: Spelled as `as_texts` does.
            what: Where they come from, for messages.

        Raises:
            SplitError: some are of no row, and they are not to be passed over.
        """
        unknown = [text for text in ids if text not in self.rows]
        if unknown and not self.unknown_is_skipped:
            msg = (
                f"{what}: {len(unknown)} of {len(ids)} ids are of no row of {self.key!r}: "
                f"{first_few(unknown)}; there are {first_few(self.texts)}; correct them, or pass over them "
                "with unknown='skip'"
            )
            raise SplitError(msg)
        if not self.repeats:
            return np.array([self.rows[text] for text in ids if text in self.rows], np.intp)
        wanted = set(ids)
        if len(wanted) < len(ids):
            msg = f"{what}: names {len(ids) - len(wanted)} ids twice or more; name each once"
            raise SplitError(msg)
        return np.flatnonzero([text in wanted for text in self.texts])

    def filled_in(self, codes: Codes, what: str) -> Codes:
        """Return the codes of the rows that are filled in.

        Raises:
            SplitError: a row behind these is in a part.
        """
        behind = np.flatnonzero((np.atleast_2d(codes)[:, self.filled :] != LEFT_OUT).any(axis=0))
        if behind.size:
            msg = (
                f"{what}: puts row {behind[0] + self.filled} in a part, the axis has {self.filled} of "
                f"{self.n_rows} rows filled in; append the others first"
            )
            raise SplitError(msg)
        return codes[..., : self.filled]


def read_target(
    file: File, *, axis: Axis, ids: str | None, may_repeat: bool, unknown_is_skipped: bool
) -> Target:
    """Read how many rows an axis of a file has, and their ids.

    Raises:
        SplitError: there is no such axis, the ids are of another, are no text or integers, or are those of
            several rows where none may repeat.
        UnknownNameError: the file has no such column.
    """
    check_axis(axis)
    if ids is not None and axis_of(ids) != axis:
        own = axis_of(ids)
        msg = f"ids={ids!r} are of axis {own!r}, the split is to be of axis {axis!r}; give axis={own!r}"
        raise SplitError(msg)
    extent = extent_of(file, axis)
    texts: list[str] = []
    if ids is not None:
        column = read_columns(file, [ids], axis=axis, n_rows=extent.filled)[ids]
        texts = as_texts(column, what=f"column {ids!r}")
    repeats = may_repeat and len(set(texts)) < len(texts)
    what = f"column {ids!r}"
    return Target(
        axis=axis,
        n_rows=extent.length if ids is None else extent.filled,
        filled=extent.filled,
        key=ids,
        texts=texts,
        rows=dict(zip(texts, range(len(texts)), strict=True)) if repeats else rows_by_id(texts, what=what),
        repeats=repeats,
        unknown_is_skipped=unknown_is_skipped,
    )
