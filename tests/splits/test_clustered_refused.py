"""What `Clustered` refuses: choices that mean nothing, features that are none, clusters that do not fit."""

import attrs
import numpy as np
import pytest

from splits.errors import SplitError
from splits.recipes.clustered import Clustered

PARTS = {"train": 0.6, "val": 0.2, "test": 0.2}


def by(**changes):
    return Clustered(**{"by": "0/cluster", "parts": PARTS, "seed": 0, **changes})


def among(method, **changes):
    given = {"features": "0/x", "method": method, "parts": PARTS, "seed": 0, "oversized": "accept"}
    return Clustered(**{**given, **changes})


def found(recipe, x):
    return recipe.settled({"0/x": np.asarray(x)}, len(x)).clusters.array


def test_a_cluster_larger_than_its_part_is_refused_or_accepted():
    x = np.concatenate([np.zeros(15), [50, 51, 90, 91, 99]])
    recipe = among("dbscan", distance=5, parts={"train": 0.5, "test": 0.5}, oversized="refuse")

    with pytest.raises(
        SplitError, match=r"of 'dbscan of 0/x' has 15 rows, more than the 10 of its part.*75\.0%"
    ):
        recipe.codes({"0/x": x}, 20)
    assert sorted(np.bincount(attrs.evolve(recipe, oversized="accept").codes({"0/x": x}, 20))) == [5, 15]


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([[0, 1], [2, np.nan]], r"features '0/x' have nan in row 1, column 1 \(1 such values in all\)"),
        ([0, np.inf, -np.inf], r"have inf in row 1, column 0 \(2 such"),
        (
            [0, 1e200],
            "have 1e.200 in row 1, column 0 .*above 1e.150 and too large to square; scale them down",
        ),
        ([0, np.nan], "fill them in or leave the column out"),
        (["a", "b"], "must be numbers of shape"),
        ([[[0]], [[1]]], r"got int64 of shape \(2, 1, 1\)"),
        ([1j, 2], "got complex128"),
    ],
)
def test_features_that_are_none_are_refused(x, message):
    with pytest.raises(SplitError, match=message):
        found(among("dbscan", distance=1), np.array(x))


@pytest.mark.parametrize(
    ("recipe", "x", "message"),
    [
        (among("kmeans", n_clusters=5), np.zeros(4), "5 clusters need at least as many rows, there are 4"),
        (among("kmeans", n_clusters=5), np.arange(9) % 3, "5 clusters need .* that differ, of 9 rows 3 do"),
        (
            among("agglomerative", distance=0.5, metric="cosine"),
            np.array([[0, 0], [0, 0], [1, 2]]),
            "cannot cluster 2 distinct rows of 2 features so",
        ),
        (among("dbscan", distance=0.5, metric="jaccard"), np.arange(4), "features must be 0 or 1"),
        (
            among("agglomerative", distance=1),
            np.zeros(20_001),
            "takes at most 20,000 of them, there are 20,001",
        ),
        (among("dbscan", distance=1), np.zeros(100_001), "at most 100,000.*method='minibatch'"),
    ],
)
def test_rows_that_cannot_be_clustered_are_refused(recipe, x, message):
    with pytest.raises(SplitError, match=message):
        found(recipe, x)


def test_as_many_clusters_as_parts_will_do_where_rows_are_left_out():
    recipe = among("dbscan", distance=1, parts={"train": 0.5, "test": 0.3})

    assert sorted(recipe.codes({"0/x": np.array([0, 0, 9])}, 3)) == [0, 0, 1]


def test_fewer_clusters_than_parts_and_missing_columns_are_refused():
    with pytest.raises(SplitError, match="found 2 clusters among 3 rows of 0/x, too few for 3 parts"):
        among("dbscan", distance=1).codes({"0/x": np.array([0, 0, 9])}, 3)
    with pytest.raises(SplitError, match="need at least as many groups, '0/cluster' has 2"):
        by().codes({"0/cluster": np.array([0, 0, 9])}, 3)
    with pytest.raises(SplitError, match="column '0/x' is not among those given: '0/y'"):
        among("dbscan", distance=1).codes({"0/y": np.zeros(3)}, 3)
    with pytest.raises(SplitError, match="column '0/cluster' has NaN in row 1"):
        by().codes({"0/cluster": np.array([1, np.nan, 2])}, 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"by": None}, "name a column of clusters in by=, or features.*got nothing"),
        ({"features": "0/x"}, "got by='0/cluster' and features="),
        ({"method": "kmeans"}, "nothing looks at method="),
        ({"linkage": "ward"}, "nothing looks at linkage="),
        ({"by": None, "features": "0/x"}, "say how clusters are found"),
        ({"by": None, "features": "0/x", "method": "birch"}, "method must be one of 'kmeans'"),
        ({"by": None, "features": "0/x", "method": "kmeans"}, "method='kmeans' needs n_clusters="),
        ({"by": None, "features": "0/x", "method": "dbscan"}, "needs distance="),
        (
            {"by": None, "features": "0/x", "method": "agglomerative"},
            "needs n_clusters=, or distance=, and not",
        ),
        ({"by": "type"}, "'type' is no column of an axis"),
        ({"stratify": "1/type"}, "must be of one axis"),
        ({"stratify": ("0/a", "0/a")}, "comes twice"),
        ({"parts": ()}, "name the parts"),
        ({"oversized": "maybe"}, "oversized must be one of 'refuse', 'accept'"),
    ],
)
def test_a_recipe_that_means_nothing_is_refused(changes, message):
    with pytest.raises(SplitError, match=message):
        by(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metric": "cosine"}, "method='kmeans' does not look at metric=; it takes n_clusters, scale"),
        ({"distance": 1.0}, "does not look at distance="),
        ({"n_clusters": 1}, "n_clusters must be a whole number from 2 up, got 1"),
        ({"n_clusters": True}, "n_clusters must be a whole number"),
        (
            {"method": "dbscan", "n_clusters": None, "distance": -1},
            "distance must be a finite number above 0",
        ),
        ({"method": "dbscan", "n_clusters": None, "distance": np.inf}, "distance must be a finite number"),
        ({"method": "dbscan", "n_clusters": None, "distance": 1, "min_rows": 0}, "min_rows must be a whole"),
        (
            {"method": "dbscan", "n_clusters": None, "distance": 1, "min_rows": None},
            "min_rows must be a whole",
        ),
        ({"method": "agglomerative", "distance": 1}, "needs n_clusters=, or distance=, and not both"),
        ({"method": "agglomerative", "metric": "l3"}, "metric must be one of 'euclidean'"),
        ({"method": "agglomerative", "linkage": "ward", "metric": "cosine"}, "metric='euclidean' alone"),
        ({"scale": 1}, "scale must be True or False, got 1"),
        ({"features": ("0/x", "1/x")}, "must be of one axis"),
    ],
)
def test_a_clustering_that_means_nothing_is_refused(changes, message):
    with pytest.raises(SplitError, match=message):
        among(**{"method": "kmeans", "n_clusters": 6, **changes})
