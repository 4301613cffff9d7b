"""`File.append`: rows fill the room there is, and what an append leaves behind is no data."""

import numpy as np
import pytest

import h5torch
from h5torch.errors import (
    ArgumentTypeError,
    ConversionError,
    FormatError,
    RegisterError,
    UnknownNameError,
)
from h5torch.layouts import csr
from tests.cells import rows


def test_appending_fills_the_room_and_then_says_that_it_is_full(f):
    f.register(np.arange(2), 0, 6, "y")
    f.append(np.arange(2, 5), "0/y")
    with pytest.raises(RegisterError, match="rows 5 to 7 do not fit its length of 6; register it"):
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
    del f["0/y/indptr"], f["0/y"].attrs["version"], f["0/y"].attrs["stored"]
    f["0/y"].create_dataset("indptr", data=np.array([0, 1, 2, 3, 0, 0, 0], dtype=narrow))
    f.append(np.eye(1, 3), "0/y")
    assert f.column("0/y").sum() == 4
    with pytest.raises(RegisterError, match=f"offsets of {narrow} cannot count"):
        csr.check_countable(f["0/y/indptr"].dtype, 2**31, what="0/y/indptr")


@pytest.mark.parametrize("key", [None, 3])
def test_an_object_to_append_to_is_named_by_its_key(f, key):
    with pytest.raises(ArgumentTypeError, match="give the key of an object, such as '0/name'"):
        f.append([1], key)
