"""Files of 10⁹ rows, most of them holes: opening one, and the first batch, cost what 10⁴ rows cost."""

import json
import subprocess
import sys
import tracemalloc
from functools import partial

import h5py
import numpy as np
import pytest
from h5py import h5d, h5p, h5s, h5t

import h5torch

SMALL, LARGE = 10_000, 1_000_000_000
KB, MB = 1 << 10, 1 << 20
LAST = 7.5


def hole(group, name, shape, dtype):
    """Make a dataset whose room in the file is taken and never written."""
    plist = h5p.create(h5p.DATASET_CREATE)
    plist.set_alloc_time(h5d.ALLOC_TIME_EARLY)
    plist.set_fill_time(h5d.FILL_TIME_NEVER)
    space = h5s.create_simple(shape)
    return h5py.Dataset(h5d.create(group.id, name.encode(), h5t.py_create(np.dtype(dtype)), space, plist))


def stamp(node, mode, shape, dtype):
    facts = {"shape": shape, "dtypes": [dtype, dtype], "filled_to": shape[0]}
    for name, value in {**facts, "mode": mode}.items():
        node.attrs[name] = value


def write(path, n_rows):
    """Write a dense object, one never written in chunks, and rows of a sparse and a ragged one, all empty."""
    with h5py.File(path, "w", libver="latest") as f:
        central = hole(f, "central", (n_rows, 8), "f4")
        central[n_rows - 1] = LAST
        stamp(central, "N-D", [n_rows, 8], "float32")
        aligned = f.create_group("0")
        stamp(hole(aligned, "label", (n_rows,), "i8"), "N-D", [n_rows], "int64")
        chunked = aligned.create_dataset("chunked", (n_rows, 2), "u1", chunks=(1000, 2), fillvalue=3)
        stamp(chunked, "N-D", [n_rows, 2], "uint8")
        sparse = aligned.create_group("sparse")
        hole(sparse, "indptr", (n_rows + 1,), "i8")
        for part, dtype in (("indices", "i4"), ("data", "f4")):
            sparse.create_dataset(part, (0,), dtype)
        stamp(sparse, "csr", [n_rows, 50], "float32")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("growth")
    paths = {n_rows: folder / f"{n_rows}.h5t" for n_rows in (SMALL, LARGE)}
    for n_rows, path in paths.items():
        write(path, n_rows)
    return paths


def peak_of(work):
    """Run it twice, and return the most memory that Python and NumPy held at once the second time."""
    work()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def ends(n_rows):
    return np.array([n_rows - 1, 0, n_rows // 2, -n_rows])


def test_these_files_take_next_to_no_room(files):
    assert files[LARGE].stat().st_size > 40 * LARGE
    assert files[LARGE].stat().st_blocks * 512 < 4 * MB


@pytest.mark.parametrize("reader", ["auto", "pread", "h5py"])
def test_opening_and_the_first_batch_take_the_same_memory(files, reader):
    def work(n_rows):
        dataset = h5torch.Dataset(files[n_rows], reader=reader)
        batch = dataset.batch(ends(n_rows))
        assert batch["central"][:, 0].tolist() == [LAST, 0, 0, 0]
        assert batch["0/label"].tolist() == [0] * 4
        assert batch["0/chunked"].tolist() == [[3, 3]] * 4
        assert not batch["0/sparse"].any()
        assert dataset[n_rows - 1]["central"].tolist() == dataset[-1]["central"].tolist() == [LAST] * 8
        dataset.close()

    small, large = peak_of(partial(work, SMALL)), peak_of(partial(work, LARGE))
    assert large < small + 300 * KB
    assert large < 2 * MB


def test_windows_of_many_rows_are_not_listed(files):
    def work():
        windows = h5torch.SliceDataset(files[LARGE], window_size=100, overlap=50)
        assert len(windows) == LARGE // 50 - 1
        batch = windows.batch(np.array([len(windows) - 1, 0]))
        assert batch["central"][0, -1].tolist() == [LAST] * 8
        assert windows[-1]["central"][-1].tolist() == [LAST] * 8
        windows.close()

    assert peak_of(work) < 2 * MB


def test_elements_of_many_rows_are_not_listed(files):
    def work():
        dataset = h5torch.Dataset(files[LARGE], "coo", columns=["central", "0/label"])
        assert len(dataset) == 8 * LARGE
        assert dataset.batch(np.array([8 * LARGE - 1, 0]))["central"].tolist() == [LAST, 0]
        dataset.close()

    assert peak_of(work) < 2 * MB


@pytest.mark.parametrize("size", [100, 200_000])
def test_a_subset_costs_its_own_size(files, size):
    subset = np.arange(size)[::-1] * (LARGE // size) + LARGE // size - 1
    dataset = None

    def work():
        nonlocal dataset
        dataset = h5torch.Dataset(files[LARGE], subset=subset)
        assert len(dataset) == size
        assert dataset.batch(np.array([0, -1]))["central"][:, 0].tolist() == [LAST, 0]

    assert peak_of(work) < 2 * MB + 6 * subset.nbytes
    assert dataset.indices.nbytes == subset.nbytes


def test_positions_beyond_the_rows_are_refused_without_a_list_of_rows(files):
    dataset = h5torch.Dataset(files[LARGE], columns=["central"])

    def work():
        with pytest.raises(h5torch.errors.RowError, match=f"index {LARGE} is out of range for {LARGE} rows"):
            dataset.batch(np.array([LARGE]))
        assert len(repr(dataset)) < 200

    assert peak_of(work) < MB


CHILD = """
import json, sys
import numpy as np
import h5torch, torch

def status(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

path = sys.argv[1]
h5torch.Dataset(path + "/10000.h5t").batch(np.array([0, 1]))  # what is imported on first use is there now
for n_rows in (10_000, 1_000_000_000):
    before = {name: status(name) for name in ("RssAnon", "VmHWM")}
    dataset = h5torch.Dataset(f"{path}/{n_rows}.h5t")
    windows = h5torch.SliceDataset(f"{path}/{n_rows}.h5t", window_size=100)
    for at in range(100):
        dataset.batch(np.arange(at, n_rows, n_rows // 64))
        windows.batch(np.array([at, -1]))
    print(json.dumps({name: status(name) - before[name] for name in before}))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads what Linux tells of a process")
def test_a_process_grows_by_as_much_whatever_the_number_of_rows(files):
    told = subprocess.run(
        [sys.executable, "-c", CHILD, str(files[SMALL].parent)], capture_output=True, check=True
    )

    for grown in map(json.loads, told.stdout.splitlines()):
        assert grown["RssAnon"] < 16 * MB
        assert grown["VmHWM"] < 96 * MB  # pages of the file that were touched are among these
