"""Values in more than one part, against set algebra."""

from collections import defaultdict
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from h5torch.parts import LEFT_OUT
from splits.auditing.crossing import Pair, Place, cross, find_recurring

NAMES = ("a", "b", "c")
rows = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from([0, 1, 2, LEFT_OUT]), st.booleans()), max_size=30
)


def looked_over(rows, most=100):
    values, codes, missing = (np.array(column) for column in zip(*rows, strict=True)) if rows else [[]] * 3
    recurring = find_recurring(np.asarray(values, np.uint64), np.asarray(missing, bool))
    return recurring, cross(recurring, np.asarray(codes, np.uint8), NAMES, most=most)


def where(rows):
    """Return the rows of each value in each part."""
    found = defaultdict(lambda: defaultdict(list))
    for row, (value, code, missing) in enumerate(rows):
        if code != LEFT_OUT and not missing:
            found[value][NAMES[code]].append(row)
    return {value: parts for value, parts in found.items() if len(parts) > 1}


@given(rows)
def test_values_in_several_parts_are_those_that_sets_find(rows):
    _, crossing = looked_over(rows)
    expected = where(rows)

    assert crossing.n_values == len(expected)
    assert crossing.n_rows == sum(len(at) for parts in expected.values() for at in parts.values())
    assert crossing.by_part == tuple(
        sum(len(parts.get(name, [])) for parts in expected.values()) for name in NAMES
    )


@given(rows)
def test_every_two_parts_tell_how_many_values_they_share(rows):
    _, crossing = looked_over(rows)
    counts = {
        (one, other): sum(one in parts and other in parts for parts in where(rows).values())
        for one, other in combinations(NAMES, 2)
    }

    assert crossing.pairs == tuple(
        Pair(first=one, second=other, n_values=count) for (one, other), count in counts.items() if count
    )


@given(rows, st.integers(0, 3))
def test_examples_are_the_values_that_come_first_with_all_their_places(rows, most):
    _, crossing = looked_over(rows, most)
    ordered = sorted(where(rows).values(), key=lambda parts: min(at[0] for at in parts.values()))

    assert crossing.examples == tuple(
        tuple(
            Place(part=part, n_rows=len(at), row=at[0])
            for part, at in sorted(parts.items(), key=lambda item: item[1][0])
        )
        for parts in ordered[:most]
    )


@given(rows)
def test_what_recurs_is_counted_without_what_is_missing(rows):
    recurring, _ = looked_over(rows)
    values = [value for value, _, missing in rows if not missing]

    assert recurring.n_rows == len(values)
    assert recurring.n_values == len(set(values))
    assert sorted(recurring.rows.tolist()) == [
        row for row, (value, _, missing) in enumerate(rows) if not missing and values.count(value) > 1
    ]


def test_a_million_values_that_stand_alone_cross_nothing():
    hashes = np.random.default_rng(0).permutation(10**6).astype(np.uint64)
    recurring = find_recurring(hashes)
    crossing = cross(recurring, np.arange(10**6, dtype=np.uint32).astype(np.uint8) % 3, NAMES, most=5)

    assert (recurring.n_values, len(recurring.rows)) == (10**6, 0)
    assert (crossing.n_values, crossing.examples) == (0, ())
