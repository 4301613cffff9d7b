"""What `export` writes and `import_` reads is the split that it was: the same codes, names and meaning."""

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import h5torch
import splits
from h5torch.errors import FormatError
from h5torch.folds import Folds
from h5torch.wire.recipes import RecipeBook
from splits.frame import frame_like
from splits.interchange import export, import_
from splits.interchange.masks import codes_of_arrays, masks_of
from splits.interchange.refolding import framed
from splits.recipes import SplitRecipe
from splits.recipes.given_folds import GivenFolds

N_ROWS = 50
RECIPES = {
    "parts": splits.Random(parts={"train": 0.6, "val": 0.2, "test": 0.1}, seed=0),
    "unicode": splits.Random(parts={"train": 0.6, 'ä, "ö"\n': 0.2, "東": 0.2}, seed=1),
    "cv": splits.Random(folds=5, seed=0),
    "repeated": splits.Random(folds=splits.RepeatedKFold(3, 2), seed=0),
    "two": splits.Random(folds=splits.RepeatedKFold(2, 2), seed=0),
    "beside": splits.Random(parts={"train": 0.6, "test": 0.3}, folds=4, seed=0),
    "beside val": splits.Random(parts={"train": 0.6, "val": 0.4}, folds=4, seed=0),
    "nested": splits.Random(folds=splits.Nested(3, 2), seed=0),
}


@pytest.fixture(scope="module")
def f(tmp_path_factory):
    with h5torch.File(tmp_path_factory.mktemp("trip") / "cells.h5t", "w") as file:
        file.register(np.zeros((N_ROWS, 2)), "central")
        file.register([f'id {i * 7 % N_ROWS}, é\n"' for i in range(N_ROWS)], 0, name="id")
        for name, recipe in RECIPES.items():
            splits.create(file, name, recipe)
        yield file


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize(
    ("file", "ids"),
    [
        ("a.csv", None),
        ("b.csv", "0/id"),
        ("c.tsv", "0/id"),
        ("d.npz", None),
        ("e.json", None),
        ("f.jsonld", "0/id"),
    ],
)
def test_a_split_comes_back_from_a_file_as_it_was(f, tmp_path, name, file, ids):
    table = splits.load(f, name).table
    back = import_(f, "back", export(f, name, tmp_path / file, ids=ids), ids=ids, overwrite=True)

    assert attrs.evolve(back.table, name=name) == table
    assert splits.load(f, "back") == back
    assert splits.verify(f, "back")


@pytest.mark.parametrize("name", RECIPES)
def test_a_split_comes_back_from_masks_as_it_was(f, name):
    back = import_(f, "back", export(f, name, format="masks"), overwrite=True)

    assert attrs.evolve(back.table, name=name) == splits.load(f, name).table


@pytest.mark.parametrize("name", ["cv", "repeated"])
def test_folds_come_back_from_scikit_learn_as_they_were(f, name):
    back = import_(f, "back", export(f, name, format="sklearn"), overwrite=True)

    assert attrs.evolve(back.table, name=name) == splits.load(f, name).table


def test_parts_come_back_from_scikit_learn_by_their_names(f):
    splits.create(f, "halves", splits.Random(parts={"fit": 0.5, "check": 0.5}, seed=0))
    back = import_(f, "back", export(f, "halves", format="sklearn"), parts=("fit", "check"), overwrite=True)

    assert attrs.evolve(back.table, name="halves") == splits.load(f, "halves").table


@st.composite
def listed(draw):
    """Folds of any kind: parts at will in each, every one of them in use."""
    n_folds, n_rows, n_parts = draw(st.integers(1, 5)), draw(st.integers(3, 9)), draw(st.integers(1, 3))
    code = st.sampled_from([*range(n_parts), 255])
    codes = draw(
        st.lists(st.lists(code, min_size=n_rows, max_size=n_rows), min_size=n_folds, max_size=n_folds)
    )
    codes[0][:n_parts] = range(n_parts)
    return Folds(
        name="x",
        axis=0,
        scheme="listed",
        n_folds=(n_folds,),
        roles="abc"[:n_parts],
        codes=np.array(codes, np.uint8),
    )


@given(table=listed())
def test_folds_are_told_shorter_only_where_every_fold_stays_as_it_was(table):
    found = codes_of_arrays(masks_of(table), n_rows=table.n_rows, parts=None, find=None, what="masks")
    frame, codes = framed(found, what="masks")
    back = frame.table("x", 0, codes)

    assert len(back) == len(table)
    for fold, was in zip(back.all_folds(), table.all_folds(), strict=True):
        assert set(fold.parts) == set(was.parts)
        assert all(np.array_equal(fold.mask(part), was.mask(part)) for part in was.parts)


@given(
    n_folds=st.integers(2, 5), repeats=st.integers(1, 3), left_out=st.integers(0, 3), seed=st.integers(0, 99)
)
def test_folds_that_rotate_are_found_to_do_so(n_folds, repeats, left_out, seed):
    rng = np.random.default_rng(seed)
    codes = np.array([rng.permutation(np.arange(12) % n_folds) for _ in range(repeats)], np.uint8)
    codes = np.pad(codes, ((0, 0), (0, left_out)), constant_values=255)
    table = Folds(
        name="x", axis=0, scheme="rotating", n_folds=(n_folds,), roles=("train", "test"), codes=codes
    )
    found = codes_of_arrays(masks_of(table), n_rows=table.n_rows, parts=None, find=None, what="masks")
    frame, back = framed(found, what="masks")

    assert frame == frame_like(table)
    assert np.array_equal(back, codes)


def test_inner_folds_that_do_not_fit_their_outer_one_are_refused(f):
    masks = export(f, "nested", format="masks")
    spoilt = masks | {"1/0/val": masks["1/0/val"] & (np.cumsum(masks["1/0/val"]) > 1)}

    with pytest.raises(
        splits.SplitError, match="inner folds of fold 1 do not hold out once every row that trains"
    ):
        import_(f, "spoilt", spoilt)
    with pytest.raises(splits.SplitError, match="outer folds do not hold out every row once"):
        import_(
            f,
            "spoilt",
            masks | {"1/train": masks["1/train"] | masks["1/test"], "1/test": np.zeros(N_ROWS, bool)},
        )
    swapped = {key.replace("2/1/val", "2/1/test"): mask for key, mask in masks.items()}
    swapped |= {"2/0/test": masks["2/0/val"]}
    del swapped["2/0/val"]
    with pytest.raises(splits.SplitError, match="inner folds have different parts"):
        import_(f, "spoilt", swapped)
    with pytest.raises(splits.SplitError, match="without a gap, found 0, 0/0, 0/1, 1, 1/0, 1/1, 2, 2/0"):
        import_(f, "spoilt", {key: mask for key, mask in masks.items() if not key.startswith("2/1/")})


def test_given_folds_are_a_recipe_that_goes_into_json_without_its_array(f):
    recipe = import_(f, "back", export(f, "beside", format="masks"), overwrite=True).recipe
    book = RecipeBook("split", SplitRecipe)
    book.add(GivenFolds)
    again = book.loads(book.dumps(recipe), path="/x")

    assert again == recipe
    assert (recipe.tag, recipe.scheme, recipe.roles, recipe.fixed) == (
        "given_folds",
        "rotating",
        ("train", "val"),
        ("test",),
    )
    with pytest.raises(FormatError, match="is not at hand"):
        again.codes({}, N_ROWS)
    with pytest.raises(
        splits.SplitError, match="the folds are of 50 rows and know nothing of others, the axis has 51"
    ):
        recipe.codes({}, N_ROWS + 1)
    with pytest.raises(splits.SplitError, match="are no folds; use Predefined.from_codes"):
        GivenFolds.of(frame_like(splits.load(f, "parts").table), np.zeros((1, 3), np.uint8), axis=0)
    with pytest.raises(
        splits.SplitError, match="scheme must be one of 'rotating', 'listed', 'nested', got 'parts'"
    ):
        attrs.evolve(recipe, scheme="parts")
