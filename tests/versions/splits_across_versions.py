"""Write a file that holds a split by every kind of recipe, or make all of them again and compare.

    python tests/versions/splits_across_versions.py write FILE
    python tests/versions/splits_across_versions.py verify FILE
    python tests/versions/splits_across_versions.py compare FILE OTHER

Run in two environments: see README.md beside this script.
"""

import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold

import h5torch
import splits
from h5torch.keyed import hash_rows

N_ROWS = 1797
GROWTH = (1200, 1210, N_ROWS)
"""Rows that are filled in when the splits that grow are made, and after each time that they are extended."""
GROWING = (
    "random",
    "random_groups",
    "stratified_groups",
    "labels",
    "label_lists",
    "repeated",
    "nested",
    "beside",
    "grouped_units",
    "leave_out",
    "hashed_jointly",
    "pattern",
    "thirds",
)
PARTS = {"train": 0.7, "val": 0.1, "test": 0.2}
TWO = {"train": 0.8, "test": 0.2}


@splits.register("every_third", version=1)
def every_third(_columns, n_rows, *, seed, step):
    """Put every `step`-th row into the second part."""
    return ((np.arange(n_rows) + seed) % step == 0).astype(int)


@splits.register("thirds", version=1)
def thirds(_columns, n_rows, *, seed, held=None):
    """Make three folds; rows that come later are left out of the last."""
    folds = ((np.arange(n_rows) + np.arange(3)[:, None] + seed) % 3 == 0).astype(int)
    if held is not None:
        folds[2] = -1
        folds[:, : held.shape[1]] = held
    return folds


def recipes() -> dict[str, splits.SplitRecipe]:
    """Return recipes of every kind, by the name of their split.

    Of scikit-learn's splitters not `GroupKFold`, whose folds differ between its versions.
    """
    return {
        "random": splits.Random(parts=PARTS, seed=1),
        "random_groups": splits.Random(parts=PARTS, groups="0/writer", seed=1, oversized="accept"),
        "stratified": splits.Stratified(by="0/digit", parts=PARTS, seed=2),
        "stratified_jointly": splits.Stratified(
            by=("0/digit", "0/ink"), bins={"0/ink": 4}, parts=PARTS, seed=3, rare="merge"
        ),
        "stratified_groups": splits.Stratified(
            by="0/digit", groups="0/writer", folds=5, seed=4, oversized="accept"
        ),
        "labels": splits.Stratified(by="0/pixels", folds=4, seed=5, rare="merge"),
        "label_lists": splits.Stratified(by="0/strokes", parts=PARTS, seed=5, rare="merge"),
        "label_lists_groups": splits.Stratified(
            by="0/strokes", groups="0/ink_group", folds=4, seed=5, rare="keep"
        ),
        "repeated": splits.Random(folds=splits.RepeatedKFold(5, 3), seed=6),
        "nested": splits.Stratified(by="0/digit", folds=splits.Nested(4, 3), seed=7),
        "beside": splits.Stratified(by="0/digit", parts=TWO, folds=5, seed=8),
        "grouped": splits.Grouped(by="0/writer", parts=TWO, seed=9, oversized="accept"),
        "grouped_units": splits.Grouped(by="0/writer", folds=3, seed=9, balance="groups"),
        "leave_out": splits.LeaveOut(by="0/writer", parts={"test": [3, 7]}),
        "leave_each_out": splits.LeaveOut(by="0/writer", folds=True),
        "time": splits.TimeOrdered(by="0/time", parts=PARTS, gap=5, purge="3D"),
        "time_folds": splits.TimeOrdered(by="0/time", folds=4, window="around", embargo="2D"),
        "time_floats": splits.TimeOrdered(by="0/seconds", parts=PARTS, purge=2.5),
        "time_float_folds": splits.TimeOrdered(by="0/seconds", folds=3, window="sliding", train_rows=400),
        "hashed": splits.Hashed(by="0/id", parts=PARTS, seed=10),
        "hashed_numbers": splits.Hashed(by="0/number", folds=5, seed=10),
        "hashed_jointly": splits.Hashed(by=("0/number", "0/digit"), parts=PARTS, seed=10),
        "predefined": splits.Predefined.from_masks({"odd": np.arange(N_ROWS) % 2 == 1}),
        "test_fold": splits.Predefined.from_test_fold(np.arange(N_ROWS) % 7 - 1),
        "given_folds": splits.GivenFolds.of(
            splits.Random(folds=splits.Nested(2, 3), seed=0).frame,
            splits.Random(folds=splits.Nested(2, 3), seed=0).codes({}, N_ROWS),
            axis=0,
        ),
        "pattern": splits.Predefined(by="0/id", parts={"tens": ".*0", "fives": ".*5"}),
        "clustered": splits.Clustered(features="central", method="kmeans", n_clusters=40, parts=TWO, seed=11),
        "clusters": splits.Clustered(by="0/ink_group", parts=TWO, seed=11, oversized="accept"),
        "sklearn": splits.FromSklearn(StratifiedKFold(5, shuffle=True, random_state=0), by="0/digit"),
        "custom": splits.Custom(name="every_third", parts=("rest", "third"), params={"step": 3}, seed=12),
        "thirds": splits.Custom(name="thirds", parts=("train", "test"), folds=True, seed=12),
        "elements": splits.Stratified(by="coo/0/digit", parts=TWO, seed=13),
        "cold": splits.Cold(
            axes={
                0: splits.Stratified(by="0/digit", parts=TWO, seed=14),
                1: splits.Random(axis=1, parts=TWO, seed=15),
            },
            mixed="own",
        ),
        "cold_folds": splits.Cold(
            axes={
                0: splits.Grouped(by="0/ink_group", folds=3, seed=16),
                1: splits.Random(axis=1, folds=3, seed=17),
            },
            mixed="assign",
        ),
    }


def columns() -> dict[str, Any]:
    """Return real labels of the digits, and columns made from them by whole numbers alone."""
    rows = np.arange(N_ROWS)
    images = load_digits().images.astype(np.int64)
    ink = images.sum(axis=(1, 2))
    drawn = hash_rows(rows, key=0) % np.uint64(900)
    strokes = (images[:, ::2, 2:6] > 12).reshape(N_ROWS, 16)
    return {
        "digit": np.array([f"digit {label}" for label in load_digits().target]),
        "writer": rows // 130,
        "ink": ink.astype(np.float64),
        "ink_group": ink // 10,
        "pixels": (images.reshape(N_ROWS, 64)[:, 18:30] > 8).astype(np.uint8),
        "strokes": [np.flatnonzero(row) for row in strokes],
        "time": np.datetime64("2020-01-01", "D") + drawn.astype("timedelta64[D]"),
        "seconds": drawn.astype(np.float64) / 8 - 3,
        "number": drawn.astype(np.int64) * 7919 - 450,
        "id": np.array([f"image é{row}" for row in rows]),
    }


def write(path: Path) -> None:
    """Write the file: splits that grow are made of the first rows, and extended each time there are more."""
    with h5torch.File(path, "w") as f:
        given = {"central": load_digits().data.astype(np.float32)}
        f.register(given["central"][: GROWTH[0]], "central", length=N_ROWS)
        for name, values in columns().items():
            given[f"0/{name}"] = values
            f.register(values[: GROWTH[0]], 0, name=name, length=N_ROWS)
        for name in GROWING:
            splits.create(f, f"grown_{name}", recipes()[name])
        for start, stop in pairwise(GROWTH):
            for key, values in given.items():
                f.append(values[start:stop], key)
            for name in GROWING:
                splits.extend(f, f"grown_{name}")
        for name, recipe in recipes().items():
            splits.create(f, name, recipe)
        fold = np.arange(N_ROWS) % 4
        parts = {"train": lambda number: fold > number, "test": lambda number: fold == number}
        masks = {f"{number}/{part}": of(number) for number in range(3) for part, of in parts.items()}
        splits.import_(f, "imported", masks)


def verify(path: Path) -> bool:
    """Make every split of the file again, step by step where it grew; say and return whether all are so."""
    found = splits.verify_all(path)
    print("\n".join(map(str, found)))
    wanted = {*recipes(), *(f"grown_{name}" for name in GROWING), "imported"}
    return set(splits.list(path)) == wanted and len(found) == len(wanted) and all(found)


def compare(path: Path, other: Path) -> bool:
    """Say and return whether both files hold the same codes; k-means, which is floats, does not count."""
    names = [name for name in splits.list(path) if name != "clustered"]
    differ = [
        name
        for name in names
        if not np.array_equal(splits.load(path, name).codes, splits.load(other, name).codes)
    ]
    print(f"{len(names)} splits compared; different: {', '.join(differ) or 'none'}")
    return bool(names) and not differ


def main(do: str, *paths: str) -> int:
    """Do what the command line asks for."""
    print(f"numpy {np.__version__}, scipy {scipy.__version__}, h5torch {h5torch.__version__}: {do}")
    if do == "write":
        write(*map(Path, paths))
        return 0
    checks: dict[str, Callable[..., bool]] = {"verify": verify, "compare": compare}
    return 0 if checks[do](*map(Path, paths)) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
