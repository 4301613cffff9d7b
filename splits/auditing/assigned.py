"""Elements whose part is the last of those of their rows, as `Cold` with `mixed="assign"` deals them."""

from collections.abc import Sequence
from typing import ClassVar

import attrs
import numpy as np

from h5torch.parts import LEFT_OUT, Parts
from splits.auditing.crossing import Place, Recurring

__all__ = ["Assigned", "find_unlike"]


@attrs.frozen(kw_only=True)
class Assigned:
    """Whether each element is in the part that comes last among those of its rows.

    Attributes:
        keys: What names the rows, or groups of rows that stay together, of all axes held out.
        n_rows: Elements in parts.
        n_unlike: Those in a later part than any that their rows, or the groups of these, can have.
        examples: The first of them.
    """

    kind: ClassVar[str] = "assigned"
    keys: tuple[str, ...]
    n_rows: int
    n_unlike: int
    examples: tuple[Place, ...]

    @property
    def key(self) -> str:
        """What the check is about."""
        return " + ".join(self.keys)

    @property
    def weight(self) -> tuple[float, ...]:
        """How bad it is, to be compared with other folds."""
        return (self.n_unlike,)


def find_unlike(axes: Sequence[Sequence[tuple[str, Recurring]]], table: Parts, *, most: int) -> Assigned:
    """Find elements that no sharing out of rows explains.

    A row is in no later part than any of its elements. If every row were in the last part that this allows,
    each element would be in the last part of its rows; one in a later part still cannot be explained, and no
    other sharing out of rows explains more.

    Args:
        axes: For each axis held out the columns whose values stay whole, and where these recur.
        table: The part of each element, the later the larger.
        most: Examples to give at most.
    """
    allowed = np.zeros(table.n_rows, np.uint8)
    for columns in axes:
        latest = table.codes.copy()
        for _, recurring in columns:
            if len(recurring.sizes):
                starts = np.cumsum(recurring.sizes) - recurring.sizes
                least = np.minimum.reduceat(table.codes[recurring.rows], starts)
                reached = np.repeat(least, recurring.sizes)
                latest[recurring.rows] = np.minimum(latest[recurring.rows], reached)
        np.maximum(allowed, latest, out=allowed)
    unlike = np.flatnonzero((table.codes != LEFT_OUT) & (table.codes > allowed))
    return Assigned(
        keys=tuple(key for columns in axes for key, _ in columns),
        n_rows=table.n_rows - table.n_left_out,
        n_unlike=len(unlike),
        examples=tuple(
            Place(part=table.parts[table.codes[row]], n_rows=1, row=row) for row in unlike[:most].tolist()
        ),
    )
