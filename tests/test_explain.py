"""What `Dataset.explain` claims, against what readers really do."""

import re

import h5py
import numpy as np
import pytest
import scipy.sparse as sp

import h5torch
from h5torch.errors import ArgumentTypeError, StorageError
from h5torch.explaining.costs import stored_as
from h5torch.storage.bytes import MapBytes
from h5torch.storage.chunked import ChunkSource
from h5torch.storage.decoding import renew
from tests.cells import N, write_cells
from tests.explained import ROWS, column_of

pytestmark = pytest.mark.usefixtures("new_decoder")


class CountingBytes(MapBytes):
    """A map that notes where it was read."""

    def __init__(self, path):
        super().__init__(path)
        self.offsets = []

    def read(self, offset, length):
        self.offsets.append(offset)
        return super().read(offset, length)


def counted(dataset, key):
    """Have the chunks of a column counted that are read from now on."""
    found = []
    for source in dataset._looking.view.opened(key).values():
        assert isinstance(source, ChunkSource)
        source._file = CountingBytes(dataset._looking.opener._bytes_of(str(dataset.f.filename)).path)
        found.append(source._file)
    return found


@pytest.mark.parametrize("key", ["0/gzip", "0/tiles", "0/csrz", "0/raggedz"])
@pytest.mark.parametrize("batch", [32, 100, 5000])
def test_as_many_chunks_are_decoded_in_order_as_it_says(stored_file, key, batch):
    dataset = h5torch.Dataset(stored_file, columns=[key])
    said = column_of(dataset.explain(batch_size=batch), key)
    files = counted(dataset, key)
    n_batches = 0
    for start in range(0, ROWS, batch):
        dataset.batch(np.arange(start, min(start + batch, ROWS)))
        n_batches += 1

    for part, file in zip(said.parts, files, strict=True):
        assert part.sequential.decoded * n_batches == pytest.approx(len(file.offsets)), part.name


@pytest.mark.parametrize("cache_chunks", [1, 20, 100])
@pytest.mark.parametrize("key", ["0/gzip", "0/tiles", "0/csrz", "0/raggedz"])
def test_about_as_many_chunks_are_decoded_at_random_as_it_says(stored_file, key, cache_chunks):
    """Within a tenth for one array; of several that share a cache of few batches, one drops the other's."""
    dataset = h5torch.Dataset(stored_file, columns=[key])
    biggest = max(part.chunk_bytes for part in column_of(dataset.explain(), key).parts)
    renew(cache_bytes=cache_chunks * biggest, n_threads=1)
    said = column_of(dataset.explain(batch_size=16), key)
    files = counted(dataset, key)
    order = np.random.default_rng(1).permutation(ROWS)
    for start in range(0, ROWS, 16):
        dataset.batch(order[start : start + 16])

    counts = [len(file.offsets) / (ROWS / 16) for file in files]
    sizes = [part.chunk_bytes for part in said.parts]
    read = sum(n * size for n, size in zip(counts, sizes, strict=True))
    assert said.random.decoded_bytes == pytest.approx(read, rel=0.1 if len(files) == 1 else 0.2)


def test_windows_and_chosen_rows_decode_in_order_what_it_says(stored_file):
    windows = h5torch.SliceDataset(stored_file, window_size=50, overlap=20, columns=["0/gzip"])
    chosen = h5torch.Dataset(stored_file, subset=np.arange(1000, 3000, 3), columns=["0/gzip"])
    for dataset in (windows, chosen):
        said = dataset.explain(batch_size=10).sequential.decoded
        (file,) = counted(dataset, "0/gzip")
        for start in range(0, len(dataset), 10):
            dataset.batch(np.arange(start, min(start + 10, len(dataset))))
        assert said * -(-len(dataset) // 10) == pytest.approx(len(file.offsets))


def test_the_bytes_asked_for_are_those_of_the_tensors(stored_file):
    keys = ["central", "0/gzip", "0/tiles", "0/open"]
    dataset = h5torch.Dataset(stored_file, columns=keys)
    said = dataset.explain(batch_size=33)
    batch = dataset.batch(np.arange(33))
    for key in keys:
        assert column_of(said, key).random.asked == batch[key].nbytes

    packed = h5torch.Dataset(stored_file, columns=["0/ragged"], ragged="packed")
    (column,) = packed.explain(batch_size=ROWS).columns
    everything = packed.batch(np.arange(ROWS))["0/ragged"]
    assert column.parts[1].random.asked == pytest.approx(everything.nbytes)
    assert column.parts[0].random.asked == 2 * 8 * ROWS  # the beginning and the end of each row

    across = h5torch.Dataset(stored_file, sampling=1, columns=["central"])
    assert across.explain(9).random.asked == across.batch(np.arange(9))["central"].nbytes


@pytest.mark.parametrize("reader", ["auto", "map", "pread", "h5py"])
def test_readers_are_named_as_the_sources_that_read(stored_file, reader):
    dataset = h5torch.Dataset(stored_file, reader=reader)
    for column in dataset.explain().columns:
        opened = dataset._looking.view.sources(column.key)
        for part in column.parts:
            source = opened["0" if column.mode == "separate" else part.name]
            assert part.reader == source.reader
            if source.reader != "h5py":
                where = stored_as(source.extent)
                assert part.offset == (None if where.chunks else source.extent.where.offset)
                assert part.n_chunks == (where.n_chunks if where.chunks else 0)


def test_nothing_is_read_or_decoded_to_explain(tmp_path):
    """Bytes that would not decode are not missed."""
    path = tmp_path / "damaged.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.arange(4000.0).reshape(1000, 4), "central", chunks=100, compression="gzip")
        infos = []
        f["central"].id.chunk_iter(infos.append)
    with path.open("r+b") as file:
        for info in infos:
            file.seek(info.byte_offset)
            file.write(b"\xff" * info.size)
    dataset = h5torch.Dataset(path)

    assert dataset.explain(10).columns[0].parts[0].n_chunks == 10
    with pytest.raises(StorageError):
        dataset.batch(np.arange(10))


def test_what_lies_in_memory_touches_no_byte_of_the_file(stored_file):
    explanation = h5torch.Dataset(stored_file, in_memory=True).explain()

    assert {part.reader for column in explanation.columns for part in column.parts} == {"memory"}
    assert explanation.random.touched == explanation.sequential.touched == 0
    assert explanation.good


@pytest.fixture(scope="module")
def elements(tmp_path_factory):
    path = tmp_path_factory.mktemp("explain") / "elements.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.zeros((300, 200), "f4"), "central", chunks=(64, 32), compression="gzip")
        f.register(np.zeros((300, 8)), 0, name="rows")
        f.register(np.zeros((200, 4)), 1, name="columns")
    return path


def test_single_elements_and_what_is_aligned_to_their_axes(elements):
    dataset = h5torch.Dataset(elements, sampling="coo")
    said = dataset.explain(batch_size=100)
    batch = dataset.batch(np.arange(100))

    assert [column.random.asked for column in said.columns] == [value.nbytes for value in batch.values()]
    (file,) = counted(dataset, "central")
    renew()
    for start in range(0, len(dataset), 100):
        dataset.batch(np.arange(start, start + 100))
    assert said.sequential.decoded * len(dataset) / 100 == pytest.approx(len(file.offsets))
    aligned = column_of(said, "0/rows")
    assert aligned.random == aligned.sequential


def test_nonzeros_are_read_from_both_their_arrays(tmp_path):
    path = tmp_path / "coo.h5t"
    with h5torch.File(path, "w") as f:
        f.register(sp.random(50, 40, 0.2, format="coo", random_state=0), "central", mode="coo")
        f.register(np.arange(50.0), 0, name="row")
    said = h5torch.Dataset(path, sampling="coo").explain(50)

    indices, data = said.columns[0].parts
    assert (indices.name, data.name) == ("indices", "data")
    assert data.random.asked == 50 * 8
    assert said.shortcut


def test_every_kind_of_column_is_explained(tmp_path):
    path = tmp_path / "cells.h5t"
    write_cells(path)
    said = h5torch.Dataset(path).explain(1000)

    assert (said.batch_size, said.n_samples) == (N, N)
    assert said.good
    assert said.random.chunks == 0


def test_a_dataset_without_samples_costs_nothing(stored_file):
    keys = ["central", "0/gzip", "0/csrz", "0/vlen", "0/separate"]
    for nothing in (
        h5torch.Dataset(stored_file, subset=[], columns=keys),
        h5torch.SliceDataset(stored_file, window_size=ROWS + 1, columns=keys),
    ):
        said = nothing.explain()
        assert (said.batch_size, said.n_samples) == (0, 0)
        for column in said.columns:
            for cost in (column.random, column.sequential):
                assert (cost.asked or 0, cost.touched, cost.decoded) == (0, 0, 0)
        assert str(said)


@pytest.mark.filterwarnings("ignore:.*filled")
@pytest.mark.parametrize("reader", ["auto", "pread", "h5py"])
def test_values_that_were_never_stored_cost_nothing(tmp_path, reader):
    path = tmp_path / "hollow.h5t"
    with h5torch.File(path, "w") as f:
        f.register(sp.csr_array((20, 30)), "central", mode="csr")
        f.register([np.empty(0, "i4")] * 20, 0, name="lists", mode="ragged")
        f.register([np.ones(2)] * 3, 0, name="apart", mode="separate", length=20)
        f.register(np.empty((0, 3)), 0, name="later", length=20)
    said = h5torch.Dataset(path, reader=reader).explain(7)

    told = {(column.key, part.name): part for column in said.columns for part in column.parts}
    for key in (("central", "indices"), ("central", "data"), ("0/lists", "values"), ("0/later", "")):
        assert told[key].storage == "never written"
        assert told[key].random.touched == told[key].sequential.touched == 0
    assert told["central", "data"].random.asked == 0
    assert told["0/later", ""].random.asked == 7 * 24
    assert told["0/apart", ""].random.asked is None


def test_rows_in_other_files_are_explained_by_the_first(tmp_path):
    for name in ("a", "b"):
        with h5py.File(tmp_path / f"{name}.h5", "w") as file:
            file.create_dataset("x", data=np.ones((100, 4)), chunks=(10, 4), compression="gzip")
    layout = h5py.VirtualLayout((200, 4), "f8")
    for at, name in enumerate(("a", "b")):
        layout[at * 100 : at * 100 + 100] = h5py.VirtualSource(tmp_path / f"{name}.h5", "x", (100, 4))
    path = tmp_path / "both.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.ones((200, 4)), "central")
        attributes = dict(f["central"].attrs)
        del f["central"]
        virtual = f.create_virtual_dataset("central", layout)
        virtual.attrs.update(attributes)
    dataset = h5torch.Dataset(path)
    (column,) = dataset.explain(20).columns

    assert column.parts[0].reader == "parts"
    assert column.parts[0].storage == "virtual, 2 files: 20 chunks of 320 B, gzip"
    assert column.sequential.decoded == 2


def test_external_bytes_are_explained(tmp_path):
    path = tmp_path / "outside.h5t"
    (tmp_path / "raw.bin").write_bytes(np.arange(400.0).tobytes())
    with h5torch.File(path, "w") as f:
        f.register(np.ones((100, 4)), "central")
        attributes = dict(f["central"].attrs)
        del f["central"]
        outside = f.create_dataset("central", (100, 4), "f8", external=[(str(tmp_path / "raw.bin"), 0, 3200)])
        outside.attrs.update(attributes)
    (column,) = h5torch.Dataset(path).explain(20).columns

    assert column.parts[0].reader == "parts"
    assert column.parts[0].storage == "external, 1 file: contiguous"
    assert column.random.asked == 20 * 32


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, "many", None, True])
def test_a_batch_size_that_is_no_number_of_samples_is_refused(stored_file, batch_size):
    with pytest.raises(ArgumentTypeError, match=re.escape(f"batch_size={batch_size!r}: give a number")):
        h5torch.Dataset(stored_file, columns=["central"]).explain(batch_size)
