"""Threads that share work, and chunks that are kept: nothing is lost, and errors come back."""

import threading
import time
from collections import deque

import numpy as np
import pytest

from h5torch.storage.decoding import Decoder


@pytest.fixture
def decoder():
    return Decoder(cache_bytes=1000, n_threads=3)


@pytest.mark.parametrize("helpers", [0, 1, 2, 9])
@pytest.mark.parametrize("n", [0, 1, 2, 500])
def test_every_task_is_done_once(decoder, helpers, n):
    done = []
    decoder.share(deque(range(n)), done.append, helpers=helpers)

    assert sorted(done) == list(range(n))


def test_tasks_are_done_at_once_by_helpers_too(decoder):
    together = threading.Barrier(3, timeout=30)
    decoder.share(deque(range(3)), lambda _: together.wait(), helpers=2)

    assert not together.broken


@pytest.mark.parametrize("bad", [0, 5, 99])
def test_an_error_in_any_thread_comes_back_when_all_have_stopped(decoder, bad):
    running = set()

    def work(number):
        running.add(number)
        time.sleep(0.001)
        running.discard(number)
        if number == bad:
            msg = f"task {number}"
            raise ValueError(msg)

    with pytest.raises(ValueError, match=f"task {bad}"):
        decoder.share(deque(range(100)), work, helpers=2)
    assert running == set()


def test_a_chunk_expected_is_promised_once_and_then_there(decoder):
    begun, go = [], threading.Event()
    chunk = np.zeros(10, dtype=np.uint8)

    def decode():
        begun.append(1)
        go.wait(30)
        return chunk

    decoder.expect((0, 0), decode)
    decoder.expect((0, 0), decode)
    (promise,) = decoder.find([(0, 0)])
    assert promise is not None
    go.set()
    assert promise.result(timeout=30) is chunk
    assert decoder.find([(0, 0)])[0] in (chunk, promise)
    decoder.expect((0, 0), decode)
    assert begun == [1]


def test_a_chunk_expected_that_fails_is_as_if_nobody_had_expected_it(decoder):
    def decode():
        msg = "damaged"
        raise ValueError(msg)

    decoder.expect((0, 0), decode)
    deadline = time.monotonic() + 30
    while decoder.find([(0, 0)])[0] is not None:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_the_chunk_that_was_used_longest_ago_is_dropped_first(decoder):
    chunks = [np.zeros(300, dtype=np.uint8) for _ in range(4)]
    for number in range(3):
        decoder.keep((0, number), chunks[number])
    decoder.find([(0, 0)])
    decoder.keep((0, 3), chunks[3])

    found = decoder.find((0, number) for number in range(4))
    assert [chunk is not None for chunk in found] == [True, False, True, True]


def test_a_chunk_kept_twice_counts_once(decoder):
    for _ in range(5):
        decoder.keep((0, 0), np.zeros(400, dtype=np.uint8))
    decoder.keep((0, 1), np.zeros(400, dtype=np.uint8))

    assert all(chunk is not None for chunk in decoder.find([(0, 0), (0, 1)]))
