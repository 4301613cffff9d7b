"""What is written or converted piece by piece: the same values and the same refusals as in one go."""

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import h5torch
from h5torch.errors import ConversionError, RegisterError
from h5torch.layouts.cuts import PIECE_BYTES, cut_rows
from h5torch.values.convert import check, convert

LARGE = 3 << 16  # more values than are converted together


@given(sizes=st.lists(st.integers(0, 3 * PIECE_BYTES), min_size=1, max_size=40))
def test_pieces_hold_every_row_once_in_order(sizes):
    """A piece is no longer than it should be, but for its first row."""
    ends = np.cumsum(sizes)
    pieces = list(cut_rows(ends, itemsize=1))

    assert [row for first, stop in pieces for row in range(first, stop)] == list(range(len(sizes)))
    for first, stop in pieces:
        assert ends[stop - 1] - ends[first] <= PIECE_BYTES


def test_conversion_block_by_block_gives_what_numpy_gives():
    """For arrays in either order of memory, and for slices of them."""
    values = np.random.default_rng(0).integers(0, 200, (LARGE // 64, 64)).astype(np.float64)
    for array in (values, values.T, values[::3], values[:, ::2], np.asfortranarray(values)):
        for dtype in map(np.dtype, ("float32", "uint8", "float16", "int64")):
            found = convert(array, dtype, casting="checked", what="x")
            np.testing.assert_array_equal(found, array.astype(dtype), strict=True)


@pytest.mark.parametrize("dtype", ["float32", "int32", "uint8"])
@pytest.mark.parametrize("turned", [False, True])
def test_a_value_lost_in_a_late_block_is_named_with_its_row(dtype, turned):
    """And so is how many of all values are lost."""
    values = np.zeros((LARGE // 64, 64))
    values[-2, 5] = values[-1, 3] = 1e300
    given = np.asfortranarray(values) if turned else values

    with pytest.raises(
        ConversionError, match=rf"1e\+300 in row {len(values) - 2} .*\(2 of {values.size} values"
    ):
        convert(given, np.dtype(dtype), casting="checked", what="x")
    with pytest.raises(
        ConversionError, match=rf"1e\+300 in row {len(values) - 2} .*\(2 of {values.size} values"
    ):
        check(given, np.dtype(dtype), casting="checked", what="x")


def _rows(rng: np.random.Generator, dtype: str) -> list[np.ndarray]:
    sizes = rng.integers(0, 2 * PIECE_BYTES // 100, 150)
    return [rng.integers(0, 100, size).astype(dtype) for size in sizes]


@pytest.mark.parametrize("options", [{}, {"dtype_save": "int16"}, {"compression": "lzf"}])
def test_many_rows_are_joined_as_numpy_joins_them(tmp_path, options):
    """Whatever is converted or compressed on the way."""
    rows = _rows(np.random.default_rng(0), "int32")
    with h5torch.File(tmp_path / "f.h5t", "w") as f:
        f.register(rows, "central", mode="ragged", **options)
    with h5py.File(tmp_path / "f.h5t") as f:
        np.testing.assert_array_equal(f["central/values"][:], np.concatenate(rows))
        np.testing.assert_array_equal(f["central/offsets"][1:], np.cumsum([len(row) for row in rows]))
        assert f["central/values"].dtype == options.get("dtype_save", "int32")


def test_rows_with_axes_are_joined_in_c_order(tmp_path):
    """Those that lie in another order in memory too."""
    rng = np.random.default_rng(0)
    rows = [rng.random((size, 200)).T for size in rng.integers(1, 200, 60)]
    with h5torch.File(tmp_path / "f.h5t", "w") as f:
        f.register(rows, "central", mode="ragged")
        np.testing.assert_array_equal(f["central/values"][:], np.concatenate([row.ravel() for row in rows]))


def test_a_row_lost_in_a_late_piece_is_named_and_leaves_no_trace(tmp_path):
    """Though pieces before it were written."""
    rows = _rows(np.random.default_rng(0), "float64")
    rows[140] = np.array([1.0, 0.5])
    with h5torch.File(tmp_path / "f.h5t", "w") as f:
        with pytest.raises(ConversionError, match="central: 0.5 in row 140 cannot be held in int32"):
            f.register(rows, "central", mode="ragged", dtype_save="int32")
        assert list(f) == []


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        (np.array(3), "rows mix array and numbers"),
        (np.array([1.5]), "rows mix float64 and int64 .* row 1"),
        (np.array([[1]]), r"rows have ranks \[1, 2\]"),
        (np.array([None, "x"], object), "row 1|rows hold"),
    ],
)
def test_plain_arrays_are_looked_at_as_closely_as_other_rows(tmp_path, odd, told):
    """One row that is unlike the others is found among arrays."""
    with h5torch.File(tmp_path / "f.h5t", "w") as f, pytest.raises((RegisterError, TypeError), match=told):
        f.register([np.array([1, 2]), odd, np.array([1])], "central")


def test_an_empty_row_has_the_dtype_of_the_others(tmp_path):
    """`np.array([])` is float64, and says nothing."""
    with h5torch.File(tmp_path / "f.h5t", "w") as f:
        f.register([np.array([]), np.array([1, 2]), np.array([], np.int8)], "central")
        assert f["central/values"].dtype == np.int64
        assert [row.tolist() for row in f.column("central")] == [[], [1, 2], []]
