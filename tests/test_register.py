"""`File.register`: an object is there whole afterwards, or not at all, and every refusal says what to do."""

import h5py
import numpy as np
import pytest
import scipy.sparse
import torch

import h5torch
from h5torch.errors import (
    ArgumentTypeError,
    ConversionError,
    H5torchError,
    RegisterError,
)
from tests.cells import rows

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
    (dict(data=np.ones(6), axis=0, name="x", mode=None), RegisterError, "mode=None is not known"),
    (dict(data=np.ones(6), axis=np.zeros(2), name="x"), ArgumentTypeError, "give 'central', 'unstructured'"),
    (
        dict(data=["a"] * 6, axis=0, name="x", categories="ab"),
        RegisterError,
        "must be a list of names, or True",
    ),
    (
        dict(data=["a"] * 6, axis=0, name="x", categories=True, dtype_load="str"),
        RegisterError,
        "categories have dtypes of their own",
    ),
    (dict(data=[2**64, 1] * 3, axis=0, name="x"), ArgumentTypeError, "integers beyond 64 bits"),
    (
        dict(data=[2**63, -1] * 3, axis=0, name="x"),
        ArgumentTypeError,
        "integers beyond 64 bits|would be rounded",
    ),
    (dict(data=["a"] * 6, axis=0, name="x", categories=5), RegisterError, "must be a list of names, or True"),
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
    (dict(data=np.ones(6), axis=0, name="x", casting="same_kind"), ArgumentTypeError, "give 'checked' or"),
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


@pytest.mark.parametrize(
    "blocks", [[np.ones((5, 4))], [np.empty((0, 4))], [np.ones((6, 4)), np.ones((1, 4))]]
)
def test_a_central_stream_must_fit_too(f, blocks):
    f.register(np.arange(6), 0, name="y")
    del f["central"]
    with pytest.raises(RegisterError, match="axis 0 of the central object has|the data are empty"):
        f.register(iter(blocks), "central")

    assert "central" not in f
    f.register(iter([np.ones((2, 4)), np.ones((4, 4))]), "central")


@pytest.mark.parametrize("mode", ["N-D", "csr", "ragged", "vlen", "separate"])
def test_more_rows_than_the_length_are_refused(tmp_path, mode):
    data = [np.arange(row + 1) for row in range(4)] if mode not in {"N-D", "csr"} else np.eye(4)
    with h5torch.File(tmp_path / "x.h5t", "w") as f:
        with pytest.raises(RegisterError, match="central: rows 0 to 4 do not fit its length of 3"):
            f.register(data, "central", mode=mode, length=3)
        assert "central" not in f


def test_data_that_compress_may_be_larger_than_the_disk_is_free(f):
    rows = np.broadcast_to(np.int8(0), (6, 1 << 20))
    f.register(rows, 0, name="zeros", compression="gzip")

    assert f["0/zeros"].id.get_storage_size() < rows.size / 100


def test_a_dataset_of_variable_length_rows_is_copied_in_small_pieces(f, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        rows = other.create_dataset("rows", shape=(6,), dtype=h5py.vlen_dtype(np.int32))
        for row in range(6):
            rows[row] = np.arange(row)
        f.register(rows, 0, name="rows")

    assert [row.tolist() for row in f.column("0/rows")] == [list(range(row)) for row in range(6)]


def test_the_central_object_comes_first(tmp_path):
    with h5torch.File(tmp_path / "x.h5t", "w") as f, pytest.raises(RegisterError, match="comes first"):
        f.register(np.ones(3), 0, name="y")


@pytest.mark.parametrize("data", [np.empty(0), np.empty((0, 3)), scipy.sparse.csr_array((0, 4))])
def test_a_central_object_without_rows_is_refused(tmp_path, data):
    with h5torch.File(tmp_path / "x.h5t", "w") as f, pytest.raises(RegisterError, match="data are empty"):
        f.register(data, "central")


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


def test_integers_beyond_int64_stay_integers(f):
    f.register([2**63, 1, 2, 3, 4, 5], 0, name="y")

    assert (f.column("0/y").dtype, f.column("0/y")[0]) == (np.uint64, 2**63)


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
