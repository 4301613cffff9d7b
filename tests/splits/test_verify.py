"""Splits recomputed and compared, renamed, looked at."""

import json

import h5py
import numpy as np
import pytest
from sklearn.model_selection import KFold

import h5torch
import splits
from h5torch.errors import ArgumentTypeError, FormatError, ReadOnlyError, RegisterError, UnknownNameError
from tests.splits.stored import RECIPES, N, register


@pytest.fixture
def path(tmp_path):
    with h5torch.File(tmp_path / "cells.h5t", "w") as f:
        register(f)
        for name, recipe in RECIPES.items():
            splits.create(f, name, recipe)
    return tmp_path / "cells.h5t"


def replace_column(path, key, values):
    with h5py.File(path, "a") as f:
        f[key][...] = values


def replace_codes(path, name, change):
    with h5py.File(path, "a") as f:
        codes = f[f"splits/{name}/codes"]
        values = codes[...]
        change(values)
        codes[...] = values


def swap(codes):
    """Exchange the codes of two rows, in the last array of folds."""
    last = np.atleast_2d(codes)[-1]
    rows = np.flatnonzero(last != 255)
    other = rows[np.argmax(last[rows] != last[rows[0]])]
    last[[rows[0], other]] = last[[other, rows[0]]]


@pytest.mark.parametrize("name", RECIPES)
def test_what_nobody_touched_is_identical(path, name):
    found = splits.verify(path, name)

    assert found
    assert (found.verdict, found.changed) == ("identical", ())
    assert str(found).startswith(f"{name}: identical; 120 rows lie where the recipe puts them")


def test_all_splits_of_a_file_are_verified_together(path):
    with h5torch.File(path) as f:
        assert [one.name for one in splits.verify_all(f)] == sorted(RECIPES)
    assert all(splits.verify_all(path))


@pytest.mark.parametrize(
    ("key", "changed"),
    [("0/donor", {"donors", "cv"}), ("0/type", {"classes", "donors"}), ("central", set())],
)
def test_a_changed_column_is_named_by_the_splits_it_decided(path, key, changed):
    replace_column(path, key, b"b" if key == "0/type" else 1)

    for name in RECIPES:
        found = splits.verify(path, name)
        assert found.verdict == ("inputs changed" if name in changed else "identical")
        assert found.changed == ((key,) if name in changed else ())
    if changed:
        assert f"'{key}' holds other values than when the split was made" in str(
            splits.verify(path, "donors")
        )


def test_a_split_that_cannot_be_verified_hides_no_other(path):
    with h5py.File(path, "a") as f:
        del f["splits/cv/recipe"]
    found = {one.name: one for one in splits.verify_all(path)}

    assert found["cv"].verdict == "not verifiable"
    assert "must be one UTF-8 text" in found["cv"].reason
    assert [name for name, one in found.items() if one] == sorted({*RECIPES} - {"cv"})


def test_a_column_that_is_gone_is_named(path):
    with h5py.File(path, "a") as f:
        del f["0/donor"]

    assert str(splits.verify(path, "donors")) == "donors: inputs changed; the file lacks '0/donor'"


@pytest.mark.parametrize("name", RECIPES)
def test_codes_that_were_altered_are_noticed(path, name):
    replace_codes(path, name, swap)
    found = splits.verify(path, name)

    assert found.verdict == "codes altered"
    assert "the codes have fingerprint" in found.reason
    with pytest.raises(FormatError, match="the codes have fingerprint .* create it again"):
        splits.load(path, name)


def test_codes_altered_together_with_their_fingerprint_are_noticed(path):
    told = splits.load(path, "classes").provenance.fingerprint
    replace_codes(path, "classes", swap)
    found = splits.verify(path, "classes").reason.split()[4].rstrip(",")
    with h5py.File(path, "a") as f:
        text = f["splits/classes/provenance"][()].decode().replace(told, found)
        del f["splits/classes/provenance"]
        f["splits/classes/provenance"] = text

    assert splits.verify(path, "classes").verdict == "codes altered"
    assert "are not where the recipe puts them" in splits.verify(path, "classes").reason


def test_where_another_library_computed_a_split_it_is_named(path):
    splits.create(path, "sk", splits.FromSklearn(KFold(3, shuffle=True, random_state=0)))
    assert splits.verify(path, "sk")
    replace_codes(path, "sk", swap)
    told = splits.verify(path, "sk").reason.split()
    with h5py.File(path, "a") as f:
        text = f["splits/sk/provenance"][()].decode()
        stored = json.loads(text)
        stored["fingerprint"], stored["versions"]["scikit-learn"] = told[4].rstrip(","), "0.1"
        del f["splits/sk/provenance"]
        f["splits/sk/provenance"] = json.dumps(stored, sort_keys=True)

    assert "computed with scikit-learn 0.1, here is" in splits.verify(path, "sk").reason


def test_a_recipe_used_in_another_file_finds_its_clusters_there(path, tmp_path):
    clustered = splits.Clustered(
        features="central", method="kmeans", n_clusters=20, parts={"a": 0.5, "b": 0.5}, seed=0
    )
    made = splits.create(path, "clusters", clustered)
    with h5torch.File(tmp_path / "other.h5t", "w") as f:
        f.register(np.arange(N)[::-1, None] * np.ones((1, 2)) ** 2, "central")
        other = splits.create(f, "clusters", splits.load(path, "clusters").recipe)
        fresh = splits.create(f, "fresh", clustered)

    assert made.recipe.clusters is not None
    assert other.recipe == fresh.recipe
    assert other.provenance == fresh.provenance
    assert splits.verify(path, "clusters")


def test_a_snapshot_cannot_be_verified(path):
    with (
        h5torch.File(path) as f,
        pytest.raises(ArgumentTypeError, match="splits.verify needs an h5torch.File"),
    ):
        splits.verify(f.to_dict(), "random")


def test_a_split_can_be_renamed(path):
    before = splits.load(path, "cv")
    splits.rename(path, "cv", "folds é")

    assert "cv" not in splits.list(path)
    after = splits.load(path, "folds é")
    assert np.array_equal(after.codes, before.codes)
    assert after.provenance == before.provenance
    assert splits.verify(path, "folds é")
    for new, error, text in [
        ("random", RegisterError, "/splits/random exists in .*delete it first"),
        ("a/b", RegisterError, 'holds "/"'),
        (".x", RegisterError, "unfinished write"),
    ]:
        with pytest.raises(error, match=text):
            splits.rename(path, "folds é", new)
    with pytest.raises(UnknownNameError, match="has no split 'cv'"):
        splits.rename(path, "cv", "other")
    with h5torch.File(path) as f, pytest.raises(ReadOnlyError):
        splits.rename(f, "random", "other")


def test_masks_and_indices_come_by_name(path):
    made = splits.load(path, "random")

    assert np.array_equal(splits.mask(path, "random", "test"), made.codes == 1)
    assert np.array_equal(splits.indices(path, "random", "test"), made.rows("test"))
    assert np.array_equal(splits.mask(path, "cv/4", "test"), splits.load(path, "cv").mask("4/test"))
    assert np.array_equal(splits.mask(path, "deep/2/1", "val"), splits.load(path, "deep").mask("2/1/val"))
    with h5torch.File(path) as f:
        assert splits.mask(f.to_dict(), "random", "train").sum() == 60
    with pytest.raises(UnknownNameError, match="no part 'tset'; did you mean 'test'"):
        splits.mask(path, "random", "tset")


def test_folds_are_looped_over(path):
    drawn = [h5torch.Dataset(path, split=f"{fold.name}/test").indices for fold in splits.folds(path, "cv")]

    assert len(drawn) == splits.load(path, "cv").n_folds == 6
    assert sorted(np.concatenate(drawn[:3]).tolist()) == list(range(N))
    assert [fold.name for fold in splits.folds(path, "deep/1")] == ["deep/1/0", "deep/1/1"]
    with pytest.raises(splits.SplitError, match="split 'random' has parts 'train', 'test' and no folds"):
        splits.folds(path, "random")
    with pytest.raises(UnknownNameError, match="and no folds"):
        splits.load(path, "random").folds()


def test_folds_are_described_a_line_each(path):
    with h5torch.File(path) as f:
        labels = f.column("0/type")
    lines = splits.describe(path, "deep", labels).splitlines()

    assert lines[0].startswith("<Split 'deep' of axis 0: 3 folds of train, test; random; ")
    assert lines[1].split() == ["fold", "train", "test", "a", "b", "c"]
    assert [line.split()[:3] for line in lines[2:]] == [[str(i), "80", "40"] for i in range(3)]
    shares = [float(share.rstrip("%")) for share in lines[2].split()[3:]]
    assert sum(shares) == pytest.approx(100, abs=0.1)


def test_elements_and_other_axes_see_columns_through_their_index(tmp_path):
    with h5torch.File(tmp_path / "matrix.h5t", "w") as f:
        f.register(np.arange(12.0).reshape(4, 3), "central")
        f.register(np.array(["x", "y", "x", "y"]), 0, name="family")
        f.register(np.arange(3), 1, name="target")
        parts = {"train": 0.5, "test": 0.5}
        cold = splits.create(f, "cold", splits.Grouped(by="coo/0/family", parts=parts, seed=0))
        warm = splits.create(f, "warm", splits.Random(axis="coo", parts=parts, seed=0))
        rated = splits.create(f, "rated", splits.Stratified(by="coo/central", bins=2, parts=parts, seed=0))
        rows = splits.create(
            f, "rows", splits.Random(axis="coo", groups="coo/1", parts={"a": 2 / 3, "b": 1 / 3}, seed=0)
        )

    assert {len(np.unique(cold.codes[family])) for family in ([0, 1, 2, 6, 7, 8], [3, 4, 5, 9, 10, 11])} == {
        1
    }
    assert warm.axis == "coo"
    assert warm.table.counts == {"train": 6, "test": 6}
    assert np.bincount(rated.codes[:6]).tolist() == [3, 3]
    assert (rows.codes.reshape(4, 3) == rows.codes[:3]).all()
    assert len(h5torch.Dataset(tmp_path / "matrix.h5t", "coo", split="cold/test")) == 6
    assert all(splits.verify_all(tmp_path / "matrix.h5t"))
