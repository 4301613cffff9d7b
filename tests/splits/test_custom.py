"""`Custom`: a registered function decides, checked before and after, and nothing from a file is run."""

# ruff: noqa: ARG001 - split functions have these arguments, used or not

import json
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from h5torch.errors import ArgumentTypeError, FormatError, RegisterError, UnknownNameError
from h5torch.keyed import derive, hash_rows
from h5torch.wire.recipes import RecipeBook
from splits.errors import SplitError
from splits.foreign.registry import register
from splits.recipes.custom import Custom
from splits.recipes.protocol import SplitRecipe

SMILES = {"0/smiles": np.array(["C", "CC", "CO", "CCO", "N", "CN"])}


@register("test-by-length")
def by_length(columns, n_rows, *, seed, longest=2, names=()):
    """Test on long texts, whatever the seed."""
    return (np.strings.str_len(columns["0/smiles"]) > longest).astype(int)


@register("test-growing", version=3)
def growing(columns, n_rows, *, seed, held=None):
    """Deal each row by its number, so that old rows stay."""
    return hash_rows(np.arange(n_rows), key=derive(seed, "rows")) % np.uint64(3)


@register("test-answer")
def answer(columns, n_rows, *, seed, codes, wide=False):
    """Return what is asked for."""
    return np.array(codes, np.int64 if wide else None) if codes is not None else codes


def custom(**changes):
    given = {"name": "test-by-length", "keys": "0/smiles", "parts": ("train", "test"), "seed": 0}
    return Custom(**{**given, **changes})


def answered(codes, **changes):
    return custom(name="test-answer", keys=(), params={"codes": codes}, **changes).codes({}, 3)


def book():
    made = RecipeBook("split", SplitRecipe)
    made.add(Custom)
    return made


def test_the_function_decides():
    codes = custom().codes(SMILES, 6)

    assert codes.dtype == np.uint8
    assert codes.tolist() == [0, 0, 0, 1, 0, 0]
    assert custom(params={"longest": 1}).codes(SMILES, 6).tolist() == [0, 1, 1, 1, 0, 1]


def test_a_recipe_comes_back_from_json():
    params = {"longest": np.int64(1), "names": ["a", [1, 2.5, None]]}
    recipe = custom(params=params, function_version=2, seed=7, axis=0)
    loaded = book().loads(book().dumps(recipe), path="here")

    assert loaded == recipe
    assert hash(loaded) == hash(recipe)
    assert loaded.params == (("longest", 1), ("names", ("a", (1, 2.5, None))))


def test_rows_left_out_and_folds_come_in_either_spelling():
    assert answered([0, -1, 255]).tolist() == [0, 255, 255]
    assert answered([[0, 1, -1], [1, 0, 0]], folds=True).tolist() == [[0, 1, 255], [1, 0, 0]]
    assert custom(folds=True).frame.scheme == "listed"
    assert custom().frame.scheme == "parts"


@given(codes=st.lists(st.integers(-2, 256), min_size=3, max_size=3), n_parts=st.integers(1, 4))
def test_only_codes_of_parts_pass(codes, n_parts):
    parts = tuple("abcd"[:n_parts])
    if all(code in (-1, 255) or 0 <= code < n_parts for code in codes):
        assert answered(codes, parts=parts).tolist() == [255 if code == -1 else code for code in codes]
    else:
        with pytest.raises(SplitError, match=r"the code -?\d+, none of the parts 0 to \d, nor -1 or 255"):
            answered(codes, parts=parts)


@pytest.mark.parametrize(
    ("codes", "changes", "message"),
    [
        ([0, 1], {}, r"integers of shape \(3,\), got int64 of shape \(2,\)"),
        ([0.0, 1.0, 1.0], {}, "got float64"),
        ([True, False, True], {"parts": ("a", "b", "c")}, "got bool"),
        ([[0, 1, 0]], {}, r"got int64 of shape \(1, 3\)"),
        ([0, 1, 0], {"folds": True}, r"of shape \(n_folds, 3\), got int64 of shape \(3,\)"),
        ([], {"folds": True}, r"got float64 of shape \(0,\)"),
        (None, {}, "got object of shape"),
        (0, {}, r"got int64 of shape \(\)"),
        ([[0, 1, 0], [0, 5, 0]], {"folds": True}, "gave row 1 of fold 1 the code 5"),
    ],
)
def test_anything_but_codes_is_refused(codes, changes, message):
    with pytest.raises(SplitError, match=message):
        answered(codes, **changes)


def test_lists_of_different_length_are_refused():
    @register("test-torn")
    def torn(columns, n_rows, *, seed):
        return [[0], [0, 1]]

    with pytest.raises(SplitError, match="'test-torn' returned no array of integers"):
        custom(name="test-torn").codes(SMILES, 6)


def test_the_function_cannot_write_to_its_columns_and_sees_no_others():
    @register("test-nosy")
    def nosy(columns, n_rows, *, seed):
        assert list(columns) == ["0/x"]
        columns["0/x"][0] = 1
        return columns["0/x"]

    with pytest.raises(ValueError, match="read-only"):
        custom(name="test-nosy", keys="0/x").codes({"0/x": np.zeros(3, int), "0/y": np.zeros(3)}, 3)


def test_lists_reach_the_function_as_lists():
    @register("test-lists")
    def lists(columns, n_rows, *, seed, **params):
        return [1 if params == {"a": [1, ["x"]], "b": None} else 0]

    assert custom(name="test-lists", keys=(), params={"a": [1, ["x"]], "b": None}).codes({}, 1).tolist() == [
        1
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"params": {"longst": 2}}, r"'test-by-length' takes \(.*longest=2.*longst"),
        ({"name": "test-answer", "params": {}}, "missing a required argument: 'codes'"),
        ({"keys": ("0/smiles", "0/gone")}, "column '0/gone' is not among those given: '0/smiles'"),
        ({"function_version": 2}, "'test-by-length' is registered in version 1, the recipe asks for 2"),
    ],
)
def test_what_does_not_fit_the_function_is_refused_before_it_runs(changes, message):
    with pytest.raises(SplitError, match=message):
        custom(**changes).codes(SMILES, 6)


def test_a_column_of_another_length_is_refused():
    with pytest.raises(SplitError, match="has 6 rows, the axis has 5"):
        custom().codes(SMILES, 5)


def test_an_unknown_name_says_how_to_provide_it():
    recipe = book().loads(book().dumps(custom(name="test-by-lenght")), path="here")

    with pytest.raises(
        UnknownNameError, match=r"did you mean 'test-by-length'.*@splits\.register.*entry points"
    ):
        recipe.codes(SMILES, 6)


HOSTILE = ["os.system", "subprocess:run", "__import__('os')", "antigravity", "test_planted_module.f", "x\ny"]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_from_a_file_is_imported_or_run(name, tmp_path, monkeypatch):
    (tmp_path / "test_planted_module.py").write_text("raise SystemExit('it was imported')")
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    recipe = book().loads(book().dumps(custom(name=name)), path="here")

    with pytest.raises(UnknownNameError, match="no split function is called"):
        recipe.codes(SMILES, 6)
    assert not {"antigravity", "test_planted_module"} & (set(sys.modules) - before)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "", ".", "..", ".hidden", "-", "a\0b"])
def test_names_that_are_none_are_refused(name):
    text = json.dumps({**json.loads(book().dumps(custom())), "name": name})

    with pytest.raises(RegisterError, match="split function"):
        custom(name=name)
    with pytest.raises(RegisterError, match="split function"):
        register(name)
    with pytest.raises(FormatError, match="split function.*@ here"):
        book().loads(text, path="here")


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"function_version": 0}, SplitError, "must be a whole number from 1 up, got 0"),
        ({"function_version": True}, SplitError, "from 1 up, got True"),
        ({"params": {"seed": 1}}, SplitError, "'seed' is an argument that every split function has"),
        ({"params": {"held": 1}}, SplitError, "'held' is an argument"),
        ({"params": {"x": {"y": 1}}}, SplitError, "parameter 'x' must be a finite number, text"),
        ({"params": {"x": np.zeros(3)}}, SplitError, "got array.* \\(ndarray\\)"),
        ({"params": {"x": float("inf")}}, SplitError, "must be a finite number"),
        ({"params": {"x": 1 << 70}}, SplitError, "must be a finite number"),
        ({"params": {"x": "\ud800"}}, SplitError, "must be a finite number, text"),
        ({"params": {"x y": 1}}, SplitError, "'x y' is no name of a parameter"),
        ({"params": 5}, SplitError, "parameters must be like"),
        ({"folds": 5}, SplitError, "folds must be True or False, got 5"),
        ({"folds": True, "parts": ("0", "1")}, SplitError, "must be names and no numbers"),
        ({"parts": "train"}, SplitError, "parts must be names such as"),
        ({"parts": ()}, RegisterError, "must have 1 to 254 parts"),
        ({"keys": ("0/a", "0/a")}, SplitError, "comes twice"),
        ({"keys": ("0/a", "1/a")}, SplitError, "must be of one axis"),
        ({"keys": "0/a", "axis": 1}, SplitError, "axis=1, but '0/a' is of axis 0"),
        ({"seed": None}, ArgumentTypeError, "seed must be an integer"),
        ({"name": 5}, ArgumentTypeError, "a name must be text"),
    ],
)
def test_a_recipe_that_means_nothing_is_refused(changes, error, message):
    with pytest.raises(error, match=message):
        custom(**changes)


def test_the_axis_is_that_of_the_columns_or_the_one_said():
    assert custom(keys="2/x").axis == 2
    assert custom(keys=()).axis == 0
    assert custom(keys=(), axis="coo").axis == "coo"


def test_a_function_that_takes_held_deals_added_rows():
    recipe = custom(name="test-growing", function_version=3, keys=(), parts=("a", "b", "c"))
    old = recipe.codes({}, 50)

    assert recipe.codes({}, 80, held=old)[:50].tolist() == old.tolist()
    moved = old.copy()
    moved[7] = (moved[7] + 1) % 3
    with pytest.raises(SplitError, match="'test-growing' moved row 7 to another part"):
        recipe.codes({}, 80, held=moved)


def test_a_function_that_makes_other_folds_cannot_deal_added_rows():
    @register("test-more-folds")
    def more_folds(columns, n_rows, *, seed, held=None):
        return np.zeros((n_rows, n_rows), int)

    recipe = custom(name="test-more-folds", keys=(), folds=True)
    with pytest.raises(SplitError, match="made 3 folds, and the split has 2 of them"):
        recipe.codes({}, 3, held=recipe.codes({}, 2))


def test_a_function_that_takes_no_held_is_not_asked():
    with pytest.raises(SplitError, match="takes no held=, so it cannot deal added rows"):
        custom().codes(SMILES, 6, held=np.zeros(3, np.uint8))
