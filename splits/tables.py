"""How classes are spread over parts: counts, and the same as text."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.folds import Folds
from h5torch.parts import LEFT_OUT, LEFT_OUT_NAME, Parts
from h5torch.printed import printable
from splits.errors import SplitError

__all__ = ["ClassCounts", "class_counts", "class_table", "fold_table", "held_out", "part_table"]

_MOST_CLASSES = 20
_MOST_COLUMNS = 5


@attrs.frozen(kw_only=True, eq=False)
class ClassCounts:
    """Rows of each class in each part, most frequent class first.

    Attributes:
        classes: Names of the classes as text; the last may stand for all others.
        parts: Names of the parts.
        counts: int64 of shape `(n_classes, n_parts)`.
    """

    classes: tuple[str, ...]
    parts: tuple[str, ...]
    counts: npt.NDArray[np.int64]

    @property
    def shares(self) -> npt.NDArray[np.float64]:
        """Share of each class within its part, shape as `counts`; 0 in an empty part."""
        totals = np.maximum(self.counts.sum(axis=0), 1)
        return np.asarray(self.counts / totals, np.float64)


def class_counts(table: Parts, labels: npt.NDArray[Any], *, most: int) -> ClassCounts:
    """Count the rows of each class in each part; rows left out do not count.

    Args:
        table: The part of each row.
        labels: Class of each row, shape `(n_rows,)`.
        most: Classes to show at most, at least 2; rarer ones are put together in a last one, "other".

    Raises:
        SplitError: `labels` has another shape.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind == "O":
        labels = labels.astype(np.str_)
    if labels.shape != (table.n_rows,):
        msg = (
            f"split {table.name!r} has {table.n_rows} rows, labels have shape {labels.shape}; give one a row"
        )
        raise SplitError(msg)
    names, code = np.unique(labels, return_inverse=True)
    kept = table.codes < len(table.parts)
    cell = code[kept] * len(table.parts) + table.codes[kept]
    counts = np.bincount(cell, minlength=len(names) * len(table.parts)).reshape(len(names), -1)
    order = np.argsort(-counts.sum(axis=1), kind="stable")
    classes, counts = [str(name) for name in names[order]], counts[order].astype(np.int64)
    if len(classes) > most:
        others = counts[most - 1 :].sum(axis=0, keepdims=True)
        counts = np.concatenate([counts[: most - 1], others])
        classes = [*classes[: most - 1], f"other ({len(classes) - most + 1} classes)"]
    return ClassCounts(classes=tuple(classes), parts=table.parts, counts=counts)


def part_table(table: Parts, *, n_rows: int, asked: Mapping[str, float]) -> str:
    """Write rows and share of each part, a line each, and the share that was asked for.

    Args:
        table: The part of each row.
        n_rows: How many rows were dealt: those behind them are in no part yet, and do not count.
        asked: Share of each part that was asked for, where shares were.
    """
    left_out = n_rows - sum(table.counts.values())
    counts = {**table.counts, **({LEFT_OUT_NAME: left_out} if left_out else {})}
    wanted = {**asked, LEFT_OUT_NAME: 1 - sum(asked.values())} if asked else {}
    lines = [
        [part, str(count), f"{count / max(1, n_rows):.2%}", *([f"{wanted[part]:.2%}"] if wanted else [])]
        for part, count in counts.items()
    ]
    return _align([["part", "rows", "share", *(["asked"] if wanted else [])], *lines])


def class_table(table: Parts, labels: npt.NDArray[Any]) -> str:
    """Write the share of each class within each part, the 20 most frequent a line each.

    Raises:
        SplitError: `labels` has another shape.
    """
    found = class_counts(table, labels, most=_MOST_CLASSES)
    head = ["class", *(f"{part} ({table.counts[part]})" for part in found.parts)]
    lines = [
        [name, *(f"{share:.2%}" for share in shares)]
        for name, shares in zip(found.classes, found.shares.tolist(), strict=True)
    ]
    return _align([head, *lines])


def held_out(table: Folds) -> Parts:
    """Return the split in which part `3` is the rows that fold 3 holds out; of repeats the first counts.

    Raises:
        SplitError: a row is held out by two folds.
    """
    n_folds = table.n_folds[0]
    masks = np.array([table.fold(number).codes == 1 for number in range(n_folds)])
    if (masks.sum(axis=0) > 1).any():
        row = int(np.argmax(masks.sum(axis=0) > 1))
        msg = f"folds of {table.name!r} hold out row {row} more than once; look at one, {table.name + '/0'!r}"
        raise SplitError(msg)
    codes = np.where(masks.any(axis=0), masks.argmax(axis=0), LEFT_OUT)
    return Parts(name=table.name, axis=table.axis, parts=tuple(map(str, range(n_folds))), codes=codes)


def fold_table(table: Folds, labels: npt.NDArray[Any] | None = None) -> str:
    """Write the rows of each part, a line a fold; with labels, shares of the commonest classes held out.

    Raises:
        SplitError: `labels` has another shape.
    """
    names: tuple[str, ...] = ()
    lines = []
    for number, fold in enumerate(table.all_folds()):
        shares: list[str] = []
        if labels is not None:
            kept = attrs.evolve(fold, codes=np.where(fold.codes == 1, 1, LEFT_OUT))
            found = class_counts(kept, labels, most=len(labels) + 1)
            by_name = dict(zip(found.classes, found.shares[:, 1].tolist(), strict=True))
            names = names or found.classes[:_MOST_COLUMNS]
            shares = [f"{by_name[name]:.2%}" for name in names]
        lines.append([str(number), *map(str, fold.counts.values()), *shares])
    return _align([["fold", *table.fold(0).parts, *names], *lines])


def _align(lines: Sequence[Sequence[str]]) -> str:
    """Set a table: the first column to the left, the others to the right; names may hold anything."""
    lines = [[printable(cell) for cell in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        ).rstrip()
        for line in lines
    )
