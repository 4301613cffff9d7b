"""`Clustered`: clusters of similar rows are never torn, found by scikit-learn once and kept from then on."""

import hashlib
import subprocess
import sys

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.cluster import DBSCAN, AgglomerativeClustering

from h5torch.errors import FormatError
from h5torch.kept import attach, keep
from h5torch.wire.recipes import RecipeBook
from splits.dealing.folds import Folding, KFold, Nested
from splits.errors import SplitError
from splits.recipes.clustered import Clustered
from splits.recipes.protocol import SplitRecipe

PARTS = {"train": 0.6, "val": 0.2, "test": 0.2}
POINTS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=12, max_size=40)
BLOB = np.arange(120) * 7919 % 13 % 6
BLOBS = np.column_stack([BLOB * 50.0, BLOB % 2 * 30.0]) + np.arange(240).reshape(120, 2) * 31 % 7


def by(**changes):
    return Clustered(**{"by": "0/cluster", "parts": PARTS, "seed": 0, **changes})


def among(method, **changes):
    given = {"features": "0/x", "method": method, "parts": PARTS, "seed": 0, "oversized": "accept"}
    return Clustered(**{**given, **changes})


def found(recipe, x):
    return recipe.settled({"0/x": np.asarray(x)}, len(x)).clusters.array


def book():
    made = RecipeBook("split", SplitRecipe, Folding)
    for record in (Clustered, KFold, Nested):
        made.add(record)
    return made


def is_same_partition(one, other):
    return len(set(zip(one, other, strict=True))) == len(set(one)) == len(set(other))


def test_the_codes_are_pinned():
    codes = by(seed=42).codes({"0/cluster": np.arange(1000) * 7919 % 131 % 50}, 1000)

    assert hashlib.sha256(codes.tobytes()).hexdigest()[:16] == "bff913c449236867"


@settings(max_examples=50, deadline=None)
@given(clusters=st.lists(st.integers(-1, 30), min_size=60, max_size=120), seed=st.integers(0, 2**64 - 1))
def test_given_clusters_stay_whole_under_any_name(clusters, seed):
    recipe, n_rows = by(seed=seed, oversized="accept"), len(clusters)
    codes = recipe.codes({"0/cluster": np.array([*clusters, -2, -3])}, n_rows + 2)
    renamed = recipe.codes(
        {"0/cluster": np.array([f"c{number}" for number in [*clusters, 99, 98]])}, n_rows + 2
    )

    assert len(set(zip(clusters, codes.tolist(), strict=False))) == len(set(clusters))
    assert set(codes) == {0, 1, 2}
    assert renamed.tolist() == codes.tolist()


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("kmeans", {"n_clusters": 6}),
        ("minibatch", {"n_clusters": 6}),
        ("agglomerative", {"n_clusters": 6}),
        ("agglomerative", {"distance": 15}),
        ("agglomerative", {"n_clusters": 6, "linkage": "ward"}),
        ("agglomerative", {"n_clusters": 6, "linkage": "average", "metric": "manhattan"}),
        ("dbscan", {"distance": 15}),
        ("dbscan", {"distance": 15, "min_rows": 3}),
    ],
)
def test_planted_blobs_are_found_and_stay_whole(method, options):
    recipe = among(method, **options)
    codes = recipe.codes({"0/x": BLOBS}, len(BLOBS))

    assert is_same_partition(found(recipe, BLOBS), BLOB)
    assert len(set(zip(BLOB, codes, strict=True))) == 6
    assert set(codes) == {0, 1, 2}


@settings(max_examples=60, deadline=None)
@given(points=POINTS, metric=st.sampled_from(["euclidean", "manhattan"]), far=st.integers(1, 3))
def test_rows_of_different_parts_are_as_far_apart_as_promised(points, metric, far):
    x = np.array([*points, (90, 0), (0, 90)])
    distances = cdist(x, x, {"manhattan": "cityblock"}.get(metric, metric))
    for method, is_near in (("agglomerative", distances < far), ("dbscan", distances <= far)):
        recipe = among(method, distance=far, metric=metric, parts={"train": 0.7, "test": 0.3})
        codes = recipe.codes({"0/x": x}, len(x))

        assert not (is_near & (codes[:, None] != codes)).any()
        assert set(codes) == {0, 1}


@pytest.mark.parametrize("metric", ["cosine", "jaccard"])
@pytest.mark.parametrize("method", ["agglomerative", "dbscan"])
def test_sets_are_clustered_by_what_they_share(metric, method):
    x = np.arange(80 * 12).reshape(80, 12) * 7919 % 31 % 3 == 0
    clusters = found(among(method, distance=0.3, metric=metric), x)
    distances = cdist(x, x, metric)

    assert 2 < len(set(clusters)) < 80
    assert distances[clusters[:, None] != clusters].min() >= 0.3 - 1e-9


def test_clusters_are_those_of_scikit_learn_numbered_by_first_row():
    x = np.arange(300).reshape(100, 3) * 7919 % 1009 % 17 + np.arange(100)[:, None] / 1009
    joined = AgglomerativeClustering(None, linkage="complete", distance_threshold=9).fit_predict(x)
    dense = DBSCAN(3, min_samples=3).fit_predict(x)
    alone = np.where(dense < 0, 1000 + np.arange(100), dense)
    complete = found(among("agglomerative", distance=9, linkage="complete"), x)

    assert is_same_partition(complete, joined)
    assert complete[np.unique(complete, return_index=True)[1]].tolist() == sorted(set(complete))
    assert (np.diff(np.unique(complete, return_index=True)[1]) > 0).all()
    assert 0 < np.count_nonzero(dense < 0) < 100
    assert is_same_partition(found(among("dbscan", distance=3, min_rows=3), x), alone)


def test_scaled_features_count_alike():
    x = np.column_stack([np.arange(40) * 1e-6, np.tile([0.0, 1000.0], 20)])
    side = np.arange(40) >= 20
    x[side, 0] += 1e-3
    plain, scaled = among("kmeans", n_clusters=2), among("kmeans", n_clusters=4, scale=True)

    assert is_same_partition(found(plain, x), x[:, 1])
    assert is_same_partition(found(scaled, x), side * 2 + (x[:, 1] > 0))
    assert found(attrs.evolve(scaled, n_clusters=2), np.column_stack([x, np.ones(40)])).tolist()[0] == 0


def test_features_come_side_by_side_in_any_dtype_of_numbers():
    recipe = among("dbscan", features=("0/a", "0/b", "central"), distance=0.5)
    columns = {"0/a": np.array([0, 0, 1, 1]), "0/b": np.array([[True], [True], [True], [False]])}
    settled = recipe.settled({**columns, "central": np.zeros((4, 2), np.float16)}, 4)

    assert settled.clusters.array.tolist() == [0, 0, 1, 2]
    assert recipe.keys == ("0/a", "0/b", "central")
    assert recipe.axis == 0
    assert recipe.libraries == ("scikit-learn",)
    assert by().libraries == ()


def test_settled_clusters_are_dealt_ever_after():
    recipe = among("kmeans", n_clusters=6, folds=KFold(2), stratify="0/type", scale=True)
    columns = {"0/x": BLOBS, "0/type": np.arange(120) % 2}
    settled = recipe.settled(columns, 120)
    loaded = book().loads(book().dumps(settled), path="here")
    attached = attach(loaded, {settled.clusters.sha256: settled.clusters.array}, path="here")
    noise = {**columns, "0/x": np.full((120, 2), np.nan)}

    assert attached == settled
    assert hash(attached) == hash(settled)
    assert attached.codes(noise, 120).tolist() == recipe.codes(columns, 120).tolist()
    assert book().loads(book().dumps(recipe), path="here") == recipe
    with pytest.raises(FormatError, match="is not at hand"):
        loaded.codes(columns, 120)
    with pytest.raises(SplitError, match=r"has uint8 clusters of shape \(120,\), the axis has 100 rows"):
        settled.codes({**columns, "0/type": np.zeros(100)}, 100)
    with pytest.raises(SplitError, match="has float64 clusters"):
        attrs.evolve(recipe, clusters=keep(np.zeros(120))).codes(columns, 120)


@pytest.mark.parametrize("method", ["kmeans", "minibatch", "agglomerative", "dbscan"])
def test_settled_clusters_are_found_anew_for_other_features(method):
    how = {"distance": 15} if method == "dbscan" else {"n_clusters": 6}
    recipe = among(method, **how)
    settled = recipe.settled({"0/x": BLOBS}, 120)
    other = np.roll(BLOBS, 7, axis=0)

    assert settled.settled({"0/x": other}, 120) == recipe.settled({"0/x": other}, 120) != settled
    assert settled.settled({"0/x": BLOBS[:90]}, 90).clusters.array.shape == (90,)
    assert by().settled({}, 9) == by()


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=8, max_size=40),
    way=st.sampled_from(
        [
            {"method": "kmeans", "n_clusters": 3},
            {"method": "minibatch", "n_clusters": 3},
            {"method": "agglomerative", "n_clusters": 3},
            {"method": "agglomerative", "n_clusters": 3, "linkage": "average"},
            {"method": "dbscan", "distance": 0.5, "min_rows": 4},
        ]
    ),
    scale=st.booleans(),
)
def test_equal_rows_are_in_one_cluster(rows, way, scale):
    x = np.array([*rows, (8, 0), (0, 8), (-0.0, 8), (9, 9)])
    clusters = found(among(**way, scale=scale), x)
    numbers = np.unique(x, axis=0, return_inverse=True)[1].reshape(-1)

    assert len(set(zip(numbers, clusters, strict=True))) == len(set(numbers))
    assert way["method"] in ("dbscan", "minibatch") or len(set(clusters)) == 3


def test_repeated_rows_are_not_torn_among_more_clusters_than_there_are():
    x = np.repeat(BLOBS[:10], 20, axis=0)
    for method in ("kmeans", "minibatch", "agglomerative"):
        clusters = found(among(method, n_clusters=10), x)
        assert clusters.tolist() == np.repeat(clusters[::20], 20).tolist()
        assert len(set(clusters)) == 10 or method == "minibatch"
        with pytest.raises(SplitError, match=r"30 clusters need .* of 200 rows 10 do; lower n_clusters="):
            found(among(method, n_clusters=30), x)
    for method in ("agglomerative", "dbscan"):
        assert set(found(among(method, distance=1), np.ones((30, 2)))) == {0}


def test_rows_count_as_often_as_they_come():
    x = np.array([0, 0, 0, 5, 50, 50, 50, 50])

    assert is_same_partition(found(among("dbscan", distance=1, min_rows=3), x), x)
    assert is_same_partition(found(among("dbscan", distance=5, min_rows=4), x), [0, 0, 0, 0, 1, 1, 1, 1])


def test_folds_are_cut_through_no_cluster():
    clusters = np.arange(200) * 7919 % 131 % 40
    codes = by(parts=(), folds=5).codes({"0/cluster": clusters}, 200)

    assert codes.shape == (1, 200)
    assert set(codes[0]) == {0, 1, 2, 3, 4}
    assert len(set(zip(clusters, codes[0], strict=True))) == 40
    assert by(parts=(), folds=5).frame.scheme == "rotating"
    assert by(parts=(), folds=Nested(3, 2)).codes({"0/cluster": clusters}, 200).shape == (4, 200)


def test_classes_are_spread_as_evenly_as_clusters_allow():
    clusters = np.arange(400) // 4
    columns = {"0/cluster": clusters, "0/type": clusters % 2}
    codes = by(stratify="0/type").codes(columns, 400)

    for part, share in enumerate(PARTS.values()):
        counts = np.bincount(columns["0/type"][codes == part])
        assert np.abs(counts - 200 * share).max() <= 4


def test_added_rows_follow_their_given_cluster_and_others_are_refused():
    clusters = np.arange(300) * 7919 % 131 % 60
    old = by().codes({"0/cluster": clusters[:200]}, 200)
    new = by().codes({"0/cluster": clusters}, 300, held=old)

    assert new[:200].tolist() == old.tolist()
    assert len(set(zip(clusters, new, strict=True))) == 60
    with pytest.raises(
        SplitError, match="clusters of 0/x were found among 120 rows, and those added may join"
    ):
        among("kmeans", n_clusters=6).codes({"0/x": BLOBS}, 120, held=np.zeros(120, np.uint8))


def test_given_and_settled_clusters_are_dealt_without_scikit_learn():
    script = """
import sys
import numpy as np
from h5torch.kept import keep
from splits.recipes.clustered import Clustered
parts = {"train": 0.5, "test": 0.5}
Clustered(by="0/c", parts=parts, seed=0).codes({"0/c": np.arange(9)}, 9)
kept = keep(np.arange(9))
Clustered(features="0/x", method="kmeans", n_clusters=9, parts=parts, seed=0, clusters=kept).codes({}, 9)
print("sklearn" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
