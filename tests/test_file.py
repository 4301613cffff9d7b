"""`File`: opening, storage, streams, copies in memory, and what is said of damaged objects."""

import io
import subprocess
import sys

import h5py
import numpy as np
import pytest
import scipy.sparse

import h5torch
from h5torch.errors import (
    ArgumentTypeError,
    FormatError,
    ReadOnlyError,
    RegisterError,
    StorageError,
    UnknownNameError,
)
from tests.cells import rows


@pytest.mark.parametrize("content", [b"", b"no HDF5 file", None])
def test_what_is_no_whole_hdf5_file_is_named(f, tmp_path, content):
    f.close()
    path = tmp_path / "broken.h5t"
    path.write_bytes((tmp_path / "data.h5t").read_bytes()[:-2000] if content is None else content)

    for opening in (h5torch.File, h5torch.Dataset):
        with pytest.raises(StorageError, match=r"broken\.h5t: HDF5 cannot open it"):
            opening(path)


def test_a_closed_file_cannot_be_changed(f):
    f.close()
    with pytest.raises(StorageError, match="the file is closed; open it again"):
        f.register(np.ones(6), 0, name="y")


OPENS = "import sys, h5torch; h5torch.{}"


@pytest.mark.parametrize("opening", ["Dataset(sys.argv[1])", "File(sys.argv[1], 'a')"])
def test_another_process_is_told_that_the_file_is_being_written(f, opening):
    command = [sys.executable, "-c", OPENS.format(opening), f.filename]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert "BusyError" in ended.stderr
    assert "data.h5t: open elsewhere, and one of both handles writes; close that one first" in ended.stderr


def test_a_file_open_for_reading_refuses_changes(f):
    path = f.filename
    f.close()
    with h5torch.File(path) as reading:
        with pytest.raises(ReadOnlyError, match="open for reading only; reopen"):
            reading.register(np.ones(6), 0, name="y")
        with pytest.raises(ReadOnlyError, match="open for reading only"):
            reading.append(np.ones((1, 4)), "central")


@pytest.mark.parametrize(
    "data",
    [
        lambda: (np.full((100, 3), block) for block in range(5)),
        lambda: iter([[np.arange(row) for row in range(100)] for _ in range(5)]),
        lambda: (scipy.sparse.eye_array(100, 7, format="csr") for _ in range(5)),
        lambda: (["text", "word"] * 50 for _ in range(5)),
    ],
    ids=["dense", "ragged", "csr", "text"],
)
def test_a_central_object_may_stream_in_blocks_of_unknown_number(tmp_path, data):
    with h5torch.File(tmp_path / "x.h5t", "w") as f:
        f.register(data(), "central")
        whole = f.column("central")

    assert len(whole) == 500
    expected = [row for block in data() for row in (block.toarray() if hasattr(block, "toarray") else block)]
    assert all(np.array_equal(a, b) for a, b in zip(whole, expected, strict=True))


def test_another_hdf5_dataset_is_copied(f, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        numbers = other.create_dataset("n", data=np.arange(12).reshape(6, 2), chunks=(2, 1))
        text = other.create_dataset("t", data=["a", "é", "c", "d", "e", "f"])
        f.register(numbers, 0, name="n")
        f.register(text, 0, name="t")

    assert f.column("0/n").tolist() == np.arange(12).reshape(6, 2).tolist()
    assert f.column("0/t").tolist() == ["a", "é", "c", "d", "e", "f"]


def test_data_lie_contiguous_and_aligned_by_default(f):
    f.register(np.arange(6, dtype=np.int8), 0, name="small")
    f.register(rows(6), 0, name="ragged")
    f.register(scipy.sparse.eye_array(6).tocsr(), 0, name="csr")
    parts = ["central", "0/small", "0/ragged/values", "0/ragged/offsets"]
    parts += ["0/csr/indptr", "0/csr/indices", "0/csr/data"]

    for part in parts:
        assert f[part].chunks is None
        assert f[part].id.get_offset() % 64 == 0


def test_chunks_and_compression_pass_through(f):
    f.register(np.ones((6, 8)), 0, name="a", chunks=(2, 8), compression="gzip", compression_opts=9)
    f.register(np.ones((6, 8)), 0, name="b", compression="lzf", shuffle=True)
    f.register(np.ones((6, 8)), 0, name="c", chunks=3)

    assert (f["0/a"].chunks, f["0/a"].compression) == ((2, 8), "gzip")
    assert (f["0/b"].compression, f["0/b"].shuffle) == ("lzf", True)
    assert f["0/c"].chunks == (3, 8)
    assert all((f.column(f"0/{name}") == 1).all() for name in "abc")


def test_an_unknown_filter_is_an_error_and_leaves_nothing(f):
    with pytest.raises(RegisterError, match="0/x: HDF5 does not take these storage options.*59999"):
        f.register(np.ones(6), 0, name="x", compression=59999)

    assert "0/x" not in f


def test_what_the_disk_cannot_hold_is_refused_before_a_byte_is_written(f):
    with pytest.raises(StorageError, match=r"needs [\d,]+ bytes, the disk has [\d,]+ free"):
        f.register(np.broadcast_to(np.int64(0), (6, 2**50)), 0, name="huge")

    assert "0/huge" not in f


DISK_FILLS_UP = """
import resource, sys, numpy as np, h5torch
path = sys.argv[1]
f = h5torch.File(path, "w")
f.register(np.arange(6), "central")
f.flush()
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
try:
    f.register((np.zeros((1, 1 << 16)) for _ in range(6)), 0, name="big")
except h5torch.errors.StorageError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
f.register(np.arange(6), 0, name="after")
f.close()
"""


def test_a_disk_that_fills_up_while_blocks_arrive_leaves_the_rest_of_the_file_whole(tmp_path):
    path = tmp_path / "full.h5t"
    ended = subprocess.run(
        [sys.executable, "-c", DISK_FILLS_UP, path], capture_output=True, text=True, check=True
    )

    assert "writing 0/big failed" in ended.stdout
    with h5torch.File(path) as f:
        assert set(f.schema.objects) == {"central", "0/after"}
        assert f.column("0/after").tolist() == list(range(6))


def test_a_file_in_memory_holds_arrays_with_their_attributes(f):
    f.register(scipy.sparse.eye_array(6).tocsr(), 0, name="y")
    copy = f.to_dict()

    assert isinstance(copy, h5torch.file.h5pyDict)
    for root in (f, copy):
        assert root["0/y"].attrs["shape"].tolist() == [6, 6]
        assert root["0/y/indptr"][2] == 2
        assert root["0/y"]["indices"][0:3][2] == 2
        assert "0/y" in root
        assert "0/z" not in root
    assert copy["central"][:].tolist() == f["central"][:].tolist()


def test_a_column_is_read_whole_and_an_unknown_one_names_its_neighbours(f):
    f.register(["a", "b", "c"] * 2, 0, name="label")

    assert f.column("0/label").tolist() == ["a", "b", "c"] * 2
    with pytest.raises(UnknownNameError, match="did you mean '0/label'"):
        f.column("0/lable")


def test_a_file_says_what_it_is(f):
    assert repr(f) == '<h5torch file "data.h5t" (mode r+)>'
    f.close()
    assert repr(f) == "<Closed h5torch file>"


def test_a_damaged_object_is_named_and_the_rest_can_be_listed(f):
    f.register(scipy.sparse.eye_array(6).tocsr(), 0, name="y")
    f.register(np.arange(6), 0, name="fine")
    f["0/y/indptr"][6] = 99

    assert set(f.schema.objects) == {"central", "0/fine"}
    with pytest.raises(FormatError, match=r"/0/y: indptr\[0\] is 0 and indptr\[6\] is 99"):
        f.schema.check()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: f["0/y"].attrs.__setitem__("mode", "cube"), "unknown mode 'cube'"),
        (lambda f: f["0/y"].attrs.__setitem__("version", 9), "has version 9, this package reads up to 1"),
        (lambda f: f["0/y"].attrs.__setitem__("shape", [7]), "the dataset's shape is"),
        (lambda f: f["0/y"].attrs.__setitem__("filled_to", 9), "filled to 9"),
        (lambda f: f["0/y"].attrs.__setitem__("dtypes", ["int64", "nonsense"]), "lacks a part|make no sense"),
        (lambda f: f["0/y"].attrs.__delitem__("shape"), r"of version 1 lacks the attributes \['shape'\]"),
        (
            lambda f: f["0/y"].attrs.__setitem__("categories", "/nowhere"),
            "category names, /nowhere, are miss",
        ),
    ],
)
def test_attributes_that_make_no_sense_are_problems_with_a_path(f, damage, message):
    f.register(np.arange(6), 0, name="y")
    damage(f)

    with pytest.raises(FormatError, match=f"/0/y: .*{message}"):
        f.schema.layout("0/y")


@pytest.mark.parametrize(
    ("key", "part", "values"),
    [
        ("0/csr", "indptr", [0, 1.5, 2, 3, 4, 5, 6]),
        ("0/csr", "indices", [0.5] * 6),
        ("0/rag", "offsets", [0.0, 0, 1, 3, 6, 10, 15]),
    ],
)
def test_parts_that_count_must_be_integers(f, key, part, values):
    f.register(np.eye(6), 0, name="csr", mode="csr")
    f.register(rows(6), 0, name="rag")
    del f[key][part]
    f[key][part] = np.array(values)

    with pytest.raises(FormatError, match=f"/{key}: {part} must be integers, found float64"):
        f.schema.layout(key)


@pytest.mark.parametrize("load", ["V8", "(2,2)f8", "i4,i4", "datetime64"])
def test_dtypes_that_samples_cannot_have_are_refused(f, load):
    f.register(np.arange(6), 0, name="y")
    f["0/y"].attrs["dtypes"] = ["int64", load]

    with pytest.raises(FormatError, match="/0/y: samples cannot have the dtype"):
        f.schema.layout("0/y")


def test_scattered_rows_of_tall_chunks_are_read_once(f):
    f.register(np.arange(6 * 4).reshape(6, 4), 0, name="tall", chunks=(6, 1))

    assert f.column("0/tall").tolist() == np.arange(24).reshape(6, 4).tolist()


@pytest.mark.parametrize("path", ["a\0b", b"bytes.h5t"])
def test_paths_are_what_they_say(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    if isinstance(path, bytes):
        h5torch.File(path, "w").close()
        assert (tmp_path / "bytes.h5t").exists()
    else:
        with pytest.raises(ArgumentTypeError, match="a path cannot hold a NUL"):
            h5torch.File(path, "w")


def test_a_file_like_object_holds_a_file():
    memory = io.BytesIO()
    with h5torch.File(memory, "w") as f:
        f.register(np.arange(3), "central")

    with h5torch.File(memory) as f:
        assert f.column("central").tolist() == [0, 1, 2]
