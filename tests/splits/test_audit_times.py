"""Overlap of parts in time, against counting moment by moment."""

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from h5torch.parts import LEFT_OUT, Parts
from splits.auditing.times import Overlap, Span, find_overlaps

NAMES = ("a", "b", "c")


def looked_over(moments, codes):
    moments = np.asarray(moments)
    table = Parts(name="main", axis=0, parts=NAMES, codes=np.asarray(codes, np.uint8))
    return find_overlaps("0/t", moments, moments != moments, table)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([np.nan, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), st.sampled_from([0, 1, 2, LEFT_OUT])
        ),
        min_size=1,
        max_size=12,
    )
)
def test_overlaps_are_those_that_counting_finds(rows):
    moments, codes = zip(*rows, strict=True)
    of_part = {
        name: [moment for moment, other in rows if other == code and moment == moment]
        for code, name in enumerate(NAMES)
    }
    expected = []
    for one, other in combinations(NAMES, 2):
        mine, theirs = of_part[one], of_part[other]
        if mine and theirs and max(min(mine), min(theirs)) <= min(max(mine), max(theirs)):
            expected.append(
                Overlap(
                    first=one,
                    second=other,
                    n_first=sum(min(theirs) <= moment <= max(theirs) for moment in mine),
                    n_second=sum(min(mine) <= moment <= max(mine) for moment in theirs),
                )
            )
    check = looked_over(moments, codes)

    assert check.overlaps == tuple(expected)
    assert check.n_missing == sum(code != LEFT_OUT and moment != moment for moment, code in rows)
    assert [span.n_rows for span in check.spans] == [len(of_part[name]) for name in NAMES]


def test_spans_are_told_as_the_column_spells_moments():
    days = np.array(["2020-01-01", "2020-02-01", "NaT", "2020-03-01"], "M8[D]")
    first, second, third = looked_over(days, [0, 0, 1, 2]).spans

    assert first == Span(part="a", n_rows=2, first="2020-01-01", last="2020-02-01")
    assert second == Span(part="b", n_rows=0, first="", last="")
    assert third.first == third.last == "2020-03-01"


def test_a_moment_in_two_parts_is_an_overlap():
    check = looked_over([1, 2, 2, 3], [0, 0, 1, 1])

    assert check.overlaps == (Overlap(first="a", second="b", n_first=1, n_second=1),)
    assert check.overlaps[0].mixed
    assert check.weight == (2,)


def test_a_part_before_and_after_another_does_not_mix_with_it():
    (overlap,) = looked_over([1, 9, 4, 5], [0, 0, 1, 1]).overlaps

    assert (overlap.n_first, overlap.n_second, overlap.mixed) == (0, 2, False)
