"""A file that changes under a `Dataset`: what it gives is what the file holds, or an error."""

import io
import subprocess
import sys
import threading

import h5py
import numpy as np
import pytest
from torch.utils.data import DataLoader

import h5torch
import splits
from h5torch.errors import BusyError, FormatError, StorageError

pytestmark = pytest.mark.filterwarnings('ignore:object "0/late" has not been completely filled')


@pytest.fixture
def path(tmp_path):
    """A file of 4 rows."""
    path = tmp_path / "x.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.arange(4), "central")
        f.register(np.arange(4), 0, name="y")
        f.register([np.arange(2)], 0, length=4, name="late", mode="ragged")
    return path


def dataset_of(path, columns=("central", "0/y")):
    return h5torch.Dataset(path, columns=list(columns))


CHANGES = [
    (np.arange(4) + 0.5, {}, 3.5),
    (["a", "b", "c", "d"], {}, "d"),
    (["a", "b", "a", "b"], {"categories": ["b", "a"]}, "b"),
]


@pytest.mark.parametrize(("data", "options", "last"), CHANGES)
def test_an_object_registered_anew_is_read_as_what_it_is_now(path, data, options, last):
    with h5torch.File(path, "a") as f:
        inside, outside = dataset_of(f), dataset_of(path)
        assert inside[3]["0/y"] == outside[3]["0/y"] == 3
        del f["0/y"]
        f.register(data, 0, name="y", **options)

        assert inside[3]["0/y"] == outside[3]["0/y"] == last
    assert outside[3]["0/y"] == last


def test_rows_appended_while_a_dataset_is_open_are_read(path):
    with h5torch.File(path, "a") as f:
        dataset = dataset_of(f, ["0/late"])
        assert dataset[1]["0/late"].tolist() == []
        f.append([np.array([7])], "0/late")

        assert dataset[1]["0/late"].tolist() == [7]


def test_a_dataset_of_an_object_that_is_gone_says_so(path):
    dataset = dataset_of(path)
    with h5torch.File(path, "a") as f:
        del f["0/y"]

    with pytest.raises(FormatError, match="the file changed since this dataset was made, '0/y' is gone"):
        dataset[0]


def test_a_dataset_of_a_file_with_another_number_of_rows_says_so(path):
    dataset = dataset_of(path)
    dataset.close()
    with h5torch.File(path, "w") as f:
        f.register(np.arange(9), "central")
        f.register(np.arange(9), 0, name="y")

    with pytest.raises(FormatError, match="it no longer has 4 samples; make the dataset anew"):
        dataset[0]


def test_a_file_that_a_dataset_reads_can_be_changed_and_is_read_on(path):
    dataset = dataset_of(path)
    assert dataset[1]["central"] == 1
    with h5torch.File(path, "a") as f:
        f.register(np.arange(4) * 2, 0, name="new")
        assert dataset[3]["central"] == 3

    assert dataset[2]["central"] == 2
    assert h5torch.Dataset(path, columns=["0/new"])[2]["0/new"] == 4


def test_a_file_that_a_dataset_reads_can_be_made_anew_as_when_a_cell_is_run_again(path):
    first = dataset_of(path)
    assert first[1]["central"] == 1
    with h5torch.File(path, "w") as f:
        f.register(np.arange(4) * 2, "central")
        f.register(np.arange(4), 0, name="y")

    assert first[1]["central"] == 2
    assert dataset_of(path)[1]["central"] == 2


@pytest.mark.parametrize("chosen", [{"subset": ("0/y", "[01]")}, {"split": "main/a"}])
def test_rows_that_labels_or_codes_no_longer_choose_are_refused(path, chosen):
    halves = {"a": 0.5, "b": 0.5}
    splits.create(path, "main", splits.Stratified(by="0/y", parts=halves, seed=0, rare="keep"))
    dataset = h5torch.Dataset(path, columns=["0/y"], **chosen)
    before = [sample["0/y"] for sample in dataset]
    with h5torch.File(path, "a") as f:
        f.register(np.arange(4), 0, name="other")
    assert [sample["0/y"] for sample in dataset] == before
    with h5torch.File(path, "a") as f:
        del f["0/y"]
        f.register([3, 2, 1, 0], 0, name="y")
        splits.create(
            f, "main", splits.Stratified(by="0/y", parts=halves, seed=5, rare="keep"), overwrite=True
        )

    with pytest.raises(FormatError, match="now means other rows; make it anew"):
        dataset[0]


def test_a_callback_of_h5py_may_read_a_dataset_while_others_read(path):
    dataset, stop = dataset_of(path), threading.Event()

    def read():
        while not stop.is_set():
            dataset[0]

    thread = threading.Thread(target=read)
    thread.start()
    for _ in range(50):
        dataset.f.visititems(lambda *_: dataset[0] and None)
    stop.set()
    thread.join(timeout=20)

    assert not thread.is_alive()


def test_a_vanished_file_does_not_stand_in_the_way_of_others(path, tmp_path):
    dataset = dataset_of(path)
    assert dataset[0]["0/y"] == 0
    other = tmp_path / "other.h5t"
    h5torch.File(other, "w").close()
    path.unlink()

    with h5torch.File(other, "a") as f:
        f.register(np.arange(2), "central")


def test_a_reader_opened_beside_a_writer_lets_go_with_it(path):
    f = h5torch.File(path, "a")
    dataset = dataset_of(path)
    assert dataset[1]["0/y"] == 1
    f.close()
    told = subprocess.run(
        [sys.executable, "-c", f"import h5torch; print(h5torch.Dataset({str(path)!r}, columns=['0/y'])[2])"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "np.int64(2)" in told.stdout
    assert dataset[1]["0/y"] == 1


def test_a_worker_forked_from_a_writer_says_that_it_must_close_first(path):
    with h5torch.File(path, "a") as f:
        loader = DataLoader(dataset_of(f), num_workers=1, multiprocessing_context="fork")
        with pytest.raises(BusyError, match="the process that forked this one writes it; close that File"):
            next(iter(loader))


def test_a_file_in_a_buffer_serves_its_process_and_forks_alone():
    memory = io.BytesIO()
    with h5torch.File(memory, "w") as f:
        f.register(np.arange(4), "central")
        dataset = h5torch.Dataset(f)
        assert dataset[3]["central"] == 3
    with pytest.raises(StorageError, match=r"give Dataset file.to_dict\(\) instead"):
        dataset[3]


def test_a_subclass_that_describes_nothing_can_be_shown():
    class Bare(h5torch.Dataset):
        def __init__(self):
            self.indices = [1]

    class BareWindows(h5torch.SliceDataset):
        def __init__(self):
            self.indices = [[0, 2]]

    assert "Bare object at" in repr(Bare())
    assert len(BareWindows()) == 1


def test_a_link_that_leads_nowhere_does_not_keep_the_rest_out_of_memory(path):
    with h5torch.File(path, "a") as f:
        f["unstructured/gone"] = h5py.SoftLink("/nowhere")

    assert h5torch.Dataset(path, columns=["0/y"], in_memory=True)[2]["0/y"] == 2


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="No such file or directory: .*gone.h5t"):
        h5torch.Dataset(tmp_path / "gone.h5t")


def test_a_file_that_the_caller_reads_must_be_closed_first(path):
    with h5torch.File(path), pytest.raises(BusyError, match="open elsewhere, and one of both"):
        h5torch.File(path, "a")


def test_threads_read_on_while_the_file_is_changed(path):
    dataset, failed, stop = dataset_of(path), [], threading.Event()

    def read():
        while not stop.is_set():
            if dataset[3]["0/y"] != 3:
                failed.append("wrong row")

    threads = [threading.Thread(target=read) for _ in range(3)]
    threading.excepthook, before = lambda told: failed.append(told.exc_value), threading.excepthook
    for thread in threads:
        thread.start()
    for number in range(15):
        with h5torch.File(path, "a") as f:
            f.register(np.arange(4), 0, name=f"more{number}")
    stop.set()
    for thread in threads:
        thread.join()
    threading.excepthook = before

    assert failed == []


def test_a_closed_file_is_named_as_such(path):
    f = h5torch.File(path)
    f.close()

    for use in (lambda: f.schema, lambda: f.column("0/y"), f.to_dict, lambda: h5torch.Dataset(f)):
        with pytest.raises(StorageError, match="the file is closed; open it again"):
            use()


def test_a_subclass_may_put_its_own_file_in_place(path):
    class Own(h5torch.Dataset):
        def __init__(self, path):
            self.f = h5torch.File(path).to_dict()
            self.indices = [2, 1]

        def __getitem__(self, index):
            return self.f["0/y"][self.indices[index]]

    class Loaded(h5torch.Dataset):
        def __init__(self, path):
            super().__init__(path, columns=["0/y"])
            self.f = self.f.to_dict()

    assert [Own(path)[0], len(Own(path))] == [2, 2]
    assert Loaded(path)[3]["0/y"] == 3


def test_rows_may_be_shuffled_in_place(path):
    dataset = dataset_of(path)
    dataset.indices[:] = dataset.indices[::-1].copy()

    assert [sample["0/y"] for sample in dataset] == [3, 2, 1, 0]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sample_processor": 3}, TypeError, "cannot be called as sample_processor"),
        ({"split": 3}, ValueError, "say which part, as in 'name/train'"),
        ({"columns": 3}, TypeError, "give a list"),
    ],
)
def test_arguments_of_another_kind_are_refused_at_once(path, arguments, error, message):
    with pytest.raises(error, match=message):
        h5torch.Dataset(path, **arguments)


def test_columns_may_come_from_a_generator(path):
    assert list(h5torch.Dataset(path, columns=(key for key in ["0/y"]))[0]) == ["0/y"]
