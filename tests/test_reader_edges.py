"""The edges of what reading relies on: slack, changed lists of rows, other byte orders, mad shapes."""

import h5py
import numpy as np
import pytest
from torch.utils.data import DataLoader

import h5torch
from h5torch.errors import BusyError, FormatError, RowError

READERS = ["auto", "pread", "h5py"]
MAP = np.arange(30.0).reshape(10, 3)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "x.h5t"


@pytest.mark.parametrize("reader", READERS)
def test_nonzeros_behind_those_that_count_are_never_drawn(path, reader):
    """An append that was cut short leaves them."""
    with h5torch.File(path, "w") as f:
        f.register((np.array([[0, 1, 2], [0, 1, 0]]), np.array([1.0, 2, 3]), (3, 2)), "central", mode="coo")
        f.register(np.array([10, 20, 30]), 0, name="a")
        f["central"].attrs["stored"] = 2
    dataset = h5torch.Dataset(path, sampling="coo", reader=reader)

    assert len(dataset) == 2
    assert dataset.batch(np.array([-1]))["0/a"].tolist() == [20]
    with pytest.raises(RowError, match="index 2 is out of range for 2 rows"):
        h5torch.Dataset(path, sampling="coo", columns=["0/a"], reader=reader).batch(np.array([2]))


@pytest.mark.parametrize("storage", [{}, {"chunks": 4}, {"chunks": 4, "compression": "gzip"}], ids=str)
@pytest.mark.parametrize("reader", READERS)
def test_rows_put_into_the_list_of_a_dataset_are_checked(path, reader, storage):
    with h5torch.File(path, "w") as f:
        f.register(MAP, "central", **storage)
    dataset = h5torch.Dataset(path, subset=np.arange(10), reader=reader)
    dataset.indices[:2] = [10, -3]

    for index in (np.array([0]), [0], 0):
        with pytest.raises(RowError, match="Dataset.indices: index 10 is out of range for 10 rows"):
            dataset[index]
    assert dataset.batch(np.array([1]))["central"].tolist() == MAP[[-3]].tolist()
    windows = h5torch.SliceDataset(path, window_size=2, reader=reader)
    windows.indices[0] = [9, 12]
    with pytest.raises(RowError, match="lies outside the 10 rows"):
        windows[0]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("workers", [0, 2])
def test_values_and_columns_of_another_byte_order_become_tensors(path, reader, workers):
    counts = (np.random.default_rng(0).random((10, 8)) < 0.5).astype(np.float32)
    with h5torch.File(path, "w") as f:
        f.register(MAP, "central")
        f.register(counts, 0, name="csr", mode="csr")
        for part in ("indptr", "indices", "data"):
            values = f["0/csr"][part][:]
            del f["0/csr"][part]
            f["0/csr"][part] = values.astype(values.dtype.newbyteorder(">"))
        f["0/csr"].attrs["dtypes"] = [">f4", ">f4"]
        f["central"].attrs["dtypes"] = [">f8", ">f8"]
    dataset = h5torch.Dataset(path, reader=reader)
    (batch,) = DataLoader(dataset, batch_size=10, num_workers=workers)

    assert batch["central"].tolist() == MAP.tolist()
    assert batch["0/csr"].tolist() == counts.tolist()


@pytest.mark.parametrize("shape", [[2**32, 2**32], [0, 10**13], [-1, 0]])
def test_shapes_that_no_row_has_are_refused(path, shape):
    with h5torch.File(path, "w") as f:
        f.register([np.zeros((1, 2)), np.zeros((0, 2)), np.zeros((3, 2))], "central", mode="ragged")
        f["central/shapes"][1] = shape

    with pytest.raises(FormatError, match="/central/shapes: row 1 has shape"):
        h5torch.Dataset(path).batch(np.array([0, 1]))


@pytest.mark.parametrize("mode", ["w", "a"])
def test_the_sources_of_a_virtual_dataset_are_kept_from_writers(tmp_path, mode):
    """A map of a source that is made anew would be cut short under the reader."""
    with h5py.File(tmp_path / "part.h5", "w") as f:
        f["x"] = MAP
    layout = h5py.VirtualLayout(shape=MAP.shape, dtype=MAP.dtype)
    layout[:] = h5py.VirtualSource("part.h5", "x", shape=MAP.shape)
    with h5torch.File(tmp_path / "main.h5t", "w") as f:
        f.register(MAP, "central")
        attributes = dict(f["central"].attrs)
        del f["central"]
        f.create_virtual_dataset("central", layout).attrs.update(attributes)
    dataset = h5torch.Dataset(tmp_path / "main.h5t")
    assert dataset.batch(np.array([9]))["central"].tolist() == MAP[[9]].tolist()

    with pytest.raises(BusyError, match="open elsewhere"):
        h5torch.File(tmp_path / "part.h5", mode)
    assert dataset.batch(np.array([9]))["central"].tolist() == MAP[[9]].tolist()
