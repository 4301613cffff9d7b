"""Splits exported as masks, archives of masks, and scikit-learn's PredefinedSplit."""

import attrs
import numpy as np
import pytest
from sklearn.model_selection import PredefinedSplit

import h5torch
import splits
from splits.interchange import export

N_ROWS = 60


@pytest.fixture
def f(tmp_path):
    with h5torch.File(tmp_path / "cells.h5t", "w") as file:
        file.register(np.zeros((N_ROWS, 2)), "central")
        splits.create(file, "main", splits.Random(parts={"train": 0.6, "file": 0.2, "ö": 0.1}, seed=0))
        splits.create(file, "two", splits.Random(parts={"train": 0.75, "val": 0.25}, seed=0))
        splits.create(file, "cv", splits.Random(folds=splits.RepeatedKFold(4, 2), seed=0))
        splits.create(file, "nested", splits.Random(folds=splits.Nested(3, 2), seed=0))
        splits.create(file, "beside", splits.Random(parts={"train": 0.8, "test": 0.2}, folds=4, seed=0))
        yield file


def test_masks_are_disjoint_and_cover_all_rows_but_those_left_out(f):
    masks = export(f, "main", format="masks")

    assert list(masks) == ["train", "file", "ö"]
    assert all(mask.dtype == np.bool_ and mask.shape == (N_ROWS,) for mask in masks.values())
    assert (sum(mask.astype(int) for mask in masks.values()) <= 1).all()
    assert N_ROWS - sum(mask.sum() for mask in masks.values()) == splits.load(f, "main").table.n_left_out > 0


def test_masks_of_folds_are_called_by_fold_and_part(f):
    masks = export(f, "nested", format="masks")

    assert list(masks)[:7] == ["0/train", "0/test", "0/0/train", "0/0/val", "0/1/train", "0/1/val", "1/train"]
    assert np.array_equal(masks["2/0/train"] | masks["2/0/val"], masks["2/train"])
    assert (masks["0/test"].astype(int) + masks["1/test"] + masks["2/test"] == 1).all()


def test_numpy_reads_an_archive_without_pickle_whatever_parts_are_called(f, tmp_path):
    path = export(f, "main", tmp_path / "split.npz")

    with np.load(path, allow_pickle=False) as archive:
        found = {name: archive[name] for name in archive}
    assert list(found) == ["train", "file", "ö"]
    assert all(np.array_equal(found[name], mask) for name, mask in export(f, "main", format="masks").items())


def test_the_same_split_gives_the_same_bytes(f, tmp_path):
    paths = [export(f, "cv", tmp_path / name) for name in ("a.npz", "b.npz")]

    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_two_parts_become_a_predefined_split_with_one_fold(f):
    found = export(f, "two", format="sklearn")
    ((train, test),) = found.split()

    assert isinstance(found, PredefinedSplit)
    assert np.array_equal(train, splits.indices(f, "two", "train"))
    assert np.array_equal(test, splits.indices(f, "two", "val"))


def test_folds_become_a_predefined_split_a_repeat(f):
    found = export(f, "cv", format="sklearn")
    folds = [pair for repeat in found for pair in repeat.split()]

    assert len(found) == 2
    assert len(folds) == 8
    for (train, test), fold in zip(folds, splits.folds(f, "cv"), strict=True):
        assert np.array_equal(train, fold.rows("train"))
        assert np.array_equal(test, fold.rows("test"))


def test_what_predefined_split_would_tell_wrongly_is_refused_and_told_how_to_give(f):
    with pytest.raises(splits.SplitError, match="has parts 'train', 'file', 'ö'"):
        export(f, "main", format="sklearn")
    with pytest.raises(
        splits.SplitError, match=r"inner folds; .* cv=\[\(fold.rows\('train'\), fold.rows\('test'\)\) for"
    ):
        export(f, "nested", format="sklearn")
    with pytest.raises(splits.SplitError, match="fold 0: has parts 'train', 'val', 'test'"):
        export(f, "beside", format="sklearn")

    splits.create(f, "rest", splits.Random(parts={"train": 0.5, "test": 0.3}, seed=0))
    with pytest.raises(splits.SplitError, match="leaves out 12 rows, which PredefinedSplit would train on"):
        export(f, "rest", format="sklearn")


def test_listed_folds_that_share_or_lack_rows_are_refused(f):
    table = splits.load(f, "cv").table
    listed = attrs.evolve(table, scheme="listed", n_folds=(2,), codes=np.zeros((2, N_ROWS), np.uint8))
    codes = listed.codes.copy()
    codes[:, 3] = 1
    tested_in = splits.interchange.predefined_split.tested_in

    with pytest.raises(splits.SplitError, match="folds 0 and 1 both test on row 3"):
        tested_in(attrs.evolve(listed, codes=codes))
    with pytest.raises(splits.SplitError, match="fold 0: no row is in 'test'"):
        tested_in(listed)
    codes[0, 3] = 0
    codes[0, 5] = 1
    assert tested_in(attrs.evolve(listed, codes=codes))[0][:7].tolist() == [-1, -1, -1, 1, -1, 0, -1]


@pytest.mark.parametrize(
    ("target", "options", "told"),
    [
        (None, {}, "no target does not say a format; give one of 'csv'"),
        (
            None,
            {"format": "npz"},
            r"format='npz' is a file; give its path, as in export\(f, name, 'split.npz'\)",
        ),
        ("split.parquet", {}, "the suffix of 'split.parquet' does not say a format"),
        ("split.csv", {"format": "cvs"}, "format='cvs': give one of"),
        ("split.npz", {"format": "masks"}, "format='masks' gives arrays and writes no file"),
        ("split.npz", {"ids": "0/id"}, "tells rows by their place and has no use for ids='0/id'"),
        ("split.csv", {"about": {"license": "MIT"}}, "format='csv' has no place for about="),
    ],
)
def test_arguments_that_mean_nothing_together_are_refused(f, tmp_path, target, options, told):
    before = sorted(tmp_path.iterdir())

    with pytest.raises(splits.SplitError, match=told):
        export(f, "main", target and tmp_path / target, **options)
    assert sorted(tmp_path.iterdir()) == before
