"""Columns of label sets: told from columns of one label a row, and cut down to some rows."""

from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.rows import Rows
from splits.dealing.multilabel import Labels, labels_of_indicator, labels_of_lists
from splits.errors import SplitError

__all__ = ["is_labelled", "labels_of", "take_labels"]


def is_labelled(column: npt.NDArray[Any] | None) -> bool:
    """Whether each row has a set of labels: a matrix with a column a label, or lists of labels."""
    if column is None:
        return False
    if column.dtype.kind == "O":
        return column.ndim == 1 and not all(isinstance(value, str) for value in column)
    return column.ndim == 2


def labels_of(column: npt.NDArray[Any], *, n_rows: int, key_name: str) -> Labels:
    """Return the labels of each row.

    Args:
        column: 0/1 of shape `(n_rows, n_labels)`, or an array of lists of labels.
        n_rows: Length that it must have.
        key_name: Key of the column, for messages.

    Raises:
        SplitError: it has another length, holds other numbers, or labels that are none.
    """
    if len(column) != n_rows:
        msg = f"column {key_name!r} has {len(column)} rows, the axis has {n_rows}; fill or register it anew"
        raise SplitError(msg)
    if column.dtype.kind == "O":
        return labels_of_lists(column, key_name=key_name)
    return labels_of_indicator(column, key_name=key_name)


def take_labels(labels: Labels, rows: Rows) -> Labels:
    """Return the labels of some rows, in their order; labels keep their numbers."""
    starts, counts = labels.of_row[rows], np.diff(labels.of_row)[rows]
    of_row = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    places = np.repeat(starts - of_row[:-1], counts) + np.arange(of_row[-1])
    return attrs.evolve(labels, of_row=of_row, label=labels.label[places])
