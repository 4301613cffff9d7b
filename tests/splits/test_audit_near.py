"""Distances to nearest rows: found rightly, and judged without false alarm."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from splits.auditing.neighbours import compare_distances, nearest, scales_of
from splits.auditing.sampling import Budget, draw


def apart(generator, n_rows, width):
    return generator.normal(size=(n_rows, width))


@given(st.integers(0, 1000), st.integers(1, 20))
def test_the_nearest_row_is_the_nearest(seed, width):
    generator = np.random.default_rng(seed)
    rows, others = apart(generator, 15, width), apart(generator, 40, width)
    distances = np.sqrt(((rows[:, None] - others) ** 2).sum(axis=2))
    places, found = nearest(rows, others)

    assert places.tolist() == distances.argmin(axis=1).tolist()
    assert found == pytest.approx(distances.min(axis=1))


def test_a_row_is_no_neighbour_of_its_own_even_beside_an_equal():
    others = np.array([[0.0], [0.0], [3.0], [4.0]])
    places, found = nearest(others[[0, 1, 2]], others, itself=np.array([0, 1, 2]))

    assert places.tolist() == [1, 0, 3]
    assert found.tolist() == [0, 0, 1]


def test_distances_far_from_zero_keep_their_small_differences():
    others = 1e6 + np.arange(50.0)[:, None] * np.ones(30)
    _, found = nearest(others[:5] + 1e-7, others)

    assert found == pytest.approx(np.full(5, 1e-7 * np.sqrt(30)), rel=0.01)


def test_values_of_one_unit_are_left_alone_and_others_are_scaled():
    generator = np.random.default_rng(0)
    values = apart(generator, 200, 4) * [1.0, 2.0, 3.0, 0.0]
    alone, alone_told = scales_of(values)
    scaled, scaled_told = scales_of(values * [1.0, 1.0, 1000.0, 1.0])

    assert (alone.tolist(), alone_told) == ([1, 1, 1, 1], False)
    assert scaled_told
    assert scaled[2] == pytest.approx(3000, rel=0.2)
    assert scaled[3] == 1


CLEAN = {
    "uniform plane": lambda g, n: g.uniform(size=(n, 2)),
    "normal": lambda g, n: g.normal(size=(n, 10)),
    "heavy tails": lambda g, n: np.exp(2 * g.normal(size=(n, 3))),
    "clumps": lambda g, n: g.normal(size=(20, 8))[g.integers(0, 20, n)] * 10 + g.normal(size=(n, 8)),
    "mixed scales": lambda g, n: g.normal(size=(n, 3)) * g.choice([0.01, 1, 100], size=(n, 1)),
    "counts": lambda g, n: g.poisson(0.3, size=(n, 20)).astype(float),
}


def measured(values):
    mine, theirs = values[:150], values[150:]
    itself = np.arange(150)
    return nearest(mine, theirs)[1], nearest(theirs[itself], theirs, itself=itself)[1]


@pytest.mark.parametrize("name", CLEAN)
def test_parts_drawn_alike_are_not_accused(name):
    for seed in range(8):
        values = CLEAN[name](np.random.default_rng(seed), 900)
        _, _, _, p = compare_distances(*measured(values))
        assert p is None or p > 1e-4, seed


@pytest.mark.parametrize("name", ["uniform plane", "normal", "clumps"])
def test_rows_copied_with_a_little_noise_are_found(name):
    generator = np.random.default_rng(1)
    values = CLEAN[name](generator, 900)
    values[:40] = values[500:540] + generator.normal(size=values[:40].shape) * 1e-4
    limit, n_close, expected, p = compare_distances(*measured(values))

    assert limit is not None
    assert n_close >= 40
    assert expected < 10
    assert p < 1e-6


def test_equal_rows_are_not_counted_as_near():
    generator = np.random.default_rng(2)
    values = apart(generator, 900, 6)
    values[:40] = values[500:540]

    assert compare_distances(*measured(values))[1] == 0


@pytest.mark.parametrize(
    ("across", "within"),
    [(np.ones(19), np.ones(100)), (np.ones(100), np.ones(19)), (np.ones(100), np.zeros(100))],
)
def test_few_rows_or_equal_ones_tell_nothing(across, within):
    assert compare_distances(across, within) == (None, 0, 0.0, None)


def test_rows_at_one_distance_leave_nothing_to_expect():
    limit, n_close, expected, p = compare_distances(np.ones(100), np.ones(100))

    assert limit == pytest.approx(0.1)
    assert (n_close, p) == (0, 1)
    assert expected < 1e-30


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 2**64 - 1))
def test_rows_are_drawn_without_repeats_ascending(n_rows, size, key):
    rows = np.arange(n_rows) * 3
    drawn = draw(rows, size, key=key)

    assert len(drawn) == min(n_rows, size)
    assert np.all(np.diff(drawn) > 0)
    assert np.isin(drawn, rows).all()


def test_the_same_key_draws_the_same_rows_everywhere():
    assert draw(np.arange(1000), 5, key=7).tolist() == [212, 740, 752, 763, 798]


def test_long_rows_and_many_looks_are_paid_for_with_fewer_rows():
    budget = Budget(sample=5000, against=200_000, seed=0)

    assert budget.sizes(width=10, n_looks=1, n_folds=1) == (5000, 200_000)
    assert budget.sizes(width=1000, n_looks=1, n_folds=1) == (5000, 3435)
    assert budget.sizes(width=10, n_looks=10, n_folds=10) == (500, 200_000)
    assert budget.sizes(width=100_000, n_looks=50, n_folds=50) == (200, 200)
