"""`Dataset`: what a sample is, however it is asked for."""

import numpy as np
import pytest
import torch

import h5torch
from h5torch.errors import (
    ArgumentTypeError,
    FormatError,
    H5torchError,
    RowError,
)
from tests.cells import CENTRAL, TOKENS


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


def test_going_over_a_dataset_ends_at_its_last_sample(cells):
    dataset = h5torch.Dataset(cells, subset=[3, 1, 1])

    assert [sample["0/row"] for sample in dataset] == [3, 1, 1]


def test_a_slice_or_list_of_positions_gives_stacked_values(dataset):
    assert np.array_equal(dataset[2:5]["central"], CENTRAL[2:5])
    assert dataset[[5, 0, 5]]["0/row"].tolist() == [5, 0, 5]
    assert dataset[[1, 2]]["0/kind"].tolist() == ["b", "a"]
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


def test_what_a_sample_gives_can_be_changed_without_changing_the_data(cells):
    dataset = h5torch.Dataset(cells, in_memory=True)
    for key in ("central", "0/tokens", "0/boxes", "0/dense"):
        dataset[6][key][...] = 99

    assert np.array_equal(dataset[6]["central"], CENTRAL[6])
    assert dataset[6]["0/tokens"].tolist() == TOKENS[6].tolist()
    assert (dataset[6]["0/boxes"] == 6).all()


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


def test_a_dataset_says_what_it_draws(cells):
    dataset = h5torch.Dataset(cells, subset=[1, 2], columns=["central", "0/row"])

    assert repr(dataset) == "Dataset(2 samples of 20, sampling=0: central, 0/row)"


def test_scripts_find_the_published_functions(cells):
    with h5torch.File(cells) as f:
        for root in (f, f.to_dict()):
            assert h5torch.dataset.apply_dtype(root["0/row"], root["0/row"][3]) == 3
            assert h5torch.apply_dtype(root["0/split"], root["0/split"][0:2]).tolist() == ["train", "val"]
            row = h5torch.dataset.sample_csr(root["0/dense"], 2)
            assert np.array_equal(row, h5torch.Dataset(cells)[2]["0/dense"])
            assert h5torch.dataset.sample_csr(root["0/dense"], [2, 0]).shape == (2, 9)
            indices, data = h5torch.dataset.sample_csr(root["0/sparse"], 2)
            assert row[indices].tolist() == data.tolist()
        with pytest.raises(FormatError, match="has mode 'N-D'"):
            h5torch.dataset.sample_csr(f["0/row"], 0)


def test_every_error_of_ours_has_one_base(cells):
    with pytest.raises(H5torchError):
        h5torch.Dataset(cells, 9)
