"""Reading without HDF5: whatever HDF5 stores, each reader gives what h5py gives, or says why it does not."""

import os

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from h5torch.storage.bytes import MapBytes, PreadBytes
from h5torch.storage.direct import direct_source
from h5torch.storage.extents import Opaque

READERS = (MapBytes, PreadBytes)
DTYPES = ["i1", "<u2", ">i4", "f2", ">f4", "f8", "c8", "?", "S5", "M8[s]", "V3"]
PAIR = np.dtype([("a", "<i2"), ("b", ">f8")])


def source_of(dataset, reader):
    """Return the source of a dataset for a reader, or why there is none."""
    return direct_source(dataset, bytes_of=reader)


@st.composite
def stored(draw):
    """Return values, how to store them, and how many rows to store."""
    shape = draw(hnp.array_shapes(max_dims=3, max_side=7))
    dtype = np.dtype(draw(st.sampled_from([*DTYPES, PAIR])))
    raw = draw(st.binary(min_size=1, max_size=64))
    n_bytes = int(np.prod(shape)) * dtype.itemsize
    numbers = np.frombuffer((raw * n_bytes)[:n_bytes], dtype=np.uint8)
    # Of raw bytes, those that mean the same in every dtype.
    values = (numbers % 2 if dtype.kind == "b" else numbers % 100).view(dtype).reshape(shape)
    options = {}
    if draw(st.booleans()):
        options["chunks"] = tuple(draw(st.integers(1, length + 2)) for length in shape)
        options["maxshape"] = tuple(length + 9 for length in shape)
        if draw(st.booleans()):
            options.update(compression="gzip", shuffle=draw(st.booleans()), fletcher32=draw(st.booleans()))
    return values, options, draw(st.integers(1, shape[0]))


def store(file, values, options, n_rows):
    """Write the last rows; the others may have no bytes in the file at all."""
    dtype = h5py.opaque_dtype(values.dtype) if values.dtype.kind == "M" else values.dtype
    fill = None if values.dtype.kind in "MV" else values.reshape(-1)[0]
    dataset = file.create_dataset("x", shape=values.shape, dtype=dtype, fillvalue=fill, **options)
    dataset[len(values) - n_rows :] = values[len(values) - n_rows :].astype(dtype)


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@given(case=stored(), data=st.data(), userblock=st.sampled_from([0, 512]))
@settings(max_examples=60)
def test_every_reader_gives_what_h5py_gives(tmp_path_factory, libver, case, data, userblock):
    """Rows of any axis, elements, slices and the whole: the same bytes, dtype and shape."""
    values, options, n_rows = case
    path = tmp_path_factory.getbasetemp() / "cases.h5"
    with h5py.File(path, "w", libver=libver, userblock_size=userblock) as file:
        store(file, values, options, n_rows)
    with h5py.File(path) as file:
        expected = file["x"][...]
        assert (expected[len(values) - n_rows :] == values[len(values) - n_rows :]).all()
        sources = [source_of(file["x"], reader) for reader in READERS]
    for source in sources:
        if isinstance(source, Opaque):
            assert "edge" in source.reason  # a chunk there became as long as its values by chance
        else:
            check(source, expected, data)


def same(found, expected):
    """Compare bytes, dtype and shape, and that the array is its own."""
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert found.tobytes() == expected.tobytes()


def check(source, expected, data):
    assert (source.shape, source.dtype) == (expected.shape, expected.dtype)
    same(source.whole(), expected)
    for axis, length in enumerate(expected.shape):
        rows = np.array(data.draw(st.lists(st.integers(0, length - 1), max_size=8)), dtype=np.intp)
        taken = source.take(rows, axis=axis)
        same(taken, np.moveaxis(np.take(expected, rows, axis=axis), axis, 0))
        taken[...] = np.zeros((), dtype=taken.dtype)  # it is the caller's own
    cells = np.array(data.draw(st.lists(st.integers(0, expected.size - 1), max_size=8)), dtype=np.intp)
    index = tuple(np.asarray(part) for part in np.unravel_index(cells, expected.shape))
    same(source.pick(index), expected.reshape(-1)[cells])
    bound = st.integers(0, len(expected))
    pairs = data.draw(st.lists(st.tuples(bound, bound).map(sorted), max_size=6))
    slices = source.slices([start for start, _ in pairs], [stop for _, stop in pairs])
    for (start, stop), found in zip(pairs, slices, strict=True):
        same(found, expected[start:stop])
    same(source.whole(), expected)


@pytest.fixture
def path(tmp_path):
    """A file with a dataset for each reader."""
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as file:
        file["run"] = np.arange(60).reshape(20, 3)
        file.create_dataset("chunks", data=np.arange(60).reshape(20, 3), chunks=(4, 3))
        file.create_dataset("gzip", data=np.arange(60).reshape(20, 3), chunks=(4, 3), compression="gzip")
        file.create_dataset("empty", shape=(0, 3), dtype="f4", maxshape=(None, 3))
        file.create_dataset("later", shape=(5,), dtype="f4", fillvalue=2)
        file["scalar"] = 7
    return path


@pytest.mark.parametrize(
    ("name", "readers"), [("run", ["map", "pread"]), ("chunks", ["map", "chunks"]), ("gzip", ["chunks"] * 2)]
)
def test_a_source_says_how_it_reads_and_where(path, name, readers):
    with h5py.File(path) as file:
        sources = [source_of(file[name], reader) for reader in READERS]
    assert [source.reader for source in sources] == readers
    assert sources[0].extent == sources[1].extent
    assert sources[0].extent.shape == (20, 3)


def test_a_single_value_is_read_whole(path):
    with h5py.File(path) as file:
        for reader in READERS:
            source = source_of(file["scalar"], reader)
            assert (source.shape, source.whole()[()]) == ((), 7)


@pytest.mark.parametrize("compression", [None, "gzip"])
@pytest.mark.parametrize("chunks", [(2, 3, 4), (3, 2, 3), (6, 5, 4)])
def test_rows_of_chunks_that_were_never_stored_are_the_fill_value(tmp_path, chunks, compression):
    """Between rows that are stored, along every axis."""
    with h5py.File(tmp_path / "data.h5", "w") as file:
        dataset = file.create_dataset(
            "x",
            shape=(12, 5, 4),
            maxshape=(None, 9, 9),
            dtype=">i2",
            chunks=chunks,
            fillvalue=-7,
            compression=compression,
        )
        dataset[4:6] = np.arange(40).reshape(2, 5, 4)
        dataset[9, 1, 3] = 99
    with h5py.File(tmp_path / "data.h5") as file:
        expected = file["x"][...]
        sources = [source_of(file["x"], reader) for reader in READERS]
    for source in sources:
        same(source.whole(), expected)
        for axis, rows in enumerate(([11, 4, 0, 5, 9, 4], [4, 1, 0], [3, 3, 1])):
            taken = source.take(np.array(rows), axis=axis)
            same(taken, np.moveaxis(np.take(expected, rows, axis=axis), axis, 0))
        index = (np.array([0, 5, 9, 9]), np.array([0, 2, 1, 2]), np.array([0, 3, 3, 3]))
        same(source.pick(index), expected[index])
        for found, (start, stop) in zip(
            source.slices([0, 3, 5], [3, 11, 5]), [(0, 3), (3, 11), (5, 5)], strict=True
        ):
            same(found, expected[start:stop])


def why(dataset):
    reasons = {source_of(dataset, reader).reason for reader in READERS}
    assert len(reasons) == 1
    return reasons.pop()


def test_what_was_never_stored_is_left_to_h5py(path):
    with h5py.File(path) as file:
        assert why(file["empty"]) == why(file["later"]) == "none of its values was ever stored"


def test_a_file_open_for_writing_is_left_to_h5py(path):
    """What was written may not have reached the disk."""
    with h5py.File(path, "r+") as file:
        assert why(file["run"]) == "its file is open for writing"


@pytest.mark.parametrize("driver", ["core", "stdio"])
def test_a_file_in_memory_or_read_in_another_way_is_left_to_h5py(path, driver):
    with h5py.File(path, driver=driver) as file:
        assert why(file["run"]).startswith("its file is not read by HDF5's usual driver")
    with path.open("rb") as raw, h5py.File(raw) as file:
        assert why(file["run"]).startswith("its file is not read by HDF5's usual driver")


def test_a_file_whose_name_another_file_took_is_left_to_h5py(path):
    with h5py.File(path) as file:
        path.rename(path.with_suffix(".old"))
        h5py.File(path, "w").close()
        assert why(file["run"]) == "another file lies at its path since it was opened"


def test_a_dataset_behind_an_external_link_is_read_from_its_own_file(path, tmp_path):
    with h5py.File(tmp_path / "links.h5", "w") as file:
        file["there"] = h5py.ExternalLink(path.name, "gzip")
    asked = []

    def bytes_of(name):
        asked.append(os.fspath(name))
        return MapBytes(name)

    with h5py.File(tmp_path / "links.h5") as file:
        found = direct_source(file["there"], bytes_of=bytes_of)
    assert asked == [str(path)]
    assert found.take(np.array([3])).tolist() == [[9, 10, 11]]


def test_a_file_larger_than_an_address_of_32_bits_is_read_beyond_it(tmp_path):
    """Most of it is a hole, so that it takes no room."""
    path = tmp_path / "large.h5"
    n_rows = (5 << 30) // 8
    with h5py.File(path, "w") as file:
        run = file.create_dataset("run", shape=(n_rows,), dtype="f8")
        run[-3:] = [1, 2, 3]
        chunks = file.create_dataset("chunks", data=np.arange(50.0), chunks=(7,))
        assert chunks.id.get_chunk_info(0).byte_offset > 1 << 32
    with h5py.File(path) as file:
        for reader in READERS:
            rows = np.array([n_rows - 1, 0, n_rows - 3])
            assert source_of(file["run"], reader).take(rows).tolist() == [3, 0, 1]
            assert source_of(file["chunks"], reader).take(np.array([49, 0])).tolist() == [49, 0]
