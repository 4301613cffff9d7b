"""Real data: the digits of fourteen sheets of handwriting, tables, and as many rows as covertype has."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine

import h5torch
import splits
from h5torch.keyed import Permutation, derive
from splits.plot import class_shares

PARTS = {"train": 0.7, "val": 0.15, "test": 0.15}
COVERTYPE_ROWS = 581_012


def sheets(labels):
    """Find which sheet each digit was written on.

    People wrote the ten digits in order, over and over at the beginning of a sheet: the labels show it.
    """
    counting = np.arange(14) % 10
    starts = [row for row in range(len(labels) - 14) if np.array_equal(labels[row : row + 14], counting)]
    first = [row for row in starts if row - 10 not in starts]
    return np.searchsorted(first, np.arange(len(labels)), side="right") - 1


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    path = tmp_path_factory.mktemp("digits") / "digits.h5t"
    found = load_digits()
    with h5torch.File(path, "w") as f:
        f.register(found.data.astype(np.float32), "central")
        f.register(np.array([f"digit {label}" for label in found.target]), 0, name="digit")
        f.register(sheets(found.target), 0, name="sheet")
    return path


def test_the_digits_were_written_on_fourteen_sheets():
    sizes = np.bincount(sheets(load_digits().target))

    assert len(sizes) == 14
    assert 114 <= sizes.min() <= sizes.max() <= 139


def test_no_writer_is_in_two_folds_and_every_fold_has_all_digits(digits):
    recipe = splits.Stratified(by="0/digit", groups="0/sheet", folds=5, seed=0)
    made = splits.create(digits, "cv", recipe, overwrite=True)
    with h5torch.File(digits) as f:
        sheet, digit = f.column("0/sheet"), f.column("0/digit")

    for fold in made.folds():
        assert not set(sheet[fold.mask("train")]) & set(sheet[fold.mask("test")])
        assert set(digit[fold.mask("test")]) == set(digit)
    assert splits.audit(digits, "cv", groups="0/sheet").exit_code == 0


def test_a_split_by_rows_alone_is_found_to_leak_writers(digits):
    splits.create(digits, "rows", splits.Stratified(by="0/digit", parts=PARTS, seed=0), overwrite=True)

    assert splits.audit(digits, "rows").exit_code == 0
    report = splits.audit(digits, "rows", groups="0/sheet")
    assert report.exit_code == 3
    assert "0/sheet" in str(report)


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
def test_small_tables_keep_the_shares_of_their_classes(load, tmp_path):
    found = load()
    with h5torch.File(tmp_path / "table.h5t", "w") as f:
        f.register(found.data, "central")
        f.register(found.target_names[found.target], 0, name="class")
        made = splits.create(f, "main", splits.Stratified(by="0/class", parts=PARTS, seed=0))
        labels = f.column("0/class")

    whole = np.bincount(found.target) / len(found.target)
    for part in PARTS:
        share = np.bincount(found.target[made.mask(part)]) / made.mask(part).sum()
        assert np.abs(share - whole).max() < 1.5 / made.mask(part).sum()
    (axes,) = class_shares(made, labels).axes
    drawn = np.array([bar.get_width() for bar in axes.patches]).reshape(3, -1)
    assert drawn.sum(axis=1) == pytest.approx([1, 1, 1])
    assert np.sort(drawn.mean(axis=0)) == pytest.approx(np.sort(whole), abs=0.02)


def test_as_many_rows_as_covertype_are_split_in_groups_and_verified(tmp_path):
    """Each row is an image of a digit, cut to the 54 columns of covertype; copies of an image are a group."""
    images = load_digits()
    drawn = Permutation(n_rows=COVERTYPE_ROWS, key=derive(0, "covertype")).rows(np.arange(COVERTYPE_ROWS))
    image = drawn % len(images.target)
    with h5torch.File(tmp_path / "large.h5t", "w") as f:
        f.register(images.data[:, 5:59].astype(np.uint8)[image], "central")
        f.register(images.target[image], 0, name="class")
        f.register(image, 0, name="image")
        grouped = splits.Stratified(by="0/class", groups="0/image", parts=PARTS, seed=0)
        made = splits.create(f, "images", grouped)
        splits.create(f, "rows", splits.Stratified(by="0/class", parts=PARTS, seed=0))

    assert splits.verify(tmp_path / "large.h5t", "images")
    counts = np.array([*made.table.counts.values()])
    assert np.abs(counts - COVERTYPE_ROWS * np.array([*PARTS.values()])).max() < np.bincount(image).max()
    clean = splits.audit(tmp_path / "large.h5t", "images", features=())
    leaking = splits.audit(tmp_path / "large.h5t", "rows", features=())
    assert (clean.exit_code, leaking.exit_code) == (0, 3)
