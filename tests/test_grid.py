"""The grid of chunks: every wanted row is found in its chunk once, and goes where it was asked for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from h5torch.storage.grid import Grid, groups_of_rows, groups_of_slices

ROWS = st.lists(st.integers(0, 60), max_size=20)


@given(rows=ROWS, length=st.integers(1, 70))
def test_rows_copied_chunk_by_chunk_are_the_rows_asked_for(rows, length):
    wanted = np.array(rows, dtype=np.intp)
    out = np.full(len(rows), -1)
    groups = groups_of_rows(wanted, length=length)
    for chunk, there, here in groups:
        out[there] = (np.arange(length) + chunk * length)[here]

    assert out.tolist() == rows
    assert [group.chunk for group in groups] == sorted({row // length for row in rows})


@given(
    pairs=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted), max_size=8),
    length=st.integers(1, 70),
)
def test_slices_copied_chunk_by_chunk_lie_one_after_the_other(pairs, length):
    expected = [row for start, stop in pairs for row in range(start, stop)]
    out = np.full(len(expected), -1)
    groups = groups_of_slices([start for start, _ in pairs], [stop for _, stop in pairs], length=length)
    for chunk, there, here in groups:
        out[there] = (np.arange(length) + chunk * length)[here]

    assert out.tolist() == expected
    assert [group.chunk for group in groups] == sorted(group.chunk for group in groups)


def test_rows_that_follow_each_other_are_copied_as_a_slice():
    groups = groups_of_rows(np.array([8, 9, 10, 11, 12]), length=10)

    assert groups == [(0, slice(0, 2), slice(8, 10)), (1, slice(2, 5), slice(0, 3))]


@given(
    sides=st.lists(st.tuples(st.integers(1, 7), st.integers(1, 9)), min_size=1, max_size=3), data=st.data()
)
def test_columns_along_any_axis_hold_every_value_once(sides, data):
    shape, chunks = (tuple(part) for part in zip(*sides, strict=True))
    grid = Grid(shape=shape, chunks=chunks)
    axis = data.draw(st.integers(0, len(shape) - 1))
    others = tuple(length for at, length in enumerate(shape) if at != axis)
    seen = np.zeros(others, dtype=int)
    numbers = []
    for column in grid.columns(axis):
        seen[column.inside] += 1
        crop = [part.stop - part.start for part in column.crop]
        assert seen[column.inside].shape == tuple(crop)
        numbers += [column.first + at * grid.strides[axis] for at in range(grid.lengths[axis])]

    assert (seen == 1).all()
    assert sorted(numbers) == list(range(np.prod(grid.lengths)))
    whole = len(grid.columns(axis)) == 1 and grid.columns(axis)[0].crop == tuple(
        slice(0, chunk) for at, chunk in enumerate(chunks) if at != axis
    )
    assert grid.is_whole(axis) == whole
