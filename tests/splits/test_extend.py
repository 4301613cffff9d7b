"""Rows that come later: they get parts, and no other row moves."""

import h5py
import numpy as np
import pytest

import h5torch
import splits
from tests.splits.stored import RECIPES, N, register


@pytest.fixture
def growing(tmp_path):
    with h5torch.File(tmp_path / "cells.h5t", "w") as f:
        register(f, n_rows=N, length=N + 80)
        for name, recipe in RECIPES.items():
            splits.create(f, name, recipe)
    return tmp_path / "cells.h5t"


def grow(path, n_rows):
    with h5torch.File(path, "a") as f:
        first = f.schema.central.filled_to
        rows = np.arange(first, first + n_rows)
        f.append(rows[:, None] * np.ones((1, 2)), "central")
        f.append(np.array(["a", "b", "c"])[rows * 7 % 5 % 3], "0/type")
        f.append((rows - 2) // 4, "0/donor")


@pytest.mark.parametrize("name", RECIPES)
def test_rows_that_are_not_filled_in_yet_belong_to_no_part(growing, name):
    made = splits.load(growing, name)

    assert (made.codes[..., N:] == 255).all()
    assert made.provenance.rows == (N,)
    assert "not filled in 80" in repr(made)
    assert splits.verify(growing, name)


@pytest.mark.parametrize("name", RECIPES)
def test_extending_deals_the_new_rows_and_moves_no_old_one(growing, name):
    before = splits.load(growing, name)
    for n_rows, filled in [(30, 150), (50, 200)]:
        grow(growing, n_rows)
        assert splits.verify(growing, name), "rows that came since do not count"
        made = splits.extend(growing, name)

        assert np.array_equal(made.codes[..., :N], before.codes[..., :N])
        assert (made.codes[..., filled:] == 255).all()
        assert made == splits.load(growing, name)
        assert splits.verify(growing, name)
    assert made.provenance.rows == (N, 150, 200)
    if name == "classes":
        assert made.table.counts == {"train": 100, "test": 50}
    if name == "donors":
        with h5torch.File(growing) as f:
            donor = f.column("0/donor")
        assert all(len(np.unique(made.codes[donor == one])) == 1 for one in np.unique(donor))


def test_extending_without_new_rows_changes_nothing(growing):
    before = growing.read_bytes()

    assert splits.extend(growing, "random") == splits.load(growing, "random")
    assert growing.read_bytes() == before


def test_extending_after_old_rows_changed_is_refused(growing):
    grow(growing, 10)
    with h5py.File(growing, "a") as f:
        f["0/donor"][0] = 77

    with pytest.raises(splits.SplitError, match="of the 120 rows that it was made from, '0/donor' changed"):
        splits.extend(growing, "donors")
    assert splits.load(growing, "donors").provenance.rows == (N,)


def test_a_column_that_was_not_appended_to_is_an_error(growing):
    with h5torch.File(growing, "a") as f:
        f.append(np.zeros((5, 2)), "central")

    with pytest.raises(
        splits.SplitError, match="'0/type' has 120 rows filled in, there are 125 to deal; append"
    ):
        splits.extend(growing, "classes")


def test_an_axis_without_a_row_has_nothing_to_split(tmp_path):
    with h5torch.File(tmp_path / "a.h5t", "w") as f:
        f.register(np.empty((0, 2)), "central", length=5)
        with pytest.raises(splits.SplitError, match="2 parts need at least as many rows, there are 0"):
            splits.create(f, "main", RECIPES["random"])
        assert splits.list(f) == []
