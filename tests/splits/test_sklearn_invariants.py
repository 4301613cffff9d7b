"""What scikit-learn asks of its splitters of rows and classes holds for the recipes that take their place."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import model_selection as sk

from splits.dealing.folds import RepeatedKFold
from splits.errors import SplitError
from splits.recipes.grouped import Grouped
from splits.recipes.random import Random
from splits.recipes.stratified import Stratified
from tests.splits.cut import BY, GROUP, assert_covers, class_counts, folds, parts, sizes

LABELS = [
    np.repeat([2, 0, 9], [4, 5, 3]),
    np.tile(np.arange(3), 4),
    np.arange(32) % 13 % 5,
    np.repeat([1, 2, 3, 4], [9, 3, 2, 3]),
    np.repeat([-1, 1], [900, 45]),
    np.repeat(np.arange(12), np.arange(90, 102)),
    np.repeat(["few", "some", "more"], [4, 3, 5]),
]
SKEWED = np.repeat([4, 0, 1], [120, 868, 12])  # a class with about one row in a hundred


@given(n_rows=st.integers(6, 60), n_folds=st.integers(2, 6), seed=st.integers(0, 2**64 - 1))
def test_random_folds_are_as_kfold_has_them(n_rows, n_folds, seed):
    cut = folds(Random(folds=n_folds, seed=seed), n_rows)

    assert_covers(cut, n_rows)
    assert sorted(sizes(cut)) == sorted(sizes(sk.KFold(n_folds).split(np.zeros(n_rows))))


@given(n_rows=st.integers(12, 40), n_folds=st.integers(2, 4), repeats=st.integers(2, 4))
def test_repeated_folds_cover_all_rows_in_every_repeat_and_differ(n_rows, n_folds, repeats):
    recipe = Random(folds=RepeatedKFold(n_folds, repeats), seed=0)
    cut = folds(recipe, n_rows)

    assert len(cut) == sk.RepeatedKFold(n_splits=n_folds, n_repeats=repeats).get_n_splits()
    assert_covers(cut, n_rows, repeats)
    each = [cut[start : start + n_folds] for start in range(0, len(cut), n_folds)]
    for one in each:
        assert_covers(one, n_rows)
    assert len({tuple(tuple(test) for _, test in one) for one in each}) == repeats
    assert np.array_equal(recipe.codes({}, n_rows), recipe.codes({}, n_rows))


@pytest.mark.parametrize("labels", [None, [0, 0, 1] * 100], ids=["random", "stratified"])
def test_other_seeds_hold_out_other_rows_and_folds_are_no_slices(labels):
    recipes = [
        Random(folds=3, seed=s) if labels is None else Stratified(by=BY, folds=3, seed=s) for s in (0, 1)
    ]
    zero, one = (folds(recipe, 300, label=labels or ()) for recipe in recipes)

    for (_, first), (_, second), (_, plain) in zip(zero, one, sk.KFold(3).split(np.zeros(300)), strict=True):
        assert len({tuple(first), tuple(second), tuple(plain)}) == 3


@pytest.mark.parametrize("folds_wanted", [0, 1, -1, 1.5, 2.0, True, "3"])
@pytest.mark.parametrize(
    ("record", "more"), [(Random, {}), (Stratified, {"by": BY}), (Grouped, {"by": GROUP})]
)
def test_numbers_of_folds_that_are_none_are_refused(record, more, folds_wanted):
    with pytest.raises(SplitError, match="folds must be a"):
        record(folds=folds_wanted, seed=0, **more)


def test_more_folds_than_rows_or_groups_are_refused():
    with pytest.raises(SplitError, match="4 folds need at least as many rows, there are 3"):
        folds(Random(folds=4, seed=0), 3)
    with pytest.raises(SplitError, match="3 parts or folds need at least as many groups"):
        folds(Grouped(by=GROUP, folds=3, seed=0), 5, group=[1, 1, 1, 2, 2])


@given(labels=st.lists(st.integers(0, 3), min_size=6, max_size=80), n_folds=st.integers(2, 6))
def test_fold_sizes_and_class_counts_differ_by_at_most_one(labels, n_folds):
    cut = folds(Stratified(by=BY, folds=n_folds, seed=0, rare="keep"), len(labels), label=labels)
    counts = np.array([class_counts(labels, test) for _, test in cut])

    assert_covers(cut, len(labels))
    assert np.ptp(sizes(cut)) <= 1
    assert np.ptp(counts, axis=0).max() <= 1


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("n_folds", range(4, 11))
def test_shares_of_classes_are_kept_in_folds_of_any_number(n_folds, grouped):
    more = {"groups": GROUP} if grouped else {}
    cut = folds(Stratified(by=BY, folds=n_folds, seed=0, **more), 1000, label=SKEWED, group=np.arange(1000))
    whole = class_counts(SKEWED, np.arange(1000)) / 1000

    assert_covers(cut, 1000)
    assert np.ptp(sizes(cut)) <= 1
    for rows in (rows for fold in cut for rows in fold):
        assert np.abs(class_counts(SKEWED, rows) - whole * len(rows)).max() <= 1


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("n_folds", [4, 6, 7])
def test_folds_do_not_depend_on_the_names_of_labels(n_folds, grouped):
    recipe = Stratified(by=BY, folds=n_folds, seed=0, groups=GROUP if grouped else None)
    labels, groups = np.repeat([0, 1, 2], [70, 21, 9]), np.arange(100)
    codes = recipe.codes({BY: labels, GROUP: groups}, 100)

    for names in permutations([0, 1, 2]):
        renamed = np.array(names)[labels]
        assert np.array_equal(recipe.codes({BY: renamed, GROUP: groups}, 100), codes)
        assert np.array_equal(recipe.codes({BY: renamed.astype(str), GROUP: groups}, 100), codes)


@pytest.mark.parametrize("grouped", [False, True])
def test_a_class_with_too_few_rows_is_named_and_can_be_kept_all_the_same(grouped):
    labels, columns = ["a", "a", "b", "a", "b"], {"group": np.arange(5)}
    more = {"groups": GROUP} if grouped else {}
    with pytest.raises(SplitError, match=r"needs at least 3 (rows|groups).*'b'"):
        folds(Stratified(by=BY, folds=3, seed=0, **more), 5, label=labels, **columns)

    kept = Stratified(by=BY, folds=3, seed=0, rare="keep", **more)
    assert_covers(folds(kept, 5, label=labels, **columns), 5)


@pytest.mark.parametrize("record", [Random, Stratified])
@pytest.mark.parametrize(
    ("shares", "wanted"),
    [({"train": 0.9, "test": 0.1}, [9, 1]), ({"train": 0.8, "test": 0.2}, [8, 2]), ({"test": 0.3}, [3])],
)
def test_parts_have_the_rows_that_their_shares_say(record, shares, wanted):
    more = {"by": BY} if record is Stratified else {}
    found = parts(record(parts=shares, seed=0, **more), 10, label=np.ones(10))

    assert [len(rows) for rows in found] == wanted


@pytest.mark.parametrize("labels", LABELS, ids=len)
def test_both_parts_have_every_class_in_the_shares_of_the_whole(labels):
    shares = {"train": 0.67, "test": 0.33}
    for seed in range(6):
        train, test = parts(Stratified(by=BY, parts=shares, seed=seed), len(labels), label=labels)
        in_train, in_test = class_counts(labels, train), class_counts(labels, test)

        assert sorted([*train, *test]) == list(range(len(labels)))
        assert min(in_train.min(), in_test.min()) >= 1
        assert abs(len(test) - 0.33 * len(labels)) < 1
        assert np.abs(in_test - 0.33 * (in_train + in_test)).max() < 1


@pytest.mark.parametrize("n_rows", [6, 22])
def test_every_row_is_drawn_with_an_even_chance(n_rows):
    labels, tested = np.arange(n_rows) % 2, np.zeros(n_rows, int)
    for seed in range(1000):
        recipe = Stratified(by=BY, parts={"train": 0.8, "test": 0.2}, seed=seed)
        tested += recipe.codes({BY: labels}, n_rows) == 1

    assert (stats.binom(1000, tested.mean() / 1000).pmf(tested) > 0.05 / 1000).all()


@pytest.mark.parametrize("n_labels", [0, 1000])
def test_sets_of_labels_are_halved_as_whole_rows(n_labels):
    """Many labels in the middle, in which alone rows differ, are not overlooked."""
    few, many = ([1, 0, 1, *[value] * n_labels, value, 0, 1] for value in (0, 1))
    sets = np.array([few] * 10 + [many] * 100)
    train, test = parts(Stratified(by=BY, parts={"train": 0.5, "test": 0.5}, seed=0), 110, label=sets)

    assert sorted([*train, *test]) == list(range(110))
    assert sets[train, -3].sum() == sets[test, -3].sum() == 50
