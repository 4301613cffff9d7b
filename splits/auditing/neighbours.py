"""Near duplicates: how far the rows of a part are from their nearest rows in other parts."""

import math
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt

__all__ = [
    "NearPair",
    "Nearness",
    "compare_distances",
    "describe_nearness",
    "distinct",
    "nearest",
    "scales_of",
]

CLOSE = 0.1
"""A pair is close within this part of the typical distance."""

LEAST_ROWS = 20
"""Fewer rows tell nothing of what is typical."""

_STEPS = 20
_MOST_PAIRS = 10
_MIXED_UNITS = 10
_HIGHEST_DIMENSION = 50.0

Matrix = npt.NDArray[np.float64]


@attrs.frozen(kw_only=True)
class NearPair:
    """A row and the nearest row of another part.

    Attributes:
        row: Of the part.
        other: Of another part.
        distance: Between the two.
    """

    row: int
    other: int
    distance: float


@attrs.frozen(kw_only=True)
class Nearness:
    """Distances of the rows of one part to their nearest rows in other parts, beside what is typical.

    Attributes:
        keys: Columns whose values together make a row.
        part: Name of the part.
        n_rows: Rows of it that were looked at.
        n_others: Rows of other parts among which the nearest was looked for.
        n_in_part: Rows that the part has.
        n_in_others: Rows that the other parts have.
        n_skipped: Rows of either kind that were drawn and hold NaN or infinity, and so have no distance.
        n_distinct: Different rows among `n_rows`; the figures below are of these alone.
        scaled: Whether each value was divided by its standard deviation first.
        across: Distances to the nearest row of another part: 21 quantiles, from the least to the largest.
        within: Distances of different rows of the other parts to the nearest of these: 21 quantiles.
        n_equal: Rows at distance 0; see the check for duplicates.
        limit: Distance below which a pair counts as close; `None` where nothing typical can be said.
        n_close: Rows at a distance above 0 and at most `limit`.
        n_expected: As many are expected where the part is like the others.
        p: Probability of as many by chance.
        pairs: The closest pairs, at most 10, without those at distance 0.
    """

    kind: ClassVar[str] = "near"
    keys: tuple[str, ...]
    part: str
    n_rows: int
    n_others: int
    n_in_part: int
    n_in_others: int
    n_skipped: int
    n_distinct: int
    scaled: bool
    across: tuple[float, ...]
    within: tuple[float, ...]
    n_equal: int
    limit: float | None
    n_close: int
    n_expected: float
    p: float | None
    pairs: tuple[NearPair, ...]

    @property
    def key(self) -> str:
        """What the check is about."""
        return " + ".join(self.keys)

    @property
    def n_tests(self) -> int:
        """Number of tests that were made."""
        return 0 if self.p is None else 1

    @property
    def weight(self) -> tuple[float, ...]:
        """How bad it is, to be compared with other folds."""
        return (self.n_close,)


def distinct(rows: Matrix) -> npt.NDArray[np.intp]:
    """Return the place of the first of each equal rows, ascending: shape `(n_distinct,)`."""
    plain = np.ascontiguousarray(rows + 0.0)  # -0.0 + 0.0 is 0.0
    if not plain.shape[1]:
        return np.arange(min(1, len(plain)))
    whole = plain.view(np.dtype((np.void, plain.dtype.itemsize * plain.shape[1]))).ravel()
    return np.sort(np.unique(whole, return_index=True)[1])


def scales_of(values: npt.NDArray[Any]) -> tuple[npt.NDArray[np.float64], bool]:
    """Return what each value of a row is divided by, and whether that is other than 1.

    Values of one unit, such as pixels, are left alone: a pixel that hardly ever differs would else count as
    much as all others. Where the largest standard deviation is more than 10 times their median, values are
    of different units, and each is divided by its own.

    Args:
        values: Finite numbers, shape `(n, d)`.
    """
    deviations = values.std(axis=0, dtype=np.float64)
    varied = deviations[deviations > 0]
    if not len(varied) or varied.max() <= _MIXED_UNITS * np.median(varied):
        return np.ones(values.shape[1]), False
    return np.where(deviations > 0, deviations, 1.0), True


def nearest(
    rows: Matrix, others: Matrix, *, itself: npt.NDArray[np.intp] | None = None
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Find the nearest of other rows, in the Euclidean distance.

    Args:
        rows: Shape `(n, d)`.
        others: Shape `(m, d)`.
        itself: Where each of `rows` stands among `others`, shape `(n,)`; it is no neighbour of its own.

    Returns:
        Its place among `others` and its distance, both of shape `(n,)`.
    """
    from sklearn.neighbors import NearestNeighbors

    n_found = 1 if itself is None else 2
    places = NearestNeighbors(n_neighbors=n_found).fit(others).kneighbors(rows, return_distance=False)
    found = places[:, 0]
    if itself is not None:
        found = np.where(places[:, 0] == itself, places[:, 1], places[:, 0])
    distances = np.empty(len(rows))
    step = max(1, (1 << 22) // max(1, rows.shape[1]))
    for first in range(0, len(rows), step):  # again, as products of long rows lose the small differences
        block = slice(first, first + step)
        apart = rows[block] - others[found[block]]
        distances[block] = np.sqrt((apart**2).sum(axis=1))
    return found, distances


def compare_distances(
    across: npt.NDArray[np.float64], within: npt.NDArray[np.float64]
) -> tuple[float | None, int, float, float | None]:
    """Say whether more rows lie close to another part than a like part would have.

    A row of a part that is like the others is as far from them as they are from each other. So what is
    typical is the median of `within`, and a row is close within a tenth of that. How many are expected
    there follows from the law of the nearest of independent points in `m` dimensions,
    `1 - exp(-(r / s)**m)` (P. J. Clark and F. C. Evans, "Distance to Nearest Neighbor as a Measure of
    Spatial Relationships in Populations", 1954, for the plane), with `m` such that its quartiles are
    those of `within`. Data that lie in clumps have a lower `m`, and so more is expected.

    Args:
        across: Distance of each row to the nearest of the others; rows are all different.
        within: Distance of some of the others to the nearest of these; these are all different too.

    Returns:
        The limit, the rows that are close and not equal, the number expected, and its Poisson probability;
        no limit and no probability where fewer than 20 rows, or distances of 0 or infinity, tell nothing.
    """
    if min(len(across), len(within)) < LEAST_ROWS:
        return None, 0, 0.0, None
    low, middle, high = np.quantile(within, [0.25, 0.5, 0.75]).tolist()
    if low <= 0 or not math.isfinite(high):
        return None, 0, 0.0, None
    dimension = _HIGHEST_DIMENSION
    if high > low:
        dimension = min(dimension, math.log(math.log(4) / math.log(4 / 3)) / math.log(high / low))
    limit = CLOSE * middle
    n_close = int(np.count_nonzero((across > 0) & (across <= limit)))
    expected = len(across) * -math.expm1(-math.log(2) * CLOSE**dimension)
    from scipy.stats import poisson

    return limit, n_close, expected, float(poisson.sf(n_close - 1, expected))


def describe_nearness(
    keys: tuple[str, ...],
    part: str,
    rows: npt.NDArray[np.intp],
    others: npt.NDArray[np.intp],
    found: tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]],
    within: npt.NDArray[np.float64],
    *,
    looked_at: tuple[int, int],
    sizes: tuple[int, int],
    n_skipped: int,
    scaled: bool,
) -> Nearness:
    """Put together what was found for one part.

    Args:
        keys: Columns whose values together make a row.
        part: Name of the part.
        rows: Its different rows, shape `(n,)`.
        others: Different rows of other parts, shape `(m,)`.
        found: What `nearest` found: the place among `others` of the nearest, and its distance.
        within: Distances of some of the others to the nearest of these.
        looked_at: Rows of the part and of the others that have distances, equal ones counted.
        sizes: Rows that the part and the others have.
        n_skipped: Rows that have no distance.
        scaled: Whether values were divided by their standard deviations.
    """
    places, across = found
    limit, n_close, expected, p = compare_distances(across, within)
    apart = np.flatnonzero(across > 0)
    closest = apart[np.argsort(across[apart], kind="stable")[:_MOST_PAIRS]]
    return Nearness(
        keys=keys,
        part=part,
        n_rows=looked_at[0],
        n_others=looked_at[1],
        n_in_part=sizes[0],
        n_in_others=sizes[1],
        n_skipped=n_skipped,
        n_distinct=len(rows),
        scaled=scaled,
        across=_quantiles(across),
        within=_quantiles(within),
        n_equal=int(np.count_nonzero(across == 0)),
        limit=limit,
        n_close=n_close,
        n_expected=expected,
        p=p,
        pairs=tuple(
            NearPair(row=int(rows[at]), other=int(others[places[at]]), distance=float(across[at]))
            for at in closest.tolist()
        ),
    )


def _quantiles(distances: npt.NDArray[np.float64]) -> tuple[float, ...]:
    if not len(distances):
        return ()
    return tuple(np.quantile(distances, np.linspace(0, 1, _STEPS + 1)).tolist())
