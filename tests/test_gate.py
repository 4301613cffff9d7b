"""Threads read a file while another changes it: old values whole, new ones whole, or our error."""

import multiprocessing
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import h5torch
from h5torch.errors import H5torchError
from h5torch.readers import Gate, lend

N = 3000
PATIENCE = 30  # seconds after which a test counts as stuck


def write(path, value, mode="w", **storage):
    """Write a file whose every number is `value`."""
    with h5torch.File(path, mode) as f:
        if mode != "w":
            del f["central"], f["0/y"], f["0/rows"]
        f.register(np.full((N, 20), value, np.float32), "central", **storage)
        f.register(np.full(N, value), 0, name="y")
        f.register([np.full(3, value)] * N, 0, name="rows", mode="ragged")


@pytest.fixture
def path(tmp_path):
    write(tmp_path / "x.h5t", 0)
    return tmp_path / "x.h5t"


class Crowd:
    """Threads that do something over and over until the body has ended; what they raise is kept."""

    def __init__(self, *works):
        self.failed, self.done, self._stop = [], [0] * len(works), threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(number, work), daemon=True)
            for number, work in enumerate(works)
        ]

    def _run(self, number, work):
        try:
            while not self._stop.is_set():
                work()
                self.done[number] += 1
        except BaseException as error:  # noqa: BLE001 - the test shows it
            self.failed.append(error)

    def __enter__(self):
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-4)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        sys.setswitchinterval(self._interval)
        self._stop.set()
        end = time.monotonic() + PATIENCE
        for thread in self._threads:
            thread.join(timeout=max(0, end - time.monotonic()))
        assert not any(thread.is_alive() for thread in self._threads), "a reader is stuck"


def in_time(work):
    """Do it in a thread of its own, which may not get stuck."""
    failed = []

    def run():
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again below
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(timeout=PATIENCE)
    assert not thread.is_alive(), "the writer is stuck"
    if failed:
        raise failed[0]


def reader_of(dataset, ask):
    """Read batches and check that each is of one state of the file."""
    random = np.random.default_rng()

    def read():
        try:
            batch = ask(dataset, random.integers(-N, N, 64))
        except H5torchError:
            return  # in the middle of the change
        values = {float(v) for key in ("central", "0/y", "0/rows") for v in batch[key].unique()}
        assert len(values) == 1, values

    return read


def by_array(dataset, positions):
    return dataset.batch(positions)


def by_list(dataset, positions):
    return dataset.batch(positions.tolist())


def by_samples(dataset, positions):
    return h5torch.collate(list(dataset.__getitems__(positions.tolist())))


@pytest.mark.parametrize("reader", ["auto", "pread", "h5py"])
@pytest.mark.parametrize("mode", ["a", "w"])
def test_threads_see_one_state_of_the_file_or_our_error(path, mode, reader):
    dataset = h5torch.Dataset(path, reader=reader)
    works = [reader_of(dataset, ask) for ask in (by_array, by_list, by_samples)]
    with Crowd(*works) as crowd:
        for value in range(1, 6):
            in_time(lambda value=value: write(path, value, mode))
            time.sleep(0.01)
        time.sleep(0.05)

    assert crowd.failed == []
    assert all(crowd.done)
    assert dataset.batch(np.array([0, -1]))["central"].unique().tolist() == [5]


def test_threads_see_one_state_of_a_compressed_file(path):
    storage = {"compression": "gzip", "chunks": 64}
    write(path, 0, **storage)
    dataset = h5torch.Dataset(path)
    with Crowd(*[reader_of(dataset, by_array)] * 3) as crowd:
        for value in range(1, 5):
            in_time(lambda value=value: write(path, value, **storage))
            time.sleep(0.02)

    assert crowd.failed == []
    assert dataset.batch(np.array([1]))["central"].unique().tolist() == [4]


def test_what_is_added_beside_the_columns_disturbs_nobody(path):
    dataset = h5torch.Dataset(path, columns=["central", "0/y", "0/rows"])

    def read():
        assert not dataset.batch(np.arange(0, N, 50))["central"].any()

    with Crowd(read, read) as crowd:
        for number in range(8):
            with h5torch.File(path, "a") as f:
                f.register(np.arange(N), 0, name=f"more{number}")

    assert crowd.failed == []


def test_many_datasets_make_way_at_once(path):
    datasets = [h5torch.Dataset(path, reader=reader) for reader in ("auto", "pread", "h5py") * 2]
    with Crowd(*[reader_of(dataset, by_array) for dataset in datasets]) as crowd:
        for value in range(1, 5):
            in_time(lambda value=value: write(path, value))

    assert crowd.failed == []
    assert {dataset.batch(np.array([5]))["0/y"].item() for dataset in datasets} == {4}


def test_a_writer_that_fails_leaves_readers_at_work(path):
    dataset = h5torch.Dataset(path)
    with Crowd(reader_of(dataset, by_array)) as crowd:
        for _ in range(5):
            with pytest.raises(h5torch.errors.BusyError), h5torch.File(path):
                in_time(lambda: h5torch.File(path, "a"))

    assert crowd.failed == []
    assert dataset.batch(np.array([0]))["0/y"].item() == 0


def lent(path):
    """Return an open file that gives way to a writer."""
    file = h5torch.File(path)
    lend(file)
    return file


def test_a_writer_waits_for_a_reader_inside_and_lets_none_in(path):
    file = lent(path)
    gate, inside, leave = Gate(file), threading.Event(), threading.Event()

    def stay():
        assert gate.enter()
        inside.set()
        leave.wait(timeout=PATIENCE)
        gate.leave()

    thread = threading.Thread(target=stay, daemon=True)
    thread.start()
    assert inside.wait(timeout=PATIENCE)
    opened = threading.Event()
    writer = threading.Thread(target=lambda: (h5torch.File(path, "a").close(), opened.set()), daemon=True)
    writer.start()
    assert not opened.wait(timeout=0.05)
    assert gate.busy
    assert not gate.enter()
    leave.set()
    assert opened.wait(timeout=PATIENCE)
    thread.join(timeout=PATIENCE)

    assert not gate.busy
    assert gate.shut


def test_a_reader_does_not_wait_for_itself(path):
    file = lent(path)
    gate = Gate(file)
    assert gate.enter()

    in_other = []
    in_time(lambda: in_other.append(gate.busy))
    assert (gate.busy, in_other) == (False, [True])
    h5torch.File(path, "a").close()
    gate.leave()
    assert gate.shut


def test_gates_of_other_files_stay_open(path, tmp_path):
    other = tmp_path / "other.h5t"
    write(other, 1)
    dataset = h5torch.Dataset(path)
    dataset.batch(np.array([0]))
    look = dataset._looking
    write(other, 2)

    assert look.is_current
    write(path, 3, "a")
    assert not look.is_current


def in_child(dataset, sent):
    look = dataset._looking
    sent.put((look.enter(), look.is_current))
    sent.put(dataset.batch(np.array([0]))["0/y"].item())
    sent.put(dataset._looking is look)


def test_in_a_forked_child_the_gate_of_the_parent_is_shut(path):
    """Though a thread of the parent is inside, and stays there as far as the child can see."""
    dataset = h5torch.Dataset(path)
    dataset.batch(np.array([0]))
    gate, inside, leave = dataset._looking._gate, threading.Event(), threading.Event()
    stay = threading.Thread(target=lambda: (gate.enter(), inside.set(), leave.wait(PATIENCE), gate.leave()))
    stay.start()
    assert inside.wait(timeout=PATIENCE)
    context = multiprocessing.get_context("fork")
    sent = context.Queue()
    child = context.Process(target=in_child, args=(dataset, sent), daemon=True)
    child.start()
    told = [sent.get(timeout=PATIENCE) for _ in range(3)]
    leave.set()
    stay.join(timeout=PATIENCE)
    child.join(timeout=PATIENCE)

    assert told == [(False, False), 0, False]
    assert child.exitcode == 0
    assert not gate.shut


CLOSED = """
import sys, numpy as np, h5py, h5torch
path, reader, length = sys.argv[1:]
f = h5torch.File(path)
dataset = h5torch.Dataset(f, reader=reader)
dataset.batch(np.array([99_999]))
f.close()
with h5py.File(path, "w") as g:
    g["other"] = np.full(int(length), 7, np.float32)
try:
    print(dataset.batch(np.array([99_999])))
except h5torch.H5torchError as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize("length", [1, 4_000_000])
@pytest.mark.parametrize("reader", ["auto", "pread"])
def test_a_file_that_was_closed_and_written_by_others_is_looked_at_anew(tmp_path, reader, length):
    """A closed file keeps no writer away, and its map would be cut short under the reader."""
    path = tmp_path / "x.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.zeros((100_000, 16), np.float32), "central")
    command = [sys.executable, "-c", CLOSED, str(path), reader, str(length)]
    told = subprocess.run(command, capture_output=True, text=True)

    assert (told.returncode, told.stdout) in [(0, "FormatError\n"), (0, "StorageError\n")]
