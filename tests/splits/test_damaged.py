"""Splits in files that were damaged, or made to harm: an error that names the place, and nothing else."""

import json

import h5py
import numpy as np
import pytest

import h5torch
import splits
from h5torch.errors import FormatError, H5torchError, UnknownNameError
from tests.splits.stored import RECIPES, N, register


@pytest.fixture
def path(tmp_path):
    with h5torch.File(tmp_path / "cells.h5t", "w") as f:
        register(f)
        for name in ("random", "cv", "deep"):
            splits.create(f, name, RECIPES[name])
        splits.create(f, "kept", splits.Predefined.from_masks({"a": np.arange(N) < 9}))
    return tmp_path / "cells.h5t"


def replace(group, name, **how):
    del group[name]
    group.create_dataset(name, **how)


def set_provenance(group, **changes):
    told = json.loads(group["provenance"][()])
    told.update(changes)
    del group["provenance"]
    group["provenance"] = json.dumps(told)


def link(group, name, target):
    del group[name]
    group[name] = target


def first_kept(group):
    return next(iter(group["kept"]))


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("random", lambda g: g.attrs.__setitem__("version", [1, 1])),
        ("random", lambda g: g.attrs.__setitem__("version", "one")),
        ("random", lambda g: g.attrs.__setitem__("version", h5py.Empty("i8"))),
        ("cv", lambda g: g.attrs.__setitem__("n_folds", "three")),
        ("cv", lambda g: g.attrs.__setitem__("n_folds", np.nan)),
        ("cv", lambda g: g.attrs.__setitem__("n_folds", [[3]])),
        ("cv", lambda g: g.attrs.__setitem__("folds", 3)),
        ("deep", lambda g: g.attrs.__setitem__("roles", [1, 2, 3, 4])),
        ("random", lambda g: replace(g, "provenance", data="[]")),
        ("random", lambda g: replace(g, "provenance", data="null")),
        ("random", lambda g: replace(g, "provenance", data=3)),
        ("random", lambda g: set_provenance(g, rows=[])),
        ("random", lambda g: set_provenance(g, rows=[-1])),
        ("random", lambda g: set_provenance(g, rows=[60, 60])),
        ("random", lambda g: set_provenance(g, rows=[N + 1])),
        ("random", lambda g: set_provenance(g, rows=[N - 1])),
        ("random", lambda g: set_provenance(g, left_out=-1)),
        ("random", lambda g: set_provenance(g, counts={"train": -5, "test": 30})),
        ("random", lambda g: link(g, "codes", h5py.SoftLink("/nowhere"))),
        ("random", lambda g: link(g, "recipe", h5py.ExternalLink("absent.h5", "/x"))),
        ("random", lambda g: link(g, "provenance", h5py.SoftLink(f"{g.name}/provenance"))),
        ("random", lambda g: replace(g, "codes", shape=(2**40,), chunks=(1024,), dtype=g["codes"].dtype)),
        ("cv", lambda g: replace(g, "codes", shape=(2, 2, N), dtype=g["codes"].dtype)),
        ("kept", lambda g: link(g["kept"], first_kept(g), h5py.SoftLink("/nowhere"))),
        ("kept", lambda g: replace(g["kept"], first_kept(g), shape=(2**40,), chunks=(1024,), dtype="u1")),
        ("kept", lambda g: replace(g["kept"], first_kept(g), data=h5py.Empty("u1"))),
        ("kept", lambda g: replace(g["kept"], first_kept(g), data=["a"])),
        ("kept", lambda g: replace(g["kept"], first_kept(g), data=np.ones(N, np.uint8))),
    ],
)
def test_damage_is_an_error_that_names_the_split(path, name, damage):
    with h5py.File(path, "a") as f:
        damage(f[f"splits/{name}"])

    with pytest.raises(FormatError, match=f"/splits/{name}"):
        splits.load(path, name)
    found = {one.name: one for one in splits.verify_all(path)}
    assert not found[name]
    assert all(one for other, one in found.items() if other != name)


def test_what_a_recipe_does_not_name_is_not_read(path):
    with h5py.File(path, "a") as f:
        f["splits/kept"]["kept"].create_dataset("extra", shape=(2**40,), chunks=(1024,), dtype="u1")
        f["splits/dead"] = h5py.SoftLink("/nowhere")

    assert splits.verify(path, "kept")
    assert splits.list(path) == ["cv", "deep", "kept", "random"]


@pytest.mark.parametrize(
    "recipe",
    [
        {"recipe": "random", "version": 1, "seed": 0, "axis": 0, "folds": {"recipe": "nested", "version": 1}},
        {"recipe": "random", "version": 1, "seed": 0, "axis": 0, "folds": {"recipe": "random", "version": 1}},
        {"recipe": "k_fold", "version": 1, "folds": 3},
        {"recipe": "custom", "version": 1, "name": "os.system", "parts": ["a", "b"], "seed": 0},
        {"recipe": "random", "version": 1, "seed": 2**70, "axis": 0, "parts": [["train", 0.5]]},
        {"recipe": "grouped", "version": 1, "seed": 0, "by": "0/\ud800", "parts": [["train", 0.5]]},
    ],
)
def test_a_recipe_that_was_tampered_with_is_refused(path, recipe):
    with h5py.File(path, "a") as f:
        replace(f["splits/random"], "recipe", data=json.dumps(recipe))

    with pytest.raises(H5torchError, match="recipe|folds|seed|column"):
        splits.verify(path, "random")
    assert len(h5torch.Dataset(path, split="random/train")) == 60


def test_a_stored_number_of_repeats_takes_no_memory(path):
    with h5py.File(path, "a") as f:
        text = json.loads(f["splits/cv/recipe"][()])
        text["folds"]["repeats"] = 10**12
        replace(f["splits/cv"], "recipe", data=json.dumps(text))

    with pytest.raises(splits.SplitError, match="repeats of 120 rows are too many to store"):
        splits.verify(path, "cv")


def test_names_that_are_no_names_are_refused(path):
    for name, error in [
        ("cv/1/1", UnknownNameError),
        ("cv/" + "9" * 5000, UnknownNameError),
        (None, TypeError),
    ]:
        with pytest.raises(error):
            splits.folds(path, name)
        with pytest.raises(error):
            splits.mask(path, name, "train")


def test_an_interrupted_overwrite_leaves_the_old_split_or_the_new_one(path, monkeypatch):
    move, moves = h5py.Group.move, []
    before = splits.load(path, "random").provenance.fingerprint
    new = splits.Random(parts={"a": 1.0}, seed=1)

    def interrupted(group, source, target):
        move(group, source, target)
        moves.append(target)
        if len(moves) == stop:
            raise KeyboardInterrupt

    monkeypatch.setattr(h5py.Group, "move", interrupted)
    for stop, parts in [(1, ("train", "test")), (2, ("a",))]:
        moves.clear()
        with pytest.raises(KeyboardInterrupt):
            splits.create(path, "random", new, overwrite=True)
        assert splits.load(path, "random").parts == parts
        with h5py.File(path) as f:
            assert not [name for name in f["splits"] if name.startswith(".")]
        if stop == 1:
            assert splits.load(path, "random").provenance.fingerprint == before
