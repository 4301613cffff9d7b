"""`collate`, and PyTorch's own `default_collate`: what a batch of samples becomes."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, default_collate

import h5torch
from h5torch.batch import Sample
from h5torch.errors import ArgumentTypeError

N = 8


@pytest.fixture
def dataset(tmp_path):
    """A file with a column of each kind."""
    counts = np.arange(N * 3).reshape(N, 3) % 4
    with h5torch.File(tmp_path / "x.h5t", "w") as f:
        f.register(np.arange(N, dtype=np.float32), "central")
        f.register([np.arange(row, dtype=np.int16) for row in range(N)], 0, name="ragged")
        f.register([np.full((row, 2), row) for row in range(1, N + 1)], 0, name="boxes")
        f.register([np.arange(row) for row in range(N)], 0, name="vlen", mode="vlen")
        f.register([np.full((2, row + 1), row) for row in range(N)], 0, name="separate", mode="separate")
        f.register(np.arange(N), 0, name="numbers", mode="separate")
        f.register(counts, 0, name="dense", mode="csr")
        f.register(counts, 0, name="sparse", mode="csr", csr_load_sparse=True)
        f.register(["β", "a"] * 4, 0, name="kind", categories=True)
        f.register([["a", "b"], ["c", "d"]] * 4, 0, name="pairs")
        f.register(["text"] * N, 0, name="text")
        f.register(["text"] * N, 0, name="long", mode="ragged")
        f.register(np.arange(N).astype("S2"), 0, name="bytes")
        f.register(np.arange(N).astype("datetime64[s]"), 0, name="time")
        f.register(np.arange(N), 0, name="half", dtype_load="bfloat16")
        f.register([torch.ones(row + 1).bfloat16() for row in range(N)], 0, name="halves")
        f.register(np.arange(N, dtype=np.uint16), 0, name="uint16")
        f.register(np.arange(N) > 3, 0, name="flag")
        f.register(np.arange(N) * 1j, 0, name="complex")
    return h5torch.Dataset(tmp_path / "x.h5t")


def same(a, b):
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.layout == b.layout and torch.equal(a.to_dense(), b.to_dense())
    return a == b


@pytest.mark.parametrize("positions", [[0, 1, 2], [7], [3, 3, 0], list(range(N))])
def test_a_batch_is_the_same_however_it_is_collated(dataset, positions):
    whole = h5torch.collate(dataset.__getitems__(positions))
    others = [
        default_collate([dataset[position] for position in positions]),
        h5torch.collate([dataset[position] for position in positions]),
        next(iter(DataLoader(dataset, batch_size=len(positions), sampler=positions))),
        next(iter(DataLoader(dataset, batch_sampler=[positions], collate_fn=h5torch.collate))),
    ]

    for other in others:
        assert list(other) == list(whole)
        assert [key for key in whole if not same(whole[key], other[key])] == []


def test_each_kind_becomes_its_tensor(dataset):
    batch = h5torch.collate(dataset.__getitems__([2, 0]))

    assert batch["central"].tolist() == [2.0, 0.0]
    assert (batch["0/ragged"].tolist(), batch["0/ragged/lengths"].tolist()) == ([[0, 1], [0, 0]], [2, 0])
    assert batch["0/ragged"].dtype == torch.int16
    assert batch["0/boxes"].tolist() == [[[3, 3]] * 3, [[1, 1], [0, 0], [0, 0]]]
    assert batch["0/boxes/lengths"].tolist() == [[3, 2], [1, 2]]
    assert batch["0/vlen"].tolist() == [[0, 1], [0, 0]]
    assert batch["0/separate"].shape == (2, 2, 3)
    assert batch["0/numbers"].tolist() == [2, 0]
    assert "0/numbers/lengths" not in batch
    assert batch["0/dense"].tolist() == [[2, 3, 0], [0, 1, 2]]
    assert batch["0/sparse"].layout == torch.sparse_csr
    assert batch["0/sparse"].to_dense().tolist() == batch["0/dense"].tolist()
    assert (batch["0/kind"].tolist(), batch["0/kind"].dtype) == ([1, 1], torch.int64)
    assert batch["0/pairs"] == [["a", "b"], ["a", "b"]]
    assert batch["0/text"] == batch["0/long"] == ["text", "text"]
    assert batch["0/bytes"] == [b"2", b"0"]
    assert batch["0/time"].tolist() == [2, 0]
    assert (batch["0/half"].dtype, batch["0/halves"].dtype) == (torch.bfloat16, torch.bfloat16)
    assert (batch["0/uint16"].dtype, batch["0/flag"].dtype) == (torch.uint16, torch.bool)
    assert batch["0/complex"].tolist() == [2j, 0j]


def test_the_names_behind_codes_are_at_hand(dataset):
    assert dataset[0]["0/kind"] == "β"
    assert dataset.f.column("0/kind").tolist() == ["β", "a"] * 4
    assert dataset.f["categories/0/kind"].asstr()[:].tolist() == ["a", "β"]


def test_a_batch_of_rows_without_entries_has_no_width(dataset):
    batch = h5torch.collate(dataset.__getitems__([0, 0]))

    assert batch["0/ragged"].shape == (2, 0)


def test_a_processor_may_change_what_a_key_holds(dataset):
    def change(f, sample):
        del f
        sample["central"] = torch.ones(3) * sample["central"].item()
        sample["0/ragged"] = len(sample["0/ragged"])
        sample["new"] = "n"
        del sample["0/boxes"]
        return sample

    changed = h5torch.Dataset(dataset.f, sample_processor=change)
    batch = next(iter(DataLoader(changed, batch_size=2)))

    assert batch["central"].tolist() == [[0, 0, 0], [1, 1, 1]]
    assert batch["0/ragged"].tolist() == [0, 1]
    assert batch["new"] == ["n", "n"]
    assert "0/boxes" not in batch


def test_samples_that_became_something_else_are_left_to_pytorch(dataset):
    pairs = h5torch.Dataset(dataset.f, sample_processor=lambda _, sample: (sample["central"], 1))

    first, second = next(iter(DataLoader(pairs, batch_size=3, collate_fn=h5torch.collate)))
    assert (first.tolist(), second.tolist()) == ([0, 1, 2], [1, 1, 1])
    assert isinstance(dataset[0].copy(), Sample)
    more = [dataset[position] | {"more": position} for position in (2, 0)]
    assert h5torch.collate(more)["more"].tolist() == [2, 0]
    assert h5torch.collate(more)["0/ragged"].tolist() == [[0, 1], [0, 0]]


def test_a_dtype_that_torch_lacks_names_the_column(tmp_path):
    with h5torch.File(tmp_path / "x.h5t", "w") as f:
        f.register(np.arange(4, dtype=np.longdouble), "central")
    dataset = h5torch.Dataset(tmp_path / "x.h5t")

    assert dataset[1]["central"].dtype == np.longdouble
    with pytest.raises(ArgumentTypeError, match="central: torch has no dtype for .*dtype_load='float64'"):
        h5torch.collate(dataset.__getitems__([0]))


def test_rows_of_several_ranks_give_samples_but_no_tensor(tmp_path):
    with h5torch.File(tmp_path / "x.h5t", "w") as f:
        f.register([np.ones(2), np.ones((2, 2))], "central", mode="separate")
    dataset = h5torch.Dataset(tmp_path / "x.h5t")

    assert dataset[1]["central"].shape == (2, 2)
    with pytest.raises(ArgumentTypeError, match=r"central: rows of ranks \[1, 2\] make no tensor"):
        h5torch.collate(dataset.__getitems__([0, 1]))


def test_a_processor_may_replace_what_a_file_gave_by_something_of_another_kind(dataset):
    codes = {"a": 5, "β": 7}

    def change(_, sample):
        sample["0/kind"] = np.int64(codes[sample["0/kind"]])
        sample["0/text"] = np.int64(len(sample["0/text"]))
        sample["0/half"] = np.float64(0.1)
        return sample

    changed = h5torch.Dataset(dataset.f, sample_processor=change)
    batch = h5torch.collate([changed[0], changed[1]])

    assert batch["0/kind"].tolist() == [7, 5]
    assert batch["0/text"].tolist() == [4, 4]
    assert batch["0/half"].dtype == torch.float64


def test_a_name_that_is_no_category_stays_text(dataset):
    samples = [dataset[0] | {"0/kind": np.str_("new")}, dataset[1]]

    assert h5torch.collate(samples)["0/kind"] == ["new", "a"]


def test_codes_of_different_categories_are_not_mixed(dataset, tmp_path):
    with h5torch.File(tmp_path / "other.h5t", "w") as f:
        f.register(np.zeros(2, np.float32), "central")
        f.register(["z", "a"], 0, name="kind", categories=True)
    other = h5torch.Dataset(tmp_path / "other.h5t")
    columns = h5torch.Dataset(dataset.f, columns=["central", "0/kind"])

    with pytest.raises(ArgumentTypeError, match="0/kind: samples have different categories"):
        h5torch.collate([columns[0], other[0]])


def test_windows_keep_codes_and_bfloat16(dataset):
    columns = ["central", "0/half", "0/kind", "0/text"]
    windows = h5torch.SliceDataset(dataset.f, window_indices=[[0, 3], [2, 4]], columns=columns)
    batch = next(iter(DataLoader(windows, batch_size=2)))

    assert batch["0/kind"].tolist() == [[1, 0, 1], [1, 0, 0]]
    assert batch["0/half"].dtype == torch.bfloat16
    assert batch["0/text"] == [["text"] * 3, ["text"] * 2]


@pytest.mark.parametrize("empty", [[], "batch"])
def test_a_batch_of_nothing_is_refused(dataset, empty):
    samples = dataset.__getitems__([]) if empty == "batch" else empty
    with pytest.raises(ArgumentTypeError, match="a batch needs at least one sample"):
        h5torch.collate(samples)


def test_a_sample_beside_a_bare_dict_is_left_to_pytorch(dataset):
    central = h5torch.Dataset(dataset.f, columns=["central", "0/flag"])

    batch = h5torch.collate([central[5], dict(central[6])])
    assert (batch["central"].tolist(), batch["0/flag"].tolist()) == ([5, 6], [True, True])


def test_values_of_different_shapes_are_an_error_of_pytorch(dataset):
    changed = [dataset[0] | {"central": np.zeros(2)}, dataset[1] | {"central": np.zeros(3)}]
    with pytest.raises(RuntimeError, match="equal size"):
        h5torch.collate(changed)


def test_windows_whose_names_were_replaced_stay_text(dataset):
    def rename(_, sample):
        sample["0/kind"] = np.array(["new"] * len(sample["0/kind"]))
        return sample

    windows = h5torch.SliceDataset(
        dataset.f, sample_processor=rename, window_size=2, columns=["central", "0/kind"]
    )
    with pytest.raises(TypeError):
        h5torch.collate([windows[0], windows[1]])


def test_sparse_rows_of_different_width_are_not_mixed(tmp_path):
    for width in (4, 40):
        with h5torch.File(tmp_path / f"{width}.h5t", "w") as f:
            f.register(np.eye(3, width), "central", mode="csr", csr_load_sparse=True)
    narrow, wide = (h5torch.Dataset(tmp_path / f"{width}.h5t") for width in (4, 40))

    with pytest.raises(ArgumentTypeError, match="central: samples have 4 and 40 columns"):
        h5torch.collate([narrow[0], wide[0]])


def test_samples_with_different_keys_name_the_one_that_is_missing(dataset):
    with pytest.raises(ArgumentTypeError, match="0/boxes: sample 1 of the batch lacks it"):
        h5torch.collate([dataset[0], h5torch.Dataset(dataset.f, columns=["central"])[0]])


def test_times_of_different_units_are_not_mixed(dataset):
    days = dataset[0] | {"0/time": np.datetime64(1, "D")}
    with pytest.raises(TypeError):
        h5torch.collate([days, dataset[1]])
