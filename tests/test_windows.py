"""`SliceDataset`: windows of rows."""

import numpy as np
import pytest
from torch.utils.data import DataLoader

import h5torch
from h5torch.errors import (
    ArgumentTypeError,
    RowError,
    SubsetError,
)
from tests.cells import CENTRAL, LABELS, TOKENS


def test_windows_cut_rows(cells):
    windows = h5torch.SliceDataset(cells, window_size=6, overlap=2, columns=["central", "0/row", "0/tokens"])

    assert windows.indices.tolist() == [[0, 6], [4, 10], [8, 14], [12, 18]]
    assert np.array_equal(windows[1]["central"], CENTRAL[4:10])
    assert windows[-1]["0/row"].tolist() == list(range(12, 18))
    assert [row.tolist() for row in windows[0]["0/tokens"]] == [row.tolist() for row in TOKENS[:6]]
    assert len(list(windows)) == 4


def test_windows_of_another_axis_keep_the_axes_in_place(cells):
    windows = h5torch.SliceDataset(cells, sampling=1, window_size=2)

    assert np.array_equal(windows[1]["central"], CENTRAL[:, 2:4])
    assert windows[1]["1/column"].tolist() == [20, 30]


def test_explicit_windows_may_overlap_and_differ_in_size(cells):
    columns = ["central", "0/row", "0/split", "0/dense", "0/kind"]
    windows = h5torch.SliceDataset(cells, window_indices=[[3, 5], [0, 4]], columns=columns)
    batch = next(iter(DataLoader(windows, batch_size=2)))

    assert windows[0]["0/row"].tolist() == [3, 4]
    assert batch["central"].shape == (2, 4, 5)
    assert batch["central/lengths"].tolist() == [[2, 5], [4, 5]]
    assert batch["0/row"].tolist() == [[3, 4, 0, 0], [0, 1, 2, 3]]
    assert batch["0/split"] == [LABELS[3:5], LABELS[0:4]]


def test_windows_of_one_size_make_plain_tensors(cells):
    windows = h5torch.SliceDataset(cells, window_size=5, columns=["central", "0/row"])
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
def test_windows_that_make_no_sense_are_refused(cells, arguments, error, message):
    arguments = {"columns": ["central"], **arguments}
    with pytest.raises(error, match=message):
        h5torch.SliceDataset(cells, **arguments)


def test_more_rows_in_a_window_than_there_are_make_no_window(cells):
    assert len(h5torch.SliceDataset(cells, columns=["central"])) == 0


def test_windows_may_be_chosen_afterwards(cells):
    windows = h5torch.SliceDataset(cells, window_size=5, columns=["central", "0/row"])
    windows.indices = [[2, 4]]

    assert [window["0/row"].tolist() for window in windows] == [[2, 3]]
    with pytest.raises(RowError, match="lies outside"):
        windows.indices = [[2, 99]]


def test_one_window_is_asked_for_at_a_time(cells):
    with pytest.raises(ArgumentTypeError, match="give the position of one window"):
        h5torch.SliceDataset(cells, window_size=5, columns=["central"])[[0, 1]]


@pytest.mark.parametrize("mode", ["N-D", "csr", "ragged", "vlen", "separate"])
def test_every_layout_with_rows_makes_windows(tmp_path, mode):
    rows = [np.arange(row % 4) for row in range(10)]
    data = np.arange(30).reshape(10, 3) if mode in {"N-D", "csr"} else rows
    with h5torch.File(tmp_path / "x.h5t", "w") as f:
        f.register(data, "central", mode=mode)
        f.register(["t" * row for row in range(10)], 0, name="text", mode="ragged")
    windows = h5torch.SliceDataset(tmp_path / "x.h5t", window_size=4, overlap=1)
    batch = next(iter(DataLoader(windows, batch_size=2)))

    assert [len(window["central"]) for window in windows] == [4, 4, 4]
    assert [row.tolist() for row in windows[1]["central"]] == [
        np.asarray(data[row]).tolist() for row in range(3, 7)
    ]
    assert batch["0/text"] == [["t" * row for row in range(4)], ["t" * row for row in range(3, 7)]]


def test_windows_of_codes_keep_the_axes_in_place(tmp_path):
    with h5torch.File(tmp_path / "x.h5t", "w") as f:
        f.register(np.array([["a", "b", "c"], ["b", "b", "a"]] * 4), "central", categories=True)
    windows = h5torch.SliceDataset(tmp_path / "x.h5t", sampling=1, window_size=2)

    assert windows.batch([0])["central"].shape == h5torch.collate([windows[0]])["central"].shape == (1, 8, 2)
