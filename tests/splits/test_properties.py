"""What every recipe of shares promises, whatever the labels, groups, label sets, shares, folds and seed."""

from fractions import Fraction
from typing import Any

import attrs
import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from h5torch.folds import Folds
from splits import Clustered, Grouped, Hashed, KFold, Nested, Random, RepeatedKFold, SplitError, Stratified
from splits.book import BOOK

KEEP: dict[str, Any] = {"rare": "keep", "oversized": "accept"}
KINDS = {
    "random": lambda **how: Random(**how),
    "random in groups": lambda **how: Random(groups="0/group", oversized="accept", **how),
    "stratified": lambda **how: Stratified(by="0/type", rare="keep", **how),
    "stratified jointly": lambda **how: Stratified(by=("0/type", "0/sex"), rare="merge", **how),
    "stratified in groups": lambda **how: Stratified(by="0/type", groups="0/group", **KEEP, **how),
    "labels": lambda **how: Stratified(by="0/labels", rare="keep", **how),
    "label lists": lambda **how: Stratified(by="0/lists", rare="merge", **how),
    "labels in groups": lambda **how: Stratified(by="0/labels", groups="0/group", **KEEP, **how),
    "grouped": lambda **how: Grouped(by="0/group", oversized="accept", **how),
    "groups as units": lambda **how: Grouped(by="0/group", balance="groups", **how),
    "clusters": lambda **how: Clustered(by="0/group", stratify="0/type", oversized="accept", **how),
    "hashed": lambda **how: Hashed(by="0/group", **how),
}
IN_GROUPS = {kind for kind in KINDS if "group" in kind} | {"clusters", "hashed"}
SEEDS = st.integers(0, 2**64 - 1)
ROWS = st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(0, 25), st.integers(0, 15))
FOLDS = st.one_of(
    st.builds(KFold, st.integers(2, 4)),
    st.builds(RepeatedKFold, st.integers(2, 4), st.integers(1, 3)),
    st.builds(Nested, st.integers(2, 3), st.integers(2, 3)),
)


def in_hundredths(weights):
    """Shares in whole percents, so that floats name them; what is short of the whole is left out."""
    return {f"part {number}": weight / 100 for number, weight in enumerate(weights)}


@st.composite
def shares(draw):
    cuts = sorted(draw(st.sets(st.integers(1, 20), min_size=1, max_size=4)))
    return in_hundredths([5 * (stop - start) for start, stop in zip([0, *cuts], cuts, strict=False)])


@st.composite
def ways(draw):
    """Parts, folds, or folds that cut up the first part."""
    folds = draw(st.none() | FOLDS)
    alone = folds is not None and (isinstance(folds, Nested) or draw(st.booleans()))
    return {"seed": draw(SEEDS), "folds": folds} | ({} if alone else {"parts": draw(shares())})


RECIPES = st.builds(lambda kind, way: (kind, KINDS[kind](**way)), st.sampled_from(list(KINDS)), ways())


def columns_of(rows, rename=lambda label: label):
    kind, sex, group, bits = np.array(rows).T
    matrix = (bits[:, None] >> np.arange(4) & 1).astype(np.uint8)
    lists = np.empty(len(rows), object)
    lists[:] = [np.array([rename(label) for label in np.flatnonzero(row)]) for row in matrix]
    named = {"type": kind, "sex": sex, "group": group}
    whole = {f"0/{name}": np.array([rename(label) for label in column]) for name, column in named.items()}
    return {**whole, "0/labels": matrix, "0/lists": lists}


def dealt(recipe, columns, n_rows, held=None):
    """Return the codes; a draw of too few groups or ids, which is refused, does not count."""
    own = {key: column[:n_rows] for key, column in columns.items()}
    try:
        return recipe.codes(own, n_rows, held)
    except SplitError as error:
        if not any(text in str(error) for text in ("need at least as many", "no id came to")):
            raise
        reject()


def splits_of(recipe, codes):
    """Return every split into parts; of nested folds those outside, then those inside."""
    table = recipe.frame.table("x", 0, codes)
    if not isinstance(table, Folds):
        return [table]
    outer = range(len(table)) if table.scheme == "nested" else []
    return [*table.all_folds(), *(fold for number in outer for fold in table.all_folds(number))]


@settings(max_examples=80)
@given(drawn=RECIPES, rows=st.lists(ROWS, min_size=8, max_size=60))
def test_parts_are_disjoint_and_cover_and_groups_are_whole(drawn, rows):
    kind, recipe = drawn
    columns = columns_of(rows)
    codes = dealt(recipe, columns, len(rows))
    leaves_out = sum(Fraction(str(share)) for _, share in recipe.parts) < 1 and bool(recipe.parts)
    found = splits_of(recipe, codes)
    for number, split in enumerate(found):
        times = np.sum([split.mask(part) for part in split.parts], axis=0)
        outside = number >= len(recipe.frame.table("x", 0, codes)) if recipe.frame.scheme == "nested" else 0
        assert times.max() <= 1
        assert leaves_out or outside or times.min() == 1
        if kind in IN_GROUPS:
            pairs = np.unique(np.column_stack([columns["0/group"], split.codes]), axis=0)
            assert len(pairs) == len(np.unique(columns["0/group"]))
    if isinstance(recipe.folds, KFold | RepeatedKFold):
        held_out = np.sum([split.mask(recipe.frame.roles[1]) for split in found], axis=0)
        repeats = getattr(recipe.folds, "repeats", 1)
        assert set(held_out.tolist()) <= {0, repeats}
        assert recipe.parts or held_out.min() == repeats


@settings(max_examples=40)
@given(outer=st.integers(2, 4), inner=st.integers(2, 4), data=st.data())
def test_inner_folds_hold_out_each_row_once_that_trains_outside(outer, inner, data):
    kind, seed = data.draw(st.sampled_from(list(KINDS))), data.draw(SEEDS)
    rows = data.draw(st.lists(ROWS, min_size=12, max_size=40))
    recipe = KINDS[kind](folds=Nested(outer, inner), seed=seed)
    table = recipe.frame.table("x", 0, dealt(recipe, columns_of(rows), len(rows)))
    for number, around in enumerate(table.all_folds()):
        held_out = np.sum([fold.mask("val") for fold in table.all_folds(number)], axis=0)
        assert np.array_equal(held_out, around.mask("train").astype(int))


def assert_exact(codes, wanted, members):
    """Of every stratum, and of all rows, each part has the floor or the ceiling of its share."""
    for chosen in [np.ones(len(codes), bool), *(members == stratum for stratum in np.unique(members))]:
        for part, share in enumerate(wanted):
            assert abs(int((codes[chosen] == part).sum()) - share * int(chosen.sum())) < 1


@settings(max_examples=80)
@given(
    weights=st.lists(st.integers(5, 24), min_size=1, max_size=4),
    strata=st.lists(st.integers(20, 90), min_size=1, max_size=4),
    order=st.randoms(use_true_random=False),
    seed=SEEDS,
)
def test_parts_have_their_shares_of_every_stratum_within_a_row(weights, strata, order, seed):
    """Strata are large enough for a row of each part; two columns tell them apart, or none."""
    members = np.repeat(np.arange(len(strata)), strata)
    order.shuffle(members)
    columns = {"0/type": members // 2, "0/sex": members % 2}
    wanted, parts = [Fraction(weight, 100) for weight in weights], in_hundredths(weights)
    jointly = Stratified(by=tuple(columns), parts=parts, seed=seed).codes(columns, len(members))

    assert_exact(jointly, wanted, members)
    assert_exact(Random(parts=parts, seed=seed).codes({}, len(members)), wanted, np.zeros(len(members)))
    units = Grouped(by="0/id", balance="groups", parts=parts, seed=seed)
    ids = {"0/id": np.repeat(np.arange(len(members)), 2)}
    assert_exact(units.codes(ids, 2 * len(members))[::2], wanted, np.zeros(len(members)))


@settings(max_examples=80)
@given(
    labels=st.lists(st.integers(0, 3), min_size=12, max_size=120),
    n_folds=st.integers(2, 12),
    repeats=st.integers(1, 2),
    beside=st.booleans(),
    seed=SEEDS,
)
def test_folds_have_equal_shares_of_every_stratum_within_a_row(labels, n_folds, repeats, beside, seed):
    parts = {"train": 0.75, "test": 0.25} if beside else ()
    how = {"folds": RepeatedKFold(n_folds, repeats), "parts": parts, "seed": seed}
    columns = {"0/type": np.array(labels)}
    for recipe in (Random(**how), Stratified(by="0/type", rare="keep", **how)):
        for codes in dealt(recipe, columns, len(labels)):
            pool = codes < n_folds
            members = columns["0/type"] if isinstance(recipe, Stratified) else np.zeros(len(labels))
            assert pool.all() or beside
            assert_exact(codes[pool], [Fraction(1, n_folds)] * n_folds, members[pool])


@settings(max_examples=60)
@given(
    drawn=RECIPES.filter(lambda drawn: drawn[0] != "hashed"),
    rows=st.lists(ROWS, min_size=8, max_size=60),
    names=st.permutations(range(26)),
    as_text=st.booleans(),
)
def test_names_of_labels_and_groups_do_not_matter(drawn, rows, names, as_text):
    """But to `Hashed`, for which they are all that matters."""
    _, recipe = drawn
    renamed = columns_of(rows, lambda label: f"é{names[label]}" if as_text else 1000 - 7 * names[label])

    assert np.array_equal(dealt(recipe, renamed, len(rows)), dealt(recipe, columns_of(rows), len(rows)))


@settings(max_examples=80)
@given(
    drawn=RECIPES,
    rows=st.lists(ROWS, min_size=12, max_size=60),
    steps=st.lists(st.integers(1, 30), min_size=1, max_size=3),
)
def test_rows_that_have_a_part_keep_it_as_the_file_grows(drawn, rows, steps):
    kind, recipe = drawn
    columns, codes = columns_of(rows), None
    ends = sorted({max(8, len(rows) - step) for step in steps} | {len(rows)})
    for n_rows in [*ends, len(rows)]:
        longer = dealt(recipe, columns, n_rows, codes)
        if codes is not None:
            assert np.array_equal(longer[..., : codes.shape[-1]], codes)
        codes = longer
    for split in splits_of(recipe, codes) if kind in IN_GROUPS else ():
        pairs = np.unique(np.column_stack([columns["0/group"], split.codes]), axis=0)
        assert len(pairs) == len(np.unique(columns["0/group"]))


@settings(max_examples=50)
@given(drawn=RECIPES, rows=st.lists(ROWS, min_size=8, max_size=30))
def test_recipes_come_back_from_their_json_and_deal_alike(drawn, rows):
    _, recipe = drawn
    text = BOOK.dumps(recipe)
    again = BOOK.loads(text, path="/x")

    assert again == recipe
    assert hash(again) == hash(recipe)
    assert BOOK.dumps(again) == text
    columns = columns_of(rows)
    assert np.array_equal(dealt(again, columns, len(rows)), dealt(recipe, columns, len(rows)))


@pytest.mark.parametrize("kind", KINDS)
def test_another_seed_is_another_split(kind):
    """So that nothing above holds only because seeds are not looked at."""
    recipe = KINDS[kind](parts={"a": 0.5, "b": 0.5}, seed=0)
    columns = columns_of([(row % 4, row % 2, row % 26, row * 7 % 16) for row in range(104)])
    one, other = (attrs.evolve(recipe, seed=seed).codes(columns, 104) for seed in (1, 2))

    assert (one != other).any()
