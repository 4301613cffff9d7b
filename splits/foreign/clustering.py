"""Clusters of similar rows, by scikit-learn."""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from splits.dealing.numbering import number_rows
from splits.dealing.picking import pick
from splits.errors import SplitError
from splits.fields import at_least, check_flag, one_of

__all__ = ["Clustering", "Linkage", "Method", "Metric", "feature_matrix", "find_clusters"]

Method: TypeAlias = Literal["kmeans", "minibatch", "agglomerative", "dbscan"]
Metric: TypeAlias = Literal["euclidean", "manhattan", "cosine", "jaccard"]
Linkage: TypeAlias = Literal["single", "average", "complete", "ward"]
Matrix: TypeAlias = npt.NDArray[np.float64]
Counts: TypeAlias = npt.NDArray[np.intp]

_TAKES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "kmeans": frozenset({"n_clusters", "scale"}),
        "minibatch": frozenset({"n_clusters", "scale"}),
        "agglomerative": frozenset({"n_clusters", "distance", "metric", "linkage", "scale"}),
        "dbscan": frozenset({"distance", "metric", "min_rows", "scale"}),
    }
)
_MOST_ROWS: Mapping[str, int] = MappingProxyType({"agglomerative": 20_000, "dbscan": 100_000})
_LARGEST = 1e150  # of a feature: its square is a finite number


def _check_distance(_: object, __: object, value: Any) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is not None and not (is_number and 0 < value < math.inf):
        msg = f"distance must be a finite number above 0, got {value!r}"
        raise SplitError(msg)


@attrs.frozen(kw_only=True)
class Clustering:
    """How rows are clustered.

    Attributes:
        method: See `splits.Clustered`.
        n_clusters: Number of clusters, at least 2; `None` where the distance decides.
        distance: A distance above 0; `None` where the number decides.
        metric: How distances are measured.
        linkage: What counts as the distance of two clusters.
        min_rows: Rows within `distance`, itself among them, that make a row the core of a cluster.
        scale: Whether each feature is brought to mean 0 and standard deviation 1 first.

    Raises:
        SplitError: a choice is none of those there are, or the method needs another, or does not look at it.
    """

    method: Method = attrs.field(validator=one_of(*_TAKES))
    n_clusters: int | None = attrs.field(default=None, validator=at_least(2))
    distance: float | None = attrs.field(default=None, validator=_check_distance)
    metric: Metric = attrs.field(
        default="euclidean", validator=one_of("euclidean", "manhattan", "cosine", "jaccard")
    )
    linkage: Linkage = attrs.field(
        default="single", validator=one_of("single", "average", "complete", "ward")
    )
    min_rows: int = attrs.field(default=1, validator=at_least(1))
    scale: bool = attrs.field(default=False, validator=check_flag)

    def __attrs_post_init__(self) -> None:
        """Check whether the choices go together."""
        takes = _TAKES[self.method]
        for field in attrs.fields(Clustering)[1:]:
            if getattr(self, field.name) != field.default and field.name not in takes:
                listed = ", ".join(sorted(takes))
                msg = f"method={self.method!r} does not look at {field.name}=; it takes {listed}"
                raise SplitError(msg)
        limits = [name for name in ("n_clusters", "distance") if name in takes]
        if sum(getattr(self, name) is not None for name in limits) != 1:
            needed = "=, or ".join(limits)
            msg = f"method={self.method!r} needs {needed}={', and not both' if len(limits) > 1 else ''}"
            raise SplitError(msg)
        if self.linkage == "ward" and self.metric != "euclidean":
            msg = f"linkage='ward' measures by metric='euclidean' alone, got {self.metric!r}"
            raise SplitError(msg)

    def check_rows(self, n_rows: int) -> None:
        """Refuse more rows than the method can cluster in reasonable time and memory, or too few.

        Raises:
            SplitError: there are.
        """
        most = _MOST_ROWS.get(self.method)
        if most is not None and n_rows > most:
            msg = (
                f"method={self.method!r} compares rows with each other and takes at most {most:,} of them, "
                f"there are {n_rows:,}; use method='minibatch', or cluster elsewhere, register the clusters "
                "as a column and name it in by="
            )
            raise SplitError(msg)
        fewest = self.n_clusters or 2
        if n_rows < fewest:
            msg = f"{fewest} clusters need at least as many rows, there are {n_rows}"
            raise SplitError(msg)


def feature_matrix(columns: Mapping[str, npt.NDArray[Any]], keys: Sequence[str], n_rows: int) -> Matrix:
    """Put columns of features side by side.

    Args:
        columns: By key, each of numbers or bools, of shape `(n_rows,)` or `(n_rows, n_features)`.
        keys: Those that count, in this order.
        n_rows: Number of rows.

    Returns:
        float64 of shape `(n_rows, n_features)`.

    Raises:
        SplitError: a column is missing or has another shape or dtype, or a value is NaN, infinite or above
            1e150.
    """
    return np.concatenate([_features(columns, key, n_rows) for key in keys], axis=1)


def _features(columns: Mapping[str, npt.NDArray[Any]], key: str, n_rows: int) -> Matrix:
    column = pick(columns, key)
    if column.ndim not in (1, 2) or len(column) != n_rows or column.dtype.kind not in "biuf":
        msg = (
            f"features {key!r} must be numbers of shape ({n_rows},) or ({n_rows}, n_features), got "
            f"{column.dtype} of shape {column.shape}; register one vector a row"
        )
        raise SplitError(msg)
    matrix = column.reshape(n_rows, -1).astype(np.float64)
    odd = ~(np.abs(matrix) <= _LARGEST)
    if odd.any():
        row, place = np.argwhere(odd)[0].tolist()
        value = matrix[row, place]
        hint = f"that is above {_LARGEST:g} and too large to square; scale them down"
        msg = (
            f"features {key!r} have {value} in row {row}, column {place} ({np.count_nonzero(odd)} such "
            f"values in all); {hint if np.isfinite(value) else 'fill them in'} or leave the column out"
        )
        raise SplitError(msg)
    return matrix


def _standardised(matrix: Matrix) -> Matrix:
    """Return features of mean 0 and standard deviation 1; those that are constant become 0."""
    spread = matrix.std(axis=0)
    centred: Matrix = matrix - matrix.mean(axis=0)
    return centred / np.where(spread == 0, 1, spread)


def find_clusters(matrix: Matrix, how: Clustering, *, seed: int) -> npt.NDArray[np.intp]:
    """Cluster the rows of a matrix: those that differ, so that equal rows are in one cluster.

    Args:
        matrix: Features, finite, shape `(n_rows, n_features)`.
        how: Method and choices.
        seed: In `[0, 2**32)`; k-means begins with it.

    Returns:
        Cluster of each row, shape `(n_rows,)`, numbered by first row. Rows that DBSCAN calls noise are
        clusters of one, or of those equal to it.

    Raises:
        SplitError: too many or too few rows, fewer that differ than clusters, or scikit-learn cannot cluster
            them so.
    """
    how.check_rows(len(matrix))
    if how.metric == "jaccard" and not np.isin(matrix, (0, 1)).all():
        msg = "metric='jaccard' compares sets, so that features must be 0 or 1; use another metric"
        raise SplitError(msg)
    rows = _standardised(matrix) if how.scale else matrix
    of_row, first = number_rows(list(rows.T), len(rows))
    if len(first) < (how.n_clusters or 1):
        msg = (
            f"{how.n_clusters} clusters need at least as many rows that differ, of {len(rows)} rows "
            f"{len(first)} do; lower n_clusters="
        )
        raise SplitError(msg)
    if len(first) == 1:
        return of_row
    labels = _labels(rows[first], np.bincount(of_row), how, seed)
    return number_rows([labels[of_row]], len(rows))[0]


def _labels(matrix: Matrix, counts: Counts, how: Clustering, seed: int) -> npt.NDArray[np.intp]:
    """Return the cluster of each distinct row, of which there are so many."""
    from sklearn.exceptions import ConvergenceWarning

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            labels = _WAYS[how.method](matrix, counts, how, seed)
    except (ValueError, ConvergenceWarning) as error:
        n_rows, n_features = matrix.shape
        found = f"{n_rows} distinct rows of {n_features} features"
        msg = f"method={how.method!r} cannot cluster {found} so: {error}"
        raise SplitError(msg) from error
    is_noise = labels < 0
    labels[is_noise] = labels.max(initial=-1) + 1 + np.arange(np.count_nonzero(is_noise))
    return labels


def _kmeans(matrix: Matrix, counts: Counts, how: Clustering, seed: int) -> npt.NDArray[np.intp]:
    from sklearn.cluster import KMeans

    made = KMeans(how.n_clusters or 0, random_state=seed)
    return made.fit_predict(matrix, sample_weight=counts).astype(np.intp)


def _minibatch(matrix: Matrix, counts: Counts, how: Clustering, seed: int) -> npt.NDArray[np.intp]:
    from sklearn.cluster import MiniBatchKMeans

    made = MiniBatchKMeans(how.n_clusters or 0, random_state=seed)
    return made.fit_predict(matrix, sample_weight=counts).astype(np.intp)


def _agglomerative(matrix: Matrix, _: Counts, how: Clustering, __: int) -> npt.NDArray[np.intp]:
    from sklearn.cluster import AgglomerativeClustering

    made = AgglomerativeClustering(
        how.n_clusters, metric=how.metric, linkage=how.linkage, distance_threshold=how.distance
    )
    return made.fit_predict(matrix).astype(np.intp)


def _dbscan(matrix: Matrix, counts: Counts, how: Clustering, _: int) -> npt.NDArray[np.intp]:
    from sklearn.cluster import DBSCAN

    made = DBSCAN(how.distance or 0.0, min_samples=how.min_rows, metric=how.metric)
    features = matrix.astype(np.bool_) if how.metric == "jaccard" else matrix
    return made.fit_predict(features, sample_weight=counts).astype(np.intp)


_WAYS: Mapping[str, Callable[[Matrix, Counts, Clustering, int], npt.NDArray[np.intp]]] = MappingProxyType(
    {"kmeans": _kmeans, "minibatch": _minibatch, "agglomerative": _agglomerative, "dbscan": _dbscan}
)
