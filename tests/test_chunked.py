"""Compressed chunks: each is read and decoded once, in several threads, in forked children, and at exit."""

import os
import subprocess
import sys
import threading
import warnings

import h5py
import numpy as np
import pytest

from h5torch.errors import StorageError
from h5torch.storage.bytes import MapBytes, PreadBytes
from h5torch.storage.chunked import ChunkSource
from h5torch.storage.decoding import decoder, renew
from h5torch.storage.direct import direct_source

# 64 chunks of 128 KiB: large enough that threads share the work and decode ahead.
SHAPE, CHUNKS = (4096, 512), (64, 512)
CHUNK_BYTES = 64 * 512 * 4


class CountingBytes(MapBytes):
    """A map that notes where it was read."""

    def __init__(self, path):
        super().__init__(path)
        self.offsets = []

    def read(self, offset, length):
        self.offsets.append(offset)
        return super().read(offset, length)


@pytest.fixture(autouse=True)
def _new_decoder():
    renew(cache_bytes=64 << 20, n_threads=2)
    yield
    renew(cache_bytes=64 << 20, n_threads=2)


@pytest.fixture(scope="module")
def values():
    return np.random.default_rng(0).integers(0, 9, SHAPE).astype("f4")


@pytest.fixture(scope="module")
def path(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("chunked") / "data.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=values, chunks=CHUNKS, compression="gzip", compression_opts=1)
        file.create_dataset("plain", data=values, chunks=CHUNKS)
        file.create_dataset("wide", data=values, chunks=(1024, 64), compression="gzip", compression_opts=1)
    return path


def opened(path, name="x", reader=CountingBytes):
    """Return a source and the bytes it reads."""
    file = reader(str(path))
    with h5py.File(path) as handle:
        source = direct_source(handle[name], bytes_of=lambda _: file)
    assert isinstance(source, ChunkSource)
    return source, file


def rows_at_random(n_rows, seed=0):
    return np.random.default_rng(seed).integers(0, SHAPE[0], n_rows)


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_a_batch_decodes_each_chunk_once(path, values, n_threads):
    renew(n_threads=n_threads)
    source, file = opened(path)
    rows = rows_at_random(300)

    np.testing.assert_array_equal(source.take(rows), values[rows])
    assert len(file.offsets) == len(set(file.offsets)) == len(np.unique(rows // 64))


def test_slices_and_elements_decode_each_chunk_once(path, values):
    source, file = opened(path)
    starts = [0, 100, 60, 4000, 60]
    stops = [10, 300, 200, 4096, 70]
    for start, stop, found in zip(starts, stops, source.slices(starts, stops), strict=True):
        np.testing.assert_array_equal(found, values[start:stop])
    assert len(file.offsets) == len(set(file.offsets))

    renew()
    source, file = opened(path, "wide")
    index = (rows_at_random(200), np.random.default_rng(1).integers(0, SHAPE[1], 200))
    np.testing.assert_array_equal(source.pick(index), values[index])
    assert len(file.offsets) == len(set(file.offsets)) <= 32


def test_chunks_in_the_cache_are_not_read_again(path, values):
    source, file = opened(path)
    rows = rows_at_random(300)
    source.take(rows)
    file.offsets.clear()

    np.testing.assert_array_equal(source.take(rows[::-1]), values[rows[::-1]])
    assert file.offsets == []


def test_the_cache_keeps_to_its_bytes(path, values):
    renew(cache_bytes=5 * CHUNK_BYTES)
    source, _ = opened(path)
    for seed in range(4):
        rows = rows_at_random(50, seed)
        np.testing.assert_array_equal(source.take(rows), values[rows])
        kept = decoder().find((source._number, number) for number in range(64))
        assert sum(chunk is not None for chunk in kept) <= 5


def test_a_chunk_larger_than_the_cache_is_kept_until_the_next(path, values):
    renew(cache_bytes=10)
    source, file = opened(path)
    for start in range(0, 64, 8):
        np.testing.assert_array_equal(source.take(np.arange(start, start + 8)), values[start : start + 8])
    assert len(file.offsets) == 1


def test_what_a_source_gives_can_be_changed_without_changing_the_cache(path, values):
    source, _ = opened(path)
    rows = np.arange(64)
    for found in (source.take(rows), source.whole(), *source.slices([0], [64])):
        found[...] = -1
    source.take(rows)[...] = -1

    np.testing.assert_array_equal(source.take(rows), values[:64])


@pytest.mark.parametrize("name", ["x", "wide"])
@pytest.mark.parametrize("cache", [16, 64])
def test_straight_through_the_rows_every_chunk_is_decoded_once(path, values, name, cache):
    """Though others are decoded ahead, and not all stay in the cache."""
    renew(cache_bytes=cache * CHUNK_BYTES)
    source, file = opened(path, name)
    for start in range(0, SHAPE[0], 24):
        rows = np.arange(start, min(start + 24, SHAPE[0]))
        np.testing.assert_array_equal(source.take(rows), values[rows])
    assert len(file.offsets) == len(set(file.offsets))


def test_straight_through_the_rows_the_next_chunks_are_decoded_ahead(path):
    source, file = opened(path)
    source.take(np.arange(24))
    ahead = [(source._number, number) for number in range(1, 33)]
    for found in decoder().find(ahead):
        assert found is not None  # there or promised
    source.take(np.arange(24, 48))
    assert len(file.offsets) <= 33


def test_rows_in_no_order_decode_nothing_ahead(path):
    source, file = opened(path)
    for row in (2000, 700, 3000):
        source.take(np.array([row]))
    assert len(file.offsets) == 3


def test_the_whole_array_leaves_no_chunk_in_the_cache(path, values):
    source, file = opened(path)

    np.testing.assert_array_equal(source.whole(), values)
    assert len(file.offsets) == 64
    assert decoder().find((source._number, number) for number in range(64)) == [None] * 64


def test_threads_that_read_at_once_get_their_own_rows(path, values):
    renew(cache_bytes=10 * CHUNK_BYTES, n_threads=3)
    source, _ = opened(path)
    wrong = []

    def read(seed):
        for turn in range(10):
            rows = rows_at_random(64, seed * 100 + turn)
            if turn % 2:
                rows = np.arange(rows[0] % 2000, rows[0] % 2000 + 64)
            if not np.array_equal(source.take(rows), values[rows]):
                wrong.append((seed, turn))

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_reads_with_threads_of_its_own(path, values):
    """Chunks promised by threads of the parent never come to the child."""
    source, _ = opened(path)
    rows = rows_at_random(300)
    source.take(np.arange(24))  # has further chunks decoded ahead
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python warns of any thread at a fork
        child = os.fork()
    if not child:
        right = np.array_equal(source.take(rows), values[rows])
        right &= np.array_equal(source.take(np.arange(24, 200)), values[24:200])
        os._exit(0 if right else 1)
    np.testing.assert_array_equal(source.take(rows), values[rows])
    assert os.waitpid(child, 0)[1] == 0


AT_EXIT = """
import atexit, sys
import h5py, numpy as np
from h5torch.storage.bytes import MapBytes
from h5torch.storage.direct import direct_source

file = h5py.File(sys.argv[1])
source = direct_source(file["x"], bytes_of=MapBytes)
first = source.take(np.arange(0, 4096, 64))
source.take(np.arange(5))

def last():
    assert (source.take(np.arange(1, 4096, 64)).shape == first.shape)
    assert (source.take(np.arange(60, 70)).shape == (10, 512))
    print("read at exit")

atexit.register(last)
"""


def test_chunks_can_be_read_while_the_interpreter_shuts_down(path):
    """No thread starts any more then, and none keeps the process alive."""
    found = subprocess.run(
        [sys.executable, "-c", AT_EXIT, str(path)], capture_output=True, encoding="utf-8", timeout=60
    )
    assert (found.stdout, found.stderr, found.returncode) == ("read at exit\n", "", 0)


def copied(path, tmp_path):
    other = tmp_path / "other.h5"
    other.write_bytes(path.read_bytes())
    return other


@pytest.mark.parametrize("reader", [MapBytes, PreadBytes])
@pytest.mark.parametrize("n_rows", [1, 400])
def test_a_damaged_chunk_is_an_error_that_names_it(path, tmp_path, values, reader, n_rows):
    """Whichever thread comes upon it, and as often as it is asked for."""
    other = copied(path, tmp_path)
    with h5py.File(other) as file:
        info = file["x"].id.get_chunk_info(7)
    with other.open("r+b") as raw:
        raw.seek(info.byte_offset + 10)
        raw.write(b"\xff" * 50)
    source, _ = opened(other, reader=reader)
    rows = np.concatenate([[7 * 64], rows_at_random(n_rows - 1)])
    for _ in range(2):
        with pytest.raises(StorageError, match=r"/x, chunk 7: this chunk does not decode"):
            source.take(rows)
    good = rows[rows // 64 != 7]
    np.testing.assert_array_equal(source.take(good), values[good])


def test_a_damaged_chunk_ahead_is_an_error_only_when_its_rows_are_asked_for(path, tmp_path, values):
    other = copied(path, tmp_path)
    with h5py.File(other) as file:
        info = file["x"].id.get_chunk_info(1)
    with other.open("r+b") as raw:
        raw.seek(info.byte_offset + 10)
        raw.write(b"\xff" * 50)
    source, _ = opened(other)

    np.testing.assert_array_equal(source.take(np.arange(64)), values[:64])
    for _ in range(3):
        with pytest.raises(StorageError, match="/x, chunk 1: "):
            source.take(np.arange(64, 66))
    np.testing.assert_array_equal(source.take(np.arange(200, 400)), values[200:400])


@pytest.mark.parametrize("name", ["x", "plain"])
def test_a_file_cut_short_after_it_was_opened_is_an_error(path, tmp_path, name):
    other = copied(path, tmp_path)
    source, _ = opened(other, name, PreadBytes)
    os.truncate(other, 6000)

    with pytest.raises(StorageError, match=r"other\.h5: \d+ bytes are needed, the file ends after 6000"):
        source.take(rows_at_random(300))


def test_plain_chunks_are_read_once_by_position_too(path, values):
    source, _ = opened(path, "plain", PreadBytes)
    rows = rows_at_random(300)

    np.testing.assert_array_equal(source.take(rows), values[rows])
    np.testing.assert_array_equal(source.take(rows % 512, axis=1), values[:, rows % 512].T)
    np.testing.assert_array_equal(source.whole(), values)
