"""How a repacked file is stored for each use: packings, chunks, and the blocks that are copied."""

import math

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import h5torch
from h5torch.errors import RegisterError
from h5torch.repack import repack
from h5torch.repacking.blocks import blocks_of_array, chunks_of
from h5torch.repacking.packings import choose_packing


def test_for_random_every_array_is_contiguous_aligned_and_uncompressed(source, tmp_path):
    report = repack(source, tmp_path / "new.h5t")

    with h5py.File(tmp_path / "new.h5t") as f:
        arrays = []
        f.visititems(lambda _, node: arrays.append(node) if hasattr(node, "chunks") else None)
        stored = [node for node in arrays if node.shape and node.size]
        assert all(node.chunks is None for node in arrays)
        assert all(node.id.get_offset() % 64 == 0 for node in stored)
        assert [f[key].attrs["mode"] for key in ("0/tokens", "0/boxes")] == ["ragged", "ragged"]
    assert {one.stored_after for one in report.objects} == {"contiguous"}
    told = {one.key: (one.mode_before, one.mode_after, one.stored_before) for one in report.objects}
    assert told["0/tokens"] == ("vlen", "ragged", "heap")
    assert told["0/boxes"] == ("separate", "ragged", "apart")
    assert told["central"] == ("csr", "csr", "gzip")


@pytest.mark.parametrize("codec_name", ["gzip", "lzf"])
def test_for_sequential_arrays_lie_in_compressed_chunks_of_a_mebibyte(tmp_path, codec_name):
    with h5torch.File(tmp_path / "old.h5t", "w") as f:
        f.register(np.arange(1 << 20, dtype=np.int32).reshape(-1, 4), "central")
    report = repack(tmp_path / "old.h5t", tmp_path / "new.h5t", use="sequential", compression=codec_name)

    with h5py.File(tmp_path / "new.h5t") as f:
        dataset = f["central"]
        assert (dataset.compression, dataset.shuffle) == (codec_name, True)
        assert dataset.chunks == (1 << 16, 4)
        assert np.array_equal(dataset[...].ravel(), np.arange(1 << 20))
    assert report.bytes_after < report.bytes_before


def test_for_size_the_file_is_smaller_than_for_sequential(tmp_path):
    old = tmp_path / "old.h5t"
    with h5torch.File(old, "w") as f:
        f.register(np.random.default_rng(0).poisson(3, (20_000, 8)).astype(np.int16), "central")
    sequential, size = (repack(old, tmp_path / use, use=use).bytes_after for use in ("sequential", "size"))

    assert size < sequential < old.stat().st_size


@pytest.mark.parametrize(
    ("use", "compression", "message"),
    [
        ("fast", None, "use='fast' is not known; choose 'random', 'sequential', 'size'"),
        ("random", "gzip", "a file for use='random' is not compressed"),
        ("size", "zip", "compression='zip' is not known; choose one of gzip, lzf, lz4, zstd, blosc"),
        ("size", "zstd", "compression='zstd' needs the package hdf5plugin: pip install hdf5plugin"),
    ],
)
def test_a_use_or_codec_that_makes_no_sense_is_refused(use, compression, message):
    with pytest.raises(RegisterError, match=message):
        choose_packing(use, compression, plugin=None)


shapes = st.lists(st.integers(1, 12), min_size=1, max_size=4).map(tuple)


@given(data=st.data(), shape=shapes, limit=st.integers(1, 400))
def test_blocks_cover_an_array_once_and_stay_within_their_limit(data, shape, limit):
    unit = data.draw(st.tuples(*(st.integers(1, length + 3) for length in shape)))
    axis = data.draw(st.integers(0, len(shape) - 1))
    covered = np.zeros(shape, int)
    firsts = []
    for block in blocks_of_array(shape, unit, itemsize=2, axis=axis, limit=limit):
        covered[tuple(slice(*ends) for ends in block)] += 1
        n_bytes = 2 * math.prod(stop - start for start, stop in block)
        assert n_bytes <= max(limit, 2 * math.prod(unit))
        firsts.append(block[axis][0])

    assert (covered == 1).all()
    assert firsts == sorted(firsts)


@given(shape=st.lists(st.integers(0, 10**7), min_size=1, max_size=4).map(tuple), itemsize=st.integers(1, 64))
def test_chunks_hold_whole_rows_of_about_a_mebibyte(shape, itemsize):
    chunks = chunks_of(shape, itemsize, axis=0, grows=False)
    row = math.prod(max(1, n) for n in shape[1:]) * itemsize
    n_bytes = math.prod(chunks) * itemsize

    assert all(1 <= chunk <= max(1, length) for chunk, length in zip(chunks, shape, strict=True))
    assert n_bytes <= max(1 << 20, row if row <= 1 << 24 else 0) * 2 ** len(shape)
    if row <= 1 << 24:
        assert chunks[1:] == tuple(max(1, n) for n in shape[1:])
