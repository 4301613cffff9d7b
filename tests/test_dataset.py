"""`Dataset` and `SliceDataset`: what a sample is, in any process, however it is asked for."""

import copy
import functools
import pickle

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import h5torch
from h5torch.errors import (
    ArgumentTypeError,
    FormatError,
    H5torchError,
    RowError,
    StorageError,
    SubsetError,
    UnknownNameError,
)

N = 20
CENTRAL = np.random.default_rng(0).normal(size=(N, 5)).astype(np.float32)
TOKENS = [np.arange(row % 7, dtype=np.int32) for row in range(N)]
LABELS = ["train", "val", "val_sub", "test"] * 5


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A file with one column of each kind."""
    path = tmp_path_factory.mktemp("data") / "data.h5t"
    counts = np.random.default_rng(1).poisson(0.4, (N, 9)).astype(np.float32)
    with h5torch.File(path, "w") as f:
        f.register(CENTRAL, "central")
        f.register(LABELS, 0, name="split")
        f.register(np.arange(N), 0, name="row")
        f.register(TOKENS, 0, name="tokens")
        f.register([np.full((row % 3 + 1, 2), row) for row in range(N)], 0, name="boxes")
        f.register(counts, 0, name="dense", mode="csr")
        f.register(counts, 0, name="sparse", mode="csr", csr_load_sparse=True)
        f.register(["a", "b"] * 10, 0, name="kind", categories=["b", "a", "c"])
        f.register(["x" * (row * 50) for row in range(N)], 0, name="text")
        f.register(np.arange(N).astype("datetime64[D]"), 0, name="day")
        f.register(torch.arange(N * 2).reshape(N, 2).bfloat16(), 0, name="half")
        f.register(np.arange(5) * 10, 1, name="column")
        f.register(np.arange(100), "unstructured", name="cells")
    return path


@pytest.fixture
def dataset(path):
    """All rows, all columns."""
    return h5torch.Dataset(path)


def test_a_sample_holds_numpy_values_of_the_published_kinds(dataset):
    sample = dataset[4]

    assert isinstance(sample, dict)
    assert {key: type(value) for key, value in sample.items()} == {
        "central": np.ndarray,
        "0/boxes": np.ndarray,
        "0/day": np.datetime64,
        "0/dense": np.ndarray,
        "0/half": np.ndarray,
        "0/kind": np.str_,
        "0/row": np.int64,
        "0/sparse": tuple,
        "0/split": np.str_,
        "0/text": np.str_,
        "0/tokens": np.ndarray,
    }
    assert np.array_equal(sample["central"], CENTRAL[4])
    assert (sample["0/kind"], sample["0/split"], sample["0/row"]) == ("a", "train", 4)


@pytest.mark.parametrize("index", [-1, np.int64(19), np.uint8(19), torch.tensor(19), np.array(19)])
def test_any_integer_is_an_index(dataset, index):
    assert dataset[index]["0/row"] == 19


@pytest.mark.parametrize("index", [20, -21, 10**30])
def test_an_index_out_of_range_is_an_index_error_that_gives_the_range(dataset, index):
    with pytest.raises((RowError, ArgumentTypeError), match=r"Dataset: ind"):
        dataset[index]


@pytest.mark.parametrize("index", [1.0, "a", None, True])
def test_what_is_no_integer_is_no_index(dataset, index):
    with pytest.raises(ArgumentTypeError, match="must be a flat list of integers"):
        dataset[index]


def test_going_over_a_dataset_ends_at_its_last_sample(path):
    dataset = h5torch.Dataset(path, subset=[3, 1, 1])

    assert [sample["0/row"] for sample in dataset] == [3, 1, 1]


def test_a_slice_or_list_of_positions_gives_stacked_values(dataset):
    assert np.array_equal(dataset[2:5]["central"], CENTRAL[2:5])
    assert dataset[[5, 0, 5]]["0/row"].tolist() == [5, 0, 5]
    assert dataset[torch.tensor([1, 2])]["0/kind"].tolist() == ["b", "a"]
    assert [row.tolist() for row in dataset[[2, 9]]["0/tokens"]] == [[0, 1], [0, 1]]


def test_samples_and_batches_agree(dataset):
    positions = [3, -1, 3, 0]
    batch = dataset.__getitems__(positions)

    assert len(batch) == 4
    for sample, position in zip(batch, positions, strict=True):
        alone = dataset[position]
        assert list(sample) == list(alone)
        for key, value in alone.items():
            assert all(
                np.array_equal(a, b)
                for a, b in zip(np.atleast_1d(value), np.atleast_1d(sample[key]), strict=True)
            )
    assert [sample["0/row"] for sample in batch[1:3]] == [19, 3]
    with pytest.raises(IndexError, match="sample 4 of a batch of 4"):
        batch[4]


def test_an_empty_batch_has_no_samples(dataset):
    assert list(dataset.__getitems__([])) == []


def test_what_a_sample_gives_can_be_changed_without_changing_the_data(path):
    dataset = h5torch.Dataset(path, in_memory=True)
    for key in ("central", "0/tokens", "0/boxes", "0/dense"):
        dataset[6][key][...] = 99

    assert np.array_equal(dataset[6]["central"], CENTRAL[6])
    assert dataset[6]["0/tokens"].tolist() == TOKENS[6].tolist()
    assert (dataset[6]["0/boxes"] == 6).all()


@pytest.mark.parametrize(
    ("subset", "rows"),
    [
        (np.arange(N) % 5 == 0, [0, 5, 10, 15]),
        ([True] + [False] * (N - 1), [0]),
        (torch.arange(N) > 17, [18, 19]),
        ([7, 2, 7, -1], [7, 2, 7, 19]),
        (np.array([], dtype=int), []),
        ([], []),
        (range(3), [0, 1, 2]),
        (torch.tensor([4, 3]), [4, 3]),
        (("0/split", "val"), [1, 2, 5, 6, 9, 10, 13, 14, 17, 18]),
        (("0/split", "val$"), [1, 5, 9, 13, 17]),
        (("0/row", "1"), [1, *range(10, 20)]),
        (("0/kind", "a"), list(range(0, 20, 2))),
    ],
)
def test_a_subset_chooses_rows(path, subset, rows):
    dataset = h5torch.Dataset(path, subset=subset)

    assert len(dataset) == len(rows)
    assert dataset.indices.tolist() == rows
    assert [sample["0/row"] for sample in dataset] == rows


@pytest.mark.parametrize(
    ("subset", "error", "message"),
    [
        (np.ones(19, bool), SubsetError, "mask has 19 entries for 20 rows"),
        ([0, 20], RowError, r"subset: index 20 is out of range for 20 rows"),
        ([-21], RowError, "index -21 is out of range"),
        ([0.5], SubsetError, "found values of float64"),
        (np.ones((2, 2), int), SubsetError, r"found shape \(2, 2\)"),
        ("train", SubsetError, "found shape|found values"),
        (("0/split", "nothing"), SubsetError, "'nothing' matches none of 4 labels of '0/split', such as"),
        (("0/split", "("), SubsetError, "is not a regular expression"),
        (("0/splt", "train"), UnknownNameError, "did you mean '0/split'"),
        (("1/column", "1"), SubsetError, "'1/column' has shape"),
        (("central", "1"), SubsetError, "'central' has shape"),
    ],
)
def test_a_subset_that_does_not_fit_is_refused_at_once(path, subset, error, message):
    with pytest.raises(error, match=message):
        h5torch.Dataset(path, subset=subset)


def test_rows_may_be_chosen_afterwards(dataset):
    dataset.indices = dataset.indices[::-1]
    assert dataset[0]["0/row"] == 19
    with pytest.raises(RowError, match="index 99"):
        dataset.indices = [99]


def test_columns_choose_what_a_sample_holds(path):
    assert list(h5torch.Dataset(path, columns=["0/row", "central"])[0]) == ["central", "0/row"]
    assert list(h5torch.Dataset(path, columns=["0/row"])[0]) == ["0/row"]


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        (["0/rows"], UnknownNameError, "no '0/rows' for sampling=0; did you mean '0/row'"),
        (["1/column"], UnknownNameError, "no '1/column' for sampling=0"),
        ([], SubsetError, "list is empty"),
        ("0/row", ArgumentTypeError, r"give a list, columns=\['0/row'\]"),
    ],
)
def test_columns_that_are_not_there_are_refused(path, columns, error, message):
    with pytest.raises(error, match=message):
        h5torch.Dataset(path, columns=columns)


def test_any_axis_of_a_dense_central_object_can_be_sampled(path):
    dataset = h5torch.Dataset(path, sampling=1)

    assert len(dataset) == 5
    assert np.array_equal(dataset[3]["central"], CENTRAL[:, 3])
    assert dataset[3]["1/column"] == 30


def test_element_sampling_gives_one_value_and_what_is_aligned_to_every_axis(path):
    dataset = h5torch.Dataset(path, "coo", columns=["central", "0/tokens", "1/column"])

    assert len(dataset) == N * 5
    for position in (0, 7, 99, -1):
        row, column = divmod(position % 100, 5)
        sample = dataset[position]
        assert sample["central"] == CENTRAL[row, column]
        assert sample["0/tokens"].tolist() == TOKENS[row].tolist()
        assert sample["1/column"] == column * 10


def test_nonzeros_may_be_chosen_by_an_object_with_one_label_for_each(path):
    dataset = h5torch.Dataset(path, "coo", subset=("unstructured/cells", "9"), columns=["central"])

    assert dataset.indices.tolist() == [9, *range(90, 100)]


@pytest.mark.parametrize(
    ("sampling", "error", "message"),
    [
        (2, SubsetError, r"sampling=2: the central object of shape \(20, 5\) has axes 0 to 1"),
        (-1, SubsetError, "sampling=-1"),
        ("row", ArgumentTypeError, "give the number of an axis, or 'coo'"),
        (True, ArgumentTypeError, "give the number of an axis"),
        (None, ArgumentTypeError, "give the number of an axis"),
    ],
)
def test_an_axis_that_is_not_there_is_refused(path, sampling, error, message):
    with pytest.raises(error, match=message):
        h5torch.Dataset(path, sampling)


@pytest.mark.parametrize(
    ("mode", "sampling", "message"),
    [
        ("csr", 1, "stored by rows"),
        ("csr", "coo", "needs a central object of mode 'coo' or 'N-D'"),
        ("coo", 0, "is sampled with sampling='coo'"),
        ("ragged", "coo", "needs a central object of mode"),
    ],
)
def test_a_central_object_that_cannot_be_sampled_so_is_refused(tmp_path, mode, sampling, message):
    with h5torch.File(tmp_path / "x.h5t", "w") as f:
        f.register(np.eye(4) if mode != "ragged" else TOKENS, "central", mode=mode)
    with pytest.raises(SubsetError, match=message):
        h5torch.Dataset(tmp_path / "x.h5t", sampling)


def test_a_file_without_a_central_object_is_refused(tmp_path):
    h5torch.File(tmp_path / "x.h5t", "w").close()
    with pytest.raises(FormatError, match='"central" data object was not found'):
        h5torch.Dataset(tmp_path / "x.h5t")


@pytest.mark.parametrize("file", [3, None, b"x.h5t", {"central": 1}])
def test_what_is_no_file_is_refused(file):
    with pytest.raises(ArgumentTypeError, match="file must be a path, an h5torch.File, or what"):
        h5torch.Dataset(file)


def test_a_path_that_is_not_there_is_an_error_of_the_file_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        h5torch.Dataset(tmp_path / "nowhere.h5t")


def test_one_open_file_serves_many_datasets_and_stays_open(path):
    with h5torch.File(path) as f:
        first, second = h5torch.Dataset(f), h5torch.Dataset(f, 1)
        assert first.f is f
        first.close()
        assert second[0]["1/column"] == 0
        assert first[1]["0/row"] == 1
        assert bool(f)
    copy_in_memory = h5torch.File(path).to_dict()
    assert (
        h5torch.Dataset(copy_in_memory)[3]["0/row"] == h5torch.Dataset(copy_in_memory, 1)[3]["1/column"] / 10
    )


def test_a_dataset_reopens_what_was_closed(path):
    f = h5torch.File(path)
    dataset = h5torch.Dataset(f)
    f.close()
    own = h5torch.Dataset(path)
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
def test_a_processor_sees_the_file_and_each_sample(path, processor):
    dataset = h5torch.Dataset(path, sample_processor=processor)

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
def test_a_subclass_that_replaces_getitem_is_asked_by_loaders_too(path, kind, first):
    batches = list(DataLoader(kind(path), batch_size=4))

    assert batches[0].tolist() == first
    assert len(batches) == 5


@pytest.mark.parametrize("given", ["path", "file", "dict", "in_memory"])
def test_a_dataset_pickles_and_opens_its_own_handle(path, given):
    opened = h5torch.File(path)
    sources = {"path": path, "file": opened, "dict": opened.to_dict(), "in_memory": path}
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


@pytest.mark.parametrize("given", ["path", "file", "dict"])
@pytest.mark.parametrize("context", ["fork", "spawn", "forkserver"])
def test_workers_of_every_kind_read_the_same_rows(path, given, context):
    with h5torch.File(path) as opened:
        source = {"path": path, "file": opened, "dict": opened.to_dict()}[given]
        dataset = h5torch.Dataset(source)
        assert dataset[0]["0/row"] == 0  # the handle is open before the workers start
        alone = collect(DataLoader(dataset, batch_size=4))
        workers = collect(DataLoader(dataset, batch_size=4, num_workers=2, multiprocessing_context=context))

    assert workers[0] == alone[0] == list(range(N))
    assert np.array_equal(workers[1], alone[1])
    assert workers[2:] == alone[2:]


def whose_handle(parents, f, sample):
    return int(f is parents), sample["0/row"]


def test_a_forked_worker_never_uses_the_handle_of_its_parent(path):
    with h5torch.File(path) as opened:
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


def test_windows_cut_rows(path):
    windows = h5torch.SliceDataset(path, window_size=6, overlap=2, columns=["central", "0/row", "0/tokens"])

    assert windows.indices.tolist() == [[0, 6], [4, 10], [8, 14], [12, 18]]
    assert np.array_equal(windows[1]["central"], CENTRAL[4:10])
    assert windows[-1]["0/row"].tolist() == list(range(12, 18))
    assert [row.tolist() for row in windows[0]["0/tokens"]] == [row.tolist() for row in TOKENS[:6]]
    assert len(list(windows)) == 4


def test_windows_of_another_axis_keep_the_axes_in_place(path):
    windows = h5torch.SliceDataset(path, sampling=1, window_size=2)

    assert np.array_equal(windows[1]["central"], CENTRAL[:, 2:4])
    assert windows[1]["1/column"].tolist() == [20, 30]


def test_explicit_windows_may_overlap_and_differ_in_size(path):
    columns = ["central", "0/row", "0/split", "0/dense", "0/kind"]
    windows = h5torch.SliceDataset(path, window_indices=[[3, 5], [0, 4]], columns=columns)
    batch = next(iter(DataLoader(windows, batch_size=2)))

    assert windows[0]["0/row"].tolist() == [3, 4]
    assert batch["central"].shape == (2, 4, 5)
    assert batch["central/lengths"].tolist() == [[2, 5], [4, 5]]
    assert batch["0/row"].tolist() == [[3, 4, 0, 0], [0, 1, 2, 3]]
    assert batch["0/split"] == [LABELS[3:5], LABELS[0:4]]


def test_windows_of_one_size_make_plain_tensors(path):
    windows = h5torch.SliceDataset(path, window_size=5, columns=["central", "0/row"])
    batch = next(iter(DataLoader(windows, batch_size=4)))

    assert {key: tuple(value.shape) for key, value in batch.items()} == {
        "central": (4, 5, 5),
        "0/row": (4, 5),
    }


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (dict(window_size=0), SubsetError, "need window_size ≥ 1"),
        (dict(window_size=3, overlap=3), SubsetError, "overlap < window_size"),
        (dict(window_size=3, overlap=-1), SubsetError, "need window_size"),
        (dict(window_indices=[[0, 21]]), RowError, "window 0, .0, 21., lies outside the 20 rows"),
        (dict(window_indices=[[-1, 2]]), RowError, "lies outside"),
        (dict(window_indices=[[0, 2], [3, 3]]), SubsetError, "window 1, .3, 3., holds no row"),
        (dict(window_indices=[[5, 2]]), SubsetError, "holds no row"),
        (dict(window_indices=[1, 2]), SubsetError, r"must be integers of shape \(windows, 2\)"),
        (dict(window_indices=[[0.5, 2]]), SubsetError, "must be integers"),
        (dict(sampling="coo"), ArgumentTypeError, "windows are rows of an axis"),
        (dict(columns=["0/sparse"]), SubsetError, "makes no windows"),
    ],
)
def test_windows_that_make_no_sense_are_refused(path, arguments, error, message):
    arguments = {"columns": ["central"], **arguments}
    with pytest.raises(error, match=message):
        h5torch.SliceDataset(path, **arguments)


def test_more_rows_in_a_window_than_there_are_make_no_window(path):
    assert len(h5torch.SliceDataset(path, columns=["central"])) == 0


def test_a_dataset_says_what_it_draws(path):
    dataset = h5torch.Dataset(path, subset=[1, 2], columns=["central", "0/row"])

    assert repr(dataset) == "Dataset(2 samples of 20, sampling=0: central, 0/row)"


def test_scripts_find_the_published_functions(path):
    with h5torch.File(path) as f:
        for root in (f, f.to_dict()):
            assert h5torch.dataset.apply_dtype(root["0/row"], root["0/row"][3]) == 3
            assert h5torch.apply_dtype(root["0/split"], root["0/split"][0:2]).tolist() == ["train", "val"]
            row = h5torch.dataset.sample_csr(root["0/dense"], 2)
            assert np.array_equal(row, h5torch.Dataset(path)[2]["0/dense"])
            assert h5torch.dataset.sample_csr(root["0/dense"], [2, 0]).shape == (2, 9)
            indices, data = h5torch.dataset.sample_csr(root["0/sparse"], 2)
            assert row[indices].tolist() == data.tolist()
        with pytest.raises(FormatError, match="has mode 'N-D'"):
            h5torch.dataset.sample_csr(f["0/row"], 0)


def test_every_error_of_ours_has_one_base(path):
    with pytest.raises(H5torchError):
        h5torch.Dataset(path, 9)
