"""`Dataset.batch`, `transform=`, and the ways in which `DataLoader` asks for whole batches."""

import numpy as np
import pytest
import torch
from torch.utils.data import BatchSampler, DataLoader, SequentialSampler

import h5torch
import splits
from h5torch.errors import ArgumentTypeError, RowError
from tests.alike import alike
from tests.cells import CENTRAL, N

FAST = ["central", "0/row", "0/tokens", "0/kind"]
"""Columns that NumPy reads from the map in one call each."""
CHOICES = [{}, {"columns": FAST}, {"columns": ["0/row"]}, {"columns": FAST, "ragged": "list"}]
CHOICES += [{"columns": FAST, "reader": reader} for reader in ("map", "pread", "h5py")]


class Arrays:
    """A sampler whose items are whole batches of positions."""

    def __init__(self, *batches):
        self.batches = [np.asarray(batch) for batch in batches]

    def __iter__(self):
        return iter(self.batches)

    def __len__(self):
        return len(self.batches)


@pytest.fixture(params=CHOICES, ids=str)
def chosen(cells, request):
    return h5torch.Dataset(cells, **request.param)


POSITIONS = [
    [3, 0, 3],
    (-1, -N, 19),
    range(4),
    np.array([5, -5, 0]),
    np.array([2, 1], np.int8),
    np.array([19, 0], np.uint64),
    np.array([7, 8], ">i8"),
    np.arange(10)[::-3],
    torch.tensor([4, -4]),
    torch.tensor([1], dtype=torch.int32),
]


@pytest.mark.parametrize("positions", POSITIONS, ids=repr)
def test_a_batch_is_its_samples_collated_whatever_names_them(chosen, positions):
    batch = chosen.batch(positions)

    asked = np.asarray(positions).tolist()
    assert alike(batch, h5torch.collate([chosen[position] for position in asked]))
    assert batch["0/row"].tolist() == np.arange(N)[asked].tolist()


def test_a_batch_holds_what_was_registered(chosen):
    positions = np.array([4, 18, -2, 4])
    batch = chosen.batch(positions)

    assert batch["0/row"].tolist() == [4, 18, 18, 4]
    assert "central" not in batch or np.array_equal(batch["central"].numpy(), CENTRAL[positions])


@pytest.mark.parametrize("wrong", [20, -21, 10**12, -(2**63)])
@pytest.mark.parametrize("kind", [list, np.array, torch.tensor])
def test_a_position_out_of_range_is_an_index_error_that_names_it(chosen, wrong, kind):
    with pytest.raises(IndexError, match=f"index {wrong} is out of range for 20 rows") as caught:
        chosen.batch(kind([0, wrong, 1]))
    assert isinstance(caught.value, RowError)


def test_an_unsigned_position_beyond_any_row_is_out_of_range(chosen):
    with pytest.raises(RowError, match="index 18446744073709551615 is out of range"):
        chosen.batch(np.array([2**64 - 1], np.uint64))


NO_POSITIONS = [
    [True, False],
    np.ones(N, bool),
    [1.0],
    torch.tensor([1.0]),
    [[0, 1]],
    np.array([[0], [1]]),
    torch.tensor([[0]]),
    [[0], [1, 2]],
    ["a"],
    None,
    slice(0, 3),
    [2**70],
    {1, 2},
    np.array([[]], np.intp),
]


@pytest.mark.parametrize("positions", NO_POSITIONS, ids=repr)
def test_what_are_no_positions_is_refused(chosen, positions):
    with pytest.raises(ArgumentTypeError, match="indices must be a flat list of integers"):
        chosen.batch(positions)


@pytest.mark.parametrize(
    "positions", [[], (), np.array([], np.intp), np.array([]), torch.tensor([])], ids=repr
)
def test_a_batch_of_no_positions_is_refused(chosen, positions):
    with pytest.raises(ArgumentTypeError, match="batch: at least one position is needed"):
        chosen.batch(positions)


@pytest.mark.parametrize("columns", [None, FAST])
def test_positions_of_a_subset_count_its_rows(cells, columns):
    subset = [7, 3, 3, 19, 0]
    dataset = h5torch.Dataset(cells, subset=subset, columns=columns)

    for kind in (list, np.array):
        assert dataset.batch(kind([0, -1, 2, 2]))["0/row"].tolist() == [7, 0, 3, 3]
        for wrong in (5, -6):
            with pytest.raises(RowError, match=f"index {wrong} is out of range for 5 rows"):
                dataset.batch(kind([wrong]))
    dataset.indices[:2] = [1, 2]
    assert dataset.batch(np.arange(3))["0/row"].tolist() == [1, 2, 3]


def test_a_split_and_a_mask_choose_what_batches_hold(cells, tmp_path):
    path = tmp_path / "x.h5t"
    path.write_bytes(cells.read_bytes())
    splits.create(path, "main", splits.Stratified(by="0/kind", parts={"a": 0.5, "b": 0.5}, seed=0))
    with h5torch.File(path) as f:
        codes = f["splits/main/codes"][:]
    mask = np.arange(N) % 3 == 0
    dataset = h5torch.Dataset(path, split="main/b", subset=mask, columns=FAST)

    expected = np.flatnonzero(mask & (codes == 1))
    assert dataset.batch(np.arange(len(dataset)))["0/row"].tolist() == expected.tolist()


@pytest.mark.parametrize("reader", ["auto", "pread", "h5py", None])
def test_batches_are_the_callers_own(cells, reader):
    dataset = h5torch.Dataset(cells, in_memory=reader is None, reader=reader or "auto")
    positions = np.array([6, 6, 9])
    first, second, kept = (dataset.batch(positions) for _ in range(3))
    for value in first.values():
        for tensor in value if isinstance(value, list) else [value]:
            if isinstance(tensor, torch.Tensor):
                (tensor if tensor.layout == torch.strided else tensor.values()).fill_(1)

    assert alike(second, kept)
    assert alike(dataset.batch(positions), kept)
    assert kept["central"].tolist() == CENTRAL[positions].tolist()
    assert dataset[6]["0/tokens"].tolist() == list(range(6))


def test_rows_that_repeat_share_no_memory(chosen):
    batch = chosen.batch(np.array([6, 6]))
    for key in ("central", "0/row", "0/tokens"):
        if key in batch:
            before = batch[key][1].clone()
            batch[key][0].fill_(77)
            assert torch.equal(batch[key][1], before)


def shipped(batch):
    return {"rows": batch["0/row"] * 2}


def test_a_transform_is_given_whole_batches_by_everyone_who_asks(cells):
    dataset = h5torch.Dataset(cells, columns=FAST, transform=shipped)
    loaders = [
        DataLoader(dataset, batch_size=5),
        DataLoader(dataset, batch_size=5, collate_fn=h5torch.collate),
        DataLoader(dataset, sampler=Arrays(*np.arange(N).reshape(4, 5)), batch_size=None),
        DataLoader(dataset, sampler=BatchSampler(SequentialSampler(dataset), 5, False), batch_size=5),
    ]

    assert dataset.batch([1, 2])["rows"].tolist() == dataset[np.array([1, 2])]["rows"].tolist() == [2, 4]
    for loader in loaders[:3]:
        assert [batch["rows"].tolist() for batch in loader] == (np.arange(N).reshape(4, 5) * 2).tolist()
    assert dataset[1]["0/row"] == 1


@pytest.mark.parametrize("made", [7, None, "text", (1, 2), torch.ones(2)], ids=repr)
def test_a_transform_may_make_anything(cells, made):
    dataset = h5torch.Dataset(cells, columns=FAST, transform=lambda _: made)

    assert dataset.batch([0]) is made
    assert next(iter(DataLoader(dataset, batch_size=2))) is made


def fail(batch):
    msg = f"no {len(batch)}"
    raise LookupError(msg)


def test_what_a_transform_raises_is_raised(cells):
    dataset = h5torch.Dataset(cells, columns=FAST, transform=fail)
    loader = iter(DataLoader(dataset, batch_size=N, num_workers=1))
    for ask in (lambda: dataset.batch([0]), lambda: next(iter(DataLoader(dataset))), lambda: next(loader)):
        with pytest.raises(LookupError, match="no 5"):
            ask()
    loader._shutdown_workers()  # what was raised keeps it, and workers forked later would inherit it

    assert dataset[3]["0/row"] == 3


def test_a_transform_of_windows_sees_batches_of_windows(cells):
    windows = h5torch.SliceDataset(
        cells, window_size=5, columns=["central", "0/row"], transform=lambda batch: batch["0/row"]
    )

    assert windows.batch([1, 0]).tolist() == np.arange(10).reshape(2, 5)[::-1].tolist()
    assert [batch.shape for batch in DataLoader(windows, batch_size=3)] == [(3, 5), (1, 5)]
    with pytest.raises(RowError, match="index 4 is out of range for 4 rows"):
        windows.batch(np.array([4]))


def test_a_transform_that_cannot_be_called_is_refused(cells):
    with pytest.raises(ArgumentTypeError, match="cannot be called as transform"):
        h5torch.Dataset(cells, transform=3)


@pytest.mark.parametrize("options", [{}, {"columns": FAST}])
@pytest.mark.parametrize("workers", [0, 2])
def test_every_standard_way_of_loading_gives_the_same_batches(cells, options, workers):
    dataset = h5torch.Dataset(cells, subset=np.arange(N)[::-1], **options)
    cut = [np.arange(at, min(at + 8, N)) for at in range(0, N, 8)]
    expected = [dataset.batch(positions) for positions in cut]
    plain = DataLoader(dataset, batch_size=8, num_workers=workers)
    arrays = DataLoader(dataset, sampler=Arrays(*cut), batch_size=None, num_workers=workers)

    assert alike(list(plain), expected)
    assert alike([dict(batch) for batch in arrays], expected)


def double(f, sample):
    assert "central" in f
    return {"twice": sample["0/row"] * 2, "tokens": len(sample["0/tokens"])}


def test_a_sample_processor_is_called_for_each_sample_of_a_batch(cells):
    dataset = h5torch.Dataset(cells, sample_processor=double, subset=[5, 4, 3])

    for batch in (dataset.batch([0, -1]), dataset.batch(np.array([0, 2])), dataset[np.array([0, 2])]):
        assert {key: value.tolist() for key, value in batch.items()} == {"twice": [10, 6], "tokens": [5, 3]}
    for wrong in ([3], np.array([-4])):
        with pytest.raises(RowError, match="out of range for 3 rows"):
            dataset.batch(wrong)


class Shifted(h5torch.Dataset):
    def __getitem__(self, index):
        return super().__getitem__(index)["0/row"] + 100


class ShiftedWindows(h5torch.SliceDataset):
    def __getitem__(self, index):
        return super().__getitem__(index)["0/row"] + 100


def test_a_subclass_decides_what_batches_are_made_of(cells):
    assert Shifted(cells).batch(np.array([1, -1])).tolist() == [101, 119]
    assert Shifted(cells, transform=torch.sum).batch([1, -1]).item() == 220
    windows = ShiftedWindows(cells, window_size=2, columns=["0/row"])
    assert windows.batch(np.array([1])).tolist() == [[102, 103]]


def test_a_dataset_of_a_file_that_was_closed_reads_on(cells):
    f = h5torch.File(cells)
    dataset, all_columns = h5torch.Dataset(f, columns=FAST), h5torch.Dataset(f)
    before = dataset.batch(np.array([3, 1])), all_columns.batch(np.array([3, 1]))
    f.close()

    assert alike((dataset.batch(np.array([3, 1])), all_columns.batch(np.array([3, 1]))), before)
    dataset.close()
    with h5torch.File(cells) as again:
        assert alike(h5torch.Dataset(again, columns=FAST).batch([3, 1]), before[0])
        assert alike(dataset.batch([3, 1]), before[0])


@pytest.mark.parametrize("wrong", ["fast", None, 3, "PREAD"])
def test_a_reader_or_form_that_is_none_is_refused_by_name(cells, wrong):
    with pytest.raises(ArgumentTypeError, match="give one of 'auto', 'map', 'pread', 'h5py'"):
        h5torch.Dataset(cells, reader=wrong)
    with pytest.raises(ArgumentTypeError, match="give one of 'pad', 'packed', 'nested', 'list'"):
        h5torch.Dataset(cells, ragged=wrong)


def test_a_subclass_is_asked_once_for_an_array_of_positions(cells):
    assert Shifted(cells)[np.array([1, 2])].tolist() == [101, 102]
    loader = DataLoader(Shifted(cells), sampler=Arrays([1, 2]), batch_size=None)
    assert next(iter(loader)).tolist() == [101, 102]
