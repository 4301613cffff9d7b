"""Shares of classes: how far parts are from the whole, and whether chance explains it."""

import math
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.parts import Parts
from splits.auditing.design import Groups, of_classes

__all__ = ["Absent", "ClassShares", "Deviation", "compare_missing", "compare_shares"]

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
class Absent:
    """A class of which a part has no row.

    Attributes:
        label: The class.
        part: The part, which has rows of other classes.
        n_expected: Rows of the class that it would have by its size.
        p: Probability of none by chance, rows of a group being as alike as they are found to be.
    """

    label: str
    part: str
    n_expected: float
    p: float


@attrs.frozen(kw_only=True)
class ClassShares:
    """How the classes of a column are spread over parts, or the rows that have a value and those without.

    Attributes:
        missing: Whether the classes are `present` and `missing`.
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
        p_grouped: The same with rows of a group as alike as they are found to be; see `compare_shares`.
        effects: Cohen's w of each part against the whole, in the parts' order, `None` for parts not tested.
        absent: Classes of the whole that a filled part lacks, the least probable first, at most 20 of them.
    """

    missing: bool = False
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
    absent: tuple[Absent, ...]

    @property
    def kind(self) -> str:
        """What is checked: `classes` or `missing`."""
        return "missing" if self.missing else "classes"

    @property
    def n_tests(self) -> int:
        """Number of tests that were made."""
        return 0 if self.p is None else 1

    @property
    def effect(self) -> float:
        """The largest of `effects`."""
        return max((effect for effect in self.effects if effect is not None), default=0.0)

    @property
    def weight(self) -> tuple[float, ...]:
        """How bad it is, to be compared with other folds: by probability, then by size."""
        return (-math.inf if self.p is None else -self.p, self.effect)


def compare_shares(
    key: str,
    class_of: npt.NDArray[np.signedinteger[Any]],
    names: Sequence[str],
    table: Parts,
    *,
    groups: Groups = (),
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
        groups: Numbers of groups that are in no two parts, an array of shape `(n_rows,)` a column. The
            statistic is divided by the mean design effect of the classes, `sum((1 - share) * effect)` over
            one less than their number (J. N. K. Rao and A. J. Scott, "The Analysis of Categorical Data From
            Complex Sample Surveys", 1981); for effects see `splits.auditing.design`.
    """
    in_part = table.codes < len(table.parts)
    known = in_part & (class_of >= 0)
    cells = class_of[known].astype(np.int64) * len(table.parts) + table.codes[known]
    counts = np.bincount(cells, minlength=len(names) * len(table.parts)).reshape(len(names), -1)
    chi2, dof, effects = _test(counts)
    alike = of_classes(
        [numbers[known] for numbers in groups], class_of[known], table.codes[known], len(names)
    )
    overall = counts.sum(axis=1) / max(1, counts.sum())
    n_present = int(np.count_nonzero(overall))
    mean = float(((overall > 0) * (1 - overall) * alike).sum()) / max(1, n_present - 1)
    design = max(1.0, mean) if groups else 1.0
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
        absent=_absent(counts, names, table.parts, alike),
    )


def compare_missing(
    key: str, missing: npt.NDArray[np.bool_], table: Parts, *, groups: Groups = ()
) -> ClassShares | None:
    """Compare the shares of rows without a value; `None` where all rows of parts have one, or none has.

    Args:
        key: The column.
        missing: True for rows without a value, shape `(n_rows,)`.
        table: The part of each row.
        groups: See `compare_shares`.
    """
    lacking = missing[table.codes < len(table.parts)]
    if lacking.all() or not lacking.any():
        return None
    found = compare_shares(key, missing.view(np.int8), ("present", "missing"), table, groups=groups)
    return attrs.evolve(found, missing=True, absent=())


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


def _absent(
    counts: Counts, names: Sequence[str], parts: Sequence[str], alike: npt.NDArray[np.float64]
) -> tuple[Absent, ...]:
    """Find classes that parts lack: all rows of a class fall elsewhere, `n / alike` of them on their own."""
    of_class, of_part = counts.sum(axis=1), counts.sum(axis=0)
    lacking = (counts == 0) & (of_class > 0)[:, None] & (of_part > 0)
    shares = of_part / max(1, of_part.sum())
    found = [
        Absent(
            label=names[label],
            part=parts[part],
            n_expected=float(of_class[label] * shares[part]),
            p=float((1 - shares[part]) ** (of_class[label] / alike[label])),
        )
        for label, part in np.argwhere(lacking).tolist()
    ]
    return tuple(sorted(found, key=lambda one: one.p)[:_MOST_ABSENT])


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
