"""Extents: what a file says of where its values lie is believed only where it can be true."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from h5torch.errors import FormatError
from h5torch.storage import extents
from h5torch.storage.extents import Chunked, ChunkList, Contiguous, Extent, Nothing, Opaque
from h5torch.storage.filters import Filter, Pipeline

SIZE = 10_000
GZIP = Pipeline(filters=(Filter(number=1, parameters=(4,), name="deflate"),), itemsize=4, n_bytes=48)


def listed(*chunks):
    """Return a list of chunks, each `(start, offset, size)`."""
    starts, offsets, sizes = zip(*chunks, strict=True)
    return ChunkList(
        starts=np.array(starts, dtype=np.uint64),
        offsets=np.array(offsets, dtype=np.uint64),
        sizes=np.array(sizes, dtype=np.uint64),
        masks=np.zeros(len(chunks), dtype=np.uint64),
    )


def chunked(chunks, *, shape=(10, 8), pipeline=None, size=SIZE):
    """Locate chunks of shape (3, 4) and 48 bytes."""
    return extents.chunked(
        chunks, shape=shape, chunks=(3, 4), itemsize=4, pipeline=pipeline, size=size, what="/x"
    )


def test_values_in_one_run_lie_where_the_file_says():
    assert extents.contiguous(offset=48, stored=80, n_bytes=80, size=128, what="/x") == Contiguous(offset=48)


@pytest.mark.parametrize(
    ("offset", "stored", "message"),
    [
        (100, 79, "/x: 79 bytes are stored and its shape takes 80; the file is damaged or was cut short"),
        (100, 2**63, "are stored and its shape takes 80"),
        (21, 80, "/x: its values are said to lie at bytes 21 to 101 of a file of 128; the file is damaged"),
        (49, 80, "bytes 49 to 129 of a file of 128"),
        (2**64 - 1, 80, "of a file of 128"),
    ],
)
def test_values_in_one_run_that_cannot_lie_there_are_refused(offset, stored, message):
    with pytest.raises(FormatError, match=message):
        extents.contiguous(offset=offset, stored=stored, n_bytes=80, size=128, what="/x")


def test_sizes_are_counted_without_overflow():
    shape = (2**32, 2**32, 2**32)
    extent = Extent(shape=shape, dtype=np.dtype("f8"), fill=np.zeros(()), where=Nothing())

    assert extent.n_bytes == 2**99
    with pytest.raises(FormatError, match=f"its shape takes {2**99}"):
        extents.contiguous(offset=100, stored=0, n_bytes=extent.n_bytes, size=SIZE, what="/x")


def test_chunks_are_numbered_over_the_grid_and_missing_ones_marked():
    found = chunked(listed(((9, 4), 200, 48), ((0, 0), 100, 48), ((3, 4), 148, 48)))

    assert isinstance(found, Chunked)
    assert found.offsets.tolist() == [100, -1, -1, 148, -1, -1, -1, 200]
    assert found.sizes.tolist() == [48, 0, 0, 48, 0, 0, 0, 48]
    assert found.n_stored == 3


def test_where_no_chunk_is_stored_nothing_is():
    none = ChunkList(**dict.fromkeys(("starts", "offsets", "sizes", "masks"), np.zeros(0, dtype=np.uint64)))

    assert chunked(none) == Nothing()


GOOD = ((0, 0), 100, 48)


@pytest.mark.parametrize(
    ("chunk", "message"),
    [
        (((1, 4), 200, 48), r"/x: a chunk begins at \(1, 4\); the array is \(10, 8\) in chunks of \(3, 4\)"),
        (((12, 0), 200, 48), r"a chunk begins at \(12, 0\)"),
        (((2**63 + 1, 0), 200, 48), r"a chunk begins at \(9223372036854775809, 0\)"),
        (((0, 0), 200, 48), "/x: two of its chunks have the same place in the array"),
        (((3, 4), 147, 48), r"/x: its chunks at \(0, 0\) and \(3, 4\) lie over each other in the file"),
        (((3, 4), 99, 48), r"its chunks at \(3, 4\) and \(0, 0\) lie over each other"),
        (
            ((3, 4), SIZE - 47, 48),
            r"/x: its chunk at \(3, 4\) is said to lie at bytes 9953 to 10001 of a file",
        ),
        (((3, 4), 2**64 - 8, 48), "of a file of 10000"),
        (((3, 4), 47, 48), "bytes 47 to 95 of a file"),
        (((3, 4), 200, 0), "bytes 200 to 200 of a file"),
        (((3, 4), 200, 2**64 - 1), "of a file of 10000"),
        (((3, 4), 200, 47), r"/x: its chunk at \(3, 4\) takes 47 bytes in the file and 48 in the array"),
    ],
)
def test_chunks_that_cannot_be_there_are_refused(chunk, message):
    with pytest.raises(FormatError, match=message):
        chunked(listed(GOOD, chunk))


@given(data=st.data())
def test_no_table_of_chunks_reaches_outside_the_file_or_over_itself(data):
    """Whatever the numbers: an error, or a table whose chunks can all be read."""
    number = st.integers(0, 400) | st.integers(0, 2**64 - 1)
    chunk = st.tuples(st.tuples(number, number), number, st.sampled_from([0, 47, 48]) | number)
    chunks = data.draw(st.lists(chunk, min_size=1, max_size=6))
    pipeline = data.draw(st.sampled_from([None, GZIP]))
    try:
        found = chunked(listed(*chunks), pipeline=pipeline, size=400)
    except FormatError:
        return
    if isinstance(found, Chunked):
        taken = [
            byte
            for offset, size in zip(found.offsets, found.sizes, strict=True)
            if offset >= 0
            for byte in range(offset, offset + size)
        ]
        assert found.n_stored == len(chunks)
        assert len(found.offsets) == math.prod((4, 2))
        assert len(set(taken)) == len(taken)
        assert all(0 < byte < 400 for byte in taken)


def test_filtered_chunks_may_be_of_any_size():
    found = chunked(listed(GOOD, ((3, 4), 200, 900)), pipeline=GZIP)

    assert isinstance(found, Chunked)
    assert found.sizes.max() == 900


def test_edge_chunks_that_may_have_skipped_their_filters_are_left_to_hdf5():
    """A file can say so, and h5py cannot tell."""
    assert isinstance(chunked(listed(GOOD, ((9, 0), 200, 48)), pipeline=GZIP), Opaque)


def test_a_grid_that_is_nearly_empty_is_left_to_hdf5():
    found = chunked(listed(GOOD), shape=(2**40, 8))

    assert isinstance(found, Opaque)
    assert found.reason == f"only 1 of its {2 * -(-(2**40) // 3)} chunks are stored"


def test_a_table_in_a_record_cannot_be_changed():
    found = chunked(listed(GOOD))

    assert isinstance(found, Chunked)
    with pytest.raises(ValueError, match="read-only"):
        found.offsets[0] = 1
