"""`FromSklearn`: exactly what scikit-learn's splitters give, held by name and parameters."""

import subprocess
import sys

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import model_selection as ms
from sklearn.utils import check_random_state

from h5torch.errors import FormatError, RegisterError
from h5torch.kept import attach, find_kept
from h5torch.wire.recipes import RecipeBook
from splits.errors import SplitError
from splits.foreign.splitters import SPLITTERS, Splitter
from splits.recipes.from_sklearn import FromSklearn
from splits.recipes.protocol import SplitRecipe

N_ROWS = 60
TEST_FOLD = np.arange(N_ROWS) * 7 % 5 - 1
COLUMNS = {
    "0/type": np.array(["b", "a", "c"])[np.arange(N_ROWS) * 7919 % 13 % 3],
    "0/site": np.arange(N_ROWS) * 31 % 7 % 6,
}
LABELS, GROUPS, BOTH = {"by": "0/type"}, {"groups": "0/site"}, {"by": "0/type", "groups": "0/site"}

EVERY_KIND = [
    (ms.KFold(4), {}),
    (ms.KFold(n_splits=3, shuffle=True, random_state=7), {}),
    (ms.StratifiedKFold(3), LABELS),
    (ms.StratifiedKFold(3, shuffle=True, random_state=np.int64(1)), LABELS),
    (ms.GroupKFold(3), GROUPS),
    (ms.StratifiedGroupKFold(2), BOTH),
    (ms.StratifiedGroupKFold(2, shuffle=True, random_state=3), BOTH),
    (ms.RepeatedKFold(n_splits=3, n_repeats=2, random_state=5), {}),
    (ms.RepeatedStratifiedKFold(n_splits=2, n_repeats=3, random_state=5), LABELS),
    (ms.ShuffleSplit(1, test_size=0.3, train_size=0.5, random_state=0), {}),
    (ms.StratifiedShuffleSplit(4, test_size=12, random_state=0), LABELS),
    (ms.GroupShuffleSplit(3, test_size=0.3, random_state=0), GROUPS),
    (ms.LeaveOneOut(), {}),
    (ms.LeavePOut(2), {}),
    (ms.LeaveOneGroupOut(), GROUPS),
    (ms.LeavePGroupsOut(2), GROUPS),
    (ms.TimeSeriesSplit(4, gap=2, max_train_size=20), {}),
    (ms.PredefinedSplit(TEST_FOLD), {}),
]


def book():
    made = RecipeBook("split", SplitRecipe)
    made.add(FromSklearn)
    return made


def arrays_of(recipe):
    return {kept.sha256: kept.array for kept in find_kept(recipe)}


@pytest.mark.parametrize(("splitter", "columns"), EVERY_KIND, ids=lambda value: type(value).__name__)
def test_folds_are_those_of_scikit_learn(splitter, columns):
    codes = FromSklearn(splitter, **columns).codes(COLUMNS, N_ROWS)
    labels, groups = COLUMNS.get(columns.get("by")), COLUMNS.get(columns.get("groups"))
    folds = list(splitter.split(np.zeros(N_ROWS), labels, groups))

    assert codes.dtype == np.uint8
    assert codes.shape == (len(folds), N_ROWS)
    for found, (train, test) in zip(codes, folds, strict=True):
        assert np.flatnonzero(found == 0).tolist() == sorted(train)
        assert np.flatnonzero(found == 1).tolist() == sorted(test)
        assert np.count_nonzero(found == 255) == N_ROWS - len(train) - len(test)


def test_every_splitter_that_a_recipe_may_name_is_compared_above():
    assert {type(splitter).__name__ for splitter, _ in EVERY_KIND} == SPLITTERS


@pytest.mark.parametrize(("splitter", "columns"), EVERY_KIND, ids=lambda value: type(value).__name__)
def test_a_recipe_comes_back_from_json_and_deals_the_same(splitter, columns):
    recipe = FromSklearn(splitter, **columns)
    loaded = attach(book().loads(book().dumps(recipe), path="here"), arrays_of(recipe), path="here")

    assert loaded == recipe
    assert hash(loaded) == hash(recipe)
    assert loaded.codes(COLUMNS, N_ROWS).tolist() == recipe.codes(COLUMNS, N_ROWS).tolist()


def test_the_parameters_are_plain_and_complete():
    recipe = FromSklearn(ms.RepeatedKFold(n_splits=np.int32(3), random_state=np.uint8(5)))

    assert recipe.splitter.params == (("n_repeats", 10), ("n_splits", 3), ("random_state", 5))
    assert all(type(value) is int for _, value in recipe.splitter.params)


def test_parts_may_have_other_names_and_the_axis_is_that_of_the_columns():
    recipe = FromSklearn(ms.GroupKFold(2), groups="1/gene", parts=("fit", "val"))

    assert recipe.axis == 1
    assert recipe.keys == ("1/gene",)
    assert (recipe.frame.scheme, recipe.frame.roles) == ("listed", ("fit", "val"))
    assert FromSklearn(ms.KFold(2), axis="coo").axis == "coo"
    assert recipe.libraries == ("scikit-learn",)


@settings(max_examples=40, deadline=None)
@given(n_splits=st.integers(2, 6), seed=st.integers(0, 2**32 - 1), n_rows=st.integers(12, 80))
def test_every_row_is_tested_once_by_k_folds(n_splits, seed, n_rows):
    codes = FromSklearn(ms.KFold(n_splits, shuffle=True, random_state=seed)).codes({}, n_rows)

    assert np.isin(codes, [0, 1]).all()
    assert (codes == 1).sum(axis=0).tolist() == [1] * n_rows


@pytest.mark.parametrize(
    "splitter",
    [
        ms.KFold(3, shuffle=True),
        ms.KFold(3, shuffle=True, random_state=check_random_state(0)),
        ms.StratifiedKFold(3, shuffle=True),
        ms.StratifiedGroupKFold(3, shuffle=True),
        ms.RepeatedKFold(),
        ms.RepeatedStratifiedKFold(random_state=check_random_state(0)),
        ms.ShuffleSplit(),
        ms.StratifiedShuffleSplit(),
        ms.GroupShuffleSplit(random_state=None),
    ],
    ids=lambda splitter: type(splitter).__name__,
)
def test_a_splitter_that_draws_needs_a_seed(splitter):
    with pytest.raises(SplitError, match=f"seed missing: {type(splitter).__name__} with random_state="):
        FromSklearn(splitter)


class KFold:
    """One that only shares a name."""


@pytest.mark.parametrize(
    "splitter", [type("OwnKFold", (ms.KFold,), {})(3), KFold(), object(), "KFold", 5, None]
)
def test_other_splitters_are_refused_with_what_to_use(splitter):
    with pytest.raises(SplitError, match=r"is no splitter of scikit-learn.*splits\.Custom.*there are"):
        FromSklearn(splitter)


def test_a_class_is_refused():
    with pytest.raises(SplitError, match=r"and not its class, as in FromSklearn\(KFold\(\.\.\.\)\)"):
        FromSklearn(ms.KFold)


@pytest.mark.parametrize(
    ("splitter", "fields", "message"),
    [
        (ms.StratifiedKFold(3), {}, "StratifiedKFold looks at a column; name it, as in by='0/name'"),
        (ms.GroupKFold(3), {}, "GroupKFold looks at a column; name it, as in groups='0/name'"),
        (ms.KFold(3), LABELS, "KFold does not look at by='0/type'"),
        (ms.StratifiedKFold(3), BOTH, "StratifiedKFold does not look at groups='0/site'"),
        (ms.StratifiedGroupKFold(3), {"by": "0/a", "groups": "1/b"}, "must be of one axis"),
        (ms.StratifiedKFold(3), {"by": "1/a", "axis": 0}, "axis=0, but '1/a' is of axis 1; leave axis= away"),
        (ms.KFold(3), {"axis": -1}, "axis must be a number from 0 up"),
        (ms.KFold(3), {"parts": ("a",)}, "parts must be two names"),
        (ms.KFold(3), {"parts": ("a", "1")}, "must be names and no numbers"),
        (ms.KFold(3), {"parts": "ab"}, "parts must be names such as"),
        (ms.StratifiedKFold(3), {"by": "type"}, "'type' is no column of an axis"),
        (ms.LeavePOut([1, np.zeros(3)]), {}, "parameter 'p' must be a finite number, text"),
        (ms.ShuffleSplit(test_size=float("nan"), random_state=0), {}, "'test_size' must be a finite number"),
    ],
)
def test_what_does_not_fit_is_refused_when_the_recipe_is_made(splitter, fields, message):
    with pytest.raises(SplitError, match=message):
        FromSklearn(splitter, **fields)


def test_a_part_name_twice_is_refused():
    with pytest.raises(RegisterError, match="'a' comes twice"):
        FromSklearn(ms.KFold(3), parts=("a", "a"))


@pytest.mark.parametrize(
    ("splitter", "n_rows", "message"),
    [
        (ms.KFold(70), N_ROWS, r"KFold\(n_splits=70, .*\) cannot split 60 rows: .*n_splits=70"),
        (Splitter(name="KFold", params={"random_state": 0}), N_ROWS, "no effect since shuffle is False"),
        (ms.TimeSeriesSplit(70), N_ROWS, r"cannot split 60 rows"),
        (ms.LeavePOut(3), N_ROWS, r"makes 34,220 splits of 60 rows; at most 10,000"),
        (ms.LeavePOut(500), 100_000, r"makes more than 2\*\*63 splits"),
        (ms.ShuffleSplit(9_000, random_state=0), 400_000, "makes 9,000 splits of 400,000 rows"),
        (ms.PredefinedSplit([0, 1, 0]), N_ROWS, r"has shape \(3,\), the axis has 60 rows"),
    ],
)
def test_what_scikit_learn_or_a_file_cannot_do_is_refused(splitter, n_rows, message):
    with pytest.raises(SplitError, match=message):
        _ = FromSklearn(splitter).codes({}, n_rows)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.where(np.arange(N_ROWS) == 9, np.nan, 1.0), "has NaN in row 9"),
        (np.where(np.arange(N_ROWS) == 9, "", "a"), "has an empty label in row 9"),
        (np.zeros((N_ROWS, 2)), "must have one dimension"),
        (np.zeros(3), "has 3 rows, the axis has 60"),
        (np.linspace(0, 1, N_ROWS), "cannot split 60 rows"),
    ],
)
def test_labels_that_are_none_are_refused(labels, message):
    with pytest.raises(SplitError, match=message):
        FromSklearn(ms.StratifiedKFold(3), by="0/type").codes({"0/type": labels}, N_ROWS)


def test_rows_cannot_be_added():
    recipe = FromSklearn(ms.KFold(3))
    with pytest.raises(SplitError, match="cannot place those added; create the split again"):
        recipe.codes({}, 10, held=recipe.codes({}, 9))


def json_of(name="KFold", params="[]", test_fold="null"):
    splitter = f'{{"name":"{name}","params":{params},"test_fold":{test_fold}}}'
    rest = '"axis":0,"by":null,"groups":null,"parts":["train","test"],"recipe":"from_sklearn","version":1'
    return f'{{{rest},"splitter":{splitter}}}'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (json_of("os.system"), "no splitter 'os.system' that a recipe can name"),
        (json_of("GridSearchCV"), "no splitter 'GridSearchCV'"),
        (json_of("Kfold"), "did you mean 'KFold'"),
        (json_of("../x"), "no splitter '../x'"),
        (json_of(params='[["shuffle",true]]'), "seed missing"),
        (json_of(params='[["a b",1]]'), "'a b' is no name of a parameter"),
        (json_of(params='[["p",{"a":1}]]'), "must be a finite number, text"),
        (json_of(params='[["p",1],["p",2]]'), "comes twice"),
        (json_of(params='[["p",' + "[" * 20 + "]" * 20 + "]]"), "or a list of these"),
        (json_of("PredefinedSplit"), "test_fold is what PredefinedSplit needs"),
        (json_of(test_fold='{"sha256":"0"}'), "no other splitter knows it"),
    ],
)
def test_a_file_cannot_name_anything_else(text, message):
    with pytest.raises(FormatError, match=message):
        book().loads(text, path="here")


def test_parameters_that_the_installed_version_lacks_matter_only_where_they_ask_for_something():
    plain = FromSklearn(Splitter(name="LeaveOneOut", params={"shuffle": False, "random_state": None}))
    asking = FromSklearn(Splitter(name="LeaveOneOut", params={"n_jobs": 0}))

    assert plain.codes({}, 5).tolist() == np.eye(5, dtype=int).tolist()
    with pytest.raises(SplitError, match=r"LeaveOneOut of scikit-learn [0-9.]+ has no 'n_jobs'; install"):
        asking.codes({}, 5)


def test_an_array_that_was_not_read_is_told_of():
    recipe = FromSklearn(ms.PredefinedSplit(TEST_FOLD))
    bare = attrs.evolve(recipe, splitter=book().loads(book().dumps(recipe), path="here").splitter)
    with pytest.raises(FormatError, match="is not at hand"):
        bare.codes({}, N_ROWS)


def test_neither_import_nor_a_recipe_from_a_file_brings_scikit_learn_along():
    script = f"""
import sys
from h5torch.wire.recipes import RecipeBook
from splits.recipes.from_sklearn import FromSklearn
from splits.recipes.protocol import SplitRecipe
book = RecipeBook("split", SplitRecipe)
book.add(FromSklearn)
book.loads({json_of(params='[["n_splits",3]]')!r}, path="here")
print("sklearn" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
