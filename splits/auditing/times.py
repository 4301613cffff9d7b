"""Time overlap: parts whose moments lie among each other's."""

from collections.abc import Sequence
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.parts import Parts

__all__ = ["Late", "Overlap", "Span", "Times", "find_late", "find_overlaps"]


@attrs.frozen(kw_only=True)
class Span:
    """The time that one part covers.

    Attributes:
        part: Name of the part.
        n_rows: Its rows that have a moment.
        first: The earliest moment, as text; empty where there is none.
        last: The latest one.
    """

    part: str
    n_rows: int
    first: str
    last: str


@attrs.frozen(kw_only=True)
class Overlap:
    """Two parts whose spans share a moment.

    Attributes:
        first: Name of the one part.
        second: Name of the other.
        n_first: Rows of the one that lie in the span of the other, its ends included.
        n_second: Rows of the other that lie in the span of the one. Where one of both numbers is 0, that
            part lies before and after the other, and the two do not mix.
    """

    first: str
    second: str
    n_first: int
    n_second: int

    @property
    def mixed(self) -> bool:
        """Whether moments of both parts lie among the other's."""
        return self.n_first > 0 and self.n_second > 0


@attrs.frozen(kw_only=True)
class Late:
    """Rows of a part of which something becomes known when a later part has begun.

    Attributes:
        part: Name of the earlier part.
        later: Name of the later one.
        n_rows: Rows of the earlier part, before the first moment of the later one, with this.
        row: The first of them.
    """

    part: str
    later: str
    n_rows: int
    row: int


@attrs.frozen(kw_only=True)
class Times:
    """Whether parts follow one another in time.

    Attributes:
        key: The column of moments.
        n_missing: Rows of a part without a moment (NaN, NaT).
        spans: What each part covers.
        overlaps: Each two parts whose spans share a moment.
        until: The column of when a row becomes known; empty where there is none.
        late: Each two parts of which the earlier has rows that become known in the time of the later.
    """

    kind: ClassVar[str] = "times"
    key: str
    n_missing: int
    spans: tuple[Span, ...]
    overlaps: tuple[Overlap, ...]
    until: str = ""
    late: tuple[Late, ...] = ()

    @property
    def weight(self) -> tuple[float, ...]:
        """How bad it is, to be compared with other folds."""
        n_within = sum(overlap.n_first + overlap.n_second for overlap in self.overlaps)
        return (n_within + sum(late.n_rows for late in self.late),)


def find_overlaps(key: str, moments: npt.NDArray[Any], missing: npt.NDArray[np.bool_], table: Parts) -> Times:
    """Find parts whose spans of time share a moment.

    Args:
        key: The column.
        moments: Numbers or times that sort, shape `(n_rows,)`.
        missing: True for rows without a moment, same shape.
        table: The part of each row.
    """
    sorted_parts = [np.sort(moments[(table.codes == code) & ~missing]) for code in range(len(table.parts))]
    spans = [
        Span(
            part=part,
            n_rows=len(mine),
            first=str(mine[0]) if len(mine) else "",
            last=str(mine[-1]) if len(mine) else "",
        )
        for part, mine in zip(table.parts, sorted_parts, strict=True)
    ]
    n_present = sum(map(len, sorted_parts))
    return Times(
        key=key,
        n_missing=table.n_rows - table.n_left_out - n_present,
        spans=tuple(spans),
        overlaps=tuple(_overlaps(table.parts, sorted_parts)),
    )


def find_late(moments: npt.NDArray[Any], until: npt.NDArray[Any], table: Parts) -> tuple[Late, ...]:
    """Find rows before the first moment of another part that become known at this moment or later.

    Args:
        moments: Numbers or times that sort, shape `(n_rows,)`; NaN and NaT are none.
        until: When each row becomes known, of the same kind and shape.
        table: The part of each row.
    """
    found = []
    for later, name in enumerate(table.parts):
        of_later = moments[(table.codes == later) & (moments == moments)]
        if not len(of_later):
            continue
        start = of_later.min()
        is_late = (moments < start) & (until >= start) & (table.codes < len(table.parts))
        for code in np.unique(table.codes[is_late]).tolist():
            rows = np.flatnonzero(is_late & (table.codes == code))
            found.append(Late(part=table.parts[code], later=name, n_rows=len(rows), row=int(rows[0])))
    return tuple(found)


def _overlaps(parts: Sequence[str], sorted_parts: Sequence[npt.NDArray[Any]]) -> list[Overlap]:
    found = []
    filled = [number for number, mine in enumerate(sorted_parts) if len(mine)]
    for place, one in enumerate(filled):
        for other in filled[place + 1 :]:
            left, right = sorted_parts[one], sorted_parts[other]
            if left[0] <= right[-1] and right[0] <= left[-1]:
                found.append(
                    Overlap(
                        first=parts[one],
                        second=parts[other],
                        n_first=_within(left, right),
                        n_second=_within(right, left),
                    )
                )
    return found


def _within(mine: npt.NDArray[Any], span: npt.NDArray[Any]) -> int:
    """Count sorted moments between the ends of others, the ends included."""
    low, high = np.searchsorted(mine, span[0], side="left"), np.searchsorted(mine, span[-1], side="right")
    return int(high - low)
