"""Samplers in a file, and the loader that draws by them."""

import h5py
import numpy as np
import pytest
import torch

import h5torch
import samplers
from h5torch.errors import ArgumentTypeError, FormatError, ReadOnlyError, RegisterError, UnknownNameError
from samplers import SamplerError, Shuffled

N_ROWS = 50


@pytest.fixture
def path(tmp_path):
    with h5torch.File(tmp_path / "cells.h5t", "w") as f:
        f.register(np.arange(N_ROWS), "central")
        f.register(np.array([f"row {row}" for row in range(N_ROWS)]), 0, name="name")
        samplers.save(f, "main", Shuffled(seed=3))
    return tmp_path / "cells.h5t"


def drawn(loader):
    return [batch["central"].tolist() for batch in loader]


def test_a_sampler_is_read_back_from_path_file_and_snapshot(path):
    with h5torch.File(path) as f:
        assert samplers.load(f, "main") == samplers.load(f.to_dict(), "main") == Shuffled(seed=3)
        assert samplers.list(f) == samplers.list(f.to_dict()) == ["main"]
    assert samplers.load(path, "main") == Shuffled(seed=3)


def test_nothing_is_overwritten_unless_told(path):
    with pytest.raises(RegisterError, match=r"/samplers/main exists in .*; pass overwrite=True"):
        samplers.save(path, "main", Shuffled(seed=4))
    samplers.save(path, "main", Shuffled(seed=4), overwrite=True)
    assert samplers.load(path, "main") == Shuffled(seed=4)

    samplers.delete(path, "main")
    assert samplers.list(path) == []


def test_what_is_no_file_no_recipe_or_no_name_is_refused(path):
    stranger = {}
    with pytest.raises(ArgumentTypeError, match=r"needs an h5torch.File or a path, got dict"):
        samplers.save(stranger, "x", Shuffled(seed=0))
    with pytest.raises(ArgumentTypeError, match="{} is no sampler recipe; there are shuffled"):
        samplers.save(path, "x", stranger)
    with pytest.raises(RegisterError, match=r"sampler: the name '\.x' begins like the name of an unfinished"):
        samplers.save(path, ".x", Shuffled(seed=0))
    with h5torch.File(path) as f, pytest.raises(ReadOnlyError, match="open for reading only"):
        samplers.save(f, "x", Shuffled(seed=0))
    with pytest.raises(UnknownNameError, match="the file has no sampler 'mian'; did you mean 'main'"):
        samplers.load(path, "mian")


@pytest.mark.parametrize(
    ("text", "error", "problem"),
    [
        ('{"recipe":"os.system","version":1,"seed":0}', UnknownNameError, "no sampler recipe 'os.system'"),
        ('{"recipe":"shuffled","version":1,"seed":-1}', FormatError, r"seed must lie in \[0, 2\*\*64\)"),
        ('{"recipe":"shuffled","version":1,"seed":0,"code":"x"}', FormatError, "/samplers/main/recipe"),
        ("import os", FormatError, "/samplers/main/recipe: not JSON"),
    ],
)
def test_hostile_text_in_a_sampler_is_refused(path, text, error, problem):
    with h5py.File(path, "a") as f:
        f["samplers/main/recipe"][()] = text

    with pytest.raises(error, match=problem):
        samplers.load(path, "main")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"num_workers": 2, "multiprocessing_context": "fork", "persistent_workers": True},
        {"num_workers": 1, "multiprocessing_context": "spawn", "persistent_workers": True},
    ],
)
def test_a_loader_draws_the_stored_order_whatever_the_workers(path, options):
    loader = samplers.loader(h5torch.Dataset(path), "main", batch_size=8, **options)
    wanted = [
        samplers.order(Shuffled(seed=3), n_rows=N_ROWS, epoch=epoch, positions=range(N_ROWS)).tolist()
        for epoch in range(2)
    ]

    assert type(loader) is torch.utils.data.DataLoader
    assert len(loader) == 7
    assert [sum(drawn(loader), []) for _ in range(2)] == wanted  # noqa: RUF017 - short lists


def test_batches_are_tensors_and_text(path):
    batch = next(iter(samplers.loader(h5torch.Dataset(path), Shuffled(seed=0), batch_size=4)))

    assert batch["central"].shape == (4,)
    assert batch["0/name"] == [f"row {row}" for row in batch["central"].tolist()]


def test_a_dataset_in_memory_and_a_subset_are_drawn_from_too(path):
    with h5torch.File(path) as f:
        data = h5torch.Dataset(f.to_dict(), subset=np.arange(10, 20))
    loader = samplers.loader(data, "main", batch_size=3, drop_last=True)

    assert len(loader) == 3
    assert {row for batch in drawn(loader) for row in batch} < set(range(10, 20))


def test_a_loader_goes_on_where_another_stopped(path):
    data = h5torch.Dataset(path)
    whole, stopped = (samplers.loader(data, "main", batch_size=8) for _ in range(2))
    batches = iter(stopped)
    for _ in range(3):
        next(batches)
    assert isinstance(stopped.batch_sampler, samplers.Batches)
    resumed = samplers.loader(data, "main", batch_size=8, state=stopped.batch_sampler.state_dict())

    assert drawn(resumed) == drawn(whole)[3:]
    assert drawn(resumed) == drawn(whole)


@pytest.mark.parametrize(
    ("asked", "error", "text"),
    [
        ({"sampler": "mian"}, UnknownNameError, "the file has no sampler 'mian'; did you mean 'main'"),
        ({"sampler": 5}, ArgumentTypeError, "5 is no sampler recipe; there are shuffled"),
        ({"batch_size": 0}, SamplerError, "batch_size must be at least 1, got 0"),
        ({"batch_size": "8"}, ArgumentTypeError, r"batch_size must be an integer, got '8' \(str\)"),
        ({"batch_size": 51, "drop_last": True}, SamplerError, "leaves no batch of 50 rows"),
        ({"shuffle": True}, ArgumentTypeError, "no option 'shuffle' of DataLoader is passed on"),
        ({"num_worker": 2}, ArgumentTypeError, "did you mean 'num_workers'"),
        ({"dataset": [1, 2]}, ArgumentTypeError, r"draws from an h5torch.Dataset, got list"),
        ({"state": {}}, SamplerError, "a state has version, recipe, length, epoch, position, got {}"),
    ],
)
def test_a_loader_that_cannot_draw_is_refused(path, asked, error, text):
    arguments = {"dataset": h5torch.Dataset(path), "sampler": "main", "batch_size": 8, **asked}

    with pytest.raises(error, match=text):
        samplers.loader(**arguments)


def test_an_empty_dataset_is_refused(path):
    data = h5torch.Dataset(path, subset=np.zeros(N_ROWS, bool))

    with pytest.raises(SamplerError, match="there is nothing to draw from: the dataset, or its part"):
        samplers.loader(data, "main", batch_size=2)
