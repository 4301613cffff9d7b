"""Shares of classes: how far parts are from the whole, and whether chance explains it."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.parts import Parts

__all__ = ["ClassShares", "Deviation", "compare_shares"]

LEAST_ROWS = 10
"""Parts of fewer rows are too small for a test."""

_LEAST_EXPECTED = 5
_MOST_ABSENT = 20

Counts = npt.NDArray[np.int64]


@attrs.frozen(kw_only=True)
class Deviation:
    """The share of one class in one part beside its share in all parts together."""

    label: str
    part: str
    share: float
    overall: float

    @property
    def points(self) -> float:
        """Difference in percentage points."""
        return 100 * (self.share - self.overall)


@attrs.frozen(kw_only=True)
class ClassShares:
    """How the classes of a column are spread over parts.

    Attributes:
        key: The column.
        place: Which label of a row it is, where rows have several.
        classes: Names of the classes, most frequent first; the last may stand for all others.
        n_missing: Rows of a part without a class (NaN, NaT, empty text).
        counts: Rows of each class in each part, class by class.
        largest: The share that differs most from the whole, in points; `None` where there are no two.
        chi2: Pearson's statistic that parts and classes are independent; `None` where it cannot be had,
            for want of two parts of 10 rows or of two classes that are frequent enough.
        dof: Its degrees of freedom.
        p: Probability of a statistic as large by chance, rows being independent.
        p_grouped: The same where rows of a group are no better than one row; see `compare_shares`.
        effects: Cohen's w of each part against the whole, in the parts' order, `None` for parts not tested.
        absent: Classes of the whole that a filled part lacks, with that part, at most 20 of them.
    """

    kind: ClassVar[str] = "classes"
    key: str
    place: int | None = None
    classes: tuple[str, ...]
    n_missing: int
    counts: tuple[tuple[int, ...], ...]
    largest: Deviation | None
    chi2: float | None
    dof: int
    p: float | None
    p_grouped: float | None
    effects: tuple[float | None, ...]
    absent: tuple[tuple[str, str], ...]

    @property
    def n_tests(self) -> int:
        """Number of tests that were made."""
        return 0 if self.p is None else 1

    @property
    def effect(self) -> float:
        """The largest of `effects`."""
        return max((effect for effect in self.effects if effect is not None), default=0.0)

    @property
    def weight(self) -> float:
        """How bad it is, to be compared with other folds."""
        return -math.inf if self.p is None else -self.p + self.effect * 1e-3


def compare_shares(
    key: str,
    class_of: npt.NDArray[np.signedinteger[Any]],
    names: Sequence[str],
    table: Parts,
    *,
    design: float = 1.0,
) -> ClassShares:
    """Compare the shares of classes in the parts with those of the whole.

    The statistic is K. Pearson's chi-squared (1900). Classes expected less than 5 times in the smallest
    part tested are put together first (W. G. Cochran, "Some Methods for Strengthening the Common χ² Tests",
    1954), and parts of fewer than 10 rows stay out. The size of a difference is w of J. Cohen ("Statistical
    Power Analysis for the Behavioral Sciences", 1988): the root of the sum over classes of
    `(share - overall)**2 / overall`.

    Args:
        key: The column.
        class_of: Number of the class of each row, shape `(n_rows,)`; -1 for a row without one.
        names: What the classes are called.
        table: The part of each row.
        design: By how much groups that stay whole make the statistic larger, at least 1: the mean size of
            the group of a row (L. Kish, "Survey Sampling", 1965, the design effect at its largest).
    """
    in_part = table.codes < len(table.parts)
    known = in_part & (class_of >= 0)
    cells = class_of[known].astype(np.int64) * len(table.parts) + table.codes[known]
    counts = np.bincount(cells, minlength=len(names) * len(table.parts)).reshape(len(names), -1)
    chi2, dof, effects = _test(counts)
    return ClassShares(
        key=key,
        classes=tuple(names),
        n_missing=int(np.count_nonzero(in_part & (class_of < 0))),
        counts=tuple(tuple(row) for row in counts.tolist()),
        largest=_largest(counts, names, table.parts),
        chi2=chi2,
        dof=dof,
        p=None if chi2 is None else _tail(chi2, dof),
        p_grouped=None if chi2 is None else _tail(chi2 / design, dof),
        effects=effects,
        absent=_absent(counts, names, table.parts),
    )


def _tail(chi2: float, dof: int) -> float:
    from scipy.stats import chi2 as law

    return float(law.sf(chi2, dof))


def _largest(counts: Counts, names: Sequence[str], parts: Sequence[str]) -> Deviation | None:
    totals = counts.sum(axis=0)
    filled = np.flatnonzero(totals)
    if len(filled) < 2 or len(names) < 2:
        return None
    shares = counts[:, filled] / totals[filled]
    overall = counts.sum(axis=1) / totals.sum()
    label, place = divmod(int(np.argmax(np.abs(shares - overall[:, None]))), shares.shape[1])
    return Deviation(
        label=names[label],
        part=parts[filled[place]],
        share=float(shares[label, place]),
        overall=float(overall[label]),
    )


def _absent(counts: Counts, names: Sequence[str], parts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    lacking = (counts == 0) & (counts.sum(axis=1) > 0)[:, None] & (counts.sum(axis=0) > 0)
    found: list[list[int]] = np.argwhere(lacking)[:_MOST_ABSENT].tolist()
    return tuple((names[label], parts[part]) for label, part in found)


def _test(counts: Counts) -> tuple[float | None, int, tuple[float | None, ...]]:
    """Return the statistic, its degrees of freedom and the effect of each part."""
    totals = counts.sum(axis=0)
    tested = np.flatnonzero(totals >= LEAST_ROWS)
    pooled = _pooled(counts[:, tested]) if len(tested) > 1 else counts[:0]
    if len(pooled) < 2:
        return None, 0, (None,) * len(totals)
    sizes = pooled.sum(axis=0)
    overall = pooled.sum(axis=1) / sizes.sum()
    squares = ((pooled / sizes - overall[:, None]) ** 2 / overall[:, None]).sum(axis=0)
    effects: list[float | None] = [None] * len(totals)
    for part, square in zip(tested.tolist(), squares.tolist(), strict=True):
        effects[part] = math.sqrt(square)
    dof = (len(pooled) - 1) * (len(tested) - 1)
    return float((squares * sizes).sum()), dof, tuple(effects)


def _pooled(counts: Counts) -> Counts:
    """Put classes together that are expected too seldom in the smallest part."""
    present: Counts = counts[counts.sum(axis=1) > 0]
    sizes = present.sum(axis=0)
    expected = present.sum(axis=1) * sizes.min() / max(1, sizes.sum())
    rare = expected < _LEAST_EXPECTED
    if not rare.any():
        return present
    together = present[rare].sum(axis=0, keepdims=True)
    kept: Counts = present[~rare]
    if len(kept) and expected[rare].sum() < _LEAST_EXPECTED:
        last = int(np.argmin(expected[~rare]))
        kept[last] += together[0]
        return kept
    return np.concatenate([kept, together])
