"""Groups and ids in more than one part."""

from collections.abc import Callable
from typing import ClassVar, Literal, TypeAlias

import attrs

from h5torch.parts import Parts
from splits.auditing.crossing import Crossing, Recurring, cross

__all__ = ["Kept", "Whole", "find_crossing"]

Kept: TypeAlias = Literal["group", "id"]
"""What a value of the column stands for."""


@attrs.frozen(kw_only=True)
class Whole:
    """Whether each value of a column stands in one part alone.

    Attributes:
        what: What a value stands for.
        key: The column.
        n_values: Different values.
        n_missing: Rows without one (NaN, NaT, empty text); they belong to no group and never cross.
        found: The values that stand in more than one part.
        names: What the values of `found.examples` are, as text.
    """

    kind: ClassVar[str] = "groups"
    what: Kept
    key: str
    n_values: int
    n_missing: int
    found: Crossing
    names: tuple[str, ...]

    @property
    def weight(self) -> tuple[float, ...]:
        """How bad it is, to be compared with other folds."""
        return (self.found.n_rows,)


def find_crossing(
    what: Kept,
    key: str,
    recurring: Recurring,
    table: Parts,
    *,
    most: int,
    name_of: Callable[[str, int], str],
) -> Whole:
    """Find the values of a column that stand in more than one part.

    Args:
        what: What a value stands for.
        key: The column.
        recurring: Which rows have the same value.
        table: The part of each row.
        most: Examples to give at most.
        name_of: Reads the value that a column has in a row, as text.
    """
    found = cross(recurring, table.codes, table.parts, most=most)
    return Whole(
        what=what,
        key=key,
        n_values=recurring.n_values,
        n_missing=table.n_rows - recurring.n_rows,
        found=found,
        names=tuple(name_of(key, places[0].row) for places in found.examples),
    )
