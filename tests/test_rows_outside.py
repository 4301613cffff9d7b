"""`outside` and `as_rows`: what lies beyond the rows is found in integers of every width and byte order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from h5torch.errors import RowError
from h5torch.rows import as_rows, outside

WIDTHS = [f"{sign}{kind}{size}" for sign in "<>" for kind in "iu" for size in (1, 2, 4, 8)]
ENDS = sorted({0, 1, *(2**bits + by for bits in (7, 8, 15, 16, 31, 32, 63, 64) for by in (-1, 0, 1))})


@pytest.mark.parametrize("dtype", WIDTHS)
def test_values_at_the_ends_of_a_dtype_are_judged_as_python_judges_them(dtype):
    info = np.iinfo(dtype)
    values = {int(info.min), int(info.max), info.max // 2, 0, 1, *(end for end in ENDS if end <= info.max)}
    values |= {-end for end in ENDS if -end >= info.min}
    for value in values:
        for limit in ENDS:
            found = outside(np.array([value], dtype), limit)
            assert found is not (0 <= value < limit), (value, limit)


@given(data=st.data(), dtype=st.sampled_from(WIDTHS), limit=st.sampled_from(ENDS))
def test_one_value_outside_among_many_is_found(data, dtype, limit):
    info = np.iinfo(dtype)
    numbers = st.integers(int(info.min), int(info.max)) | st.integers(
        0, min(int(info.max), max(limit - 1, 0))
    )
    values = data.draw(st.lists(numbers, max_size=6))
    array = np.array(values, dtype)

    expected = any(not 0 <= value < limit for value in values)
    assert outside(array, limit) == expected
    assert outside(np.repeat(array, 2)[::2], limit) == expected
    assert outside(array.reshape(1, -1), limit) == expected


@pytest.mark.parametrize("limit", [0, 1, 2**63])
@pytest.mark.parametrize("shape", [(0,), (3, 0)])
def test_nothing_is_never_outside(shape, limit):
    assert not outside(np.empty(shape, np.int64), limit)


@pytest.mark.parametrize("dtype", WIDTHS)
@pytest.mark.parametrize("n_rows", [1, 100, 2**40])
def test_row_numbers_of_every_width_mean_what_python_means(dtype, n_rows):
    info = np.iinfo(dtype)
    inside = [row for row in (0, 1, -1, n_rows - 1, -n_rows) if info.min <= row <= info.max]
    inside = [row for row in inside if -n_rows <= row < n_rows]
    rows = as_rows(np.array(inside, dtype), n_rows=n_rows, what="x")

    assert (rows.dtype, rows.tolist()) == (np.intp, [range(n_rows)[row] for row in inside])
    for wrong in (n_rows, -n_rows - 1, int(info.max), int(info.min)):
        if info.min <= wrong <= info.max and not -n_rows <= wrong < n_rows:
            with pytest.raises(RowError, match=f"x: index {wrong} is out of range for {n_rows} rows"):
                as_rows(np.array([0, wrong], dtype), n_rows=n_rows, what="x")


def test_rows_that_samplers_give_are_not_copied():
    rows = np.array([3, 0, 3])

    assert as_rows(rows, n_rows=4, what="x") is rows
    assert np.shares_memory(as_rows(rows[::-1], n_rows=4, what="x"), rows)
    negative = np.array([-1, 0])
    assert as_rows(negative, n_rows=4, what="x").tolist() == [3, 0]
    assert negative.tolist() == [-1, 0]


@pytest.mark.parametrize("nothing", [[], (), np.array([], np.intp), np.array([], "f4"), range(0)], ids=repr)
def test_no_rows_are_an_empty_list_of_rows(nothing):
    rows = as_rows(nothing, n_rows=0, what="x")

    assert (rows.dtype, rows.shape) == (np.intp, (0,))


def test_no_row_is_in_a_table_of_none():
    for row in (0, -1):
        with pytest.raises(RowError, match=f"index {row} is out of range for 0 rows"):
            as_rows(np.array([row]), n_rows=0, what="x")
