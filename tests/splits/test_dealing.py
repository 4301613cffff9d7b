"""Dealing rows out: as if each stratum had been sorted by hash, in exact counts, topped up when it grows."""

import hashlib
from fractions import Fraction
from math import ceil, floor, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from h5torch.keyed import derive, hash_rows
from splits.dealing.apportion import apportion, stratum_targets, top_up
from splits.dealing.rows import deal_more, deal_rows
from splits.dealing.strata import find_strata

EIGHTY = (Fraction(8, 10), Fraction(1, 10), Fraction(1, 10), Fraction(0))
SEEDS = st.integers(0, 2**64 - 1)
WEIGHTS = st.lists(st.integers(1, 20), min_size=1, max_size=5)


def strata_of(labels):
    return find_strata({"0/y": np.asarray(labels)}, ("0/y",), len(labels))


def shares_of(weights, left_out=0):
    total = sum(weights) + left_out
    return tuple(Fraction(weight, total) for weight in [*weights, left_out])


def dealt_by_sorting(strata, shares, key):
    """The order that the module imagines, sorted for in full."""
    mixed = np.argsort(hash_rows(strata.first, key=derive(key, "strata")))
    counts = np.empty((len(mixed), len(shares)), int)
    counts[mixed] = apportion(strata.sizes[mixed], shares)
    order = np.lexsort((hash_rows(np.arange(len(strata.of_row)), key=derive(key, "rows")), strata.of_row))
    slots = np.empty(len(order), int)
    slots[order] = np.repeat(np.tile(np.arange(len(shares)), len(counts)), counts.ravel())
    return slots.tolist()


def counted(strata, slots, n_slots):
    return np.bincount(strata.of_row * n_slots + slots, minlength=len(strata.first) * n_slots).reshape(
        -1, n_slots
    )


def test_the_slots_are_pinned():
    slots = deal_rows(strata_of(np.arange(5000) * 7919 % 13 % 5), EIGHTY, key=42)

    assert slots.dtype == np.uint8
    assert slots[:20].tolist() == [1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0]
    assert hashlib.sha256(slots.tobytes()).hexdigest()[:16] == "605039f96a690d60"


@given(
    labels=st.lists(st.integers(0, 6), min_size=1, max_size=300),
    weights=WEIGHTS,
    left_out=st.integers(0, 9),
    key=SEEDS,
)
def test_few_rows_are_dealt_as_if_they_had_been_sorted(labels, weights, left_out, key):
    strata, shares = strata_of(labels), shares_of(weights, left_out)

    assert deal_rows(strata, shares, key=key).tolist() == dealt_by_sorting(strata, shares, key)


@pytest.mark.parametrize("n_strata", [1, 2, 60, 1000, 9000, 100_000])
def test_many_rows_are_dealt_as_if_they_had_been_sorted(n_strata):
    """From cells of one byte of the hash to strata of one row, over several blocks."""
    strata = strata_of(np.arange(100_000) * 7919 % n_strata)

    assert deal_rows(strata, EIGHTY, key=n_strata).tolist() == dealt_by_sorting(strata, EIGHTY, n_strata)


def test_the_most_parts_there_can_be_have_their_rows():
    shares = shares_of([1] * 254, 1)
    strata = strata_of(np.arange(255 * 40) % 2)

    assert np.bincount(deal_rows(strata, shares, key=1)).tolist() == [40] * 255
    assert deal_rows(strata, shares, key=1).tolist() == dealt_by_sorting(strata, shares, 1)


def test_no_rows_are_dealt_to_nobody():
    assert deal_rows(strata_of(np.zeros(0)), EIGHTY, key=0).tolist() == []
    assert deal_more(strata_of(np.zeros(0)), EIGHTY, np.zeros(0, np.intp), key=0).tolist() == []


@pytest.mark.parametrize("n_strata", [1, 3, 300])
def test_every_row_has_every_slot_as_often_as_its_share(n_strata):
    """Over 400 keys; also every two rows of one stratum share a slot as often as they should."""
    strata = strata_of(np.arange(600) % n_strata)
    shares = shares_of([1, 1], 2)
    dealt = np.stack([deal_rows(strata, shares, key=key) for key in range(400)])

    for slot, share in enumerate(shares):
        spread = sqrt(400 * share * (1 - share))
        assert np.abs((dealt == slot).sum(axis=0) - 400 * float(share)).max() < 5 * spread
    if n_strata == 1:
        together = (dealt[:, :-1] == dealt[:, 1:]).mean()
        assert abs(together - 3 / 8) < 5 * sqrt(15 / 64 / dealt.size)


def test_early_rows_are_as_random_as_late_ones():
    """Slots do not depend on where in the file a row stands, with cells and without."""
    for n_strata in (4, 40_000):
        slots = deal_rows(strata_of(np.arange(80_000) % n_strata), EIGHTY, key=5)
        tenths = np.bincount(np.arange(80_000) // 8000 * 3 + slots).reshape(-1, 3)
        expected = 8000 * np.array([0.8, 0.1, 0.1])
        assert (
            (tenths - expected) ** 2 / expected
        ).sum() < 60  # chi-squared, fewer than 20 degrees of freedom


def test_other_keys_deal_otherwise():
    strata = strata_of(np.arange(20_000) % 3)

    assert 0.33 < (deal_rows(strata, EIGHTY, key=1) != deal_rows(strata, EIGHTY, key=2)).mean() < 0.35


@given(
    labels=st.lists(st.integers(0, 6), min_size=1, max_size=200),
    weights=WEIGHTS,
    left_out=st.integers(0, 9),
    key=SEEDS,
)
def test_where_nothing_is_held_rows_are_dealt_as_at_first(labels, weights, left_out, key):
    strata, shares = strata_of(labels), shares_of(weights, left_out)
    nothing = np.full(len(labels), -1)

    assert np.array_equal(deal_more(strata, shares, nothing, key=key), deal_rows(strata, shares, key=key))


@given(
    labels=st.lists(st.integers(0, 4), min_size=1, max_size=200),
    weights=WEIGHTS,
    left_out=st.integers(0, 9),
    key=SEEDS,
    data=st.data(),
)
def test_rows_that_have_a_slot_keep_it_and_the_others_fill_what_is_lacking(
    labels, weights, left_out, key, data
):
    strata, shares = strata_of(labels), shares_of(weights, left_out)
    slot = st.integers(-1, len(shares) - 1 if left_out else len(shares) - 2)
    held = np.array(data.draw(st.lists(slot, min_size=len(labels), max_size=len(labels))))
    slots = deal_more(strata, shares, held, key=key)

    assert np.array_equal(slots[held >= 0], held[held >= 0])
    before = counted(strata, np.where(held < 0, len(shares), held), len(shares) + 1)[:, :-1]
    after = counted(strata, slots, len(shares))
    for size, had, has in zip(strata.sizes.tolist(), before.tolist(), after.tolist(), strict=True):
        targets = stratum_targets(size, shares)
        lacks = [max(Fraction(), target - own) for target, own in zip(targets, had, strict=True)]
        scale = Fraction(size - sum(had)) / (sum(lacks) or 1)
        for own, now, lack in zip(had, has, lacks, strict=True):
            assert floor(lack * scale) <= now - own <= ceil(lack * scale)


@given(labels=st.lists(st.integers(0, 3), min_size=20, max_size=200), key=SEEDS, at=st.integers(1, 199))
def test_a_file_that_grows_by_some_rows_keeps_its_shares_within_a_row(labels, key, at):
    """What was dealt at first is within a row of the shares of fewer rows, so there is room to make good."""
    shares, at = shares_of([3, 1]), min(at, len(labels))
    held = np.full(len(labels), -1)
    held[:at] = deal_rows(strata_of(labels[:at]), shares, key=key)
    strata = strata_of(labels)
    grown = counted(strata, deal_more(strata, shares, held, key=key), 3)[:, :2]

    for size, row in zip(strata.sizes.tolist(), grown.tolist(), strict=True):
        if size >= 8:
            assert abs(row[0] - size * shares[0]) < 1


def test_a_class_that_is_new_each_time_does_not_always_go_to_the_largest_part():
    """One row a growth, each a stratum of its own: what the whole owes its parts decides."""
    slots = np.zeros(0, np.intp)
    for n_rows in range(1, 101):
        slots = deal_more(strata_of(np.arange(n_rows)), EIGHTY, np.append(slots, -1), key=7).astype(np.intp)

    assert np.bincount(slots).tolist() == [80, 10, 10]


def test_what_some_hold_too_much_of_the_others_go_without_in_proportion():
    counts = top_up(np.array([100]), np.array([[40, 0, 30, 0]]), EIGHTY)

    assert counts.tolist() == [[24, 6, 0, 0]]  # they lack 40 and 10, and there are 30 rows


def test_strata_with_no_new_row_are_left_alone():
    counts = top_up(np.array([10, 10, 20]), np.array([[10, 0, 0, 0], [0, 0, 0, 0], [0, 0, 20, 0]]), EIGHTY)

    assert counts.tolist() == [[0, 0, 0, 0], [8, 1, 1, 0], [0, 0, 0, 0]]
