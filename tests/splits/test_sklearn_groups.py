"""What scikit-learn asks of its splitters of groups holds for the recipes that take their place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import model_selection as sk

from splits.errors import SplitError
from splits.recipes.grouped import Grouped
from splits.recipes.leave_out import LeaveOut
from splits.recipes.predefined import Predefined
from splits.recipes.random import Random
from splits.recipes.stratified import Stratified
from tests.splits.cut import BY, GROUP, assert_covers, folds, parts, sizes, unevenness

GROUPS = [
    np.repeat([3, 1, 2], [5, 4, 2]),
    np.array([0.5, 0.25, 0.5, 4.0, 4.0, -1.0, 0.25, 7.5, 7.5, 7.5]),
    np.array(["oslo", "rome", "oslo", "bonn", "rome", "kyiv", "bonn", "bonn", "bergen"]),
    np.array([f"site {number * number % 29}" for number in range(40)]),
]
MIXES = [
    [(1, 2)] * 6,
    [(1, 2), (1, 2), (2, 1), (0, 3), (2, 2), (0, 2)],
    [(2, 0)] * 3 + [(0, 2), (0, 2), (0, 3), (0, 1), (0, 4)],
]
"""Rows of class 1 and of class 0 in each group; dealt well, each of three folds has 2 and 4."""


@pytest.mark.parametrize("mixes", MIXES)
def test_classes_are_even_by_any_seed_where_groups_can_be_dealt_so(mixes):
    counts = np.array(mixes)
    groups = np.repeat(np.arange(len(counts)), counts.sum(axis=1))
    labels = np.repeat([1, 0] * len(counts), counts.ravel())
    for seed in range(100):
        cut = folds(Stratified(by=BY, groups=GROUP, folds=3, seed=seed), 18, label=labels, group=groups)

        assert_covers(cut, 18)
        assert not any(np.isin(groups[train], groups[test]).any() for train, test in cut)
        assert sizes(cut) == [6, 6, 6]
        assert unevenness(cut, labels) < 1e-12


@pytest.mark.parametrize("share", [0.4, 0.3, 0.2, 0.8])
@pytest.mark.parametrize("n_groups", [5, 30, 70])
def test_classes_are_more_even_than_where_groups_alone_count(share, n_groups):
    """Five groups for five folds: some are larger than a fold, which must be said to be accepted."""
    rng = np.random.RandomState(0)
    labels, groups = (rng.uniform(size=1000) < share).astype(int), rng.randint(n_groups, size=1000)
    columns = {"label": labels, "group": groups}
    common = {"folds": 5, "seed": 0, "oversized": "accept"}
    ours = folds(Stratified(by=BY, groups=GROUP, **common), 1000, **columns)
    by_group = folds(Grouped(by=GROUP, **common), 1000, **columns)
    theirs = sk.StratifiedGroupKFold(5).split(labels, labels, groups)

    assert not any(np.isin(groups[train], groups[test]).any() for train, test in ours)
    assert unevenness(ours, labels) <= unevenness(by_group, labels) + 1e-12
    assert unevenness(ours, labels) <= unevenness(theirs, labels) + 1e-12


@pytest.mark.parametrize(
    ("recipe", "splitter"),
    [
        (Grouped(by=GROUP, folds=5, seed=0), sk.GroupKFold(5)),
        (Stratified(by=BY, groups=GROUP, folds=5, seed=0), sk.StratifiedGroupKFold(5)),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_folds_of_groups_of_any_size_are_near_one_size(recipe, splitter, seed):
    groups = np.random.RandomState(seed).randint(0, 15, 1000)
    cut = folds(recipe, 1000, group=groups, label=np.ones(1000))

    assert_covers(cut, 1000)
    assert np.abs(np.array(sizes(cut)) - 200).max() <= 50
    assert np.ptp(sizes(cut)) <= np.ptp(sizes(splitter.split(groups, np.ones(1000), groups)))
    for name in np.unique(groups):
        assert sum((groups[test] == name).any() for _, test in cut) == 1


@pytest.mark.parametrize("groups", GROUPS, ids=len)
def test_no_group_is_in_two_parts_and_parts_have_their_share_of_groups(groups):
    recipe = Grouped(by=GROUP, parts={"train": 2 / 3, "test": 1 / 3}, seed=0, balance="groups")
    train, test = parts(recipe, len(groups), group=groups)
    n_groups = len(np.unique(groups))

    assert sorted([*train, *test]) == list(range(len(groups)))
    assert not np.isin(groups[train], groups[test]).any()
    assert abs(len(np.unique(groups[test])) - n_groups / 3) < 1


@pytest.mark.parametrize("groups", GROUPS, ids=len)
def test_each_group_is_left_out_in_the_order_of_leave_one_group_out(groups):
    cut = folds(LeaveOut(by=GROUP, folds=True), len(groups), group=groups)
    theirs = list(sk.LeaveOneGroupOut().split(groups, groups, groups))

    assert_covers(cut, len(groups))
    assert [test.tolist() for _, test in cut] == [test.tolist() for _, test in theirs]


@pytest.mark.parametrize(
    ("groups", "text"),
    [(np.ones(1), "needs 2 to 254 values, 1 are left"), ([0.0, np.nan, 0.0], "NaN in row 1")],
)
def test_one_group_alone_or_a_missing_one_cannot_be_left_out(groups, text):
    with pytest.raises(SplitError, match=text):
        folds(LeaveOut(by=GROUP, folds=True), len(groups), group=groups)


@given(
    test_fold=st.lists(st.integers(-1, 4), min_size=1, max_size=30).filter(lambda them: len(set(them)) > 1)
)
def test_predefined_folds_are_those_of_predefined_split(test_fold):
    cut = folds(Predefined.from_test_fold(test_fold), len(test_fold))
    theirs = sk.PredefinedSplit(test_fold).split()

    for (train, test), (their_train, their_test) in zip(cut, theirs, strict=True):
        assert (train.tolist(), test.tolist()) == (their_train.tolist(), their_test.tolist())


def test_folds_dealt_once_can_be_predefined():
    recipe = Random(folds=5, seed=0)
    again = Predefined.from_test_fold(recipe.codes({}, 40)[0])

    assert np.array_equal(again.codes({}, 40), recipe.codes({}, 40))
