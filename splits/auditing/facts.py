"""What an audit reads of a file once, whatever the number of folds: each column in one pass."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.keyed import hash_rows
from splits.auditing.choosing import MOST_LABELS, Plan
from splits.auditing.crossing import Recurring, find_recurring
from splits.auditing.groups import Kept
from splits.auditing.hashing import Words
from splits.auditing.reading import Reader
from splits.auditing.records import Skipped
from splits.errors import SplitError

__all__ = ["Classes", "Facts", "gather_facts"]

MOST_CLASSES = 256
"""Columns of more different values name no classes, unless they are named; then the rest are one class."""

_ROWS_A_CLASS = 5


@attrs.frozen(kw_only=True, eq=False)
class Classes:
    """The classes of a column.

    Attributes:
        key: The column.
        place: Which label of a row it is, where rows have several.
        of_row: Number of the class of each row, -1 for none, shape `(n_rows,)`.
        names: What the classes are called, most frequent first.
    """

    key: str
    place: int | None = None
    of_row: npt.NDArray[np.signedinteger[Any]]
    names: tuple[str, ...]


@attrs.frozen(kw_only=True, eq=False)
class Facts:
    """What was read.

    Attributes:
        rows: Which rows are equal; `None` where no column makes rows.
        whole: Columns whose values must stand in one part alone, and where the values recur.
        groups: Of these, by key, the number of each row's value, shape `(n_rows,)`; values that stand in one
            row and rows without one have numbers of their own. Columns in which nothing recurs are not here.
        axes: For each axis held out the columns whose values must stand in one part of the axis.
        classes: Columns of classes.
        numbers: Columns of numbers, by key.
        times: Columns of moments, by key.
        ends: By the key of moments when each row becomes known, with the column of that.
        skipped: Columns that turned out to be of no use, and why.
    """

    rows: Recurring | None
    whole: tuple[tuple[Kept, str, Recurring], ...]
    groups: tuple[tuple[str, npt.NDArray[np.intp]], ...]
    axes: tuple[tuple[tuple[str, Recurring], ...], ...]
    classes: tuple[Classes, ...]
    numbers: tuple[tuple[str, npt.NDArray[np.float64]], ...]
    times: tuple[tuple[str, npt.NDArray[np.generic]], ...]
    ends: Mapping[str, tuple[tuple[str, npt.NDArray[np.generic]], ...]]
    skipped: tuple[Skipped, ...]


def gather_facts(reader: Reader, plan: Plan) -> Facts:
    """Read the columns of a plan, each once.

    Raises:
        SplitError: a column that was named cannot be compared.
        StorageError: bytes cannot be read.
    """
    kept: list[tuple[Kept, str]] = [("group", key) for key in plan.groups]
    kept += [("id", key) for key in plan.ids if key not in plan.groups]
    classes: list[Classes] = []
    numbers = [(key, _as_floats(reader.values(key))) for key in plan.numbers]
    skipped: list[Skipped] = []
    for key in plan.classes:
        found = _classes(reader, key, named=plan.named)
        if isinstance(found, Classes):
            classes.append(found)
        elif plan.named and found.why.startswith("integers"):
            numbers.append((key, _as_floats(reader.values(key))))
        else:
            skipped.append(found)
    for key in plan.labels:
        classes.extend(_labels(reader, key))
    whole = tuple((what, key, find_recurring(*reader.hashes(key))) for what, key in kept)
    return Facts(
        rows=_equal_rows(reader, plan.rows) if plan.rows else None,
        whole=whole,
        groups=tuple((key, _numbered(one, reader.n_rows)) for _, key, one in whole if len(one.rows)),
        axes=tuple(tuple((key, find_recurring(*reader.hashes(key))) for key in keys) for keys in plan.axes),
        classes=tuple(classes),
        numbers=tuple(numbers),
        times=tuple((key, reader.values(key)) for key in plan.times),
        ends={key: ((until, reader.values(until)),) for key, until in plan.ends},
        skipped=tuple(skipped),
    )


def _equal_rows(reader: Reader, keys: Sequence[str]) -> Recurring:
    """Find equal rows; rows that are not filled yet in one of the columns are not looked at."""
    joint: Words | None = None
    for number, key in enumerate(keys):
        hashes, _ = reader.hashes(key)
        joint = hashes if joint is None else hash_rows(joint, key=number) ^ hashes
    unfilled = np.arange(reader.n_rows) >= min(map(reader.filled, keys))
    return find_recurring(np.zeros(0, np.uint64) if joint is None else joint, unfilled)


def _numbered(recurring: Recurring, n_rows: int) -> npt.NDArray[np.intp]:
    numbers = np.arange(len(recurring.sizes), len(recurring.sizes) + n_rows)
    numbers[recurring.rows] = np.repeat(np.arange(len(recurring.sizes)), recurring.sizes)
    return numbers


def _as_floats(values: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    is_time = values.dtype.kind in "mM"
    floats = values.astype(np.int64 if is_time else np.float64).astype(np.float64)
    if is_time:
        floats[np.isnat(values)] = np.nan
    return floats


def _classes(reader: Reader, key: str, *, named: bool) -> Classes | Skipped:
    hashes, missing = reader.hashes(key)
    values, first, code, counts = np.unique(
        hashes, return_index=True, return_inverse=True, return_counts=True
    )
    n_values = len(values)
    few = n_values <= MOST_CLASSES and n_values * _ROWS_A_CLASS <= reader.n_rows
    integers = reader.layout(key).value.load.kind in "iu" and reader.layout(key).value.kind == "number"
    if not few and (not named or (integers and n_values > MOST_CLASSES)):
        what = "integers" if integers else "values"
        return Skipped(key=key, why=f"{what}, {n_values:,} of them different; name it in by= or ids=")
    of_row = code.astype(np.int32).ravel()
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(n_values, np.int32)
    rank[order] = np.minimum(np.arange(n_values), MOST_CLASSES)
    of_row = rank[of_row]
    of_row[missing] = -1
    names = [reader.text(key, int(row)) for row in first[order[:MOST_CLASSES]]]
    if n_values > MOST_CLASSES:
        names.append(f"other ({n_values - MOST_CLASSES} classes)")
    return Classes(key=key, of_row=of_row, names=tuple(names))


def _labels(reader: Reader, key: str) -> Iterator[Classes]:
    width = reader.width(key) or 0
    if width > MOST_LABELS:
        msg = f"by: {key!r} holds {width} labels a row, an audit looks at {MOST_LABELS} at most"
        raise SplitError(msg)
    flags = np.empty((width, reader.n_rows), np.bool_)
    for first, block in reader.blocks(key):
        values = block.stack().reshape(len(block), -1)
        if values.size and (values.min() < 0 or values.max() > 1):
            msg = f"by: {key!r} must hold 0 or 1 for each label, found {values.min()} to {values.max()}"
            raise SplitError(msg)
        flags[:, first : first + len(block)] = values.T != 0
    for place in range(width):
        yield Classes(key=key, place=place, of_row=flags[place].view(np.int8), names=("no", "yes"))
