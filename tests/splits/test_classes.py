"""Classes of `Stratified`: continuous ones in bins, sets of labels, rare ones, in groups."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from splits import Nested, SplitError, Stratified
from splits.dealing.binning import quantile_bins

PARTS = {"train": 0.8, "test": 0.2}


def codes(columns, n_rows, **how):
    how = {"by": "0/y", "parts": PARTS, "seed": 0, **how}
    return Stratified(**how).codes(columns, n_rows)


def ragged(*rows):
    column = np.empty(len(rows), object)
    column[:] = [np.asarray(row) for row in rows]
    return column


@given(
    values=st.lists(st.integers(-50, 50), min_size=1, max_size=200),
    n_bins=st.integers(2, 10),
)
def test_bins_follow_the_order_of_values_and_keep_equal_ones_together(values, n_bins):
    column = np.array(values)
    bins = quantile_bins(column, n_bins, key="0/y")

    assert bins.min() >= 0
    assert bins.max() < n_bins
    for value in set(values):
        smaller = sum(other < value for other in values)
        assert set(bins[column == value].tolist()) == {smaller * n_bins // len(values)}


def test_distinct_values_fill_bins_evenly():
    column = np.random.default_rng(0).normal(size=1003)

    assert np.ptp(np.bincount(quantile_bins(column, 10, key="0/y"))) <= 1


def test_a_continuous_column_is_shared_out_over_its_whole_range():
    column = np.random.default_rng(1).normal(size=1000)
    found = codes({"0/y": column}, 1000, bins=20)
    test = np.sort(column[found == 1])

    assert np.bincount(found).tolist() == [800, 200]
    for tenth in range(10):
        low, high = np.quantile(column, [tenth / 10, (tenth + 1) / 10])
        assert 18 <= ((test > low) & (test <= high)).sum() <= 22


def test_bins_of_one_of_several_columns_are_named():
    columns = {"0/y": np.arange(400.0), "0/sex": np.arange(400) % 2}
    found = codes(columns, 400, by=("0/y", "0/sex"), bins={"0/y": 4})

    for stratum in range(8):
        rows = (np.arange(400) // 100 == stratum // 2) & (columns["0/sex"] == stratum % 2)
        assert np.bincount(found[rows]).tolist() == [40, 10]


@pytest.mark.parametrize(
    ("how", "text"),
    [
        ({"bins": 1}, "bins must be 2 or more for columns of by=.*, got 1 for '0/y'"),
        ({"bins": {"0/z": 5}}, "got 5 for '0/z'"),
        ({"bins": True}, "bins must be a number such as 5, or like .*, got True"),
        ({"bins": {"0/y": 2.5}}, "bins must be 2 or more for columns of by=.*, got 2.5 for '0/y'"),
        ({"bins": [1]}, "bins must be a number such as 5"),
        ({"bins": 3, "by": ("0/y", "0/z")}, "bins=3 could be of any of .*; name it, as in bins={'0/y': 3}"),
        ({"rare": "ignore"}, "rare must be one of 'refuse', 'merge', 'keep', got 'ignore'"),
        ({"groups": "1/g"}, "'0/y' of axis 0, '1/g' of axis 1; split one axis at a time"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_not_built(how, text):
    with pytest.raises(SplitError, match=text):
        codes({}, 0, **how)


def test_bins_of_what_has_no_order_are_refused():
    with pytest.raises(SplitError, match="bins need one number or time a row, '0/y' has <U1"):
        codes({"0/y": np.array(["a", "b"])}, 2, bins=2)
    with pytest.raises(SplitError, match=r"column '0/y' has no value in row 1 \(1 in all\)"):
        codes({"0/y": np.array([1.0, np.nan, 2.0])}, 3, bins=2)
    with pytest.raises(SplitError, match="column '0/y' is not among those given"):
        codes({}, 3, bins=2)


def test_a_class_with_too_few_rows_is_named_with_its_count():
    labels = np.array(["common"] * 50 + ["rare"] * 2 + ["rarer"])

    with pytest.raises(SplitError, match=r"needs at least 3 rows.*too few have 'rare' \(2\), 'rarer' \(1\)"):
        codes({"0/y": labels}, 53, parts={"a": 0.8, "b": 0.1, "c": 0.1})
    with pytest.raises(SplitError, match=r"at least 5 rows, one for each part or fold; .*'rare' \(2\)"):
        codes({"0/y": labels}, 53, parts=(), folds=5)
    with pytest.raises(SplitError, match=r"at least 3 rows.*'rare' \(2\)"):
        codes({"0/y": labels}, 53, parts=(), folds=Nested(3, 2))


def test_rare_classes_are_put_together_or_kept_on_request():
    labels = np.array([0] * 40 + list(range(1, 21)))
    merged = codes({"0/y": labels}, 60, rare="merge")
    kept = codes({"0/y": labels}, 60, rare="keep")

    assert np.bincount(merged[40:]).tolist() == [16, 4]
    assert np.bincount(merged[:40]).tolist() == [32, 8]
    assert np.bincount(kept[:40]).tolist() == [32, 8]


def test_too_few_rare_rows_join_the_smallest_class():
    labels = np.array([0] * 40 + [1] * 10 + [2])
    merged = codes({"0/y": labels}, 51, rare="merge", parts={"a": 0.6, "b": 0.2, "c": 0.2})

    assert np.bincount(merged[:40]).tolist() == [24, 8, 8]
    assert (np.bincount(merged[40:]) >= 2).all()


def test_in_groups_a_class_needs_groups_not_rows():
    labels = np.array([0] * 60 + [1] * 20)
    columns = {"0/y": labels, "0/g": np.array([row // 6 for row in range(60)] + [99] * 20)}

    with pytest.raises(
        SplitError, match=r"at least 2 groups, one for each part or fold; too few have 1 \(1\)"
    ):
        codes(columns, 80, groups="0/g")


@given(
    rows=st.lists(st.sets(st.integers(0, 5)), min_size=20, max_size=120),
    seed=st.integers(0, 2**64 - 1),
)
def test_label_lists_and_a_label_matrix_mean_the_same(rows, seed):
    matrix = np.array([[label in row for label in range(6)] for row in rows])
    as_lists = codes({"0/y": ragged(*map(sorted, rows))}, len(rows), rare="keep", seed=seed)
    as_matrix = codes({"0/y": matrix}, len(rows), rare="keep", seed=seed)
    as_names = ragged(*([f"label {label}" for label in row] for row in rows))

    assert np.array_equal(as_lists, as_matrix)
    assert np.array_equal(codes({"0/y": as_names}, len(rows), rare="keep", seed=seed), as_matrix)


def test_every_label_has_its_share():
    rng = np.random.default_rng(5)
    matrix = rng.random((2000, 12)) < rng.uniform(0.02, 0.5, 12)
    found = codes({"0/y": matrix}, 2000, parts={"train": 0.6, "val": 0.2, "test": 0.2})

    assert np.bincount(found).tolist() == [1200, 400, 400]
    for label in range(12):
        counts = np.bincount(found[matrix[:, label]], minlength=3)
        assert np.abs(counts - counts.sum() * np.array([0.6, 0.2, 0.2])).max() <= 2


def test_rare_labels_are_named_merged_or_kept():
    matrix = np.zeros((100, 6), bool)
    matrix[:, 0] = np.arange(100) % 2 == 0
    matrix[[3, 14], [2, 5]] = True
    lists = ragged(*([f"l{label}" for label in np.flatnonzero(row)] for row in matrix))

    with pytest.raises(SplitError, match=r"too few have label 2 \(1\), label 5 \(1\)"):
        codes({"0/y": matrix}, 100)
    with pytest.raises(SplitError, match=r"too few have 'l2' \(1\), 'l5' \(1\)"):
        codes({"0/y": lists}, 100)
    merged = codes({"0/y": matrix}, 100, rare="merge")
    assert sorted(merged[[3, 14]].tolist()) == [0, 1]
    assert np.bincount(codes({"0/y": matrix}, 100, rare="keep")).tolist() == [80, 20]


def test_labels_in_groups_keep_groups_whole_and_labels_even():
    rng = np.random.default_rng(6)
    matrix, group = rng.random((3000, 5)) < 0.2, rng.integers(0, 300, 3000)
    found = codes({"0/y": matrix, "0/g": group}, 3000, groups="0/g")

    assert all(len(set(found[group == one].tolist())) == 1 for one in range(300))
    assert abs((found == 1).mean() - 0.2) < 0.005
    for label in range(5):
        assert abs((found[matrix[:, label]] == 1).mean() - 0.2) < 0.02


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (np.array([[0, 2], [1, 0]]), "0/y"),
        (np.array([[0.5, np.nan], [1, 0]]), "0/y"),
        (ragged(["a"], [""]), "0/y"),
        (np.zeros((3, 2)), "column '0/y' has 3 rows, the axis has 2"),
    ],
)
def test_labels_that_are_none_are_refused(column, text):
    with pytest.raises(SplitError, match=text):
        codes({"0/y": column}, 2)


def test_label_sets_do_not_count_jointly_with_another_column():
    with pytest.raises(SplitError, match=r"column '0/y' must have one dimension, has shape \(4, 2\)"):
        codes({"0/y": np.eye(4, 2), "0/z": np.arange(4)}, 4, by=("0/y", "0/z"))


def test_in_groups_rare_classes_are_merged_by_their_groups():
    """Five rows of one group are one member: the class has to join another one."""
    columns = {"0/y": np.array([0] * 60 + [1] * 5), "0/g": np.array([*range(60), *[99] * 5])}
    merged = Stratified(by="0/y", parts={"a": 0.5, "b": 0.5}, seed=0, groups="0/g", rare="merge")
    found = np.bincount(merged.codes(columns, 65))

    assert sorted(found.tolist()) in ([30, 35], [32, 33])


@pytest.mark.parametrize("folds", [Nested(5, 5), Nested(3, 5), Nested(2, 7)])
def test_a_class_with_just_enough_rows_is_in_every_inner_fold(folds):
    with pytest.raises(SplitError, match="every class of '0/y' needs at least") as refused:
        codes({"0/y": np.array([0] * 100 + [1])}, 101, parts=(), folds=folds)
    least = int(str(refused.value).split("at least ")[1].split()[0])
    labels = np.array([0] * 100 + [1] * least)
    table = codes({"0/y": labels}, len(labels), parts=(), folds=folds)

    for outer in range(folds.outer):
        assert (table[0][labels == 1] == outer).any()
        inner = table[1 + outer][labels == 1]
        assert set(inner[inner != 255].tolist()) == set(range(folds.inner))


def test_a_class_with_just_enough_rows_is_in_every_fold_beside_parts():
    with pytest.raises(SplitError, match="needs at least 10 rows"):
        codes({"0/y": np.array([0] * 100 + [1])}, 101, parts={"a": 0.5, "b": 0.5}, folds=5)
    labels = np.array([0] * 100 + [1] * 10)
    found = codes({"0/y": labels}, 110, parts={"a": 0.5, "b": 0.5}, folds=5)[0]

    assert set(found[labels == 1].tolist()) == {0, 1, 2, 3, 4, 254}


def test_labels_of_the_same_rows_have_names_of_their_own():
    matrix = np.zeros((40, 3), bool)
    matrix[:, 0] = np.arange(40) % 2 == 0
    matrix[7, 1:] = True
    with pytest.raises(SplitError, match=r"too few have label 1 \(1\), label 2 \(1\)"):
        codes({"0/y": matrix}, 40)
