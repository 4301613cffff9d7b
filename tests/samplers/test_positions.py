"""Arithmetic on positions, next to slices of a list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samplers import SamplerError
from samplers.positions import batch_bounds, check_batches, n_batches, usable


@given(
    length=st.integers(0, 200),
    start=st.integers(0, 200),
    batch_size=st.integers(1, 50),
    drop_last=st.booleans(),
)
def test_batches_are_the_slices_of_a_list(length, start, batch_size, drop_last):
    positions = list(range(length))
    slices = [positions[first : first + batch_size] for first in range(start, length, batch_size)]
    wanted = [piece for piece in slices if len(piece) == batch_size or not drop_last]
    bounds = list(batch_bounds(start, length, batch_size=batch_size, drop_last=drop_last))

    assert [positions[first:last] for first, last in bounds] == wanted
    if start == 0:
        assert n_batches(length, batch_size=batch_size, drop_last=drop_last) == len(wanted)
        assert usable(length, batch_size=batch_size, drop_last=drop_last) == sum(map(len, wanted))


@pytest.mark.parametrize(
    ("length", "batch_size", "drop_last", "text"),
    [
        (0, 4, False, "there is nothing to draw from"),
        (9, 0, False, "batch_size must be at least 1, got 0"),
        (9, -3, False, "batch_size must be at least 1, got -3"),
        (9, 10, True, "batch_size=10 with drop_last=True leaves no batch of 9 rows; lower batch_size"),
    ],
)
def test_batches_that_no_epoch_has_are_refused(length, batch_size, drop_last, text):
    with pytest.raises(SamplerError, match=text):
        check_batches(length, batch_size=batch_size, drop_last=drop_last)
