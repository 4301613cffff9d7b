"""What ragged rows become in a batch: one padded tensor, flat values, a nested tensor, or a list."""

import itertools

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, default_collate

import h5torch
from h5torch.errors import ArgumentTypeError
from tests.alike import alike

N = 12
SIZES = [3, 0, 1, 5, 0, 2, 7, 1, 0, 4, 2, 6]
FORMS = ["pad", "packed", "nested", "list"]
# torch says so when its first jagged tensor is made, and when one comes from another process.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors is in prototype stage"),
    pytest.mark.filterwarnings("ignore:.*is_fx_tracing"),
]


def rows_of(dtype):
    return [(np.arange(size) + row).astype(dtype) for row, size in enumerate(SIZES)]


def boxes_of(dtype):
    return [(np.arange(size * 3) + row).reshape(size, 3).astype(dtype) for row, size in enumerate(SIZES)]


def areas_of(dtype):
    """Rows that differ along both axes."""
    return [np.full((size, row % 4 + 1), row).astype(dtype) for row, size in enumerate(SIZES)]


COLUMNS = {
    "0/int": rows_of("i4"),
    "0/float": rows_of("f8"),
    "0/half": rows_of("f2"),
    "0/flag": [row > 4 for row in rows_of("i4")],
    "0/saved": rows_of("f4"),
    "0/big": rows_of(">i8"),
    "0/time": rows_of("M8[s]"),
    "0/span": rows_of("m8[ms]"),
    "0/boxes": boxes_of("f4"),
    "0/vlen": rows_of("i8"),
    "0/separate": boxes_of("i2"),
    "0/areas": areas_of("u1"),
}
OPTIONS = {
    "0/saved": {"dtype_save": "int16", "dtype_load": "float32"},
    "0/vlen": {"mode": "vlen"},
    "0/separate": {"mode": "separate"},
}
BFLOAT16 = {"0/brain": rows_of("f4"), "0/brains": boxes_of("f4")}
JAGGED = [key for key in COLUMNS if key != "0/areas"]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("ragged") / "x.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.arange(N), "central")
        for key, rows in COLUMNS.items():
            options = {"mode": "ragged", **OPTIONS.get(key, {})}
            f.register(rows, 0, name=key[2:], **options)
        for key, rows in BFLOAT16.items():
            f.register([torch.from_numpy(row).bfloat16() for row in rows], 0, name=key[2:])
        f.register(["é" * size for size in SIZES], 0, name="text", mode="ragged")
    return path


def as_tensor(row, *, bfloat16=False):
    """One row as a tensor of its own."""
    native = row.astype(row.dtype.newbyteorder("="))
    tensor = torch.from_numpy(native.view(np.int64) if row.dtype.kind in "mM" else native.copy())
    return tensor.bfloat16() if bfloat16 else tensor


def expected(key, positions, form):
    """Build a batch of one column from its rows, one by one."""
    bfloat16 = key in BFLOAT16
    rows = [(BFLOAT16 if bfloat16 else COLUMNS)[key][position] for position in positions]
    tensors = [as_tensor(row, bfloat16=bfloat16) for row in rows]
    shapes = torch.tensor([row.shape for row in rows])
    if form == "list":
        return {key: tensors}
    if form == "packed":
        sizes = [0, *np.cumsum([row.size for row in rows]).tolist()]
        packed = {key: torch.cat([tensor.reshape(-1) for tensor in tensors])}
        packed[f"{key}/offsets"] = torch.tensor(sizes)
        return packed if rows[0].ndim == 1 else packed | {f"{key}/shapes": shapes}
    if form == "nested":
        return {key: torch.nested.nested_tensor(tensors, layout=torch.jagged)}
    padded = torch.zeros(len(rows), *shapes.max(0).values.tolist(), dtype=tensors[0].dtype)
    for room, tensor in zip(padded, tensors, strict=True):
        room[tuple(map(slice, tensor.shape))] = tensor
    return {key: padded, f"{key}/lengths": shapes[:, 0] if rows[0].ndim == 1 else shapes}


POSITIONS = [[3, 6, 0], [5], [1, 4], [8], [9, 1, 9], list(range(N))]


@pytest.mark.parametrize("positions", POSITIONS, ids=str)
@pytest.mark.parametrize("form", FORMS)
def test_each_form_holds_the_rows_however_a_batch_is_asked_for(path, form, positions):
    keys = [*(JAGGED if form == "nested" else COLUMNS), *BFLOAT16]
    dataset = h5torch.Dataset(path, columns=keys, ragged=form)
    whole = {}
    for key in sorted(keys):
        whole |= expected(key, positions, form)
    ways = {
        "array": dataset.batch(np.array(positions)),
        "list": dataset.batch(positions),
        "loader": next(iter(DataLoader(dataset, batch_size=len(positions), sampler=positions))),
        "samples": h5torch.collate([dataset[position] for position in positions]),
        "default": default_collate([dataset[position] for position in positions]),
        "indexed": dataset[torch.tensor(positions)],
    }

    for way, batch in ways.items():
        assert list(batch) == list(whole), way
        assert [key for key in whole if not alike(batch[key], whole[key])] == [], way


@pytest.mark.parametrize("options", [{"reader": "pread"}, {"reader": "h5py"}, {"in_memory": True}], ids=str)
@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_the_same_by_every_reader(path, form, options):
    keys = [*JAGGED, *BFLOAT16]
    batches = [
        h5torch.Dataset(path, columns=keys, ragged=form, **more).batch(np.arange(N)[::-1])
        for more in ({}, options)
    ]

    assert alike(*batches)


@pytest.mark.parametrize("form", FORMS)
def test_each_form_comes_from_workers(path, form):
    dataset = h5torch.Dataset(path, columns=[*JAGGED, "0/brain"], ragged=form)
    batches = list(DataLoader(dataset, batch_size=5, num_workers=2))

    assert alike(batches, [dataset.batch(np.arange(at, min(at + 5, N))) for at in (0, 5, 10)])


@pytest.mark.parametrize("form", FORMS)
def test_text_is_a_list_in_every_form(path, form):
    dataset = h5torch.Dataset(path, columns=["0/text", "0/int"], ragged=form)

    assert dataset.batch([3, 1])["0/text"] == ["é" * 5, ""]
    assert h5torch.collate([dataset[3], dataset[1]])["0/text"] == ["é" * 5, ""]


def test_samples_are_the_same_in_every_form(path):
    samples = [dict(h5torch.Dataset(path, ragged=form)[3]) for form in FORMS]

    assert all(alike(samples[0], sample) for sample in samples[1:])
    assert alike(samples[0]["0/boxes"], COLUMNS["0/boxes"][3])


def test_a_processor_may_change_rows_of_every_form(path):
    def longer(_, sample):
        return sample | {"0/int": np.append(sample["0/int"], np.int32(-1))}

    for form in FORMS:
        dataset = h5torch.Dataset(path, columns=["0/int"], ragged=form, sample_processor=longer)
        batch = dataset.batch([2, 1])
        row = batch["0/int"]
        if form == "pad":
            assert (row.tolist(), batch["0/int/lengths"].tolist()) == ([[2, -1], [-1, 0]], [2, 1])
        elif form == "packed":
            assert (row.tolist(), batch["0/int/offsets"].tolist()) == ([2, -1, -1], [0, 2, 3])
        else:
            assert [part.tolist() for part in (row.unbind() if form == "nested" else row)] == [[2, -1], [-1]]


def test_flat_values_can_be_cut_again(path):
    batch = h5torch.Dataset(path, columns=["0/areas"], ragged="packed").batch([3, 1, 6])
    offsets = batch["0/areas/offsets"].tolist()
    cut = [batch["0/areas"][a:b] for a, b in itertools.pairwise(offsets)]

    for part, shape, row in zip(cut, batch["0/areas/shapes"].tolist(), [3, 1, 6], strict=True):
        assert np.array_equal(part.reshape(shape).numpy(), COLUMNS["0/areas"][row])


@pytest.mark.parametrize("ask", ["batch", "samples"])
def test_rows_that_no_jagged_tensor_holds_are_refused_by_name(path, ask):
    dataset = h5torch.Dataset(path, columns=["0/areas"], ragged="nested")
    with pytest.raises(ArgumentTypeError, match=r"0/areas: rows differ along several axes.*ragged='pad'"):
        dataset.batch([3, 6]) if ask == "batch" else h5torch.collate([dataset[3], dataset[6]])


def test_rows_without_room_for_values_are_refused_by_name(tmp_path):
    with h5torch.File(tmp_path / "x.h5t", "w") as f:
        f.register([np.zeros((2, 0)), np.zeros((3, 0))], "central", mode="ragged")
    rows = h5torch.Dataset(tmp_path / "x.h5t", ragged="nested")

    with pytest.raises(ArgumentTypeError, match=r"central: rows of shape \(n, 0\) hold nothing"):
        rows.batch([0, 1])
    for form in ("pad", "packed", "list"):
        batch = h5torch.Dataset(tmp_path / "x.h5t", ragged=form).batch([0, 1])
        assert sum(tensor.numel() for tensor in batch["central"]) == 0


def test_rows_of_several_ranks_make_a_list_alone(tmp_path):
    with h5torch.File(tmp_path / "x.h5t", "w") as f:
        f.register([np.ones(2), np.ones((2, 2))], "central", mode="separate")
    listed = h5torch.Dataset(tmp_path / "x.h5t", ragged="list").batch(np.array([1, 0]))

    assert [tuple(row.shape) for row in listed["central"]] == [(2, 2), (2,)]
    for form in ("pad", "packed", "nested"):
        with pytest.raises(ArgumentTypeError, match=r"central: rows of ranks \[1, 2\] make no tensor"):
            h5torch.Dataset(tmp_path / "x.h5t", ragged=form).batch([0, 1])


@pytest.mark.parametrize("form", FORMS)
def test_rows_that_were_never_filled_are_empty_in_every_form(tmp_path, form):
    with h5torch.File(tmp_path / "x.h5t", "w") as f:
        f.register(np.arange(3), "central")
        f.register([np.array([5, 6])], 0, length=3, name="late", mode="ragged")
    with pytest.warns(UserWarning, match='object "0/late" has not been completely filled'):
        dataset = h5torch.Dataset(tmp_path / "x.h5t", columns=["0/late"], ragged=form)
    found = dataset.batch(np.array([2, 0]))["0/late"]
    seen = {
        "pad": [[0, 0], [5, 6]],
        "packed": [5, 6],
        "nested": [[], [5, 6]],
        "list": [[], [5, 6]],
    }

    rows = (
        found
        if form in {"pad", "packed"}
        else [row.tolist() for row in found.unbind()]
        if form == "nested"
        else [row.tolist() for row in found]
    )
    assert (rows.tolist() if isinstance(rows, torch.Tensor) else rows) == seen[form]


@pytest.mark.parametrize("form", FORMS)
def test_batches_in_every_form_are_the_callers_own(path, form):
    dataset = h5torch.Dataset(path, columns=["0/int", "0/boxes", "0/vlen"], ragged=form, in_memory=True)
    first, second = dataset.batch(np.array([3, 3])), dataset.batch(np.array([3, 3]))
    for tensor in [tensor for value in first.values() for tensor in (value if form == "list" else [value])]:
        (tensor.values() if tensor.is_nested else tensor).fill_(9)

    assert alike(dataset.batch(np.array([3, 3])), second)
    if form == "list":
        second["0/int"][0].fill_(7)
        assert second["0/int"][1].tolist() == [3, 4, 5, 6, 7]
