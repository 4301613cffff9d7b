"""What a `Dataset` samples: which axis, which rows, which columns."""

import re

import numpy as np
import pytest
import torch

import h5torch
import splits
from h5torch.errors import (
    ArgumentTypeError,
    RowError,
    SubsetError,
    UnknownNameError,
)
from tests.cells import CENTRAL, TOKENS, N


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
        (("0/row", re.compile("1[0-3]")), [10, 11, 12, 13]),
        (("0/kind", "a"), list(range(0, 20, 2))),
    ],
)
def test_a_subset_chooses_rows(cells, subset, rows):
    dataset = h5torch.Dataset(cells, subset=subset)

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
def test_a_subset_that_does_not_fit_is_refused_at_once(cells, subset, error, message):
    with pytest.raises(error, match=message):
        h5torch.Dataset(cells, subset=subset)


def test_rows_may_be_chosen_afterwards(dataset):
    dataset.indices = dataset.indices[::-1]
    assert dataset[0]["0/row"] == 19
    with pytest.raises(RowError, match="index 99"):
        dataset.indices = [99]


def test_columns_choose_what_a_sample_holds(cells):
    assert list(h5torch.Dataset(cells, columns=["0/row", "central"])[0]) == ["central", "0/row"]
    assert list(h5torch.Dataset(cells, columns=["0/row"])[0]) == ["0/row"]


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        (["0/rows"], UnknownNameError, "no '0/rows' for sampling=0; did you mean '0/row'"),
        (["1/column"], UnknownNameError, "no '1/column' for sampling=0"),
        ([], SubsetError, "list is empty"),
        ("0/row", ArgumentTypeError, r"give a list, columns=\['0/row'\]"),
    ],
)
def test_columns_that_are_not_there_are_refused(cells, columns, error, message):
    with pytest.raises(error, match=message):
        h5torch.Dataset(cells, columns=columns)


def test_any_axis_of_a_dense_central_object_can_be_sampled(cells):
    dataset = h5torch.Dataset(cells, sampling=1)

    assert len(dataset) == 5
    assert np.array_equal(dataset[3]["central"], CENTRAL[:, 3])
    assert dataset[3]["1/column"] == 30


def test_element_sampling_gives_one_value_and_what_is_aligned_to_every_axis(cells):
    dataset = h5torch.Dataset(cells, "coo", columns=["central", "0/tokens", "1/column"])

    assert len(dataset) == N * 5
    for position in (0, 7, 99, -1):
        row, column = divmod(position % 100, 5)
        sample = dataset[position]
        assert sample["central"] == CENTRAL[row, column]
        assert sample["0/tokens"].tolist() == TOKENS[row].tolist()
        assert sample["1/column"] == column * 10


def test_nonzeros_may_be_chosen_by_an_object_with_one_label_for_each(cells):
    dataset = h5torch.Dataset(cells, "coo", subset=("unstructured/cells", "9"), columns=["central"])

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
def test_an_axis_that_is_not_there_is_refused(cells, sampling, error, message):
    with pytest.raises(error, match=message):
        h5torch.Dataset(cells, sampling)


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


@pytest.fixture
def split_cells(cells, tmp_path):
    """The file with a stored split of its rows and one of its columns."""
    path = tmp_path / "split.h5t"
    path.write_bytes(cells.read_bytes())
    splits.create(path, "main", splits.Stratified(by="0/kind", parts={"train": 0.8, "val": 0.2}, seed=0))
    splits.create(
        path,
        "columns",
        splits.Stratified(by="1/column", parts={"few": 0.6, "fewer": 0.4}, seed=0, rare="keep"),
    )
    return path


def test_a_part_of_a_split_chooses_its_rows(split_cells):
    train = h5torch.Dataset(split_cells, split="main/train")
    val = h5torch.Dataset(split_cells, split="main/val")

    assert sorted([*train.indices, *val.indices]) == list(range(20))
    assert train.indices.tolist() == splits.load(split_cells, "main").rows("train").tolist()
    assert [sample["0/row"] for sample in val] == val.indices.tolist()
    assert len(h5torch.Dataset(split_cells, 1, split="columns/few")) == 3


def test_a_subset_and_a_part_choose_the_rows_in_both(split_cells):
    train = h5torch.Dataset(split_cells, split="main/train").indices.tolist()
    both = h5torch.Dataset(split_cells, subset=[19, 3, 3, 0, 7], split="main/train")

    assert both.indices.tolist() == [row for row in [19, 3, 3, 0, 7] if row in train]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (dict(split="main"), SubsetError, "say which part, as in 'name/train'"),
        (dict(split="main/test"), UnknownNameError, "no part 'test'|there are 'train', 'val'|train"),
        (dict(split="mian/train"), UnknownNameError, "did you mean 'main'"),
        (dict(split="columns/few"), SubsetError, "divides axis 1, this dataset samples 0"),
        (dict(sampling=1, split="main/train"), SubsetError, "divides axis 0, this dataset samples 1"),
        (dict(sampling="coo", split="main/train"), SubsetError, "divides axis 0, this dataset samples 'coo'"),
    ],
)
def test_a_split_that_does_not_fit_is_refused(split_cells, arguments, error, message):
    with pytest.raises(error, match=message):
        h5torch.Dataset(split_cells, **arguments)


def test_a_split_of_another_number_of_rows_is_refused(tmp_path):
    path = tmp_path / "x.h5t"
    for rows in (4, 6):
        with h5torch.File(path, "a") as f:
            for key in ("0/y", "central"):
                if key in f:
                    del f[key]
            f.register(np.zeros(rows), "central")
            f.register(["a", "b"] * (rows // 2), 0, name="y")
            if rows == 4:
                splits.create(f, "main", splits.Stratified(by="0/y", parts={"a": 0.5, "b": 0.5}, seed=0))

    with pytest.raises(SubsetError, match="was made for 4 rows, there are 6; let splits.extend deal"):
        h5torch.Dataset(path, split="main/a")
