"""Parts and folds of every recipe of shares: disjoint, covering, exact, and never moved by new rows."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from h5torch.folds import FIXED, Folds
from splits import Grouped, KFold, Nested, Random, RepeatedKFold, SplitError, Stratified
from splits.book import BOOK

PARTS = {"train": 0.7, "val": 0.1, "test": 0.2}
SEEDS = st.integers(0, 2**64 - 1)
RECIPES = {
    "random": lambda **how: Random(seed=7, **how),
    "random in groups": lambda **how: Random(seed=7, groups="0/group", oversized="accept", **how),
    "stratified": lambda **how: Stratified(by="0/type", seed=7, rare="keep", **how),
    "stratified in groups": lambda **how: Stratified(
        by="0/type", seed=7, groups="0/group", rare="keep", oversized="accept", **how
    ),
    "labels": lambda **how: Stratified(by="0/labels", seed=7, rare="keep", **how),
    "labels in groups": lambda **how: Stratified(
        by="0/labels", seed=7, groups="0/group", rare="keep", oversized="accept", **how
    ),
    "grouped": lambda **how: Grouped(by="0/group", seed=7, oversized="accept", **how),
    "groups as units": lambda **how: Grouped(by="0/group", seed=7, balance="groups", **how),
}
WAYS = {
    "parts": {"parts": PARTS},
    "some left out": {"parts": {"train": 0.5, "test": 0.2}},
    "folds": {"folds": 4},
    "repeats": {"folds": RepeatedKFold(3, 2)},
    "nested": {"folds": Nested(3, 2)},
    "folds beside parts": {"parts": PARTS, "folds": 3},
}


def columns(n_rows):
    rows = np.arange(n_rows)
    return {
        "0/type": np.array(["a", "b", "c"])[rows * 7919 % 13 % 3],
        "0/group": rows * 31 % max(1, n_rows // 3),
        "0/labels": (rows[:, None] * np.array([3, 5, 7, 11]) % 13 < 4).astype(np.int8),
    }


def made(recipe, n_rows, held=None):
    return recipe.frame.table("x", 0, recipe.codes(columns(n_rows), n_rows, held))


def splits_of(table):
    """Every split into parts that a table holds."""
    if not isinstance(table, Folds):
        return [table]
    outer = range(len(table)) if table.scheme == "nested" else []
    return [*table.all_folds(), *(fold for number in outer for fold in table.all_folds(number))]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", RECIPES)
@pytest.mark.parametrize("n_rows", [60, 251])
def test_groups_are_whole_and_no_part_is_empty(kind, way, n_rows):
    recipe = RECIPES[kind](**WAYS[way])
    group = columns(n_rows)["0/group"]
    for split in splits_of(made(recipe, n_rows)):
        assert all(split.counts.values())
        if "0/group" in recipe.keys:
            for label in np.unique(group):
                assert len(np.unique(split.codes[group == label])) == 1


@pytest.mark.parametrize("kind", RECIPES)
def test_each_row_is_held_out_once_a_repeat(kind):
    table = made(RECIPES[kind](folds=RepeatedKFold(5, 3)), 120)
    held_out = np.array([fold.mask("test") for fold in table.all_folds()])

    assert len(table) == 15
    assert (held_out.reshape(3, 5, -1).sum(axis=1) == 1).all()
    assert all(len(np.unique(fold.codes)) == 2 for fold in table.all_folds())


@pytest.mark.parametrize("kind", RECIPES)
def test_repeats_differ(kind):
    codes = RECIPES[kind](folds=RepeatedKFold(5, 2)).codes(columns(200), 200)

    assert (codes[0] != codes[1]).mean() > 0.5


@pytest.mark.parametrize("kind", RECIPES)
def test_inner_folds_cover_what_trains_outside_and_nothing_else(kind):
    table = made(RECIPES[kind](folds=Nested(4, 3)), 150)
    for number, outer in enumerate(table.all_folds()):
        held_out = np.array([inner.mask("val") for inner in table.all_folds(number)])
        assert np.array_equal(held_out.sum(axis=0) == 1, outer.mask("train"))
        for inner in table.all_folds(number):
            assert np.array_equal(inner.mask("train") | inner.mask("val"), outer.mask("train"))


@pytest.mark.parametrize("kind", RECIPES)
def test_folds_beside_parts_cut_up_the_first_part(kind):
    alone = RECIPES[kind](parts=PARTS).codes(columns(200), 200)
    recipe = RECIPES[kind](parts=PARTS, folds=3)
    table = made(recipe, 200)

    assert table.roles == ("train", "held_out")
    assert np.array_equal(table.around().codes, alone)
    assert np.array_equal(table.fold(0).mask("test"), alone == 2)
    assert set(np.unique(table.codes)) == {0, 1, 2, FIXED, FIXED - 1}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", RECIPES)
@pytest.mark.parametrize("steps", [(60, 61), (60, 100, 251), (90, 90)])
def test_rows_that_come_later_move_no_row_that_was_there(kind, way, steps):
    recipe = RECIPES[kind](**WAYS[way])
    everything, codes = columns(steps[-1]), None
    everything["0/group"] = np.arange(steps[-1]) // 3  # the last old group goes on in the new rows
    for n_rows in steps:
        first = {key: column[:n_rows] for key, column in everything.items()}
        longer = recipe.codes(first, n_rows, codes)
        if codes is not None:
            assert np.array_equal(longer[..., : codes.shape[-1]], codes)
        codes = longer
    for split in splits_of(recipe.frame.table("x", 0, codes)):
        if "0/group" in recipe.keys:
            for label in np.unique(everything["0/group"]):
                assert len(np.unique(split.codes[everything["0/group"] == label])) == 1


@pytest.mark.parametrize("kind", ["random", "stratified", "labels"])
def test_new_rows_make_up_for_the_shares(kind):
    recipe = RECIPES[kind](parts=PARTS)
    old = recipe.codes(columns(100), 100)
    found = recipe.codes(columns(1000), 1000, old)

    assert np.bincount(found).tolist() == [700, 100, 200]


@given(n_rows=st.integers(3, 400), seed=SEEDS)
def test_random_parts_are_exact(n_rows, seed):
    found = np.bincount(Random(parts=PARTS, seed=seed).codes({}, n_rows), minlength=3)

    assert np.abs(found - n_rows * np.array([0.7, 0.1, 0.2])).max() < 1 or (n_rows < 10 and found.min() == 1)


@given(n_rows=st.integers(5, 300), k=st.integers(2, 5), seed=SEEDS)
def test_folds_differ_by_one_row_at_most(n_rows, k, seed):
    (found,) = Random(folds=k, seed=seed).codes({}, n_rows)

    assert np.ptp(np.bincount(found, minlength=k)) <= 1


@pytest.mark.parametrize(("kind", "way"), [(kind, way) for kind in RECIPES for way in WAYS])
def test_recipes_come_back_from_their_json(kind, way):
    recipe = RECIPES[kind](**WAYS[way])

    assert BOOK.loads(BOOK.dumps(recipe), path="/x") == recipe


GOLDEN = {
    "random": "61403fc485be9b6a",
    "random in groups": "78271e0cf17e7e3b",
    "stratified": "3c47124670ea5333",
    "stratified in groups": "a481340368b27081",
    "labels": "a9a29af341e9a412",
    "labels in groups": "f293a4a48610eaa3",
    "grouped": "85d901c43a950309",
    "groups as units": "5ba3d793013068c9",
}


@pytest.mark.parametrize("kind", RECIPES)
def test_the_codes_are_pinned(kind):
    state = hashlib.sha256()
    for way in WAYS.values():
        state.update(RECIPES[kind](**way).codes(columns(251), 251))

    assert state.hexdigest()[:16] == GOLDEN[kind]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "name the parts, as in"),
        ({"parts": {"val": 0.4, "test": 0.3, "held_out": 0.3}, "folds": 2}, "rename one of"),
        ({"parts": {"0": 0.5, "1": 0.5}, "folds": 2}, "parts are names and no numbers, got '0'"),
        ({"folds": 255}, "at most 254 folds and parts can stand together, got 255 folds"),
        ({"parts": PARTS, "folds": 253}, "got 253 folds"),
        ({"folds": 3, "groups": ["0/a"]}, r"\['0/a'\] is no column of an axis"),
        ({"folds": 3, "groups": "0/\ud800"}, "is no column of an axis"),
        ({"parts": 5}, "parts must be like"),
        ({"folds": 1}, "folds must be a whole number from 2 up, got 1"),
        ({"folds": True}, "folds must be a number such as 5"),
        ({"folds": "5"}, "folds must be a number such as 5"),
        ({"folds": Nested(3, 2), "parts": PARTS}, "Nested folds hold out every row once"),
        ({"parts": {"a": 0.7, "b": 0.7}}, "shares must sum to at most 1, these sum to 1.4"),
        ({"folds": 3, "axis": -1}, "axis must be a number from 0 up, or 'coo'"),
        ({"folds": 3, "groups": "1/g", "axis": 0}, "axis=0, but '1/g' is of axis 1; leave axis= away"),
        ({"folds": 3, "oversized": "maybe"}, "oversized must be one of 'refuse', 'accept', got 'maybe'"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_not_built(changes, text):
    with pytest.raises(SplitError, match=text):
        Random(seed=0, **changes)


@pytest.mark.parametrize("record", [lambda: KFold(0), lambda: RepeatedKFold(5, 0), lambda: Nested(1, 2)])
def test_folds_that_are_none_are_not_built(record):
    with pytest.raises(SplitError, match="must be a whole number from [12] up"):
        record()


def test_more_folds_than_rows_or_groups_are_an_error():
    with pytest.raises(SplitError, match="5 folds need at least as many rows, there are 4; ask for fewer"):
        Random(folds=5, seed=0).codes({}, 4)
    with pytest.raises(SplitError, match="at least as many groups, '0/g' has 2; ask for fewer"):
        Random(folds=5, groups="0/g", seed=0).codes({"0/g": np.arange(100) % 2}, 100)
    with pytest.raises(SplitError, match="3 folds need at least as many rows, there are 2"):
        Random(folds=Nested(2, 3), seed=0).codes({}, 4)


def test_more_repeats_than_can_be_stored_are_an_error():
    for repeats in (10**12, 2**70):
        with pytest.raises(SplitError, match="repeats of 60 rows are too many to store, at most 10000"):
            Random(folds=RepeatedKFold(2, repeats), seed=0).codes({}, 60)


def test_numbers_of_numpy_are_numbers():
    plain = Random(parts={"a": 0.5, "b": 0.25}, folds=3, seed=1)
    assert plain == Random(
        parts={"a": np.float64(0.5), "b": np.float32(0.25)}, folds=np.int64(3), seed=np.uint8(1)
    )
    assert BOOK.loads(BOOK.dumps(plain), path="/x") == plain


def test_a_group_larger_than_its_part_is_named_with_what_would_be_achieved():
    group = np.array(["big"] * 60 + ["a"] * 20 + ["b"] * 20)
    recipe = Random(parts={"train": 0.5, "test": 0.5}, groups="0/site", seed=0)

    with pytest.raises(
        SplitError, match=r"group .*'big'.* of '0/site' has 60 rows, more than the 50 of its part"
    ):
        recipe.codes({"0/site": group}, 100)
    with pytest.raises(SplitError, match=r"asked for 50.0%, 50.0% of 100 rows, achieved would be .*60.0%"):
        recipe.codes({"0/site": group}, 100)
    accepting = Random(parts={"train": 0.5, "test": 0.5}, groups="0/site", seed=0, oversized="accept")
    assert sorted(np.bincount(accepting.codes({"0/site": group}, 100)).tolist()) == [40, 60]


def test_the_same_seed_means_something_else_to_another_recipe():
    alike = {"0/type": np.zeros(200, int), "0/group": np.arange(200)}
    found = [
        Random(parts=PARTS, seed=0).codes({}, 200),
        Stratified(by="0/type", parts=PARTS, seed=0).codes(alike, 200),
        Grouped(by="0/group", parts=PARTS, seed=0).codes(alike, 200),
    ]

    assert all((a != b).any() for a, b in [(found[0], found[1]), (found[1], found[2])])
