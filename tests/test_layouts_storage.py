"""How arrays lie in the file: offsets, chunks, filters, room to grow, and what was never written."""

import h5py
import numpy as np
import pytest
import scipy.sparse as sp

import h5torch
from h5torch.errors import RegisterError
from h5torch.layouts import CooLayout, CsrLayout, RaggedLayout


@pytest.fixture
def path(tmp_path):
    """Return where a file may be written."""
    return tmp_path / "x.h5t"


def test_without_options_bytes_lie_in_one_run_at_a_multiple_of_64(path):
    """Fast reads need it: dense values, and every part of csr, ragged and coo."""
    rows = [np.arange(n, dtype=np.int16) for n in (3, 0, 5)]
    with h5torch.File(path, "w") as f:
        f.register(np.ones((3, 7), np.int8), "central")
        f.register(["a", "bc", "d"], 0, name="text")
        f.register(sp.random_array((3, 9), density=0.5, rng=0), 0, name="csr")
        f.register(rows, 0, name="ragged")
        f.register([np.ones((n, 2)) for n in (3, 1, 5)], 0, name="blocks")
        f.register(sp.random_array((3, 9), density=0.5, rng=0), "unstructured", name="coo", mode="coo")
        paths = ["central", "0/text", "0/csr/indptr", "0/csr/indices", "0/csr/data", "0/ragged/offsets"]
        paths += ["0/ragged/values", "0/blocks/shapes", "unstructured/coo/indices", "unstructured/coo/data"]
        for name in paths:
            assert f[name].chunks is None, name
            assert f[name].id.get_offset() % 64 == 0, name


@pytest.mark.parametrize(
    ("storage", "chunks"),
    [
        ({"chunks": 4}, (4, 3)),
        ({"chunks": (5, 2)}, (5, 2)),
        ({"chunks": [5, 2]}, (5, 2)),
        ({"chunks": None}, None),
    ],
)
def test_chunks_are_those_asked_for(path, storage, chunks):
    with h5torch.File(path, "w") as f:
        f.register(np.ones((10, 3)), "central", **storage)
        assert f["central"].chunks == chunks


@pytest.mark.parametrize(
    ("storage", "match"),
    [
        ({"chunks": (5,)}, r"chunks=\(5,\) has 1 axes, the data have 2"),
        ({"chunks": -1}, "chunks=-1: give True"),
        ({"chunks": (0, 1)}, r"chunks=\(0, 1\): give True"),
        ({"chunks": "auto"}, "chunks='auto': give True"),
        ({"compression": "zip"}, "central: .*zip"),
        ({"no_such_option": 1}, "central: .*no_such_option"),
    ],
)
def test_storage_that_makes_no_sense_is_refused_and_leaves_no_trace(path, storage, match):
    with h5torch.File(path, "w") as f:
        with pytest.raises(h5torch.H5torchError, match=match):
            f.register(np.ones((10, 3)), "central", **storage)
        assert list(f) == []


def test_rows_of_variable_length_type_are_not_compressed(path):
    with h5torch.File(path, "w") as f, pytest.raises(RegisterError, match="use mode='ragged'"):
        f.register([np.ones(2), np.ones(3)], "central", mode="vlen", compression="gzip")


@pytest.mark.parametrize("mode", ["N-D", "csr", "ragged", "vlen"])
def test_rows_never_filled_are_empty(path, mode):
    """Zeros, no entries, no values, as the published package has it."""
    with h5torch.File(path, "w") as f:
        f.register(np.ones((2, 3)), "central", length=4, mode=mode)
        rows = f.column("central")
    size = 3 if mode in {"N-D", "csr"} else 0
    assert [np.asarray(row).tolist() for row in rows] == [[1.0] * 3] * 2 + [[0.0] * size] * 2


def test_what_was_deleted_does_not_show_in_what_is_not_written(path):
    """HDF5 recycles the place of deleted bytes; rows never filled must read as zeros all the same."""
    with h5torch.File(path, "w") as f:
        f.register(np.zeros(40), "central")
        f.create_dataset("junk", data=np.full(40_000, 7.0))
        f.create_dataset("behind", data=np.ones(10))
        del f["junk"]
        f.register(np.ones((1, 3)), 0, name="dense", length=40)
        f.register(["a"], 0, name="text", length=40)
        f.register(np.ones((1, 3)), 0, name="csr", mode="csr", length=40)
        f.register([np.ones(2)], 0, name="ragged", mode="ragged", length=40)
        f.register([np.ones((1, 2))], 0, name="blocks", mode="ragged", length=40)
        f.register([np.ones(2), *[np.ones(1)] * 39], 0, name="whole")
    with h5py.File(path) as f:
        assert f["0/dense"][1:].max() == 0
        assert set(f["0/text"][1:]) == {b""}
        assert f["0/csr/indptr"][2:].max() == f["0/ragged/offsets"][2:].max() == 0
        assert f["0/blocks/shapes"][1:].max() == 0
        assert f["0/whole/offsets"][:3].tolist() == [0, 2, 3]


def test_appended_nonzeros_may_need_wider_indices(path):
    """The first block's indices fit a byte, the second's do not."""
    with h5torch.File(path, "w") as f:
        f.register((np.array([[3]], np.uint8), [1.0], (1000,)), "central", mode="coo", chunks=True)
        f.append((np.array([[999]]), [2.0], (1000,)), "central")
        assert f["central/indices"][:].tolist() == [[3, 999]]


def test_nonzeros_grow_only_where_there_is_room(path):
    with h5torch.File(path, "w") as f:
        f.register(sp.eye_array(3), "central", mode="coo")
        with pytest.raises(
            RegisterError, match="central: holds 3 entries and cannot grow to 6; .*chunks=True"
        ):
            f.append(sp.eye_array(3), "central")
        assert len(h5torch.Dataset(f, "coo")) == 3


def test_records_say_what_is_there(path):
    with h5torch.File(path, "w") as f:
        f.register(sp.eye_array(3, format="csr"), "central", length=5)
        f.register([np.ones((1, 2))] * 5, 0, name="r", mode="ragged")
        f.register(sp.eye_array(4), "unstructured", name="c", mode="coo")
        found = f.schema.objects
    sparse, ragged, coo = found["central"], found["0/r"], found["unstructured/c"]
    assert isinstance(sparse, CsrLayout)
    assert (sparse.shape, sparse.filled_to, sparse.n_stored) == ((5, 3), 3, 3)
    assert isinstance(ragged, RaggedLayout)
    assert (ragged.n_rows, ragged.row_rank, ragged.n_stored) == (5, 2, 10)
    assert isinstance(coo, CooLayout)
    assert (coo.n_rows, coo.filled_to, coo.n_stored) == (4, 4, 4)
