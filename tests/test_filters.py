"""Filters: a raw chunk decodes to what h5py reads, whatever it went through, and only within its bounds."""

import subprocess
import sys
import zlib
from typing import Literal

import h5py
import hdf5plugin
import numpy as np
import pytest

from h5torch.errors import StorageError
from h5torch.storage.filters import Filter, Pipeline, decode, decode_into, unsupported
from h5torch.storage.filters.fletcher import fletcher32

BUILT_IN = {
    "gzip": {"compression": "gzip"},
    "gzip, shuffle": {"compression": "gzip", "shuffle": True},
    "gzip, fletcher32": {"compression": "gzip", "fletcher32": True},
    "gzip, shuffle, fletcher32": {"compression": "gzip", "shuffle": True, "fletcher32": True},
    "shuffle": {"shuffle": True},
    "fletcher32": {"fletcher32": True},
    "shuffle, fletcher32": {"shuffle": True, "fletcher32": True},
    "lzf, shuffle, fletcher32": {"compression": "lzf", "shuffle": True, "fletcher32": True},
}
COMPRESSORS: tuple[Literal["blosclz", "lz4", "lz4hc", "zlib", "zstd"], ...]
COMPRESSORS = ("blosclz", "lz4", "lz4hc", "zlib", "zstd")
PLUGINS = {
    "lz4": hdf5plugin.LZ4(),
    "lz4, small blocks": hdf5plugin.LZ4(nbytes=512),
    "lz4, shuffle": {**hdf5plugin.LZ4(), "shuffle": True, "fletcher32": True},
    "zstd": hdf5plugin.Zstd(),
    **{f"blosc {name}, shuffle": hdf5plugin.Blosc(cname=name) for name in COMPRESSORS},
    "blosc, bitshuffle": hdf5plugin.Blosc(shuffle=hdf5plugin.Blosc.BITSHUFFLE),
    "blosc, stored": hdf5plugin.Blosc(clevel=0),
    **{f"blosc2 {name}, shuffle": hdf5plugin.Blosc2(cname=name) for name in COMPRESSORS},
    "blosc2, bitshuffle": hdf5plugin.Blosc2(filters=hdf5plugin.Blosc2.BITSHUFFLE),
    "blosc2, delta": hdf5plugin.Blosc2(filters=hdf5plugin.Blosc2.DELTA),
    "bitshuffle": hdf5plugin.Bitshuffle(cname="none"),
    "bitshuffle, blocks of 64": hdf5plugin.Bitshuffle(cname="none", nelems=64),
    "bitshuffle, lz4": hdf5plugin.Bitshuffle(),
    "bitshuffle, lz4, blocks of 64": hdf5plugin.Bitshuffle(nelems=64),
    "bitshuffle, zstd": hdf5plugin.Bitshuffle(cname="zstd"),
}
# Chunks at the edge are partly beyond the shape.
SHAPES = [((10, 30), (4, 30)), ((100,), (33,)), ((7, 8, 9), (3, 5, 9)), ((3,), (1,))]


def pipeline_of(dataset):
    plist = dataset.id.get_create_plist()
    steps = [plist.get_filter(place) for place in range(plist.get_nfilters())]
    filters = tuple(
        Filter(number=number, parameters=tuple(parameters), name=name.decode())
        for number, _flags, parameters, name in steps
    )
    n_bytes = int(np.prod(dataset.chunks)) * dataset.dtype.itemsize
    return Pipeline(filters=filters, itemsize=dataset.dtype.itemsize, n_bytes=n_bytes)


def made(shape, dtype, kind):
    generator = np.random.default_rng(0)
    if kind == "noise":
        noise = generator.bytes(int(np.prod(shape)) * np.dtype(dtype).itemsize)
        return np.frombuffer(noise, dtype).reshape(shape)
    return (generator.poisson(2, shape).astype("u1") * (kind == "counts")).astype(dtype)


def stored(path, values, chunks, **options):
    """Write a dataset; return its pipeline, and the mask, raw bytes and values of every chunk."""
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("x", data=values, chunks=chunks, **options)
        pieces = []
        for piece in dataset.iter_chunks():
            mask, raw = dataset.id.read_direct_chunk(tuple(part.start for part in piece))
            pieces.append((mask, raw, dataset[piece]))
        return pipeline_of(dataset), pieces


def as_chunk(decoded, like, chunks):
    """Cut the part inside the dataset out of a whole decoded chunk."""
    return decoded.view(like.dtype).reshape(chunks)[tuple(map(slice, like.shape))]


def agrees(path, options, dtype):
    """Compare every chunk of every shape with what h5py reads."""
    for shape, chunks in SHAPES:
        for kind in ("counts", "noise", "zeros"):
            pipeline, pieces = stored(path, made(shape, dtype, kind), chunks, **options)
            assert unsupported(pipeline) is None
            for mask, raw, expected in pieces:
                got = as_chunk(decode(pipeline, raw, mask, what="/x"), expected, chunks)
                assert got.tobytes() == expected.tobytes(), (shape, chunks, kind)


@pytest.mark.parametrize("dtype", ["u1", ">i2", "i4", "f8", "c16", "S3"])
@pytest.mark.parametrize("options", BUILT_IN.values(), ids=BUILT_IN)
def test_chunks_of_the_filters_of_hdf5_decode_to_what_h5py_reads(tmp_path, options, dtype):
    agrees(tmp_path / "x.h5", options, dtype)


def test_elements_longer_than_the_chunk_has_elements_are_made_whole(tmp_path):
    agrees(tmp_path / "x.h5", {"shuffle": True}, "S500")


@pytest.mark.parametrize("dtype", ["u1", "f4", "i8"])
@pytest.mark.parametrize("options", PLUGINS.values(), ids=PLUGINS)
def test_chunks_of_plugins_decode_to_what_h5py_reads(tmp_path, options, dtype):
    agrees(tmp_path / "x.h5", options, dtype)


@pytest.mark.parametrize("options", [BUILT_IN["gzip, shuffle"], *PLUGINS.values()], ids=["gzip", *PLUGINS])
def test_a_large_chunk_in_many_blocks_decodes_to_what_h5py_reads(tmp_path, options):
    """Blosc 2 cuts it into blocks of two axes, those at the edge beyond the chunk."""
    values = made((300, 700), "f4", "counts")
    pipeline, pieces = stored(tmp_path / "x.h5", values, (257, 513), **options)
    for mask, raw, expected in pieces:
        got = as_chunk(decode(pipeline, raw, mask, what="/x"), expected, (257, 513))
        assert got.tobytes() == expected.tobytes()


@pytest.mark.parametrize("options", [*BUILT_IN.values(), *PLUGINS.values()], ids=[*BUILT_IN, *PLUGINS])
def test_a_read_only_map_decodes_into_given_memory_and_into_new_memory_alike(tmp_path, options):
    pipeline, [(mask, raw, expected)] = stored(
        tmp_path / "x.h5", made((64, 9), "f4", "counts"), (64, 9), **options
    )
    (tmp_path / "raw").write_bytes(raw)
    mapped = np.memmap(tmp_path / "raw", np.uint8, "r")
    out = np.empty(pipeline.n_bytes, np.uint8)
    decode_into(pipeline, mapped, mask, out, what="/x")
    new = decode(pipeline, mapped, mask, what="/x")
    assert out.tobytes() == new.tobytes() == expected.tobytes()
    assert new.flags.writeable
    assert new.flags.c_contiguous
    assert not np.may_share_memory(new, mapped)


@pytest.mark.parametrize("mask", range(8))
def test_filters_that_a_chunk_skipped_are_not_undone(tmp_path, mask):
    """The file is h5py's: what is stored under a mask is read back by HDF5 as the oracle."""
    values = made((50, 4), "i4", "counts")
    body = values.view(np.uint8).reshape(-1)
    data = body if mask & 1 else body.reshape(-1, 4).T.reshape(-1)
    data = data.tobytes() if mask & 2 else zlib.compress(data.tobytes())
    if not mask & 4:
        data += fletcher32(np.frombuffer(data, np.uint8)).to_bytes(4, "little")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        options = {"compression": "gzip", "shuffle": True, "fletcher32": True}
        dataset = file.create_dataset("x", (50, 4), "i4", chunks=(50, 4), **options)
        dataset.id.write_direct_chunk((0, 0), data, filter_mask=mask)
    with h5py.File(tmp_path / "x.h5") as file:
        dataset = file["x"]
        assert dataset[()].tolist() == values.tolist()
        read_mask, raw = dataset.id.read_direct_chunk((0, 0))
        assert read_mask == mask
        got = decode(pipeline_of(dataset), raw, read_mask, what="/x")
    assert got.tobytes() == values.tobytes()
    assert got.flags.writeable


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 719, 720, 721, 2047, 2048, 2049, 50_001])
def test_the_checksum_is_that_of_the_definition(size):
    """Two running sums modulo 65535 in plain Python, with the zero of HDF5: only zeros give it."""
    for data in (np.random.default_rng(size).bytes(size), bytes(size), b"\xff" * size):
        first = second = 0
        for place in range(0, size, 2):
            first += int.from_bytes(data[place : place + 2].ljust(2, b"\0"), "big")
            second += first
        folded = [(part - 1) % 65535 + 1 if part else 0 for part in (first, second)]
        assert fletcher32(np.frombuffer(data, np.uint8)) == folded[1] << 16 | folded[0]


def test_a_checksum_with_swapped_bytes_is_taken_as_hdf5_takes_it(tmp_path):
    pipeline, [(mask, raw, expected)] = stored(tmp_path / "x.h5", np.arange(9), (9,), fletcher32=True)
    swapped = raw[:-4] + bytes(raw[-4:][place] for place in (1, 0, 3, 2))
    assert swapped != raw
    assert decode(pipeline, swapped, mask, what="/x").tobytes() == expected.tobytes()
    with h5py.File(tmp_path / "x.h5", "r+") as file:
        file["x"].id.write_direct_chunk((0,), swapped)
        assert file["x"][()].tolist() == expected.tolist()


def only(number, *parameters, n_bytes=8):
    step = Filter(number=number, parameters=parameters, name="step")
    return Pipeline(filters=(step,), itemsize=4, n_bytes=n_bytes)


@pytest.mark.parametrize(
    ("pipeline", "reason"),
    [
        (only(4, 1), "filter 4 (step) is known to HDF5 and its plugins only"),
        (only(2), "filter 2 (step): no element size among its parameters"),
        (only(2, 0), "filter 2 (step): no element size among its parameters"),
        (only(32008, 0, 4), "filter 32008 (step): no element size among its parameters"),
        (only(32008, 0, 4, 4, 0, 9), "its compression 9 is neither 0 (none), 2 (lz4) nor 3 (zstd)"),
        (only(32008, 0, 4, 4, 12), "its block of 12 elements is not a multiple of 8"),
        (only(32015, n_bytes=2**31), "chunks of 2147483648 bytes are too long for its library"),
    ],
)
def test_a_pipeline_that_cannot_be_decoded_says_why(pipeline, reason):
    assert reason in (unsupported(pipeline) or "")
    with pytest.raises(StorageError) as caught:
        decode(pipeline, b"12345678", 0, what="/x, chunk (0,)")
    assert reason in str(caught.value)
    assert str(caught.value).startswith("/x, chunk (0,): ")


def test_one_compression_over_another_is_left_to_hdf5():
    one = only(1, 4).filters[0]
    twice = Pipeline(filters=(one, one), itemsize=1, n_bytes=8)
    assert unsupported(twice) == "one compression lies over another, so the size in between is not known"


WITHOUT = """
import sys, zlib
sys.modules.update(dict.fromkeys(["deflate", "imagecodecs"]))
from h5torch.errors import StorageError
from h5torch.storage.filters import Filter, Pipeline, decode, unsupported
def only(number):
    return Pipeline(filters=(Filter(number=number, parameters=(), name="f"),), itemsize=1, n_bytes=999)
data = bytes(range(111)) * 9
print(bytes(decode(only(1), zlib.compress(data), 0, what="x")) == data)
whole = zlib.compress(data)
others = [zlib.compress(other) for other in (data[1:], data + b"1", bytes(10**6))]
for raw in (whole[:-1], whole[:50], b"", b"123", whole[:-1] + b"?", *others):
    try: decode(only(1), raw, 0, what="x")
    except StorageError as error: print(error)
print(unsupported(only(32015)))
"""


def test_without_the_extra_packages_gzip_still_decodes_and_the_rest_names_what_to_install():
    result = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    decoded, *errors, missing = result.stdout.splitlines()
    assert decoded == "True"
    assert len(errors) == 8
    assert all(error.startswith("x: this chunk does not decode: filter 1 (f)") for error in errors)
    assert missing == "filter 32015 (f): needs imagecodecs; install it by: pip install 'h5torch[compression]'"
