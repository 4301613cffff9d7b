"""`Cold` refuses recipes that do not go together and columns that do not fit, and says why."""

import numpy as np
import pytest

from h5torch.errors import RegisterError
from splits.dealing.folds import Nested
from splits.errors import SplitError
from splits.keys import SHAPE
from splits.recipes.cold import Cold
from splits.recipes.hashed import Hashed
from splits.recipes.random import Random


def random_rows(axis=0, **changes):
    return Random(**{"parts": {"train": 0.5, "test": 0.5}, "seed": 0, "axis": axis, **changes})


FOLDS = {"parts": (), "folds": 3}
MANY = {f"p{number}": 1 / 7 for number in range(7)}


@pytest.mark.parametrize(
    ("axes", "mixed", "error", "text"),
    [
        ({}, None, SplitError, r"axes must be like \{0: Random.*, got \{\}"),
        (random_rows(), None, SplitError, "axes must be like"),
        ([(0, random_rows(), 1)], None, SplitError, "must be pairs of an axis and its recipe"),
        ({"0": random_rows()}, None, SplitError, "a number from 0 up, got '0'"),
        ({-1: random_rows()}, None, SplitError, "a number from 0 up, got -1"),
        ({0: {"train": 0.5}}, None, SplitError, "axis 0 must be held out by a recipe such as Random"),
        ({1: random_rows(0)}, None, SplitError, "axis 1 is to be held out by Random of axis 0; give it"),
        ({0: random_rows("coo")}, None, SplitError, "held out by Random of axis 'coo'"),
        (
            [(0, random_rows()), (0, random_rows())],
            "own",
            SplitError,
            r"can be held out once, got axes \[0, 0\]",
        ),
        (
            {0: random_rows(folds=Nested(2, 2), parts=())},
            None,
            SplitError,
            "axis 0: Random makes nested folds",
        ),
        (
            {0: random_rows(), 1: random_rows(1, parts={"test": 0.5, "train": 0.5})},
            "own",
            SplitError,
            "axis 0 has train, test; axis 1 has test, train",
        ),
        (
            {0: random_rows(), 1: random_rows(1, **FOLDS)},
            "own",
            SplitError,
            "axis 0 has train, test; axis 1 has folds of train, test",
        ),
        (
            {0: random_rows(), 1: random_rows(1)},
            None,
            SplitError,
            "rows on the 2 axes are in different parts: mixed=",
        ),
        ({0: random_rows()}, "keep", SplitError, "mixed must be one of 'own', 'drop', 'assign', got 'keep'"),
        (
            {axis: random_rows(axis, parts=MANY) for axis in range(3)},
            "own",
            SplitError,
            "makes 343 parts of 7 on each of 3 axes, a split has at most 254",
        ),
        (
            {axis: random_rows(axis, parts={"a": 0.5, "a+a": 0.5}) for axis in range(2)},
            "own",
            SplitError,
            r"joins names of parts by '\+', and 'a\+a' holds one",
        ),
        (
            {axis: random_rows(axis, parts={"a" * 200: 0.5, "b" * 200: 0.5}) for axis in range(2)},
            "own",
            RegisterError,
            "is longer than 255 bytes",
        ),
    ],
)
def test_a_recipe_that_makes_no_sense_is_not_built(axes, mixed, error, text):
    with pytest.raises(error, match=text):
        Cold(axes=axes, mixed=mixed)


BOTH = {0: random_rows(), 1: random_rows(1)}
CELLS = {"coo/0": np.repeat(np.arange(4), 6), "coo/1": np.tile(np.arange(6), 4), SHAPE: np.array([4, 6])}


@pytest.mark.parametrize(
    ("axes", "changes", "text"),
    [
        (BOTH, {"coo/1": None}, "column 'coo/1' is not among those given: 'coo/0', 'shape'"),
        (BOTH, {SHAPE: np.array([4])}, r"axis 1 is none of the central object's, which has shape \(4,\)"),
        (
            BOTH,
            {"coo/0": np.zeros(24)},
            r"'coo/0' must be integers of one dimension, got float64 of shape \(24,\)",
        ),
        (BOTH, {"coo/0": np.zeros(23, int)}, "column 'coo/0' has 23 rows, there are 24 elements"),
        (BOTH, {"coo/0": np.repeat([0, 4], [20, 4])}, "element 20 has index 4 on axis 0 of 4 rows"),
        (BOTH, {"coo/1": np.repeat([0, -1], [7, 17])}, "element 7 has index -1 on axis 1 of 6 rows"),
        (BOTH, {SHAPE: np.array([4, 1])}, "element 1 has index 1 on axis 1 of 1 rows"),
        (
            BOTH,
            {SHAPE: np.array([1, 6]), "coo/0": np.zeros(24, int)},
            "axis 0: 2 parts need at least as many rows",
        ),
        (
            BOTH,
            {"coo/0": np.zeros(24, int), "coo/1": np.zeros(24, int)},
            r"'t\w+' has none of the 24 elements \('train' \d+, 'test' \d+, left out \d+\); use other shares",
        ),
        (
            {0: random_rows(**FOLDS), 1: random_rows(1, parts=(), folds=4)},
            {},
            "fold i of every axis, and there are 3 on axis 0, 4 on axis 1; ask for as many on each",
        ),
        (
            {0: random_rows(**FOLDS)},
            {"coo/0": np.zeros(24, int)},
            r"repeat 0: fold \d has none of the 24 elements \(fold 0 \d+, fold 1 \d+, fold 2 \d+, left",
        ),
        (
            {0: random_rows(**FOLDS), 1: random_rows(1, **FOLDS)},
            {"coo/0": np.zeros(24, int)},
            "fold 0: 't",
        ),
    ],
)
def test_columns_that_do_not_fit_are_refused(axes, changes, text):
    columns = {key: value for key, value in {**CELLS, **changes}.items() if value is not None}
    with pytest.raises(SplitError, match=text):
        Cold(axes=axes, mixed="drop").codes(columns, 24)


def test_an_element_that_would_move_is_named_with_what_can_be_extended():
    with pytest.raises(
        SplitError, match=r"element \d+ \(row \d on axis 0\).*Hashed\(by='coo/0', \.\.\.\), which"
    ):
        Cold(axes={0: random_rows()}).codes(CELLS, 24, held=np.full(20, 1, np.uint8))
    by_row = Hashed(by="coo/0", parts={"train": 0.5, "test": 0.5}, seed=0)
    rows = np.arange(90) // 3
    held = by_row.codes({"coo/0": rows[:60]}, 60)
    codes = by_row.codes({"coo/0": rows}, 90, held=held)

    assert codes[:60].tolist() == held.tolist()
    assert codes.tolist() == np.repeat(codes[::3], 3).tolist()
    assert set(codes) == {0, 1}
