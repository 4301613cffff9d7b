"""Processors, subclasses, and the processes that a dataset travels to."""

import copy
import functools
import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import h5torch
from h5torch.errors import (
    StorageError,
)
from tests.cells import CENTRAL, N


def test_one_open_file_serves_many_datasets_and_stays_open(cells):
    with h5torch.File(cells) as f:
        first, second = h5torch.Dataset(f), h5torch.Dataset(f, 1)
        assert first.f is f
        first.close()
        assert second[0]["1/column"] == 0
        assert first[1]["0/row"] == 1
        assert bool(f)
    copy_in_memory = h5torch.File(cells).to_dict()
    assert (
        h5torch.Dataset(copy_in_memory)[3]["0/row"] == h5torch.Dataset(copy_in_memory, 1)[3]["1/column"] / 10
    )


def test_a_dataset_reopens_what_was_closed(cells):
    f = h5torch.File(cells)
    dataset = h5torch.Dataset(f)
    f.close()
    own = h5torch.Dataset(cells)
    own.close()

    assert dataset[2]["0/row"] == own[2]["0/row"] == 2


class Threshold:
    """A processor with a setting."""

    def __init__(self, level):
        self.level = level

    def __call__(self, f, sample):
        return sample["central"] > self.level, f["0/row"][0]

    def method(self, f, sample):
        return self(f, sample)


def add(amount, f, sample):
    assert "central" in f
    return sample["0/row"] + amount


@pytest.mark.parametrize(
    "processor",
    [
        Threshold(0.0),
        Threshold(0.0).method,
        functools.partial(lambda level, f, sample: (sample["central"] > level, f["0/row"][0]), 0.0),
        lambda f, sample: (sample["central"] > 0, f["0/row"][0]),
    ],
)
def test_a_processor_sees_the_file_and_each_sample(cells, processor):
    dataset = h5torch.Dataset(cells, sample_processor=processor)

    assert dataset.sample_processor is processor or dataset.sample_processor == processor
    for positive, first_row in (dataset[3], dataset.__getitems__([3])[0]):
        assert np.array_equal(positive, CENTRAL[3] > 0)
        assert first_row == 0
    assert len(next(iter(DataLoader(dataset, batch_size=4)))) == 2


class Doubled(h5torch.Dataset):
    """Replaces `__getitem__` and `__len__` and never calls `super().__init__`."""

    def __init__(self, file):
        self.file = h5torch.File(file)

    def __getitem__(self, index):
        return h5torch.apply_dtype(self.file["0/row"], self.file["0/row"][index]) * 2

    def __len__(self):
        return 20


class Shifted(h5torch.Dataset):
    """Builds on a sample of its parent."""

    def __getitem__(self, index):
        return super().__getitem__(index)["0/row"] + 100


@pytest.mark.parametrize(("kind", "first"), [(Doubled, [0, 2, 4, 6]), (Shifted, [100, 101, 102, 103])])
def test_a_subclass_that_replaces_getitem_is_asked_by_loaders_too(cells, kind, first):
    batches = list(DataLoader(kind(cells), batch_size=4))

    assert batches[0].tolist() == first
    assert len(batches) == 5


@pytest.mark.parametrize("given", ["cells", "file", "dict", "in_memory"])
def test_a_dataset_pickles_and_opens_its_own_handle(cells, given):
    opened = h5torch.File(cells)
    sources = {"cells": cells, "file": opened, "dict": opened.to_dict(), "in_memory": cells}
    dataset = h5torch.Dataset(
        sources[given],
        subset=[3, 1],
        sample_processor=functools.partial(add, 10),
        in_memory=given == "in_memory",
    )
    assert dataset[0] == 13
    again = pickle.loads(pickle.dumps(dataset))  # noqa: S301 - what is unpickled was pickled here
    opened.close()

    assert [again[0], again[1], len(again)] == [13, 11, 2]
    assert copy.deepcopy(dataset)[0] == 13


def collect(loader):
    batches = list(loader)
    return (
        torch.cat([batch["0/row"] for batch in batches]).tolist(),
        torch.cat([batch["central"] for batch in batches]).numpy(),
        [text for batch in batches for text in batch["0/split"]],
        torch.cat([batch["0/tokens/lengths"] for batch in batches]).tolist(),
        torch.cat([batch["0/sparse"].to_dense() for batch in batches]).sum().item(),
    )


@pytest.mark.parametrize("given", ["cells", "file", "dict"])
@pytest.mark.parametrize("context", ["fork", "spawn", "forkserver"])
def test_workers_of_every_kind_read_the_same_rows(cells, given, context):
    with h5torch.File(cells) as opened:
        source = {"cells": cells, "file": opened, "dict": opened.to_dict()}[given]
        dataset = h5torch.Dataset(source)
        assert dataset[0]["0/row"] == 0  # the handle is open before the workers start
        alone = collect(DataLoader(dataset, batch_size=4))
        workers = collect(DataLoader(dataset, batch_size=4, num_workers=2, multiprocessing_context=context))

    assert workers[0] == alone[0] == list(range(N))
    assert np.array_equal(workers[1], alone[1])
    assert workers[2:] == alone[2:]


def whose_handle(parents, f, sample):
    return int(f is parents), sample["0/row"]


def test_a_forked_worker_never_uses_the_handle_of_its_parent(cells):
    with h5torch.File(cells) as opened:
        parents = opened
        dataset = h5torch.Dataset(opened, sample_processor=functools.partial(whose_handle, parents))
        loader = DataLoader(dataset, batch_size=5, num_workers=2, multiprocessing_context="fork")
        used = [flag for flags, _ in loader for flag in flags.tolist()]

        assert dataset[0] == (1, 0)
    assert used == [0] * N


def test_a_file_in_one_process_memory_cannot_travel_and_says_so(tmp_path):
    with h5torch.File(tmp_path / "core.h5t", "w", driver="core", backing_store=False) as f:
        f.register(np.arange(4), "central")
        dataset = h5torch.Dataset(f)
        assert dataset[3]["central"] == 3
        travelled = pickle.loads(pickle.dumps(dataset))  # noqa: S301 - what is unpickled was pickled here
        with pytest.raises(StorageError, match=r"give Dataset file.to_dict\(\) instead"):
            travelled[0]
