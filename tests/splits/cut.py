"""Splits as scikit-learn gives them, and what it asks of every one."""

import numpy as np
from scipy import stats

BY, GROUP = "0/label", "0/group"
"""Keys of the columns `label` and `group`."""


def table(recipe, n_rows, **columns):
    given_columns = {f"0/{name}": np.asarray(column) for name, column in columns.items()}
    codes = recipe.codes(given_columns, n_rows)
    return recipe.frame.table("x", recipe.axis, codes)


def folds(recipe, n_rows, **columns):
    """Return the rows that train and that are held out in each fold, as scikit-learn does."""
    cut = table(recipe, n_rows, **columns)
    return [(fold.rows("train"), fold.rows("test")) for fold in cut.all_folds()]


def parts(recipe, n_rows, **columns):
    cut = table(recipe, n_rows, **columns)
    return [cut.rows(part) for part in cut.parts]


def sizes(cut):
    return [len(test) for _, test in cut]


def assert_covers(cut, n_rows, repeats=1):
    """Every fold shares out all rows, and each row is held out once in each repeat."""
    for train, test in cut:
        assert sorted([*train, *test]) == list(range(n_rows))
    held_out = np.bincount(np.concatenate([test for _, test in cut]), minlength=n_rows)
    assert (held_out == repeats).all()


def class_counts(labels, rows):
    names, numbers = np.unique(labels, return_inverse=True)
    return np.bincount(numbers[rows], minlength=len(names))


def unevenness(cut, labels):
    """Return how far the shares of classes in held-out rows are from those of all rows, summed over folds."""
    whole = class_counts(labels, np.arange(len(labels))) / len(labels)
    return sum(stats.entropy(class_counts(labels, test) / len(test), qk=whole) for _, test in cut)
