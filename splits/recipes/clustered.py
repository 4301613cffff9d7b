"""`Clustered`: similar rows kept together."""

from typing import Any, ClassVar

import attrs
import numpy as np

from h5torch.kept import Kept, keep
from h5torch.keyed import derive
from h5torch.parts import Axis
from splits.dealing.dealers import Groups, Oversized, by_groups, check_oversized, find_groups
from splits.dealing.folding import check_choice, deal_out, fewest, frame_of
from splits.dealing.folds import Folding, as_folding
from splits.dealing.numbering import number_rows
from splits.dealing.shares import Shares, as_shares
from splits.dealing.strata import find_strata
from splits.errors import SplitError
from splits.fields import NO_SEED, as_keys, needed_seed, one_of
from splits.foreign.clustering import Clustering, Linkage, Method, Metric, feature_matrix, find_clusters
from splits.frame import Codes, Columns, Frame
from splits.keys import check_keys, shared_axis

__all__ = ["Clustered"]

_SEED_BITS = 32  # of scikit-learn's seeds
_WAYS = tuple(field.name for field in attrs.fields(Clustering))


def _as_float(given: Any) -> Any:
    return float(given) if isinstance(given, int) and not isinstance(given, bool) else given


@attrs.frozen(kw_only=True)
class Clustered:
    """Share out whole clusters of similar rows at random, so that rows much alike are never in two parts.

    Clusters are given by a column (`by`), or found among features by scikit-learn (`features`, `method`):

    - `"kmeans"`: `n_clusters` around their means; `"minibatch"` the same from samples, for many rows.
    - `"agglomerative"`: clusters are joined, the nearest two first, until there are `n_clusters` or until
      the nearest are `distance` apart. With `linkage="single"`, which measures from nearest row to nearest
      row, no two rows of different parts are nearer to each other than `distance`, up to rounding; no other
      linkage promises that. Up to 20,000 rows.
    - `"dbscan"`: rows with at least `min_rows` rows within `distance`, themselves among them, are joined
      with all of those. With `min_rows=1` any two rows of different parts are more than `distance` apart,
      up to rounding; with more of them that holds for such dense rows alone, and other rows, its noise, can
      be clusters of one. Up to 100,000 rows.

    Rows with equal features are in one cluster. `"kmeans"`, `"minibatch"` and `"dbscan"` count all of them,
    `"agglomerative"` counts them once.

    Floats differ in their last bits between machines and versions, and clusters with them. So clusters that
    were found are `settled` once and belong to the recipe of the stored split; which cluster goes to which
    part depends on them, the seed and the strata alone. A split created with a recipe that has clusters
    already, of this file or of another, finds its own.

    Attributes:
        by: Key of a column that names each row's cluster; every value is one, -1 too.
        features: Key of the features, or several put side by side: numbers or bools, one or a vector a row.
        method: How clusters are found among features.
        n_clusters: Their number; for all methods but `"dbscan"`.
        distance: A distance in the units of the metric; for `"agglomerative"` and `"dbscan"`.
        metric: How those two measure: `"euclidean"`, `"manhattan"`, `"cosine"`, or `"jaccard"` of 0/1
            features, which is 1 less Tanimoto's similarity.
        linkage: How `"agglomerative"` measures clusters: `"single"`, `"average"`, `"complete"`, `"ward"`.
        min_rows: How many rows are dense for `"dbscan"`.
        scale: Whether each feature is brought to mean 0 and standard deviation 1 first. Not done unless
            asked for: embeddings and fingerprints share one scale, and distances are then in it.
        parts: Part names with their shares, as a mapping or as pairs. Shares that sum to less than 1 leave
            the other clusters out of every part.
        folds: A number of folds, or `KFold`, `RepeatedKFold`, `Nested`, instead of parts or beside them:
            then the clusters of the first part are cut into folds.
        seed: In `[0, 2**64)`; decides where k-means begins and which clusters go where.
        stratify: Key of a column whose classes come as near to their shares in every part as whole clusters
            allow, or several that count jointly.
        oversized: `"refuse"` a split in which a cluster is larger than its part, or `"accept"` it.
        clusters: Cluster of each row, shape `(n_rows,)`, once they are settled.

    Raises:
        SplitError: neither clusters nor features, or both; a choice that the method lacks or does not look
            at; keys of different axes; neither parts nor folds, or shares that are no shares of a whole.
        RegisterError: a part name is not legal or comes twice.
        ArgumentTypeError: the seed is missing, or no integer in its range.
    """

    tag: ClassVar[str] = "clustered"
    version: ClassVar[int] = 1

    by: str | None = None
    features: tuple[str, ...] = attrs.field(converter=as_keys, default=())
    method: Method | None = None
    n_clusters: int | None = None
    distance: float | None = attrs.field(converter=_as_float, default=None)
    metric: Metric = "euclidean"
    linkage: Linkage = "single"
    min_rows: int = 1
    scale: bool = False
    parts: Shares = attrs.field(converter=as_shares, default=())
    folds: Folding | None = attrs.field(converter=as_folding, default=None)
    seed: int = attrs.field(converter=needed_seed, default=NO_SEED)
    stratify: tuple[str, ...] = attrs.field(converter=as_keys, default=())
    oversized: Oversized = attrs.field(default="refuse", validator=one_of("refuse", "accept"))
    clusters: Kept | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.instance_of(Kept))
    )

    def __attrs_post_init__(self) -> None:
        """Check where clusters come from, then keys, then parts and folds together."""
        if (self.by is None) == (not self.features):
            what = "nothing" if self.by is None else f"by={self.by!r} and features={self.features!r}"
            msg = f"name a column of clusters in by=, or features to find them among in features=; got {what}"
            raise SplitError(msg)
        if self.by is not None:
            self._refuse_clustering(self.by)
        elif self.method is None:
            msg = "say how clusters are found, as in method='kmeans', n_clusters=50, or name a column in by="
            raise SplitError(msg)
        else:
            self._clustering()
        for keys in (self.features, self.stratify):
            if keys:
                check_keys(keys)
        shared_axis(self.keys)
        check_choice(self.parts, self.folds)

    def _clustering(self) -> Clustering:
        return Clustering(**{name: getattr(self, name) for name in _WAYS})

    def _refuse_clustering(self, by: str) -> None:
        fields = attrs.fields_dict(Clustered)
        if given := [name for name in (*_WAYS, "clusters") if getattr(self, name) != fields[name].default]:
            msg = f"by={by!r} has the clusters, so that nothing looks at {given[0]}=; leave one of them away"
            raise SplitError(msg)

    @property
    def axis(self) -> Axis:
        """The axis that the columns belong to."""
        return shared_axis(self.keys)

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that decide: clusters or features, and those of strata."""
        clusters = () if self.by is None else (self.by,)
        return tuple(dict.fromkeys([*clusters, *self.features, *self.stratify]))

    @property
    def frame(self) -> Frame:
        """The parts, or `train` and `test` of folds."""
        return frame_of(self.parts, self.folds)

    @property
    def libraries(self) -> tuple[str, ...]:
        """The libraries by whose versions clusters are found."""
        return ("scikit-learn",) if self.features else ()

    def settled(self, columns: Columns, n_rows: int) -> "Clustered":
        """Return this recipe with the clusters that it finds, so that nothing has to find them again.

        Clusters that it has already are found anew: they may be of other features. With `by` it is returned
        as it is.

        Args:
            columns: Those of `features`, each of shape `(n_rows,)` or `(n_rows, n_features)`.
            n_rows: Length of the axis.

        Raises:
            SplitError: a column is missing, has another shape, or holds NaN, infinities or values above
                1e150; there are too many rows for the method, fewer that differ than clusters, or
                scikit-learn cannot cluster them so.
        """
        if self.by is not None:
            return self
        how = self._clustering()
        how.check_rows(n_rows)
        matrix = feature_matrix(columns, self.features, n_rows)
        seed = derive(self.seed, self.tag, "clusters") >> _SEED_BITS
        found = find_clusters(matrix, how, seed=seed)
        return attrs.evolve(self, clusters=keep(found.astype(np.min_scalar_type(int(found.max())))))

    def codes(self, columns: Columns, n_rows: int, held: Codes | None = None) -> Codes:
        """Return the part of each row; see `SplitRecipe.codes`.

        Raises:
            SplitError: fewer clusters than parts, a cluster larger than its part, clusters that cannot be
                found (see `settled`) or are those of fewer rows; a column is missing, has another shape, or
                holds NaN, NaT or empty labels.
            FormatError: settled clusters are not at hand.
        """
        if self.by is None and held is not None:
            msg = (
                f"clusters of {', '.join(self.features)} were found among {held.shape[-1]} rows, and those "
                "added may join them; create the split again, or register clusters as a column and use by="
            )
            raise SplitError(msg)
        groups = self._groups(columns, n_rows)
        return deal_out(
            by_groups(groups, find_strata(columns, self.stratify, n_rows) if self.stratify else None),
            parts=self.parts,
            folds=self.folds,
            n_rows=n_rows,
            key=derive(self.seed, self.tag),
            held=held,
            check=check_oversized(groups, self.oversized),
        )

    def _groups(self, columns: Columns, n_rows: int) -> Groups:
        if self.by is not None:
            return find_groups(columns, self.by, n_rows)
        kept = self.clusters or self.settled(columns, n_rows).clusters
        given = np.zeros(0, np.intp) if kept is None else kept.array
        if given.shape != (n_rows,) or given.dtype.kind not in "iu":
            msg = (
                f"the recipe has {given.dtype} clusters of shape {given.shape}, the axis has {n_rows} rows; "
                "create the split again"
            )
            raise SplitError(msg)
        of_row, first = number_rows([given], n_rows)
        if len(first) < (wanted := max(len(self.parts), fewest((), self.folds))):
            msg = (
                f"method={self.method!r} found {len(first)} clusters among {n_rows} rows of "
                f"{', '.join(self.features)}, too few for {wanted} parts or folds; raise n_clusters=, lower "
                "distance=, or ask for fewer"
            )
            raise SplitError(msg)
        return Groups(
            key=f"{self.method} of {', '.join(self.features)}", of_row=of_row, names=np.arange(len(first))
        )
