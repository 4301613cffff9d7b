"""A file of a few columns, and recipes of several kinds for it."""

import numpy as np

import splits

N = 120
PARTS = {"train": 0.5, "test": 0.25}
RECIPES = {
    "random": splits.Random(parts=PARTS, seed=0),
    "classes": splits.Stratified(by="0/type", parts=PARTS, seed=0),
    "donors": splits.Stratified(by="0/type", groups="0/donor", parts=PARTS, seed=0),
    "cv": splits.Grouped(by="0/donor", folds=splits.RepeatedKFold(3, 2), seed=0, oversized="accept"),
    "deep": splits.Random(folds=splits.Nested(3, 2), seed=0),
}


def register(f, n_rows=N, length=None):
    rows = np.arange(n_rows)
    f.register(rows[:, None] * np.ones((1, 2)), "central", length=length)
    f.register(np.array(["a", "b", "c"])[rows * 7 % 5 % 3], 0, name="type", length=length)
    f.register(rows // 4, 0, name="donor", length=length)
