"""Where an export may be written, and what it never replaces."""

import os

import h5py
import numpy as np
import pytest

import h5torch
import splits
from h5torch.errors import ArgumentTypeError, FormatError, RegisterError, StorageError
from splits.interchange import export

N_ROWS = 20


@pytest.fixture
def path(tmp_path):
    with h5torch.File(tmp_path / "cells.csv", "w") as file:
        file.register(np.zeros((N_ROWS, 2)), "central")
        splits.create(file, "main", splits.Random(parts={"train": 0.5, "test": 0.5}, seed=0))
        splits.create(file, "cv", splits.Random(folds=4, seed=0))
    return tmp_path / "cells.csv"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("as_link", [False, True])
@pytest.mark.parametrize("target", ["cells.csv", "./cells.csv", "cells.json", "link.csv", "hard.csv"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_the_file_that_holds_the_split_is_never_replaced(path, monkeypatch, target, overwrite, as_link):
    """Of `cells.json` the table beside it would lie there."""
    monkeypatch.chdir(path.parent)
    (path.parent / "link.csv").symlink_to(path)
    (path.parent / "hard.csv").hardlink_to(path)
    source = path.parent / "link.csv" if as_link else path
    before = path.read_bytes()

    with pytest.raises(RegisterError, match="is the file that holds the split, and would be lost"):
        export(source, "main", target, overwrite=overwrite)
    with (
        h5torch.File(source) as file,
        pytest.raises(RegisterError, match="is the file that holds the split, and would be lost"),
    ):
        export(file, "main", target, overwrite=overwrite)
    assert path.read_bytes() == before
    assert names(path.parent) == ["cells.csv", "hard.csv", "link.csv"]


def test_only_files_are_replaced(path, tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()

    with pytest.raises(
        RegisterError, match=r"pipe.csv: is a pipe, which no file may replace; choose another"
    ):
        export(path, "main", tmp_path / "pipe.csv", overwrite=True)
    with pytest.raises(RegisterError, match=r"folder.csv: is a folder, which no file may replace; choose"):
        export(path, "main", tmp_path / "folder.csv", overwrite=True)
    with pytest.raises(RegisterError, match=r"pipe.csv: is a pipe"):
        export(path, "main", tmp_path / "pipe.json", overwrite=True)
    assert (tmp_path / "pipe.csv").is_fifo()
    assert names(tmp_path) == ["cells.csv", "folder.csv", "pipe.csv"]


def test_a_document_and_its_table_must_have_two_names(path, tmp_path):
    with pytest.raises(RegisterError, match="two files would be called so; give the document another suffix"):
        export(path, "main", tmp_path / "x.csv", format="croissant")
    assert names(tmp_path) == ["cells.csv"]


@pytest.mark.parametrize("target", [5, b"x.csv", ["x.csv"]])
def test_a_target_must_be_a_path_of_text(path, target):
    with pytest.raises(ArgumentTypeError, match="the target must be a path, str or pathlib.Path, got"):
        export(path, "main", target, format="csv")


@pytest.mark.parametrize(("target", "told"), [("a\0.csv", "a NUL"), ("\ud800.csv", "half a character")])
def test_a_target_that_no_path_can_be_is_refused(path, target, told):
    with pytest.raises(ArgumentTypeError, match=f"is no path: it holds {told}"):
        export(path, "main", target)


def test_what_the_file_system_refuses_is_told_without_names_of_drafts(path, tmp_path):
    with pytest.raises(StorageError, match="aaa.*: cannot be looked at .File name too long.$") as caught:
        export(path, "main", tmp_path / ("a" * 300 + ".csv"))
    assert "h5torch-export" not in str(caught.value)
    with pytest.raises(RegisterError, match="cells.csv/x.csv: there is no such folder"):
        export(path, "main", path / "x.csv")
    assert names(tmp_path) == ["cells.csv"]


@pytest.mark.parametrize("name", ["main", "cv", "cv/2"])
@pytest.mark.parametrize("target", ["x.csv", "x.npz", "x.json", None])
def test_codes_that_were_altered_are_not_exported(path, tmp_path, name, target):
    with h5py.File(path, "r+") as file:
        codes = file[f"splits/{name.split('/')[0]}/codes"]
        codes[..., 3] = (codes[..., 3] + 1) % 2

    told = (
        rf"/splits/{name.split('/')[0]}: the codes have fingerprint .*, not .* as recorded; create it again"
    )
    with pytest.raises(FormatError, match=told):
        export(path, name, target and tmp_path / target, format=None if target else "masks")
    assert names(tmp_path) == ["cells.csv"]


def test_a_split_of_an_unknown_recipe_is_exported_as_long_as_its_fingerprint_is_there(path):
    masks = export(path, "main", format="masks")
    with h5py.File(path, "r+") as file:
        recipe, story = file["splits/main/recipe"], file["splits/main/provenance"]
        text = recipe[()].decode().replace("random", "of-elsewhere")
        del file["splits/main/recipe"]
        file["splits/main/recipe"] = text
        old = story[()].decode()
    found = export(path, "main", format="masks")

    assert all(np.array_equal(found[part], masks[part]) for part in ("train", "test"))
    with h5py.File(path, "r+") as file:
        del file["splits/main/provenance"]
        file["splits/main/provenance"] = old.replace('"fingerprint"', '"finger"')
    with pytest.raises(FormatError, match="the codes have fingerprint .*, and none is recorded; create it"):
        export(path, "main", format="masks")
