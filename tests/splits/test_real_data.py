"""Real data: the digits of fourteen sheets of handwriting, tables, and as many rows as covertype has."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine

import h5torch
import splits
from h5torch.keyed import Permutation, derive, hash_rows
from splits.plot import class_shares
from tests.splits.audited import found as findings
from tests.splits.audited import of_kind, sheets, store

PARTS = {"train": 0.7, "val": 0.15, "test": 0.15}
COVERTYPE_ROWS = 581_012


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
    assert findings(report) == [("leak", "groups", "0/sheet")]


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


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Store as many rows as covertype has, split by groups.

    Each row is an image of a digit, cut to the 54 columns of covertype and marked with its number; copies of
    an image are a group.
    """
    path = tmp_path_factory.mktemp("large") / "large.h5t"
    images = load_digits()
    drawn = Permutation(n_rows=COVERTYPE_ROWS, key=derive(0, "covertype")).rows(np.arange(COVERTYPE_ROWS))
    image = drawn % len(images.target)
    rows = images.data[:, 5:59].astype(np.float32)[image]
    rows[:, :2] += np.stack(np.divmod(np.arange(COVERTYPE_ROWS), 1000), axis=1) / 64
    with h5torch.File(path, "w") as f:
        f.register(images.target[image], "central")
        f.register(image, 0, name="image")
        recipe = splits.Stratified(by="central", groups="0/image", parts=PARTS, seed=0)
        codes = splits.create(f, "main", recipe).codes
    return path, rows, image, codes


def test_as_many_rows_as_covertype_are_split_in_groups_and_verified(large):
    path, _, image, codes = large

    assert splits.verify(path, "main")
    counts = np.bincount(codes)
    assert np.abs(counts - COVERTYPE_ROWS * np.array([*PARTS.values()])).max() < np.bincount(image).max()


@pytest.mark.parametrize("planted", [False, True])
def test_one_equal_pair_one_group_and_one_drift_are_found_among_as_many_rows(large, tmp_path, planted):
    _, rows, image, codes = large
    rows, image = rows.copy(), image.copy()
    dose = hash_rows(np.arange(COVERTYPE_ROWS), key=7).astype(np.float64)
    train, test = (int(np.flatnonzero(codes == code)[9]) for code in (0, 2))
    if planted:
        rows[test] = rows[train]
        image[test] = image[train]
        dose[codes == 2] *= 0.8
    path = store(
        tmp_path / "large.h5t", {"central": rows, "0/image": image, "0/dose": dose}, codes, parts=tuple(PARTS)
    )
    report = splits.audit(path, "main", groups="0/image", sample=1000, against=10_000)

    leaks = [("leak", "duplicates", "central"), ("leak", "groups", "0/image")]
    assert [one for one in findings(report) if one[0] != "note"] == (
        [*leaks, ("warning", "spread", "0/dose")] if planted else []
    )
    (check,) = of_kind(report, "duplicates")
    pairs = [{place.row for place in places} for places in check.found.examples]
    assert pairs == ([{train, test}] if planted else [])
