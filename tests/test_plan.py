"""Plans: what is read together is decided before a byte is touched."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from h5torch.storage.plan import plan_reads


@given(rows=st.lists(st.integers(0, 99)), max_gap=st.integers(0, 9))
def test_gathering_the_rows_read_gives_the_rows_asked_for(rows, max_gap):
    """Order and repeats survive, whatever the gap allowance."""
    plan = plan_reads(np.array(rows, dtype=np.intp), max_gap=max_gap)
    rows_read = np.concatenate([np.arange(0), *(np.arange(*run) for run in plan.runs)])
    assert rows_read[plan.gather].tolist() == rows


@given(rows=st.lists(st.integers(0, 99)), max_gap=st.integers(0, 9))
def test_runs_ascend_apart_by_more_than_the_gap_and_bridge_no_larger_one(rows, max_gap):
    """Set algebra: they cover the rows, begin and end with one, and skip every gap that is too long."""
    plan = plan_reads(np.array(rows, dtype=np.intp), max_gap=max_gap)
    wanted, read = set(rows), {row for run in plan.runs for row in range(*run)}
    assert wanted <= read
    assert all(start in wanted and stop - 1 in wanted and start < stop for start, stop in plan.runs)
    for (_, stop), (start, _) in zip(plan.runs, plan.runs[1:], strict=False):
        assert start - stop > max_gap
    unwanted = "".join("x" if row in read - wanted else " " for row in range(101)).split()
    assert all(len(gap) <= max_gap for gap in unwanted)


def test_plans_of_the_same_reads_are_equal_and_cannot_be_changed():
    one, other = (plan_reads(np.array([5, 1, 5]), max_gap=0) for _ in range(2))
    assert one == other
    assert one.runs == ((1, 2), (5, 6))
    assert not one.gather.flags.writeable
