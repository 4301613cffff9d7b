"""Values in one run, read piece by piece: few reads, and each value in its place."""

import os

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from h5torch.errors import StorageError
from h5torch.storage.bytes import PreadBytes
from h5torch.storage.direct import direct_source
from h5torch.storage.pieces import pieces_of

VALUES = np.arange(100 * 1000, dtype="f4").reshape(100, 1000)


class CountingBytes(PreadBytes):
    """A file that notes which bytes are read."""

    def __init__(self, path):
        super().__init__(path)
        self.reads = []

    def read_into(self, offset, out):
        self.reads.append(out.nbytes)
        super().read_into(offset, out)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "data.h5"
    with h5py.File(path, "w") as file:
        file["x"] = VALUES
    return path


@pytest.fixture
def opened(path):
    """A source of rows of 4,000 bytes, and the bytes it reads."""
    file = CountingBytes(str(path))
    with h5py.File(path) as handle:
        return direct_source(handle["x"], bytes_of=lambda _: file), file


@given(
    rows=st.lists(st.integers(0, 99), max_size=20),
    gap=st.integers(0, 30),
    most=st.integers(1, 120),
)
def test_pieces_hold_the_rows_asked_for_and_bridge_no_larger_gap(rows, gap, most):
    order = np.argsort(np.array(rows, dtype=np.intp), kind="stable")
    ordered = np.array(rows, dtype=np.intp)[order]
    pieces = pieces_of(ordered, order, gap=gap, most=most)
    out = np.full(len(rows), -1)
    for piece in pieces:
        read = np.arange(piece.first, piece.first + piece.count)
        wanted, there = ordered[piece.start : piece.stop], order[piece.start : piece.stop]
        out[there] = read[wanted - piece.first]
        assert np.diff(wanted).max(initial=0) <= gap + 1
        assert piece.first // most == (piece.first + piece.count - 1) // most
        if piece.straight:
            assert wanted.tolist() == read.tolist()
            assert there.tolist() == list(range(there[0], there[0] + piece.count))

    assert out.tolist() == rows
    assert [piece.start for piece in pieces] == [0, *(piece.stop for piece in pieces)][: len(pieces)]


def test_neighbours_are_read_together(opened):
    """Rows up to three apart: another read would cost more than what lies between."""
    source, file = opened
    rows = np.array([50, 3, 4, 5, 7, 5, 90])

    np.testing.assert_array_equal(source.take(rows), VALUES[rows])
    assert sorted(file.reads) == [4000, 4000, 20000]


def test_slices_that_follow_each_other_are_read_at_once(opened):
    source, file = opened
    found = source.slices([10, 12, 20, 50, 50], [12, 20, 20, 51, 53])

    for start, stop, rows in zip([10, 12, 20, 50, 50], [12, 20, 20, 51, 53], found, strict=True):
        np.testing.assert_array_equal(rows, VALUES[start:stop])
    assert file.reads == [40000, 4000, 12000]


def test_rows_of_another_axis_are_read_with_what_lies_between(opened):
    source, file = opened
    columns = np.array([999, 0, 5])

    np.testing.assert_array_equal(source.take(columns, axis=1), VALUES[:, columns].T)
    assert len(file.reads) == 1


def test_a_file_cut_short_after_it_was_opened_is_an_error(opened, path):
    source, _ = opened
    os.truncate(path, 10_000)

    assert source.take(np.array([0])).tolist() == VALUES[:1].tolist()
    for read in (
        lambda: source.take(np.array([0, 60])),
        lambda: source.pick((np.array([60]), np.array([0]))),
        lambda: source.slices([60], [61]),
        source.whole,
    ):
        with pytest.raises(StorageError, match=r"data\.h5: \d+ bytes are needed, the file ends after 10000"):
            read()
