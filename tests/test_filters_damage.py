"""Filters given bytes that no encoder wrote: an error that names the chunk, or the right length."""

import subprocess
import sys
import tracemalloc
import zlib

import hdf5plugin
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from h5torch.errors import StorageError
from h5torch.storage.filters import Filter, Pipeline, decode
from tests.test_filters import BUILT_IN, PLUGINS, stored

EVERY = {**BUILT_IN, **PLUGINS}
WHAT = "/central, chunk (0, 0)"


@pytest.fixture(scope="module")
def chunk(tmp_path_factory):
    """Return a function that gives a pipeline and the raw bytes of one chunk, by the name of its options."""
    known = {}

    def one(name):
        if name not in known:
            values = np.random.default_rng(0).poisson(2, (40, 33)).astype("f4")
            path = tmp_path_factory.mktemp("chunk") / "x.h5"
            pipeline, [(_mask, raw, _values)] = stored(path, values, (40, 33), **EVERY[name])
            known[name] = pipeline, bytes(raw)
        return known[name]

    return one


def attempt(pipeline, raw):
    """Decode; return None after an error that names the chunk."""
    try:
        return decode(pipeline, raw, 0, what=WHAT)
    except StorageError as error:
        if not str(error).startswith(f"{WHAT}: this chunk does not decode: "):
            raise
        return None


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=25)  # of each filter; the child below tries thousands
@given(data=st.data())
def test_changed_bytes_give_an_error_or_the_right_length(chunk, name, data):
    pipeline, raw = chunk(name)
    changed = bytearray(raw)
    places = st.one_of(st.integers(0, len(raw) - 1), st.integers(0, min(60, len(raw) - 1)))
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1)):
        changed[place] = value
    got = attempt(pipeline, bytes(changed))
    assert got is None or got.size == pipeline.n_bytes
    if "fletcher32" in name and bytes(changed) != raw:
        assert got is None


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=25)
@given(data=st.data())
def test_a_chunk_cut_short_gives_an_error_or_is_whole_without_its_end(chunk, name, data):
    """A frame of blosc2 has a trailer that decoding does without."""
    pipeline, raw = chunk(name)
    got = attempt(pipeline, raw[: data.draw(st.integers(0, len(raw) - 1))])
    assert got is None or got.tobytes() == decode(pipeline, raw, 0, what=WHAT).tobytes()


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=25)
@given(raw=st.binary(max_size=200))
def test_bytes_from_elsewhere_give_an_error(chunk, name, raw):
    pipeline, _raw = chunk(name)
    assert attempt(pipeline, raw) is None


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("off", [-4, 4])
def test_a_chunk_of_another_size_than_its_dataset_has_is_refused(chunk, name, off):
    pipeline, raw = chunk(name)
    other = Pipeline(filters=pipeline.filters, itemsize=4, n_bytes=pipeline.n_bytes + off)
    assert attempt(other, raw) is None


def test_a_wrong_checksum_is_told_with_both_numbers(tmp_path):
    pipeline, [(_mask, raw, _values)] = stored(tmp_path / "x.h5", np.arange(9), (9,), fletcher32=True)
    expected = (
        r"/x: .* filter 3 \(fletcher32\): the checksum is 0x[0-9a-f]{8}, stored is 0x[0-9a-f]{8}; .*anew"
    )
    with pytest.raises(StorageError, match=expected):
        decode(pipeline, b"\1" + raw[1:], 0, what="/x")


def test_a_small_chunk_that_inflates_to_much_takes_no_more_memory_than_a_chunk():
    """64 MiB of zeros in 64 KB, in place of 1 KiB."""
    bomb = zlib.compress(bytes(1 << 26))
    gzip = Filter(number=1, parameters=(4,), name="deflate")
    pipeline = Pipeline(filters=(gzip,), itemsize=1, n_bytes=1024)
    with pytest.raises(StorageError, match="not a whole zlib stream of 1024 bytes"):
        decode(pipeline, bomb, 0, what="/x")
    tracemalloc.start()
    try:
        with pytest.raises(StorageError, match="not a whole zlib stream"):
            decode(pipeline, bomb, 0, what="/x")
        assert tracemalloc.get_traced_memory()[1] < 1 << 16
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", PLUGINS)
def test_a_chunk_of_much_more_data_is_refused_before_memory_is_taken(tmp_path, name):
    """The header of a chunk of 4 MiB lies in a dataset of chunks of 4 KiB."""
    large, [(_mask, raw, _values)] = stored(
        tmp_path / "x.h5", np.zeros(1 << 20, "f4"), (1 << 20,), **PLUGINS[name]
    )
    small = Pipeline(filters=large.filters, itemsize=4, n_bytes=4096)
    assert attempt(small, raw) is None
    tracemalloc.start()
    try:
        assert attempt(small, raw) is None
        assert tracemalloc.get_traced_memory()[1] < 1 << 17
    finally:
        tracemalloc.stop()


def test_a_frame_that_asks_for_a_plugin_is_refused(chunk):
    """Blosc 2 finds plugins by starting a program, and no file may make it do so."""
    pipeline, raw = chunk("blosc2 zstd, shuffle")
    start = int.from_bytes(raw[11:15], "big")
    for place, value in ((start + 16, 160), (start + 2, raw[start + 2] | 0xE0)):
        changed = raw[:place] + bytes([value]) + raw[place + 1 :]
        with pytest.raises(StorageError, match="of a kind that HDF5 filters do not write"):
            decode(pipeline, changed, 0, what=WHAT)


def changed_at(raw, place, value):
    return raw[:place] + value + raw[place + len(value) :]


def test_a_frame_whose_chunk_lies_elsewhere_or_holds_no_data_is_refused(tmp_path):
    """The offset of the chunk, 0 in every file, is the one value that the last chunk of a frame repeats."""
    pipeline, [(_mask, raw, _values)] = stored(
        tmp_path / "x.h5", np.zeros(9, "f4"), (9,), **hdf5plugin.Blosc2()
    )
    offsets = int.from_bytes(raw[11:15], "big") + int.from_bytes(raw[39:47], "big")
    offset = raw.index(b"\x81", offsets) - 7  # the mark of all zeros
    for value, error in ((b"\x82", "holding no data"), (b"\x01", "after the last")):
        with pytest.raises(StorageError, match=error):
            decode(pipeline, changed_at(raw, offset + 7, value), 0, what=WHAT)


def test_bitshuffled_bytes_beyond_the_last_block_and_parts_of_elements_are_refused(chunk):
    pipeline, raw = chunk("bitshuffle, lz4")
    with pytest.raises(StorageError, match="1 bytes after the last block, not 0"):
        decode(pipeline, raw + b"?", 0, what=WHAT)
    odd = Pipeline(filters=pipeline.filters, itemsize=1, n_bytes=pipeline.n_bytes + 1)
    with pytest.raises(StorageError, match="5281 bytes are not whole elements of 4"):
        decode(odd, raw, 0, what=WHAT)


MUTATE = """
import random, sys
import numpy as np
from tests.test_filters import stored
from tests.test_filters_damage import EVERY, attempt
draw, tried = random.Random(0), 0
for options in EVERY.values():
    values = np.random.default_rng(0).poisson(2, (40, 33)).astype("f4")
    pipeline, [(_mask, raw, _values)] = stored(sys.argv[1], values, (40, 33), **options)
    for _ in range(1000):
        changed = bytearray(raw)
        for _ in range(draw.choice((1, 2, 9))):
            place = draw.randrange(draw.choice((min(60, len(raw)), len(raw))))
            number = draw.choice((0, 1, 127, 128, 2**31 - 1, 2**31, 2**32 - 1, len(raw), pipeline.n_bytes))
            changed[place : place + 4] = number.to_bytes(4, draw.choice(("little", "big")))
        got = attempt(pipeline, bytes(changed[: draw.choice((len(raw), draw.randrange(len(raw))))]))
        assert got is None or got.size == pipeline.n_bytes
        tried += 1
print(tried)
"""


def test_thousands_of_damaged_chunks_end_no_process(tmp_path):
    """In a child, so that a crash of a library is a failure and not the end of the tests."""
    command = [sys.executable, "-c", MUTATE, str(tmp_path / "x.h5")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (result.returncode, result.stdout.strip()) == (0, str(1000 * len(EVERY))), result.stderr
