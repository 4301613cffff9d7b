"""Exact duplicates: rows of equal values in more than one part."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.parts import Parts
from splits.auditing.crossing import Crossing, Place, Recurring, cross

__all__ = ["Duplicates", "equal_values", "find_duplicates"]


@attrs.frozen(kw_only=True)
class Duplicates:
    """Rows that have an equal in another part.

    Attributes:
        keys: Columns whose values together make a row.
        n_rows: Rows that were looked at.
        n_repeated: Rows that equal another one, in whatever part.
        found: The values that stand in more than one part; its examples were compared value by value.
    """

    kind: ClassVar[str] = "duplicates"
    keys: tuple[str, ...]
    n_rows: int
    n_repeated: int
    found: Crossing

    @property
    def key(self) -> str:
        """What the check is about."""
        return " + ".join(self.keys)

    @property
    def weight(self) -> tuple[float, ...]:
        """How bad it is, to be compared with other folds."""
        return (self.found.n_rows,)


def find_duplicates(
    keys: Sequence[str],
    recurring: Recurring,
    table: Parts,
    *,
    most: int,
    same: Callable[[tuple[Place, ...]], bool],
) -> Duplicates:
    """Find rows that have an equal in another part.

    Args:
        keys: Columns whose values together make a row.
        recurring: Which rows have the same hash.
        table: The part of each row.
        most: Examples to give at most.
        same: Reads rows and says whether their values are equal: examples in which they are not are left
            out, for two rows may share a hash by chance.
    """
    found = cross(recurring, table.codes, table.parts, most=most)
    examples = tuple(places for places in found.examples if same(places))
    return Duplicates(
        keys=tuple(keys),
        n_rows=recurring.n_rows,
        n_repeated=len(recurring.rows),
        found=attrs.evolve(found, examples=examples),
    )


def equal_values(one: npt.ArrayLike, other: npt.ArrayLike) -> bool:
    """Whether two values are the same in shape and content, NaN and NaT equal to themselves."""
    left, right = np.asarray(one), np.asarray(other)
    nan: Any = left.dtype.kind in "fcmM" and right.dtype.kind in "fcmM"
    return bool(np.array_equal(left, right, equal_nan=nan))
