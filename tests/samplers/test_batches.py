"""Orders and batches: permutations, epoch after epoch, resumable at any batch."""

import json
import tracemalloc
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from h5torch.errors import ArgumentTypeError, RowError
from samplers import Batches, SamplerError, Shuffled, order
from samplers.book import BOOK

SEEDS = st.integers(0, 2**64 - 1)


def batches(*, n_rows=100, batch_size=8, seed=0, **options):
    return Batches(Shuffled(seed=seed), n_rows=n_rows, batch_size=batch_size, **options)


def rows_of(some_batches):
    return [batch.tolist() for batch in some_batches]


def test_the_order_is_pinned():
    first = order(Shuffled(seed=0), n_rows=10, epoch=0, positions=range(10))
    later = order(Shuffled(seed=7), n_rows=10**9, epoch=3, positions=[0, 10**9 - 1])

    assert first.tolist() == [6, 1, 7, 3, 4, 2, 5, 8, 9, 0]
    assert later.tolist() == [299964128, 881247238]


@given(seed=SEEDS, n_rows=st.integers(1, 200), epoch=st.integers(0, 2**64 - 1))
def test_an_epoch_draws_every_row_once(seed, n_rows, epoch):
    rows = order(Shuffled(seed=seed), n_rows=n_rows, epoch=epoch, positions=np.arange(n_rows))

    assert sorted(rows.tolist()) == list(range(n_rows))


def test_seeds_and_epochs_have_orders_of_their_own():
    """Above all seed 0 epoch 1 and seed 1 epoch 0."""
    orders = {
        tuple(order(Shuffled(seed=seed), n_rows=30, epoch=epoch, positions=range(30)).tolist())
        for seed in range(12)
        for epoch in range(12)
    }

    assert len(orders) == 144


@given(seed=SEEDS)
def test_a_recipe_comes_back_from_its_json(seed):
    assert BOOK.loads(BOOK.dumps(Shuffled(seed=seed)), path="/x") == Shuffled(seed=seed)


@pytest.mark.parametrize(
    ("asked", "error", "text"),
    [
        ({"n_rows": 0}, SamplerError, "at least one row and an epoch from 0 up, got n_rows=0, epoch=0"),
        ({"epoch": -1}, SamplerError, "epoch from 0 up, got n_rows=10, epoch=-1"),
        ({"positions": [10]}, RowError, r"positions must lie in \[0, 10\), got \[10, 10\]"),
        ({"positions": [0.5]}, ArgumentTypeError, "positions must be integers, got dtype float64"),
    ],
)
def test_an_order_of_nothing_is_refused(asked, error, text):
    with pytest.raises(error, match=text):
        order(Shuffled(seed=0), **{"n_rows": 10, "epoch": 0, "positions": [0], **asked})


@given(n_rows=st.integers(1, 120), batch_size=st.integers(1, 40), drop_last=st.booleans())
def test_a_pass_is_the_order_cut_into_batches(n_rows, batch_size, drop_last):
    if drop_last and batch_size > n_rows:
        return
    walked = batches(n_rows=n_rows, batch_size=batch_size, drop_last=drop_last)
    for epoch in range(2):
        rows = order(Shuffled(seed=0), n_rows=n_rows, epoch=epoch, positions=np.arange(n_rows)).tolist()
        wanted = [rows[first : first + batch_size] for first in range(0, n_rows, batch_size)]
        wanted = [batch for batch in wanted if len(batch) == batch_size or not drop_last]

        assert (walked.epoch, walked.position) == (epoch, 0)
        assert rows_of(walked) == wanted
        assert len(walked) == len(wanted)


@settings(max_examples=40)
@given(
    n_rows=st.integers(1, 60),
    batch_size=st.integers(1, 20),
    taken=st.integers(0, 100),
    drop_last=st.booleans(),
)
def test_resuming_at_any_batch_gives_the_rest_and_then_the_next_epochs(n_rows, batch_size, taken, drop_last):
    if drop_last and batch_size > n_rows:
        return

    def endless(walked):
        while True:
            yield from walked

    options = {"n_rows": n_rows, "batch_size": batch_size, "drop_last": drop_last}
    walked = batches(**options)
    stream = endless(walked)
    rows_of(islice(stream, taken))
    state = json.loads(json.dumps(walked.state_dict()))
    resumed = batches(**options)
    resumed.load_state_dict(state)

    assert rows_of(islice(endless(resumed), 30)) == rows_of(islice(stream, 30))


def test_a_run_can_go_on_with_another_batch_size():
    walked = batches(batch_size=8)
    list(islice(walked, 5))
    resumed = batches(batch_size=30)
    resumed.load_state_dict(walked.state_dict())
    whole = order(Shuffled(seed=0), n_rows=100, epoch=0, positions=np.arange(100))

    assert np.array_equal(np.concatenate(list(resumed)), whole[40:])
    assert len(resumed) == 4


def test_a_state_at_a_tail_that_is_dropped_goes_on_in_the_next_epoch():
    resumed = batches(batch_size=30, drop_last=True)
    resumed.load_state_dict({**resumed.state_dict(), "position": 80})

    assert (resumed.epoch, resumed.position) == (1, 0)


def test_a_pass_given_up_is_begun_again():
    """Looking at the first batch changes nothing, before a run or after resuming it."""
    walked = batches()
    first = next(iter(walked)).tolist()
    assert next(iter(walked)).tolist() == first

    walked.load_state_dict({**walked.state_dict(), "epoch": 3, "position": 40})
    assert next(iter(walked)).tolist() == next(iter(walked)).tolist()
    assert len(list(walked)) == 8
    assert (walked.epoch, walked.position) == (4, 0)


def test_setting_the_epoch_goes_there_and_keeps_a_resumed_position():
    walked, resumed = batches(), batches()
    walked.set_epoch(2)
    assert (walked.epoch, walked.position) == (2, 0)

    resumed.load_state_dict({**walked.state_dict(), "position": 40})
    resumed.set_epoch(2)
    assert (resumed.epoch, resumed.position) == (2, 40)
    assert rows_of(resumed) == rows_of(walked)[5:]


def test_blocks_of_rows_join_without_a_seam():
    rows = np.concatenate(list(batches(n_rows=40_000, batch_size=999)))

    assert np.array_equal(rows, order(Shuffled(seed=0), n_rows=40_000, epoch=0, positions=np.arange(40_000)))


def test_a_pass_over_many_rows_takes_the_memory_of_one_block():
    walked = iter(batches(n_rows=10**12, batch_size=256))
    next(walked)
    tracemalloc.start()
    list(islice(walked, 200))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 4_000_000


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"length": 99}, SamplerError, "the state is of length 99, this sampler has 100; start afresh"),
        ({"recipe": "{}"}, SamplerError, "the state is of recipe '{}', this sampler has"),
        ({"version": 2}, SamplerError, "the state is of version 2"),
        ({"position": 101}, SamplerError, "the state is at position 101 of an epoch of 100"),
        ({"position": -1}, SamplerError, "position must be at least 0, got -1"),
        ({"epoch": True}, ArgumentTypeError, r"epoch must be an integer, got True \(bool\)"),
        ({"more": 1}, SamplerError, "a state has version, recipe, length, epoch, position, got"),
    ],
)
def test_a_state_of_something_else_is_refused(changes, error, text):
    walked = batches()

    with pytest.raises(error, match=text):
        walked.load_state_dict({**walked.state_dict(), **changes})


def test_arguments_of_other_types_are_refused():
    with pytest.raises(ArgumentTypeError, match=r"batch_size must be an integer, got 2.5 \(float\)"):
        batches(batch_size=2.5)
    with pytest.raises(ArgumentTypeError, match=r"batch_size must be an integer, got True \(bool\)"):
        batches(batch_size=True)
    stranger = "shuffled"
    with pytest.raises(ArgumentTypeError, match="'shuffled' is no sampler recipe; there are shuffled"):
        Batches(stranger, n_rows=3, batch_size=1)
    with pytest.raises(SamplerError, match="epoch must be at least 0, got -1"):
        batches().set_epoch(-1)
