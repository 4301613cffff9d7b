"""Options of `DataLoader`: prefetching, lasting workers, pinned memory, each way of starting a process."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import h5torch
from tests.alike import alike

N = 24
COUNTS = (np.random.default_rng(0).random((N, 300)) < 0.05).astype(np.float32)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("options") / "x.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.arange(N * 3.0).reshape(N, 3), "central")
        f.register(COUNTS, 0, name="dense", mode="csr")
        f.register(COUNTS, 0, name="sparse", mode="csr", csr_load_sparse=True)
        f.register([np.arange(row % 5) for row in range(N)], 0, name="tokens")
        f.register([f"t{row}" for row in range(N)], 0, name="text")
    return path


def largest_first(batch):
    """Change a whole batch, in whichever process makes it."""
    batch["central"] = batch["central"].flip(0)
    return batch


@pytest.mark.parametrize("transform", [None, largest_first])
@pytest.mark.parametrize(
    "options",
    [
        {"multiprocessing_context": "fork", "prefetch_factor": 4},
        {"multiprocessing_context": "fork", "persistent_workers": True},
        {"multiprocessing_context": "spawn", "prefetch_factor": 1},
    ],
    ids=str,
)
def test_workers_give_the_batches_that_this_process_gives(path, options, transform):
    dataset = h5torch.Dataset(path, transform=transform)
    expected = list(DataLoader(dataset, batch_size=6))
    loader = DataLoader(dataset, batch_size=6, num_workers=2, **options)

    for _ in range(2 if "persistent_workers" in options else 1):
        for found, batch in zip(loader, expected, strict=True):
            assert list(found) == list(batch)
            assert all(alike(found[key], batch[key]) for key in batch)


@pytest.mark.filterwarnings("ignore:.*pin_memory")
@pytest.mark.parametrize("workers", [0, 2])
def test_pinned_memory_changes_no_value(path, workers):
    """Where there is no accelerator PyTorch warns, and pins nothing."""
    dataset = h5torch.Dataset(path)
    (pinned,) = DataLoader(dataset, batch_size=N, pin_memory=True, num_workers=workers)
    (plain,) = DataLoader(dataset, batch_size=N)

    assert all(alike(pinned[key], plain[key]) for key in plain)
    assert pinned["0/sparse"].layout == torch.sparse_csr


def test_a_file_explains_itself_as_a_dataset_of_it_would(path, tmp_path):
    with h5torch.File(path) as f:
        assert str(f.explain(8)) == str(h5torch.Dataset(path).explain(8))
    with h5torch.File(tmp_path / "coo.h5t", "w") as f:
        f.register((np.array([[0, 1], [1, 0]]), np.ones(2), (2, 2)), "central", mode="coo")
        assert {part.reader for column in f.explain().columns for part in column.parts} == {"h5py"}


def test_going_over_a_finished_batch_ends(path):
    finished = h5torch.Dataset(path, transform=lambda batch: batch).__getitems__([0, 1])

    assert len(list(finished)) == 2
    with pytest.raises(IndexError, match="sample 2 of a batch of 2"):
        finished[2]
