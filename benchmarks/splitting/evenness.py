"""How even a split is: how far parts are from the share of each label that they should have."""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from benchmarks.splitting.works import Array


@attrs.frozen(kw_only=True)
class Evenness:
    """Deviations in percent points of the rows of a label, or of all rows; and in rows."""

    mean: float
    """Over parts and labels: how far the part's share of the rows with that label is from what was asked."""
    worst: float
    """The largest of them."""
    sizes: float
    """The largest for all rows, whatever their labels."""
    rows: float
    """The largest of any label in rows: below 1 where each count is what was asked, rounded up or down."""
    size_rows: float
    """The largest for all rows, in rows."""


def evenness(counts: npt.NDArray[np.integer[Any]], sizes: Array, shares: Sequence[float]) -> Evenness:
    """Compare what parts hold with what they should.

    Args:
        counts: Rows of each part with each label, shape `(n_parts, n_labels)`. Labels without rows are not
            looked at.
        sizes: Rows of each part, shape `(n_parts,)`.
        shares: Asked for, one a part.
    """
    totals = counts.sum(axis=0)
    asked = np.array(shares)
    rows_off = np.abs(counts - asked[:, None] * totals)[:, totals > 0]
    off = rows_off / totals[totals > 0]
    size_off = np.abs(sizes - asked * sizes.sum())
    return Evenness(
        mean=100 * float(off.mean()),
        worst=100 * float(off.max()),
        sizes=100 * float(size_off.max() / sizes.sum()),
        rows=float(rows_off.max()),
        size_rows=float(size_off.max()),
    )


def label_counts(columns: Sequence[Array], codes: Array, n_parts: int) -> npt.NDArray[np.int64]:
    """Return the rows of each part with each label, or combination of labels of several columns.

    Args:
        columns: Labels of each row, or one 0/1 matrix.
        codes: Part of each row.
        n_parts: Number of parts.
    """
    if columns[0].ndim == 2:
        return np.stack([columns[0][codes == part].sum(axis=0, dtype=np.int64) for part in range(n_parts)])
    joint = np.zeros(len(codes), np.int64)
    for column in columns:
        names, label = np.unique(column, return_inverse=True)
        joint = joint * len(names) + label
    n_labels = int(joint.max()) + 1
    return np.bincount(codes * n_labels + joint, minlength=n_parts * n_labels).reshape(n_parts, n_labels)
