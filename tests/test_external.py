"""External files: read part by part as HDF5 would, and never with values missing."""

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from h5torch.errors import FormatError, StorageError
from h5torch.storage.extents import Opaque
from tests.elsewhere import READERS, check, external, source_of


@pytest.fixture
def raw(tmp_path, monkeypatch):
    """Two files of bare numbers, and the numbers in them."""
    monkeypatch.chdir(tmp_path)
    values = np.arange(40, dtype="f8").reshape(10, 4)
    (tmp_path / "a.raw").write_bytes(b"head" + values[:6].tobytes())
    (tmp_path / "b.raw").write_bytes(values[6:].tobytes() + b"tail")
    return values


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("last", [128, h5py.h5f.UNLIMITED])
@given(data=st.data())
@settings(max_examples=15)
def test_rows_in_external_files_are_read_as_h5py_reads_them(tmp_path_factory, reader, last, data):
    folder = tmp_path_factory.getbasetemp()
    values = np.arange(40, dtype="f8").reshape(10, 4)
    (folder / "a.raw").write_bytes(b"head" + values[:6].tobytes())
    (folder / "b.raw").write_bytes(values[6:].tobytes() + b"tail")
    places = [(str(folder / "a.raw"), 4, 192), (str(folder / "b.raw"), 0, last)]
    path = external(folder / "v.h5", places)
    with h5py.File(path) as file:
        np.testing.assert_array_equal(file["v"][...], values)
    check(source_of(path, reader), values, data)


def test_external_files_lie_where_the_process_is(raw, tmp_path, monkeypatch):
    path = external(tmp_path / "v.h5", [("a.raw", 4, 192), ("b.raw", 0, 128)])
    np.testing.assert_array_equal(source_of(path).whole(), raw)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match=r"a\.raw: cannot be"):
        source_of(path)


@pytest.mark.usefixtures("raw")
def test_an_external_file_too_short_is_an_error_where_hdf5_would_show_zeros(tmp_path):
    path = external(tmp_path / "v.h5", [("b.raw", 0, h5py.h5f.UNLIMITED)])
    with h5py.File(path) as file:
        assert file["v"][9].tolist() == [0] * 4
    with pytest.raises(FormatError, match=r"b\.raw: has 132 bytes, and a dataset has values up to byte 320"):
        source_of(path)


@pytest.mark.usefixtures("raw")
def test_a_row_in_two_external_files_is_left_to_hdf5(tmp_path):
    path = external(tmp_path / "v.h5", [("a.raw", 4, 16), ("b.raw", 0, 1000)], shape=(3, 4))

    assert source_of(path) == Opaque(reason="a row of it lies in two external files")
