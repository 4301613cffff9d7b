"""Files that are damaged or cut short: an error by every reader, never a crash and never other values."""

import multiprocessing
import os
import shutil
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.sparse as sp

import h5torch
from h5torch.errors import FormatError, StorageError

N = 24
READERS = [{}, {"reader": "pread"}, {"reader": "h5py"}, {"in_memory": True}]
STORAGES = {"contiguous": {}, "gzip": {"chunks": 5, "compression": "gzip"}}


@pytest.fixture(scope="module", params=STORAGES)
def path(tmp_path_factory, request):
    path, storage = tmp_path_factory.mktemp("sound") / "x.h5t", STORAGES[request.param]
    counts = sp.random_array((N, 50), density=0.2, rng=np.random.default_rng(0), format="csr")
    with h5torch.File(path, "w") as f:
        f.register(np.arange(N * 300.0).reshape(N, 300), "central", **storage)
        f.register(counts, 0, name="csr", **storage)
        f.register([np.arange(row % 6) for row in range(N)], 0, name="rows", mode="ragged", **storage)
        f.register([np.full((row % 3 + 1, 2), row) for row in range(N)], 0, name="boxes", **storage)
        f.register(["x" * row * 9 for row in range(N)], 0, name="long", mode="ragged", **storage)
        f.register(np.array(["a", "b", "c"] * 8), 0, name="kind", categories=True, **storage)
    return path


@pytest.mark.parametrize("reader", ["auto", "map", "pread", "h5py"])
@pytest.mark.parametrize("kept", [0.2, 0.9])
def test_a_file_that_was_cut_short_is_not_opened(path, tmp_path, kept, reader):
    shutil.copy(path, tmp_path / "cut.h5t")
    os.truncate(tmp_path / "cut.h5t", int(path.stat().st_size * kept))

    with pytest.raises(StorageError, match="cut short or no HDF5 file"):
        h5torch.Dataset(tmp_path / "cut.h5t", reader=reader)


@pytest.mark.parametrize("key", ["central", "0/csr", "0/rows", "0/boxes", "0/long", "0/kind"])
def test_a_file_cut_short_under_a_reader_by_position_is_an_error(path, tmp_path, key):
    shutil.copy(path, tmp_path / "cut.h5t")
    dataset = h5torch.Dataset(tmp_path / "cut.h5t", columns=[key], reader="pread")
    os.truncate(tmp_path / "cut.h5t", 600)

    for ask in (
        lambda: dataset.batch(np.arange(N)),
        lambda: dataset[N - 1],
        lambda: dataset.__getitems__([0, 9]),
    ):
        with pytest.raises(StorageError, match=r"cut.h5t: .* the file ends after 600; it was cut short"):
            ask()


OFFSETS = [-1, 0, 10**6, 2**31 - 1, -(2**31)]
DAMAGE: list[tuple[Any, ...]] = [("0/csr", "indices", 3, column) for column in (50, -1, 2**31 - 1, -(2**31))]
DAMAGE += [("0/csr", "indptr", 9, offset) for offset in OFFSETS]
DAMAGE += [("0/rows", "offsets", 9, offset) for offset in [*OFFSETS, 2**63 - 1, -(2**63)]]
DAMAGE += [("0/long", "offsets", 9, offset) for offset in OFFSETS]
DAMAGE += [("0/boxes", "shapes", (4, 0), length) for length in (-2, 0, 2**62)]
DAMAGE += [("0/kind", "", 5, code) for code in (3, 255)]
DAMAGE += [("0/long", "values", slice(0, 40), 0xFF)]


def outcome(path, key, options, rows):
    """What becomes of a batch: our error, or what went wrong."""
    try:
        h5torch.Dataset(path, columns=[key], **options).batch(rows)
    except FormatError as error:
        return "refused" if f"/{key}" in str(error) else str(error)
    except Exception as error:  # noqa: BLE001 - whatever is raised here is the failure that is looked for
        return repr(error)
    return "no error"


def try_all(path, sent):
    sound = path.read_bytes()
    for key, part, at, value in DAMAGE:
        path.write_bytes(sound)
        with h5py.File(path, "a") as f:
            (f[key][part] if part else f[key])[at] = value
        for options in READERS:
            whole = outcome(path, key, options, np.arange(N))
            sent.put(((key, part, value, options), whole, outcome(path, key, options, [15, 14])))
    sent.put(None)


def test_damage_is_named_by_every_reader_and_never_crashes(path, tmp_path):
    """In a child process: it may take the reader with it."""
    context = multiprocessing.get_context("fork")
    sent = context.Queue()
    child = context.Process(target=try_all, args=(shutil.copy(path, tmp_path / "damaged.h5t"), sent))
    child.start()
    told = list(iter(lambda: sent.get(timeout=20), None))
    child.join(timeout=20)

    assert child.exitcode == 0
    assert len(told) == len(DAMAGE) * len(READERS)
    for what, whole, apart in told:
        assert whole == "refused", what
        assert apart == "no error", what
