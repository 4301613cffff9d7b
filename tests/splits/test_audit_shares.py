"""Differences between parts against SciPy: shares of classes, spread of numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from h5torch.parts import LEFT_OUT, Parts
from splits.auditing.shares import Absent, Deviation, compare_shares
from splits.auditing.spread import compare_spread

PARTS = ("train", "val", "test")


def dealt(codes):
    return Parts(name="main", axis=0, parts=PARTS, codes=np.asarray(codes, np.uint8))


def drawn(seed, n_rows=600, n_classes=4):
    generator = np.random.default_rng(seed)
    return generator.integers(0, n_classes, n_rows), generator.choice([0, 0, 1, 2, LEFT_OUT], n_rows)


@given(st.integers(0, 1000))
def test_the_statistic_is_that_of_scipy_on_the_same_table(seed):
    classes, codes = drawn(seed)
    check = compare_shares("0/y", classes, list("abcd"), dealt(codes))
    table = np.array([[np.sum((classes == y) & (codes == p)) for p in range(3)] for y in range(4)])
    expected = stats.chi2_contingency(table, correction=False)

    assert np.array_equal(check.counts, table)
    assert check.chi2 == pytest.approx(expected.statistic)
    assert check.dof == expected.dof
    assert check.p == pytest.approx(expected.pvalue)
    assert check.p_grouped == check.p


def test_the_largest_deviation_names_class_and_part():
    classes = np.repeat([0, 1], 100)
    codes = np.concatenate([np.zeros(80), np.ones(20), np.zeros(80), np.full(20, 2)])
    check = compare_shares("0/y", classes, ["no", "yes"], dealt(codes))

    assert check.largest == Deviation(label="no", part="val", share=1.0, overall=0.5)
    assert check.largest.points == 50
    assert check.effects == pytest.approx((0.0, 1.0, 1.0))
    assert check.effect == 1
    assert check.absent == (
        Absent(label="no", part="test", n_expected=10, p=pytest.approx(0.9**100)),
        Absent(label="yes", part="val", n_expected=10, p=pytest.approx(0.9**100)),
    )


def test_rows_left_out_or_without_a_class_do_not_count():
    classes, codes = drawn(0)
    classes[:50] = -1
    check = compare_shares("0/y", classes, list("abcd"), dealt(codes))

    assert check.n_missing == np.count_nonzero(codes[:50] != LEFT_OUT)
    assert np.sum(check.counts) == np.count_nonzero((codes != LEFT_OUT) & (classes >= 0))


def test_rare_classes_are_put_together_before_the_test():
    classes = np.concatenate([np.repeat([0, 1], 300), np.arange(2, 32)])
    codes = np.arange(630) % 3
    names = [str(number) for number in range(32)]
    check = compare_shares("0/y", classes, names, dealt(codes))

    assert check.dof == 4  # two frequent classes and all the others
    assert len(check.counts) == 32


def test_a_class_too_rare_even_with_others_joins_the_least_frequent():
    classes = np.concatenate([np.zeros(300), np.ones(200), [2, 3]]).astype(int)
    check = compare_shares("0/y", classes, list("abcd"), dealt(np.arange(502) % 3))

    assert check.dof == 2


@pytest.mark.parametrize(
    ("classes", "codes"),
    [
        (np.zeros(100, int), np.arange(100) % 3),  # one class
        (np.arange(100) % 2, np.zeros(100, int)),  # one part
        (np.arange(100) % 2, np.full(100, LEFT_OUT)),  # no part
        (np.arange(100) % 2, (np.arange(100) > 92).astype(int)),  # the second of 7 rows
        (np.full(100, -1), np.arange(100) % 3),  # no class anywhere
    ],
)
def test_what_cannot_be_tested_has_no_probability(classes, codes):
    check = compare_shares("0/y", classes, ["a", "b"], dealt(codes))

    assert (check.chi2, check.p, check.n_tests, check.effect) == (None, None, 0, 0)


def test_groups_that_stay_whole_make_a_difference_less_certain():
    classes = np.repeat(np.arange(20) % 2, 50)
    codes = np.repeat([0] * 14 + [1, 1, 1, 2, 2, 2], 50)
    check = compare_shares("0/y", classes, ["a", "b"], dealt(codes), groups=[np.repeat(np.arange(20), 50)])

    assert check.p < 1e-6
    assert check.p_grouped > 0.01


@given(st.integers(0, 1000), st.booleans())
def test_the_distance_of_numbers_is_that_of_scipy(seed, rounded):
    _, codes = drawn(seed, 300)
    values = np.random.default_rng(seed + 1).normal(size=300) + 0.3 * (codes == 1)
    values = values.round(1) if rounded else values
    check = compare_spread("0/x", values, codes.astype(np.uint8), PARTS)

    for code, part in enumerate(check.parts):
        mine, others = values[codes == code], values[(codes != code) & (codes != LEFT_OUT)]
        expected = stats.ks_2samp(mine, others, method="asymp")
        assert part.n_rows == len(mine)
        assert part.distance == pytest.approx(expected.statistic)
        assert part.p == pytest.approx(expected.pvalue)
        assert part.median == np.sort(mine)[(len(mine) - 1) // 2]


def test_nan_is_no_number_and_infinity_is_one():
    values = np.concatenate([np.full(20, np.inf), np.arange(20.0), [np.nan] * 5])
    codes = np.concatenate([np.zeros(20), np.ones(20), np.zeros(5)]).astype(np.uint8)
    first, second = (check := compare_spread("0/x", values, codes, ("a", "b"))).parts

    assert check.n_missing == 5
    assert (first.distance, second.distance) == (1, 1)
    assert (first.n_rows, first.median, first.median_others) == (20, None, 9)
    assert check.worst is not None
    assert check.weight == (1,)


@pytest.mark.parametrize("n_rows", [0, 1, 9])
def test_parts_of_few_numbers_are_not_tested(n_rows):
    codes = np.concatenate([np.zeros(50), np.ones(n_rows)]).astype(np.uint8)
    check = compare_spread("0/x", np.arange(50.0 + n_rows), codes, ("a", "b"))

    assert [part.p for part in check.parts] == [None, None]
    assert check.worst is None
    assert check.n_tests == 0


def test_constant_numbers_differ_nowhere():
    check = compare_spread("0/x", np.ones(90), (np.arange(90) % 3).astype(np.uint8), PARTS)

    assert [part.distance for part in check.parts] == [0, 0, 0]
    assert [part.p for part in check.parts] == [1, 1, 1]
