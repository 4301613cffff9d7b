"""Who splits: h5torch, and beside it scikit-learn or iterative-stratification, as their pages say."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

import splits
from benchmarks.splitting.works import FOLDS, PARTS, Array, Family, Work

Columns: TypeAlias = Mapping[str, Array]

PEERS: Mapping[Family, str] = {
    "stratified": "scikit-learn",
    "multilabel": "iterative-stratification",
    "grouped": "scikit-learn",
}


def ours(work: Work, columns: Columns, seed: int) -> Array:
    """Split with h5torch: the part, or the fold, of each row."""
    by = tuple(key for key in columns if key != "0/g")
    into: dict[str, Any] = {"folds": FOLDS} if work.into == "folds" else {"parts": PARTS}
    if work.family != "stratified":  # the others refuse nothing here either
        into["rare"] = "keep"
    if work.family == "grouped":
        into |= {"groups": "0/g", "oversized": "accept"}
    return splits.Stratified(by=by, seed=seed, **into).codes(columns, work.n_rows)


def theirs(work: Work, columns: Columns, seed: int) -> list[Array]:
    """Split with the other library: the rows of each part, or those that each fold holds out."""
    return _THEIRS[work.family](work, columns, seed)


def _train_test_split(work: Work, columns: Columns, seed: int) -> list[Array]:
    split = importlib.import_module("sklearn.model_selection").train_test_split
    labels = columns["0/y"]
    if work.labels == "pair":
        labels = np.column_stack([columns["0/y"], columns["0/z"]])
    elif work.labels == "pair made one":
        labels = columns["0/y"] * 10 + columns["0/z"]
    rows = np.arange(work.n_rows)
    train, rest, _, rest_labels = split(rows, labels, test_size=0.2, stratify=labels, random_state=seed)
    val, test = split(rest, test_size=0.5, stratify=rest_labels, random_state=seed)
    return [train, val, test]


def _iterative(work: Work, columns: Columns, seed: int) -> list[Array]:
    stratifiers = importlib.import_module("iterstrat.ml_stratifiers")
    labels = columns["0/y"]
    if work.into == "folds":
        folds = stratifiers.MultilabelStratifiedKFold(n_splits=FOLDS, shuffle=True, random_state=seed)
        return [held_out for _train, held_out in folds.split(labels, labels)]
    shuffle_split = stratifiers.MultilabelStratifiedShuffleSplit
    first = shuffle_split(n_splits=1, test_size=0.2, random_state=seed)
    train, rest = next(first.split(labels, labels))
    second = shuffle_split(n_splits=1, test_size=0.5, random_state=seed)
    val, test = next(second.split(labels[rest], labels[rest]))
    return [train, rest[val], rest[test]]


def _stratified_group_k_fold(_: Work, columns: Columns, seed: int) -> list[Array]:
    k_fold = importlib.import_module("sklearn.model_selection").StratifiedGroupKFold
    folds = k_fold(n_splits=FOLDS, shuffle=True, random_state=seed)
    labels = columns["0/y"]
    return [held_out for _train, held_out in folds.split(labels, labels, columns["0/g"])]


_THEIRS: Mapping[Family, Callable[[Work, Columns, int], list[Array]]] = {
    "stratified": _train_test_split,
    "multilabel": _iterative,
    "grouped": _stratified_group_k_fold,
}

SIDES: Mapping[str, Callable[[Work, Columns, int], Array | list[Array]]] = {"ours": ours, "theirs": theirs}


def codes_of(found: Array | list[Array], n_rows: int) -> Array:
    """Return the part, or fold, of each row, whoever found it.

    Raises:
        ValueError: a row is in no part, in two, or a group of rows is missing.
    """
    if isinstance(found, np.ndarray):
        return found.reshape(-1).astype(np.int64)
    codes = np.full(n_rows, -1)
    for part, rows in enumerate(found):
        codes[rows] = part
    if sum(map(len, found)) != n_rows or (codes < 0).any():
        msg = f"parts of {[len(rows) for rows in found]} rows do not cover {n_rows} rows once"
        raise ValueError(msg)
    return codes
