"""`Predefined`: parts that are there already, taken as they are or refused."""

import hashlib
import importlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from h5torch.errors import ArgumentTypeError, FormatError, RegisterError
from h5torch.kept import attach, find_kept, keep
from splits.book import BOOK
from splits.errors import SplitError
from splits.recipes.predefined import Predefined

SPLITTERS = importlib.import_module("sklearn.model_selection")

SPLIT = np.array(["train", "test", "extra", "test_b", "", "train"])
CODES = st.lists(st.integers(-1, 2), min_size=1)


def codes(recipe, values=SPLIT, held=None):
    column = {} if recipe.by is None else {recipe.by: np.asarray(values)}
    return recipe.codes(column, len(values), held)


def by(parts, **how):
    return Predefined(by="0/split", parts=parts, **how)


def test_expressions_match_whole_texts():
    assert codes(by({"train": "train|extra", "test": "test$"})).tolist() == [0, 1, 0, 255, 255, 0]
    assert codes(by({"train": "train|extra", "test": "test.*"})).tolist() == [0, 1, 0, 1, 255, 0]
    assert codes(by({"none": "", "some": ".+"})).tolist() == [1, 1, 1, 1, 0, 1]
    assert codes(by({"test": "(?i)TEST(_[ab])?"}), [b"test", b"Test_a", b"b"]).tolist() == [0, 0, 255]


def test_lists_match_values_as_they_are():
    assert codes(by({"train": ["train", "extra"], "test": ["test"]})).tolist() == [0, 1, 0, 255, 255, 0]
    assert codes(by({"a": [0, 2.0], "b": 1}), [2, 1, 0, 5]).tolist() == [0, 1, 0, 255]
    assert codes(by({"a": True, "b": [False]}), [True, False]).tolist() == [0, 1]
    assert codes(by({"a": [1.5]}), [1.5, np.nan]).tolist() == [0, 255]
    assert codes(by({"a": ["a.c"]}), ["abc", "a.c"]).tolist() == [255, 0]


def test_rows_that_nothing_matches_go_to_the_rest():
    one, two = by({"test": "test"}, rest="train"), by({"train": "train", "test": "test"}, rest="train")

    assert (one.frame.roles, codes(one).tolist()) == (("train", "test"), [0, 1, 0, 0, 0, 0])
    assert (two.frame.roles, codes(two).tolist()) == (("train", "test"), [0, 1, 0, 0, 0, 0])


def test_name_lists_give_rows_by_their_ids():
    demos = np.array([f"demo_{number}" for number in range(6)])
    recipe = Predefined.from_name_lists(
        {"train": ["demo_0", "demo_4"], "valid": np.array(["demo_5"])}, by="0/demo", rest="more"
    )

    assert recipe.frame.roles == ("more", "train", "valid")
    assert codes(recipe, demos).tolist() == [1, 0, 0, 0, 1, 2]
    with pytest.raises(SplitError, match=r"'demo_7', which no row has in '0/demo'; did you mean 'demo_5'\?"):
        codes(Predefined.from_name_lists({"train": ["demo_7"]}, by="0/demo"), demos)


@given(wanted=CODES)
def test_masks_lists_and_numbers_of_the_same_rows_are_the_same(wanted):
    wanted = np.array(wanted)
    names = ("train", "val", "test")
    masks = {name: wanted == code for code, name in enumerate(names)}
    rows = {name: np.flatnonzero(mask)[::-1].tolist() for name, mask in masks.items()}
    made = [
        Predefined.from_masks(masks),
        Predefined.from_indices(rows, n_rows=len(wanted)),
        Predefined.from_codes(wanted, parts=names),
        Predefined.from_codes(np.where(wanted < 0, 255, wanted).astype(np.uint8), parts=list(names)),
    ]

    assert made[0].frame.table("main", 0, codes(made[0], wanted)).parts == names
    for recipe in made:
        assert recipe == made[0]
        assert codes(recipe, wanted).tolist() == (wanted % 256).tolist()


@given(
    test_fold=st.lists(st.sampled_from([-1, 0, 3, 7, 200]), min_size=2).filter(
        lambda folds: len(set(folds)) > 1
    )
)
def test_folds_are_those_of_scikit_learn(test_fold):
    recipe = Predefined.from_test_fold(test_fold)
    found = recipe.frame.table("cv", 0, codes(recipe, test_fold))
    theirs = list(SPLITTERS.PredefinedSplit(test_fold).split())

    assert recipe.scheme == ("listed" if -1 in test_fold else "rotating")
    assert len(found) == len(theirs)
    for fold, (train, test) in zip(found.all_folds(), theirs, strict=True):
        assert np.array_equal(fold.rows("train"), train)
        assert np.array_equal(fold.rows("test"), test)


def test_the_codes_are_pinned():
    numbers = np.arange(1000) * 7919 % 13 % 4 - 1
    column = np.array(["a", "b", "ä", ""])[numbers]
    found = [
        codes(by({"x": "a|ä", "y": "b"}), column),
        codes(Predefined.from_codes(numbers, parts=list("xyz")), numbers),
        codes(Predefined.from_test_fold(numbers), numbers),
    ]
    digests = [hashlib.sha256(each.tobytes()).hexdigest()[:16] for each in found]

    assert [each.dtype for each in found] == [np.uint8] * 3
    assert digests == ["c9f514fb3f903f19", "66139f6351f03a52", "f2178446ff28449b"]


@given(wanted=CODES.filter(lambda wanted: len(set(wanted) - {-1}) > 1), data=st.data())
def test_the_order_of_rows_and_the_names_of_parts_do_not_matter(wanted, data):
    order = data.draw(st.permutations(range(len(wanted))))
    names = np.array(["p", "q", "r", "none"])
    parts = {names[code]: [str(names[code])] for code in sorted(set(wanted) - {-1})}
    one = by(parts)
    other = by({f"new {name}": match for name, match in parts.items()})

    assert np.array_equal(codes(one, names[wanted][order]), codes(one, names[wanted])[order])
    assert np.array_equal(codes(other, names[wanted]), codes(one, names[wanted]))


def test_the_array_is_copied_and_kept_beside_the_json():
    mask = np.array([True, False, True])
    made = Predefined.from_masks({"train": mask}, axis="coo")
    mask[:] = False
    text = BOOK.dumps(made)
    bare = BOOK.loads(text, path="/x")
    (kept,) = find_kept(made)

    assert codes(made, mask).tolist() == [0, 255, 0]
    assert kept.sha256 in text
    assert (bare, bare.axis, bare.frame, hash(bare)) == (made, "coo", made.frame, hash(made))
    with pytest.raises(FormatError, match="of this recipe is not at hand; load the split from its file"):
        codes(bare, mask)
    whole = attach(bare, {kept.sha256: np.array([0, 255, 0])}, path="/x")
    assert codes(whole, mask).tolist() == [0, 255, 0]


@given(
    pattern=st.sampled_from(["a|b", "[^x]+", "ü$"]),
    values=st.lists(st.one_of(st.text(), st.booleans(), st.integers()), min_size=1, max_size=4),
    rest=st.sampled_from([None, "one", "three"]),
)
def test_a_recipe_comes_back_from_its_json(pattern, values, rest):
    made = Predefined(by="1/fold", parts={"one": pattern, "two": values}, rest=rest)
    again = BOOK.loads(BOOK.dumps(made), path="/x")

    assert again == made
    assert hash(again) == hash(made)
    assert (again.axis, again.keys, again.frame) == (1, ("1/fold",), made.frame)


def test_added_rows_follow_their_column_and_arrays_cannot_grow():
    recipe = by({"test": "test"}, rest="train")
    held = codes(recipe)
    fixed = Predefined.from_codes([0, 1, 0], parts=("a", "b"))

    assert codes(recipe, [*SPLIT, "test", "new"], held).tolist() == [*held, 1, 0]
    assert codes(fixed, [0, 1, 0], codes(fixed, [0, 1, 0])).tolist() == [0, 1, 0]
    with pytest.raises(SplitError, match="row 0 would move"):
        codes(recipe, ["test", *SPLIT[1:]], held)
    with pytest.raises(
        SplitError, match="holds an array for 3 rows and knows nothing of others, the axis has 4"
    ):
        codes(fixed, [0, 1, 0, 0], np.array([0, 1, 0], np.uint8))


@pytest.mark.parametrize(
    ("parts", "how", "values", "text"),
    [
        ({"a": "t.*", "b": "test"}, {}, SPLIT, "row 1 of '0/split', 'test', is matched by parts 'a' and 'b'"),
        ({"a": [1], "b": [2, 1.0]}, {}, [0, 2, 1], "row 2 of '0/split', 1, is matched by parts 'a' and 'b'"),
        (
            {"a": "b", "c": "a"},
            {"rest": "a"},
            ["c"],
            "part 'a': 'b' matches no value of '0/split' as a whole",
        ),
        (
            {"a": "es"},
            {},
            SPLIT,
            r"its values and their rows are '' \(1\), 'extra' \(1\), 'test' \(1\), 'test_b'",
        ),
        ({"a": "x"}, {}, np.zeros(0, "U1"), "the column has no rows"),
        ({"a": ["tset"]}, {}, SPLIT, r"names 'tset', which no row has in '0/split'; did you mean 'test'\?"),
        (
            {"a": "1"},
            {},
            [1, 2],
            r"part 'a' matches the text '1', column '0/split' holds int64; list its values",
        ),
        ({"a": ["1"]}, {}, [1, 2], "names '1', column '0/split' holds numbers"),
        (
            {"a": ".*"},
            {"rest": "b"},
            SPLIT,
            "every row of '0/split' is matched by a part, none is left for 'b'",
        ),
        ({"a": "x"}, {}, np.zeros((2, 2)), "must have one dimension"),
        ({"a": "x"}, {}, [b"\xff"], "holds bytes that are not UTF-8"),
    ],
)
def test_a_column_that_will_not_do_is_refused(parts, how, values, text):
    with pytest.raises(SplitError, match=text):
        codes(by(parts, **how), values)


MASK = np.array([True, False])


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: Predefined.from_masks({}), RegisterError, "must have 1 to 254 parts, has 0"),
        (
            lambda: Predefined.from_masks({"a": MASK, "b": MASK}),
            SplitError,
            r"row 0 is in parts 'a' and 'b' \(1 ",
        ),
        (lambda: Predefined.from_masks({"a": MASK, "b": [True]}), SplitError, "'a' has 2 rows and 'b' has 1"),
        (lambda: Predefined.from_masks({"a": [1, 0]}), SplitError, "one bool a row, got int64 of shape"),
        (lambda: Predefined.from_masks({"a/b": MASK}), RegisterError, 'holds "/"'),
        (lambda: Predefined.from_masks({"a": MASK}, axis=-1), SplitError, "axis must be a number from 0 up"),
        (
            lambda: Predefined.from_indices({"a": [3]}, n_rows=3),
            SplitError,
            r"names row 3, rows lie in \[0, 3\)",
        ),
        (
            lambda: Predefined.from_indices({"a": [-1]}, n_rows=3),
            SplitError,
            "row -1, .* count from the front",
        ),
        (lambda: Predefined.from_indices({"a": [1, 0, 1]}, n_rows=3), SplitError, "'a' names row 1 2 times"),
        (
            lambda: Predefined.from_indices({"a": [1], "b": [2, 1]}, n_rows=3),
            SplitError,
            "row 1 is in parts 'a'",
        ),
        (lambda: Predefined.from_indices({"a": MASK}, n_rows=2), SplitError, "bools go to from_masks"),
        (
            lambda: Predefined.from_indices({"a": [0.5]}, n_rows=2),
            SplitError,
            "a flat list of integers, got float",
        ),
        (
            lambda: Predefined.from_indices({"a": [[0], [1, 2]]}, n_rows=2),
            SplitError,
            "flat list of integers",
        ),
        (
            lambda: Predefined.from_codes([0, 2], parts=["a", "b"]),
            SplitError,
            "row 1 has code 2, .* none of 2 parts",
        ),
        (lambda: Predefined.from_codes([-2], parts=["a"]), SplitError, "row 0 has code -2"),
        (lambda: Predefined.from_codes([0], parts="train"), SplitError, "parts must be a list of names"),
        (lambda: Predefined.from_codes([0], parts=["a", "a"]), RegisterError, "comes twice"),
        (lambda: Predefined.from_test_fold([-1, -1]), SplitError, "1 to 254 folds, has 0 in 2 rows"),
        (lambda: Predefined.from_test_fold(np.arange(255)), SplitError, "has 255"),
        (lambda: Predefined.from_test_fold([0, -2]), SplitError, "row 1 has fold -2"),
        (lambda: Predefined.from_test_fold([4, 4]), SplitError, "holds out all 2 rows at once"),
        (lambda: Predefined.from_name_lists({"a": []}, by="0/x"), SplitError, "part 'a' names no value"),
        (Predefined, SplitError, "name a column and its parts, .* or use Predefined.from_masks"),
        (lambda: by({}), SplitError, "name parts and what they match in '0/split'"),
        (lambda: by({"a": "("}), SplitError, r"'\(' is not a regular expression \(.*; for the text as it is"),
        (lambda: by({"a": None}), SplitError, "part 'a' must name text, bools or finite numbers, got None"),
        (lambda: by(["a"]), SplitError, "got 'a' among them"),
        (lambda: by({"a": "x"}, axis=1), SplitError, "axis=1, but .0/split. is of axis 0"),
        (lambda: by({"a": "x"}, rest=3), ArgumentTypeError, "a name must be text"),
        (lambda: by({"a": "x"}, names=("a",)), SplitError, "names= and scheme= go with an array"),
        (lambda: by({"a": "x"}, scheme="listed"), SplitError, "go with an array"),
        (lambda: by({"a": "x"}, scheme="odd"), SplitError, "scheme must be one of"),
        (lambda: Predefined(array=keep([0]), names=("a",), rest="b"), SplitError, "rest= with a column"),
        (lambda: by({"a": "x"}, array=keep([0])), SplitError, "name a column and its parts"),
    ],
)
def test_what_makes_no_sense_is_not_built(make, error, text):
    with pytest.raises(error, match=text):
        make()
