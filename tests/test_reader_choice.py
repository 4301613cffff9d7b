"""Whatever a file holds and however it is read: the same bytes, dtypes and keys."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch

import h5torch
from tests.alike import alike, plain

N = 24
READERS = [{"reader": "map"}, {"reader": "pread"}, {"reader": "h5py"}, {"in_memory": True}]
STORAGES = {
    "contiguous": {},
    "chunked": {"chunks": 5},
    "gzip": {"chunks": 5, "compression": "gzip"},
    "checked": {"chunks": 7, "compression": "gzip", "shuffle": True, "fletcher32": True},
    "lzf": {"chunks": 4, "compression": "lzf"},
}
RANDOM = np.random.default_rng(0)
NUMBERS = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "F", "D", ">i2", ">f8"]
CENTRAL = RANDOM.integers(0, 200, (N, 6, 4)).astype(np.float32)
COUNTS = sp.csr_array(sp.random_array((N, 50), density=0.2, rng=RANDOM, dtype=np.float64))
ROWS = [np.arange(row % 6, dtype=np.int32) for row in range(N)]
BOXES = [np.full((row % 3 + 1, 2), row, np.int16) for row in range(N)]
NAMES = np.array(["a", "ß", "c"])[np.arange(N) % 3]


def numbers(dtype):
    return (np.arange(N * 3).reshape(N, 3) % 2 if dtype == "?" else np.arange(N * 3).reshape(N, 3)).astype(
        dtype
    )


ALIGNED = {
    **{dtype.replace(">", "swapped "): (numbers(dtype), {}) for dtype in NUMBERS},
    "time": (np.arange(N).astype("M8[us]"), {}),
    "span": (np.arange(N).astype("m8[D]"), {}),
    "narrow": (np.arange(N, dtype=np.float64), {"dtype_save": "uint8"}),
    "wide": (np.arange(N, dtype=np.int8), {"dtype_load": "float32"}),
    "brain": (np.arange(N, dtype=np.float32), {"dtype_load": "bfloat16"}),
    "text": (np.array([f"ü{row}" for row in range(N)]), {}),
    "bytes": (np.arange(N).astype("S3"), {}),
    "long": (["x" * row * 9 for row in range(N)], {"mode": "ragged"}),
    "kind": (NAMES, {"categories": True}),
    "csr": (COUNTS, {}),
    "half csr": (COUNTS.astype(bool).astype(np.float32), {"dtype_save": "float16", "dtype_load": "float16"}),
    "sparse": (COUNTS, {"csr_load_sparse": True}),
    "rows": (ROWS, {"mode": "ragged"}),
    "boxes": (BOXES, {"mode": "ragged"}),
}
PUBLISHED = {"vlen": (ROWS, {"mode": "vlen"}), "separate": (BOXES, {"mode": "separate"})}


def write(path, storage):
    with h5torch.File(path, "w") as f:
        f.register(CENTRAL, "central", **storage)
        for name, (data, options) in ALIGNED.items():
            f.register(data, 0, name=name, **options, **storage)
        for name, (data, options) in PUBLISHED.items():
            f.register(data, 0, name=name, **options)
        f.register(np.arange(6) * 10, 1, name="column", **storage)
        f.register(np.array(["w", "x", "y", "z"]), 2, name="channel", categories=True, **storage)


@pytest.fixture(scope="module", params=STORAGES)
def path(tmp_path_factory, request):
    path = tmp_path_factory.mktemp("readers") / "x.h5t"
    write(path, STORAGES[request.param])
    return path


def is_same(path, positions, kind=h5torch.Dataset, **options):
    """Ask every reader for batches and samples, and return those of the automatic one, if all agree."""
    automatic = kind(path, **options)
    batch, samples = automatic.batch(positions), [plain(automatic[at]) for at in positions.tolist()]
    for reader in READERS:
        dataset = kind(path, **options, **reader)
        assert alike(dataset.batch(positions), batch), reader
        assert alike([plain(dataset[at]) for at in positions.tolist()], samples), reader
    return batch, samples


def test_every_kind_of_value_is_what_was_registered_by_every_reader(path):
    positions = np.array([5, 23, 0, 5, -2, 6])
    batch, samples = is_same(path, positions)

    assert np.array_equal(batch["central"].numpy(), CENTRAL[positions])
    for dtype in NUMBERS:
        key = f"0/{dtype.replace('>', 'swapped ')}"
        assert np.array_equal(batch[key].numpy(), numbers(dtype)[positions])
        assert batch[key].numpy().dtype == np.dtype(dtype).newbyteorder("=")
        assert samples[1][key].tolist() == numbers(dtype)[23].tolist()
    rows = np.arange(N)[positions]
    for key in ("time", "span", "narrow", "wide", "brain"):
        assert batch[f"0/{key}"].tolist() == rows.tolist()
    assert (batch["0/narrow"].dtype, batch["0/brain"].dtype) == (torch.float64, torch.bfloat16)
    assert batch["0/text"] == [f"ü{row}" for row in rows]
    assert batch["0/bytes"] == [b"%d" % row for row in rows]
    assert batch["0/long"] == ["x" * row * 9 for row in rows]
    assert batch["0/kind"].tolist() == np.searchsorted(np.unique(NAMES), NAMES[rows]).tolist()
    assert [sample["0/kind"] for sample in samples] == NAMES[rows].tolist()
    for key in ("csr", "sparse"):
        assert np.array_equal(batch[f"0/{key}"].to_dense().numpy(), COUNTS.toarray()[positions])
    assert np.array_equal(batch["0/half csr"].numpy(), COUNTS.toarray()[positions] > 0)
    for key, source in {"rows": ROWS, "boxes": BOXES, "vlen": ROWS, "separate": BOXES}.items():
        assert all(
            np.array_equal(sample[f"0/{key}"], source[row]) for sample, row in zip(samples, rows, strict=True)
        )


@pytest.mark.parametrize("axis", [1, 2])
def test_samples_along_any_axis_are_the_same_by_every_reader(path, axis):
    positions = np.array([3, 0, 1, 3])
    batch, _ = is_same(path, positions, sampling=axis)

    assert np.array_equal(batch["central"].numpy(), np.moveaxis(CENTRAL, axis, 0)[positions])
    assert axis == 2 or batch["1/column"].tolist() == [30, 0, 10, 30]
    assert axis == 1 or batch["2/channel"].tolist() == [3, 0, 1, 3]


def test_elements_of_a_dense_object_are_the_same_by_every_reader(path):
    positions = np.array([0, CENTRAL.size - 1, 77, 77])
    keys = ["central", "0/i4", "0/rows", "1/column", "2/channel"]
    batch, _ = is_same(path, positions, sampling="coo", columns=keys)
    index = np.unravel_index(positions, CENTRAL.shape)

    assert batch["central"].tolist() == CENTRAL[index].tolist()
    assert batch["0/i4"].tolist() == numbers("i4")[index[0]].tolist()
    assert batch["1/column"].tolist() == (index[1] * 10).tolist()
    assert batch["2/channel"].tolist() == index[2].tolist()


@pytest.mark.parametrize("axis", [0, 1])
def test_windows_are_the_same_by_every_reader(path, axis):
    batch, _ = is_same(
        path,
        np.array([1, 0]),
        h5torch.SliceDataset,
        sampling=axis,
        window_size=3,
        overlap=1,
        columns=["central", "0/csr", "0/rows", "0/long", "0/kind"] if not axis else None,
    )

    cut = [np.take(CENTRAL, range(start, start + 3), axis) for start in (2, 0)]
    assert np.array_equal(batch["central"].numpy(), np.stack(cut))
    assert axis or np.array_equal(
        batch["0/csr"].numpy(), np.stack([COUNTS.toarray()[at : at + 3] for at in (2, 0)])
    )


@pytest.mark.parametrize("storage", STORAGES.values(), ids=STORAGES)
def test_nonzeros_and_what_is_aligned_to_them_are_the_same_by_every_reader(tmp_path, storage):
    cells = COUNTS.tocoo()
    with h5torch.File(tmp_path / "coo.h5t", "w") as f:
        f.register(cells, "central", mode="coo", **storage)
        f.register(CENTRAL, 0, name="image", **storage)
        f.register(np.arange(50.0), 1, name="number", **storage)
        f.register([f"c{row}" for row in range(50)], 1, name="text", **storage)
    positions = np.array([cells.nnz - 1, 0, 7, 7, -3])
    for columns in (None, ["central", "0/image", "1/number"], ["1/number"]):
        batch, _ = is_same(tmp_path / "coo.h5t", positions, sampling="coo", columns=columns)
        rows, cols = cells.row[positions], cells.col[positions]
        assert batch["1/number"].tolist() == cols.tolist()
        if "central" in batch:
            assert batch["central"].tolist() == cells.data[positions].tolist()
            assert np.array_equal(batch["0/image"].numpy(), CENTRAL[rows])
