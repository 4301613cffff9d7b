"""How long chunks are: by the size of a row, the use, and the length of the whole."""

import math

import h5py
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

import h5torch
from h5torch.errors import ArgumentTypeError
from h5torch.storage.sink import Storage, chunk_shape

MOST = 1 << 20
LENGTHS = st.integers(1, 10**12)
ROWS = st.lists(st.integers(1, 4096), max_size=2)


@given(length=LENGTHS, row=ROWS, itemsize=st.sampled_from([1, 2, 4, 8, 16]), target=st.integers(1, 1 << 20))
def test_chunks_of_a_known_length_are_whole_rows_few_and_of_the_size_wanted(length, row, itemsize, target):
    """Larger than the size wanted only where one row is, or where there would be over a million."""
    shape = (length, *row)
    chunk = chunk_shape(shape, itemsize, axis=0, grows=False, rows=None, expect=0, target=target)

    assert chunk[1:] == tuple(row)
    assert 1 <= chunk[0] <= length
    n_chunks = math.ceil(length / chunk[0])
    assert n_chunks <= MOST
    row_bytes = itemsize * math.prod(row)
    allowed = max(target, row_bytes, math.ceil(length / MOST) * row_bytes)
    assert chunk[0] * row_bytes <= allowed
    assert n_chunks == 1 or (chunk[0] + 1) * row_bytes > target


@given(row=ROWS, expect=st.integers(0, 10**6), target=st.integers(1 << 12, 1 << 20))
def test_chunks_that_grow_hold_no_more_than_is_written_at_a_time(row, expect, target):
    """Down to four kibibytes, so that many small blocks do not make many small chunks."""
    chunk = chunk_shape((0, *row), 4, axis=0, grows=True, rows=None, expect=expect, target=target)
    row_bytes = 4 * math.prod(row)

    assert chunk[0] >= 1
    assert chunk[0] * row_bytes <= max(target, row_bytes)
    assert not expect or chunk[0] * row_bytes <= max(expect * row_bytes, 1 << 12, row_bytes)


@given(rows=st.integers(1, 10**6), length=LENGTHS)
def test_rows_that_were_asked_for_are_kept(rows, length):
    """Even where that makes many chunks: the caller knows."""
    chunk = chunk_shape((length, 3), 4, axis=0, grows=False, rows=rows, expect=0, target=1 << 14)
    assert chunk == (min(rows, length), 3)


@pytest.mark.parametrize(
    ("options", "n_bytes"),
    [
        ({"compression": "gzip"}, 1 << 14),
        ({"compression": "gzip", "chunks": True}, 1 << 14),
        ({"shuffle": True}, 1 << 14),
        ({"compression": "gzip", "use": "sequential"}, 1 << 20),
        ({"chunks": True}, 1 << 20),
        ({"chunks": True, "fletcher32": False}, 1 << 20),
    ],
)
def test_chunks_that_are_decoded_for_each_row_are_small(tmp_path, options, n_bytes):
    """Uncompressed ones may be large: rows are read out of them without the rest."""
    data = np.zeros((1 << 14, 64), np.float32)
    with h5torch.File(tmp_path / "f.h5t", "w") as f:
        f.register(data, "central", **options)
        found = f["central"]
        assert math.prod(found.chunks) * 4 == n_bytes
        assert found.chunks[1] == 64


@pytest.mark.parametrize(
    ("options", "n_bytes"),
    [
        ({}, 1 << 20),
        ({"compression": "lzf"}, 1 << 16),
        ({"compression": "lzf", "use": "sequential"}, 1 << 20),
    ],
)
def test_a_stream_of_unknown_length_is_chunked_by_its_use(tmp_path, options, n_bytes):
    """It may become of any size, so compressed chunks are larger than those of a known length."""
    blocks = (np.zeros((1 << 13, 64), np.float32) for _ in range(2))
    with h5torch.File(tmp_path / "f.h5t", "w") as f:
        f.register(blocks, "central", progress=False, **options)
        assert math.prod(f["central"].chunks) * 4 == n_bytes


def test_parts_of_sparse_and_ragged_objects_are_chunked_along_their_values(tmp_path):
    """Of `coo` indices too, whose nonzeros lie along the second axis."""
    rng = np.random.default_rng(0)
    matrix = sp.random_array((300, 1000), density=0.2, format="csr", dtype=np.float32, rng=rng)
    rows = [rng.integers(0, 9, size, dtype=np.int32) for size in rng.integers(1, 400, 300)]
    with h5torch.File(tmp_path / "f.h5t", "w") as f:
        f.register(matrix, "central", compression="gzip")
        f.register(rows, 0, name="tokens", compression="gzip")
        f.register(matrix, "unstructured", name="cells", mode="coo", compression="gzip")

        parts = ["central/indices", "central/data", "0/tokens/values", "unstructured/cells/data"]
        assert {part: f[part].chunks for part in parts} == dict.fromkeys(parts, (4096,))
        indices = f["unstructured/cells/indices"]
        assert indices.chunks == (2, (1 << 14) // (2 * indices.dtype.itemsize))
        np.testing.assert_array_equal(indices[:], np.stack(matrix.tocoo().coords))
        np.testing.assert_array_equal(f["0/tokens/values"][:], np.concatenate(rows))


def test_a_use_that_is_none_is_refused(tmp_path):
    """Before anything is written."""
    with (
        h5torch.File(tmp_path / "f.h5t", "w") as f,
        pytest.raises(ArgumentTypeError, match="use='size': give 'random' or 'sequential'"),
    ):
        f.register(np.zeros(3), "central", use="size")
    with h5py.File(tmp_path / "f.h5t") as f:
        assert list(f) == []


def test_the_default_is_one_run_of_bytes():
    """`use` alone asks for no chunks."""
    assert Storage().contiguous
    assert Storage(use="sequential").contiguous
