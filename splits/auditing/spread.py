"""Spread of numbers: how far the distribution in a part is from that of the other parts."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from splits.auditing.design import Groups, of_numbers
from splits.auditing.shares import LEAST_ROWS

__all__ = ["PartSpread", "Spread", "compare_spread"]


@attrs.frozen(kw_only=True)
class PartSpread:
    """The numbers of one part beside those of all other parts.

    Attributes:
        part: Name of the part.
        n_rows: Numbers in it.
        median: The median of the part; `None` where it has no finite one.
        median_others: The median of the others.
        distance: Largest difference of the two distribution functions, from 0 to 1; `None` where one side
            has fewer than 10 numbers.
        p: Probability of one as large by chance, rows being independent.
        p_grouped: The same with rows of a group as alike as they are found to be.
    """

    part: str
    n_rows: int
    median: float | None
    median_others: float | None
    distance: float | None = None
    p: float | None = None
    p_grouped: float | None = None


@attrs.frozen(kw_only=True)
class Spread:
    """How the numbers of a column are spread over parts.

    Attributes:
        key: The column.
        place: Which value of a row it is, counted in C order, where the rows have several.
        sampled: Whether rows were drawn, rather than all looked at.
        n_missing: Rows of a part without a number (NaN).
        parts: Each part beside the others.
    """

    kind: ClassVar[str] = "spread"
    key: str
    place: int | None = None
    sampled: bool = False
    n_missing: int
    parts: tuple[PartSpread, ...]

    @property
    def n_tests(self) -> int:
        """Number of tests that were made."""
        return sum(part.p is not None for part in self.parts)

    @property
    def worst(self) -> PartSpread | None:
        """The part that is farthest from the others, the smaller of two that are as far."""
        tested = [part for part in self.parts if part.distance is not None]
        return max(tested, key=lambda part: (part.distance or 0.0, -part.n_rows), default=None)

    @property
    def weight(self) -> tuple[float, ...]:
        """How bad it is, to be compared with other folds."""
        return (-math.inf if self.worst is None else float(self.worst.distance or 0.0),)


def compare_spread(
    key: str,
    values: npt.NDArray[Any],
    codes: npt.NDArray[np.uint8],
    parts: Sequence[str],
    *,
    groups: Groups = (),
    place: int | None = None,
    sampled: bool = False,
) -> Spread:
    """Compare the numbers in each part with those in all other parts.

    The distance is that of A. Kolmogorov (1933) and N. Smirnov (1939) for two samples, its probability by the
    law for one sample of `n * m / (n + m)` values, as SciPy's `ks_2samp(method="asymp")` has it. Equal
    numbers make it too large, never too small.

    Args:
        key: The column.
        values: Numbers, shape `(n,)`; NaN is none.
        codes: The part of each, same shape; one that is no part's counts for nothing.
        parts: Names of the parts.
        groups: Numbers of groups that are in no two parts, an array of shape `(n,)` a column: they lessen
            what rows tell by the design effect of the ranks; see `splits.auditing.design`.
        place: Which value of a row it is.
        sampled: Whether the rows were drawn.
    """
    in_part = codes < len(parts)
    known = in_part & ~np.isnan(values)
    order = np.argsort(values[known], kind="stable")
    ranked, part_of = values[known][order].astype(np.float64), codes[known][order]
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) if len(ranked) else order
    ranks = np.repeat(ends + (1 - np.diff(ends, prepend=-1)) / 2, np.diff(ends, prepend=-1))
    design = of_numbers([numbers[known][order] for numbers in groups], ranks, part_of)
    return Spread(
        key=key,
        place=place,
        sampled=sampled,
        n_missing=int(np.count_nonzero(in_part & ~known)),
        parts=tuple(_beside(name, ranked, part_of == code, ends, design) for code, name in enumerate(parts)),
    )


def _beside(
    name: str,
    ranked: npt.NDArray[np.float64],
    mine: npt.NDArray[np.bool_],
    ends: npt.NDArray[np.intp],
    design: float,
) -> PartSpread:
    n_mine = int(np.count_nonzero(mine))
    n_others = len(ranked) - n_mine
    beside = PartSpread(
        part=name, n_rows=n_mine, median=_median(ranked[mine]), median_others=_median(ranked[~mine])
    )
    if min(n_mine, n_others) < LEAST_ROWS:
        return beside
    below = np.cumsum(mine)[ends]
    gap = np.abs(below / n_mine - (ends + 1 - below) / n_others)
    distance = float(gap.max())
    n_rows = n_mine * n_others / (n_mine + n_others)
    return attrs.evolve(
        beside,
        distance=distance,
        p=_tail(distance, n_rows),
        p_grouped=_tail(distance, n_rows / design),
    )


def _tail(distance: float, n_rows: float) -> float:
    from scipy.stats import kstwo

    return float(kstwo.sf(distance, max(1, round(n_rows))))


def _median(ranked: npt.NDArray[np.float64]) -> float | None:
    if not len(ranked):
        return None
    middle = float(ranked[(len(ranked) - 1) // 2])
    return middle if math.isfinite(middle) else None
