"""`File`: what is registered is there whole, or not at all; every refusal says what to do."""

import subprocess
import sys

import h5py
import numpy as np
import pytest
import scipy.sparse
import torch

import h5torch
from h5torch.errors import (
    ArgumentTypeError,
    ConversionError,
    FormatError,
    H5torchError,
    ReadOnlyError,
    RegisterError,
    StorageError,
    UnknownNameError,
)
from h5torch.layouts import csr


@pytest.fixture
def f(tmp_path):
    """A file with a central object of 6 rows and 4 columns."""
    with h5torch.File(tmp_path / "data.h5t", "w") as file:
        file.register(np.arange(24.0).reshape(6, 4), "central")
        yield file


def rows(n, start=0):
    return [np.arange(start, start + row) for row in range(n)]


REFUSALS = [
    (dict(data=np.ones(5), axis=0, name="x"), RegisterError, "0/x: has 5 rows, axis 0 .* has 6"),
    (dict(data=np.ones(6), axis=1, name="x"), RegisterError, "1/x: has 6 rows, axis 1 .* has 4"),
    (dict(data=np.ones(6), axis=2, name="x"), RegisterError, r"aligned to axis 2.*shape \(6, 4\) has 2 axes"),
    (dict(data=np.ones(6), axis=-1, name="x"), RegisterError, "axis=-1: axes are counted from 0"),
    (dict(data=np.ones(6), axis=True, name="x"), ArgumentTypeError, "axis=True: give 'central'"),
    (dict(data=np.ones(6), axis=1.5, name="x"), ArgumentTypeError, "axis=1.5: give 'central'"),
    (dict(data=np.ones(6), axis="row", name="x"), ArgumentTypeError, "axis='row': give 'central'"),
    (dict(data=np.ones(6), axis=0), ArgumentTypeError, "name= must say what the object is called"),
    (dict(data=np.ones(6), axis="central"), RegisterError, "central: is registered already; delete it"),
    (dict(data=np.ones(6), axis=0, name="a/b"), RegisterError, "the name 'a/b' holds \"/\""),
    (dict(data=np.ones(6), axis=0, name=""), RegisterError, "the name '' is not a name"),
    (dict(data=np.ones(6), axis=0, name=".."), RegisterError, "is not a name"),
    (dict(data=np.ones(6), axis=0, name="a\0b"), RegisterError, "holds a NUL"),
    (dict(data=np.ones(6), axis=0, name="\ud800"), RegisterError, "is not valid Unicode"),
    (dict(data=np.ones(6), axis=0, name="é" * 200), RegisterError, "longer than 255 bytes"),
    (dict(data=np.ones(6), axis=0, name="x", mode="dense"), RegisterError, "mode='dense' is not known"),
    (dict(data=rows(6), axis=0, name="x", mode="N-D"), RegisterError, r"rows differ in shape.*mode='ragged'"),
    (dict(data=np.ones((6, 3, 2)), axis=0, name="x", mode="csr"), RegisterError, "mode='csr' cannot hold"),
    (
        dict(data=np.ones((6, 4)), axis=0, name="x", mode="coo"),
        RegisterError,
        "cannot be aligned.*mode='csr'",
    ),
    (dict(data=np.ones(6), axis=0, name="x", csr_load_sparse=True), RegisterError, "goes with mode='csr'"),
    (dict(data=[], axis=0, name="x"), RegisterError, "the data are empty"),
    (dict(data=np.ones((6, 0)), axis=0, name="x"), RegisterError, "hold no value"),
    (dict(data=[1, "a"] * 3, axis=0, name="x"), RegisterError, "rows mix numbers and text"),
    (dict(data=[np.ones(1), np.ones(2, int)] * 3, axis=0, name="x"), RegisterError, "mix float64 and int64"),
    (dict(data=[1.0, None] * 3, axis=0, name="x"), ConversionError, "row 1 is None"),
    (dict(data={"a": 1}, axis=0, name="x"), ArgumentTypeError, "data of type dict are not taken"),
    (dict(data="text", axis=0, name="x"), ArgumentTypeError, "data of type str are not taken"),
    (dict(data=np.float64(3), axis=0, name="x"), RegisterError, "a single value has no rows"),
    (
        dict(data=np.array([1, np.nan] * 3), axis=0, name="x", dtype_save="int64"),
        ConversionError,
        "0/x: nan in row 1 cannot be held in int64",
    ),
    (
        dict(data=np.arange(6) + 252, axis=0, name="x", dtype_save="uint8"),
        ConversionError,
        "256 in row 4 cannot be held in uint8",
    ),
    (
        dict(data=np.arange(6) * 100, axis=0, name="x", dtype_load="int8"),
        ConversionError,
        "200 in row 2 cannot be held in int8",
    ),
    (dict(data=["longer"] * 6, axis=0, name="x", dtype_save="S3"), ConversionError, "text in row 0 takes 6"),
    (dict(data=np.ones(6), axis=0, name="x", dtype_save="integer"), ArgumentTypeError, "is not a dtype"),
    (dict(data=np.ones(6), axis=0, name="x", length=7), RegisterError, "has 7 rows, axis 0 .* has 6"),
    (dict(data=np.ones(6), axis=0, name="x", length=-1), RegisterError, "length=-1 must be a whole number"),
    (dict(data=np.ones(6), axis=0, name="x", length=2.5), RegisterError, "length=2.5 must be a whole"),
    (
        dict(data=["a", "b"] * 3, axis=0, name="x", categories=["a"]),
        ConversionError,
        "'b' in row 1 is not one",
    ),
    (dict(data=["a"] * 6, axis=0, name="x", categories=["a", "a"]), RegisterError, "'a' stands twice"),
    (dict(data=["a"] * 6, axis=0, name="x", categories=[]), RegisterError, "categories= is empty"),
    (
        dict(data=[5] * 6, axis=0, name="x", categories=["a"]),
        ConversionError,
        "5 in row 0 is not one of the 1",
    ),
    (dict(data=[0] * 6, axis=0, name="x", categories=True), RegisterError, "integer codes need names"),
    (dict(data=np.ones(6), axis=0, name="x", categories=["a"]), RegisterError, "categories= takes text"),
    (dict(data=iter([1, 2]), axis=0, name="x"), ArgumentTypeError, "blocks of rows, found a single int"),
    (dict(data=iter([]), axis=0, name="x"), RegisterError, "the iterable of blocks is empty"),
    (dict(data=iter([np.ones(4)]), axis=0, name="x"), RegisterError, "blocks held 4 rows, the axis has 6"),
    (
        dict(data=iter([np.ones(4), np.ones(4)]), axis=0, name="x"),
        RegisterError,
        "rows 4 to 8 do not fit its length of 6",
    ),
    (
        dict(data=iter([np.ones((3, 2)), np.ones((3, 3))]), axis=0, name="x"),
        RegisterError,
        r"rows have shape \(2,\), the block's have \(3,\)",
    ),
    (
        dict(data=np.zeros(6, [("a", int)]), axis=0, name="x"),
        ArgumentTypeError,
        "split them into plain columns",
    ),
    (
        dict(data=np.array([object()] * 6), axis=0, name="x"),
        ArgumentTypeError,
        "rows hold object; give numbers",
    ),
]


@pytest.mark.parametrize(("arguments", "error", "message"), REFUSALS)
def test_a_refused_registration_says_why_and_leaves_the_file_as_it_was(f, arguments, error, message):
    arguments = {
        name: iter(list(value)) if hasattr(value, "__next__") else value for name, value in arguments.items()
    }
    f.register(np.arange(6), 0, name="there")
    before = {key: f.column(key).tolist() for key in f.schema.objects}

    with pytest.raises(error, match=message) as caught:
        f.register(**arguments)

    assert isinstance(caught.value, H5torchError)
    assert f.schema.unfinished == ()
    assert {key: f.column(key).tolist() for key in f.schema.objects} == before
    assert "-1" not in f


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


def test_the_central_object_comes_first(tmp_path):
    with h5torch.File(tmp_path / "x.h5t", "w") as f, pytest.raises(RegisterError, match="comes first"):
        f.register(np.ones(3), 0, name="y")


@pytest.mark.parametrize("data", [np.empty(0), np.empty((0, 3)), scipy.sparse.csr_array((0, 4))])
def test_a_central_object_without_rows_is_refused(tmp_path, data):
    with h5torch.File(tmp_path / "x.h5t", "w") as f, pytest.raises(RegisterError, match="data are empty"):
        f.register(data, "central")


def test_a_file_open_for_reading_refuses_changes(f):
    path = f.filename
    f.close()
    with h5torch.File(path) as reading:
        with pytest.raises(ReadOnlyError, match="open for reading only; reopen"):
            reading.register(np.ones(6), 0, name="y")
        with pytest.raises(ReadOnlyError, match="open for reading only"):
            reading.append(np.ones((1, 4)), "central")


def test_the_published_order_of_arguments_holds(f):
    f.register(np.ones((6, 3)), 0, 6, "y", "csr", "float32", "float64", True)

    layout = f.schema.layout("0/y")
    assert (layout.mode, layout.value.save, layout.value.load, layout.load_sparse) == (
        "csr",
        np.float32,
        np.float64,
        True,
    )


@pytest.mark.parametrize("axis", [np.int64(0), np.uint8(0), 0])
def test_an_axis_may_be_any_integer(f, axis):
    f.register(np.arange(6), axis, name="y")

    assert f.column("0/y").tolist() == list(range(6))


def test_what_auto_picks(f):
    f.register(rows(6), 0, name="ragged")
    f.register([np.arange(2)] * 6, 0, name="equal")
    f.register(scipy.sparse.eye_array(6).tocsc(), 0, name="sparse")
    f.register(["a"] * 5 + ["long" * 999], 0, name="uneven")
    f.register(["a"] * 6, 0, name="text")
    f.register(torch.eye(6).to_sparse_csr(), 0, name="tensor")
    modes = {key: layout.mode for key, layout in f.schema.objects.items()}

    assert modes == {
        "central": "N-D",
        "0/ragged": "ragged",
        "0/equal": "N-D",
        "0/sparse": "csr",
        "0/uneven": "ragged",
        "0/text": "N-D",
        "0/tensor": "csr",
    }


def test_a_deleted_object_can_be_registered_anew(f):
    f.register(["a", "b"] * 3, 0, name="y", categories=True)
    del f["0/y"]
    f.register(["c", "d"] * 3, 0, name="y", categories=["d", "c"])

    assert f.column("0/y").tolist() == ["c", "d"] * 3


def test_a_new_central_object_must_fit_what_is_aligned_already(f):
    f.register(np.arange(6), 0, name="y")
    del f["central"]
    with pytest.raises(RegisterError, match="0/y: has 6 rows, axis 0 of the central object has 5"):
        f.register(np.ones((5, 4)), "central")
    f.register(np.zeros((6, 9)), "central")

    assert f.schema.shape == (6, 9)


def test_appending_fills_the_room_and_then_says_that_it_is_full(f):
    f.register(np.arange(2), 0, 6, "y")
    f.append(np.arange(2, 5), "0/y")
    with pytest.raises(RegisterError, match="appending 2 rows to 5 would exceed its length of 6"):
        f.append(np.arange(2), "0/y")
    f.append([5], "0/y")

    assert f.column("0/y").tolist() == list(range(6))


def test_appending_to_nothing_says_what_there_is(f):
    f.register(np.arange(6), 0, name="label")
    with pytest.raises(UnknownNameError, match="did you mean '0/label'"):
        f.append([1], "0/labels")


def test_appending_all_zero_csr_blocks_leaves_empty_rows(f):
    f.register(np.zeros((2, 5)), 0, 6, "y", "csr")
    f.append(np.zeros((2, 5)), "0/y")
    f.append(np.eye(2, 5), "0/y")

    assert f.column("0/y").tolist() == np.vstack([np.zeros((4, 5)), np.eye(2, 5)]).tolist()


def test_an_append_that_fails_leaves_the_rows_there_were(f):
    f.register(np.arange(2, dtype=np.int8), 0, 6, "y")
    with pytest.raises(ConversionError, match="300 in row 3 cannot be held in int8"):
        f.append(np.array([1, 300]), "0/y")

    assert f.schema.layout("0/y").filled_to == 2


def test_nonzeros_can_be_appended_where_chunks_leave_room(tmp_path):
    with h5torch.File(tmp_path / "x.h5t", "w") as f:
        f.register((np.array([[0], [1]]), np.array([1.0]), (3, 4)), "central", mode="coo", chunks=True)
        f.append((np.array([[2, 0], [3, 0]]), np.array([2.0, 3.0]), (3, 4)), "central")

        assert f.column("central").tolist() == [1, 2, 3]
        with pytest.raises(RegisterError, match=r"array has shape \(3, 4\), the block \(4, 4\)"):
            f.append((np.array([[3], [0]]), np.array([1.0]), (4, 4)), "central")


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
        (lambda f: f["0/y"].attrs.__delitem__("shape"), "lacks a part or attribute"),
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


def cut_short(f, key, part, values):
    """Leave behind what an append leaves that stopped before it wrote any offset."""
    dataset = f[key][part]
    axis = dataset.ndim - 1
    length = dataset.shape[axis]
    dataset.resize(length + len(values), axis=axis)
    dataset[..., length:] = values


@pytest.mark.parametrize("mode", ["csr", "ragged"])
def test_what_an_append_that_was_cut_short_left_behind_is_ignored_and_then_overwritten(f, mode):
    part = "data" if mode == "csr" else "values"
    blocks = [np.eye(3), 2 * np.eye(3)] if mode == "csr" else [rows(3), rows(3, start=5)]
    f.register(blocks[0], 0, 6, "y", mode)
    before = [row.tolist() for row in f.column("0/y")]
    cut_short(f, "0/y", part, [7, 8])

    assert [row.tolist() for row in f.column("0/y")] == before
    f.append(blocks[1], "0/y")
    assert [row.tolist() for row in f.column("0/y")] == [row.tolist() for block in blocks for row in block]


def test_nonzeros_that_an_append_left_behind_are_ignored(tmp_path):
    with h5torch.File(tmp_path / "x.h5t", "w") as f:
        f.register((np.array([[0], [1]]), np.array([1.0]), (3, 4)), "central", mode="coo", chunks=True)
        cut_short(f, "central", "data", [5.0])
        assert f.column("central").tolist() == [1]
        f.append((np.array([[2], [3]]), np.array([2.0]), (3, 4)), "central")

        assert f.column("central").tolist() == [1, 2]


def test_slack_that_another_package_appended_behind_is_refused(f):
    f.register(np.eye(3), 0, 6, "y", "csr")
    cut_short(f, "0/y", "data", [7])
    cut_short(f, "0/y", "indices", [0])
    cut_short(f, "0/y", "data", [1])  # from here on, what the published package's append does
    cut_short(f, "0/y", "indices", [1])
    f["0/y/indptr"][4] = 4
    f["0/y"].attrs["filled_to"] = 4

    with pytest.raises(FormatError, match="a row boundary is missing"):
        f.column("0/y")


@pytest.mark.parametrize("narrow", ["int32", "float32"])
def test_offsets_of_an_old_file_that_cannot_count_more_entries_refuse_them(f, narrow):
    f.register(np.eye(3), 0, 6, "y", "csr")
    del f["0/y/indptr"]
    f["0/y"].create_dataset("indptr", data=np.array([0, 1, 2, 3, 0, 0, 0], dtype=narrow))
    f.append(np.eye(1, 3), "0/y")
    assert f.column("0/y").sum() == 4
    with pytest.raises(RegisterError, match=f"offsets of {narrow} cannot count"):
        csr.check_countable(f["0/y/indptr"].dtype, 2**31, what="0/y/indptr")
