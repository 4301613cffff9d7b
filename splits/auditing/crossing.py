"""Values that stand in more than one part: what duplicates, groups and ids have in common."""

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.parts import LEFT_OUT
from splits.auditing.hashing import Words

__all__ = ["Crossing", "Pair", "Place", "Recurring", "cross", "find_recurring"]


@attrs.frozen(kw_only=True, eq=False)
class Recurring:
    """The values that stand in more than one row; no other can be in more than one part.

    Attributes:
        rows: Rows of these values, value by value, ascending within each, shape `(n,)`.
        sizes: Number of rows of each value, at least 2, shape `(n_recurring,)`.
        n_rows: Rows that were looked at, those of other values included.
        n_values: Different values among these.
    """

    rows: npt.NDArray[np.intp]
    sizes: npt.NDArray[np.intp]
    n_rows: int
    n_values: int


@attrs.frozen(kw_only=True)
class Place:
    """Where a value stands in one part.

    Attributes:
        part: Name of the part.
        n_rows: Rows of the part that have the value.
        row: The first of them.
    """

    part: str
    n_rows: int
    row: int


@attrs.frozen(kw_only=True)
class Pair:
    """Number of values that two parts share."""

    first: str
    second: str
    n_values: int


@attrs.frozen(kw_only=True)
class Crossing:
    """Values that stand in more than one part.

    Attributes:
        n_values: How many there are.
        n_rows: Rows, of all parts, that have one of them.
        by_part: Of these the rows of each part, in the parts' order.
        pairs: Each two parts that share values.
        examples: Of the first few values: where each stands, a place a part.
    """

    n_values: int
    n_rows: int
    by_part: tuple[int, ...]
    pairs: tuple[Pair, ...]
    examples: tuple[tuple[Place, ...], ...]


def find_recurring(hashes: Words, missing: npt.NDArray[np.bool_] | None = None) -> Recurring:
    """Find the values that stand in more than one row.

    Args:
        hashes: One for the value of each row, shape `(n_rows,)`.
        missing: True for rows that count as having no value, same shape.
    """
    order = np.argsort(hashes, kind="stable")
    if missing is not None and missing.any():
        order = order[~missing[order]]
    ranked = hashes[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]])) if len(order) else order
    sizes = np.diff(np.append(starts, len(order)))
    again = sizes > 1
    return Recurring(
        rows=order[np.repeat(again, sizes)], sizes=sizes[again], n_rows=len(order), n_values=len(starts)
    )


def cross(recurring: Recurring, codes: npt.NDArray[np.uint8], parts: Sequence[str], *, most: int) -> Crossing:
    """Find the values that stand in more than one part.

    Args:
        recurring: Which rows have the same value.
        codes: Part of each row of the axis, 255 for a row left out, which counts for nothing.
        parts: Names of the parts.
        most: Examples to give at most, those whose first row comes first.
    """
    part = codes[recurring.rows].astype(np.int64)
    value = np.repeat(np.arange(len(recurring.sizes)), recurring.sizes)
    kept = part != LEFT_OUT
    rows, part, value = recurring.rows[kept], part[kept], value[kept]
    cells = np.unique(value * len(parts) + part)  # a value and a part it stands in
    crossing = np.bincount(cells // len(parts), minlength=len(recurring.sizes)) > 1
    inside = crossing[value]
    rows, part, value = rows[inside], part[inside], value[inside]
    cells = cells[crossing[cells // len(parts)]]
    return Crossing(
        n_values=int(np.count_nonzero(crossing)),
        n_rows=len(rows),
        by_part=tuple(np.bincount(part, minlength=len(parts)).tolist()),
        pairs=_pairs(cells, parts),
        examples=_examples(rows, part, value, parts, most),
    )


def _pairs(cells: npt.NDArray[np.int64], parts: Sequence[str]) -> tuple[Pair, ...]:
    """Count, for every two parts, the values in both; the parts of a value are neighbours among `cells`."""
    counts = np.zeros(len(parts) ** 2, np.int64)
    value, part = np.divmod(cells, len(parts))
    for step in range(1, len(parts)):
        same = np.flatnonzero(value[step:] == value[:-step])
        if not same.size:
            break
        counts += np.bincount(part[same] * len(parts) + part[same + step], minlength=len(counts))
    return tuple(
        Pair(first=parts[at // len(parts)], second=parts[at % len(parts)], n_values=int(counts[at]))
        for at in np.flatnonzero(counts).tolist()
    )


def _examples(
    rows: npt.NDArray[np.intp],
    part: npt.NDArray[np.int64],
    value: npt.NDArray[np.intp],
    parts: Sequence[str],
    most: int,
) -> tuple[tuple[Place, ...], ...]:
    starts = np.flatnonzero(np.diff(value, prepend=-1))
    stops = np.append(starts[1:], len(value))
    chosen = np.argsort(rows[starts], kind="stable")[:most]  # the rows of a value ascend
    found = []
    for start, stop in zip(starts[chosen].tolist(), stops[chosen].tolist(), strict=True):
        mine, at = part[start:stop], rows[start:stop]
        codes, first, counts = np.unique(mine, return_index=True, return_counts=True)
        places = [
            Place(part=parts[code], n_rows=int(count), row=int(at[place]))
            for code, place, count in zip(codes.tolist(), first.tolist(), counts.tolist(), strict=True)
        ]
        found.append(tuple(sorted(places, key=lambda place: place.row)))
    return tuple(found)
