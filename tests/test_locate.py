"""Locating: HDF5's own account of where values lie, and files whose account is false."""

import struct

import h5py
import numpy as np
import pytest
from h5py import h5d, h5s, h5t

from h5torch.errors import FormatError
from h5torch.storage.extents import Chunked, Contiguous, Nothing, Opaque
from h5torch.storage.locate import locate

VALUES = np.arange(40.0)


@pytest.fixture
def path(tmp_path):
    """A file with values in one run, in chunks, and in compressed chunks."""
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as file:
        file["run"] = VALUES
        file.create_dataset("chunks", data=VALUES, chunks=(10,))
        file.create_dataset("gzip", data=VALUES, chunks=(10,), compression="gzip")
    return path


def where(path, name="x"):
    with h5py.File(path) as file:
        return locate(file[name], size=path.stat().st_size).where


def written(tmp_path, values, **options):
    """Return the extent of one dataset of a new file."""
    path = tmp_path / "new.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=values, **options)
    with h5py.File(path) as file:
        return locate(file["x"], size=path.stat().st_size)


@pytest.mark.parametrize("userblock", [0, 512, 4096])
@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_the_bytes_found_are_the_values(tmp_path, userblock, libver):
    """A user block before the file moves every address."""
    path = tmp_path / "data.h5"
    with h5py.File(path, "w", userblock_size=userblock, libver=libver) as file:
        file["run"] = VALUES
        file.create_dataset("chunks", data=VALUES, chunks=(10,))
    raw = path.read_bytes()
    run, chunks = where(path, "run"), where(path, "chunks")

    assert isinstance(run, Contiguous)
    assert isinstance(chunks, Chunked)
    assert np.frombuffer(raw, count=40, offset=run.offset).tolist() == VALUES.tolist()
    for at, offset in enumerate(chunks.offsets.tolist()):
        assert np.frombuffer(raw, count=10, offset=offset).tolist() == VALUES[at * 10 :][:10].tolist()


@pytest.mark.parametrize("fill_time", ["ifset", "alloc", "never"])
@pytest.mark.parametrize("fillvalue", [None, 3.5])
@pytest.mark.parametrize("chunks", [None, (4,)])
def test_what_was_never_stored_is_what_h5py_says_it_is(tmp_path, chunks, fillvalue, fill_time):
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "x", shape=(10,), dtype=">f4", chunks=chunks, fillvalue=fillvalue, fill_time=fill_time
        )
    with h5py.File(path) as file:
        found = locate(file["x"], size=path.stat().st_size)
        assert found.where == Nothing()
        assert found.fill == file["x"][0]
        assert found.fill.dtype == file["x"].dtype


@pytest.mark.parametrize("dtype", ["?", "S4", "c16", "<U0", "enum", "pair"])
def test_a_fill_value_of_any_dtype_is_found(tmp_path, dtype):
    known = {
        "<U0": (h5py.string_dtype("utf-8", 6), "né".encode()),
        "enum": (h5py.enum_dtype({"a": 0, "b": 1}, basetype="i2"), 1),
        "pair": (np.dtype([("a", "i1"), ("b", "f8")]), np.array((1, 2.5), dtype=[("a", "i1"), ("b", "f8")])),
        "?": (np.dtype("?"), True),
        "S4": (np.dtype("S4"), b"ab"),
        "c16": (np.dtype("c16"), 1 + 2j),
    }
    stored, fill = known[dtype]
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("x", shape=(10,), dtype=stored, chunks=(4,), fillvalue=fill)
        dataset[:3] = np.zeros(3, dtype=stored)
    with h5py.File(path) as file:
        found = locate(file["x"], size=path.stat().st_size)
        assert isinstance(found.where, Chunked)
        assert found.fill.tobytes() == file["x"][9:].tobytes()


@pytest.mark.parametrize(
    ("values", "options", "reason"),
    [
        (["a", "bc"], {}, "values of object have any length and lie elsewhere in the file"),
        (np.zeros(2, dtype="f4"), {"dtype": "f4", "scaleoffset": 2}, "filter 6"),
    ],
)
def test_what_hdf5_alone_can_read_has_a_reason(tmp_path, values, options, reason):
    found = written(tmp_path, values, **options).where

    assert isinstance(found, Opaque)
    assert reason in found.reason


def low_level(path, kind, space, values=None):
    """Make a dataset of a type that h5py's own names do not reach."""
    with h5py.File(path, "w") as file:
        dataset = h5d.create(file.id, b"x", kind, space)
        if values is not None:
            dataset.write(h5s.ALL, h5s.ALL, values, mtype=kind)


def test_types_that_numpy_knows_only_converted_are_left_to_hdf5(tmp_path):
    """Bytes after the end of a C string, values of 24 bits, floats with fields of their own."""
    text, narrow, odd = h5t.C_S1.copy(), h5t.STD_I32LE.copy(), h5t.IEEE_F32LE.copy()
    text.set_size(8)
    text.set_strpad(h5t.STR_NULLTERM)
    narrow.set_precision(24)
    odd.set_fields(31, 21, 10, 0, 21)
    for kind in (text, narrow, odd):
        low_level(tmp_path / "data.h5", kind, h5s.create_simple((3,)))
        found = where(tmp_path / "data.h5")
        assert isinstance(found, Opaque)
        assert "NumPy knows only converted" in found.reason


def test_values_that_are_arrays_are_left_to_hdf5(tmp_path):
    found = written(tmp_path, None, dtype=np.dtype(("f4", (3,))), shape=(2,))

    assert isinstance(found.where, Opaque)
    assert "each value is an array" in found.where.reason


def test_a_dataset_without_a_value_or_within_its_header_is_left_to_hdf5(tmp_path):
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as file:
        file["null"] = h5py.Empty("f4")
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_layout(h5d.COMPACT)
        h5d.create(file.id, b"compact", h5t.IEEE_F32LE, h5s.create_simple((3,)), plist)

    assert where(path, "null") == Opaque(reason="it has no values")
    assert where(path, "compact") == Opaque(reason="it is compact: its values lie within its header")


def test_the_filters_of_a_chunk_are_found_in_their_order(tmp_path):
    found = written(tmp_path, VALUES, chunks=(10,), compression="gzip", shuffle=True, fletcher32=True).where

    assert isinstance(found, Chunked)
    assert found.pipeline is not None
    assert [step.number for step in found.pipeline.filters] == [2, 1, 3]
    assert (found.pipeline.itemsize, found.pipeline.n_bytes) == (8, 80)


def test_a_chunk_stored_without_a_filter_says_so(tmp_path):
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("x", shape=(20,), dtype="f8", chunks=(10,), compression="gzip")
        dataset[:] = VALUES[:20]
        dataset.id.write_direct_chunk((10,), VALUES[:10].tobytes(), filter_mask=1)
    found = where(path)

    assert isinstance(found, Chunked)
    assert found.masks.tolist() == [0, 1]


def change(path, old, new):
    """Replace bytes that occur once."""
    raw = path.read_bytes()
    assert raw.count(old) == 1
    path.write_bytes(raw.replace(old, new))


@pytest.mark.parametrize(
    ("address", "size", "message"),
    [
        (None, 312, "/run: 312 bytes are stored and its shape takes 320"),
        (8, 320, "bytes 8 to 328 of a file of"),
    ],
)
def test_a_header_that_lies_about_one_run_of_values_is_refused(path, address, size, message):
    found = where(path, "run")
    assert isinstance(found, Contiguous)
    offset = found.offset
    change(path, struct.pack("<QQ", offset, 320), struct.pack("<QQ", address or offset, size))

    with pytest.raises(FormatError, match=message):
        where(path, "run")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"size": 79}, r"/chunks: its chunk at \(10,\) takes 79 bytes in the file and 80 in the array"),
        ({"start": 1000}, r"/chunks: a chunk begins at \(1000,\); the array is \(40,\) in chunks of \(10,\)"),
        ({"start": 11}, "/chunks: HDF5 cannot list its chunks"),
        ({"start": 20}, "/chunks: two of its chunks have the same place in the array"),
        ({"shift": 8}, r"/chunks: its chunks at \(10,\) and \(20,\) lie over each other in the file"),
        ({"shift": 10**9}, r"/chunks: its chunk at \(10,\) is said to lie at bytes"),
        ({"address": 2**64 - 1}, "/chunks: some of its chunks are said to lie nowhere"),
    ],
)
def test_a_list_of_chunks_that_lies_is_refused(path, entry, message):
    found = where(path, "chunks")
    assert isinstance(found, Chunked)
    offset = int(found.offsets[1])
    address = entry.get("address", offset + entry.get("shift", 0))
    change(
        path,
        struct.pack("<IIQQQ", 80, 0, 10, 0, offset),
        struct.pack("<IIQQQ", entry.get("size", 80), 0, entry.get("start", 10), 0, address),
    )

    with pytest.raises(FormatError, match=message):
        where(path, "chunks")


@pytest.mark.parametrize("name", ["run", "chunks", "gzip"])
def test_a_file_shorter_than_it_says_is_refused(path, name):
    with h5py.File(path) as file:
        size = 2100
        with pytest.raises(
            FormatError, match=f"/{name}: .* of a file of 2100; the file is damaged or was cut"
        ):
            locate(file[name], size=size)
