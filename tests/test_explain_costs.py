"""What batches cost, as computed, against brute force, random draws and a cache that is played through."""

from collections import OrderedDict

import attrs
import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from h5torch.explaining import costs, records
from h5torch.explaining.caching import settle
from h5torch.explaining.costs import Access, Stored, asked_bytes, load_of, stored_as
from h5torch.explaining.drawing import Draw, bridged, draw_of, spared, touch
from h5torch.storage import pieces, sources
from h5torch.storage.bytes import MapBytes
from h5torch.storage.direct import direct_source
from h5torch.storage.plan import plan_reads
from h5torch.subset import EvenWindows, ListedWindows


def units_of(starts, lengths, unit):
    """Return the set of units of each item."""
    return [set(range(a // unit, (a + n - 1) // unit + 1)) for a, n in zip(starts, lengths, strict=True)]


def in_batches(items, batch):
    """Return the units of each batch, in order."""
    return [set().union(*items[at : at + batch]) for at in range(0, len(items), batch)]


def mean(numbers):
    return sum(numbers) / len(numbers)


@given(
    n_items=st.integers(1, 60),
    batch=st.integers(1, 60),
    size=st.integers(1, 9),
    step=st.integers(1, 9),
    per_row=st.integers(1, 5),
    more=st.integers(0, 1),
    unit=st.integers(1, 40),
    listed=st.booleans(),
)
def test_units_met_in_order_are_counted_exactly(n_items, batch, size, step, per_row, more, unit, listed):
    """As brute force counts them: rows and windows, in a list or not."""
    step, batch = min(step, size), min(batch, n_items)
    starts = np.arange(n_items) * step
    length = size * per_row + more
    n_units = -(-(int(starts[-1]) * per_row + length) // unit)
    draw = (
        Draw(n_items=n_items, span=size, starts=starts)
        if listed
        else Draw(n_items=n_items, span=size, stride=step)
    )
    found = touch(draw, batch=batch, per_row=per_row, more=more, unit=unit, n_units=n_units)
    batches = in_batches(units_of((starts * per_row).tolist(), [length] * n_items, unit), batch)

    if not listed or length <= unit + 1:  # of listed items only the first and the last unit are counted
        assert found.held == len(set().union(*batches))
        assert found.ordered == pytest.approx(mean([len(units) for units in batches]))
        fresh = [len(now - before) for before, now in zip([set(), *batches], batches, strict=False)]
        assert found.fresh == pytest.approx(mean(fresh))
    assert 0 < found.once <= found.fresh + 1e-9 <= found.ordered + 2e-9 <= found.held + 3e-9
    assert found.random <= found.held


@given(rows=st.lists(st.integers(0, 99), min_size=1), batch=st.integers(1, 20), unit=st.integers(1, 30))
def test_units_of_chosen_rows_are_counted_exactly_whatever_their_order(rows, batch, unit):
    draw, batch = draw_of(np.array(rows), n_rows=100), min(batch, len(rows))
    found = touch(draw, batch=batch, per_row=1, more=0, unit=unit, n_units=-(-100 // unit))
    batches = in_batches([{row // unit} for row in rows], batch)

    assert found.held == len(set().union(*batches))
    assert found.ordered == pytest.approx(mean([len(units) for units in batches]))
    again = zip([set(), *batches], batches, strict=False)
    assert found.fresh == pytest.approx(mean([len(now - before) for before, now in again]))


@pytest.mark.parametrize(
    ("n_rows", "unit", "batch"), [(10**6, 1024, 256), (10**9, 10**4, 4096), (500, 50, 9)]
)
def test_random_rows_meet_the_chunks_that_probability_says(n_rows, unit, batch):
    """K chunks: K(1 - (1 - 1/K)^B), but that no row comes twice."""
    n_chunks = -(-n_rows // unit)
    draw = draw_of(None, n_rows=n_rows)
    found = touch(draw, batch=batch, per_row=1, more=0, unit=unit, n_units=n_chunks)

    assert found.random == pytest.approx(n_chunks * (1 - (1 - 1 / n_chunks) ** batch), rel=0.02)


def test_a_batch_of_all_rows_meets_all_chunks_and_one_row_meets_one():
    draw = draw_of(None, n_rows=100)
    met = [touch(draw, batch=n, per_row=1, more=0, unit=10, n_units=10).random for n in (1, 91, 100)]

    assert met == [pytest.approx(1), 10, 10]
    assert spared(10, 4, 3) == pytest.approx(6 / 10 * 5 / 9 * 4 / 8)


@pytest.mark.parametrize(("n_rows", "wanted", "gap"), [(10_000, 500, 8), (10_000, 500, 0), (1000, 900, 3)])
def test_runs_bridge_as_many_rows_as_the_plan_of_reads_does(n_rows, wanted, gap):
    rng = np.random.default_rng(0)
    plans = [plan_reads(rng.choice(n_rows, wanted, replace=False), max_gap=gap).runs for _ in range(40)]
    found = bridged(n_rows, wanted, gap=gap)

    assert found.count == pytest.approx(mean([len(runs) for runs in plans]), rel=0.05)
    assert found.rows == pytest.approx(mean([sum(b - a for a, b in runs) for runs in plans]), rel=0.05)


def decoded_by_lru(batches, room):
    """Count what a cache of `room` chunks has to decode; what a batch needs is looked up first."""
    cache, decoded = OrderedDict(), 0
    for units in batches:
        for unit in units & set(cache):
            cache.move_to_end(unit)
        for unit in sorted(units - set(cache)):
            decoded += 1
            cache[unit] = None
            if len(cache) > room:
                cache.popitem(last=False)
    return decoded


@pytest.mark.parametrize("room", [1, 20, 80, 99, 1000])
@pytest.mark.parametrize("order", ["random", "ordered"])
def test_chunks_decoded_are_those_that_a_cache_has_not(room, order):
    n_rows, length, batch, epochs = 10_000, 100, 32, 1
    stored = Stored(
        shape=(n_rows, 4), itemsize=4, chunks=(length, 4), n_bytes=160_000, n_stored=100, compressed=True
    )
    load = load_of(stored, Access(), draw_of(None, n_rows=n_rows), reader="chunks", batch=batch)
    ((random, ordered),) = settle([load], cache_bytes=room * length * 16)
    rows = np.random.default_rng(0).permutation(n_rows) if order == "random" else np.arange(n_rows)
    batches = in_batches([{row // length} for row in rows.tolist()], batch)
    decoded = decoded_by_lru(batches, room) / len(batches) / epochs

    found = random if order == "random" else ordered
    assert found.decoded == pytest.approx(decoded, rel=0.03 if order == "random" else 1e-9)
    assert found.decoded_bytes == pytest.approx(found.decoded * length * 16)
    assert found.touched == pytest.approx(found.decoded * 1600)


def test_pages_are_those_that_the_rows_lie_on():
    """Random rows against a count of the pages of many batches."""
    rng = np.random.default_rng(0)
    for offset, width, n_rows in ((2048, 1000, 3000), (64, 4, 10_000), (4096, 8192, 500), (100, 5000, 400)):
        stored = Stored(shape=(n_rows, width), itemsize=1, n_bytes=n_rows * width, offset=offset)
        load = load_of(stored, Access(), draw_of(None, n_rows=n_rows), reader="map", batch=50)
        pages = []
        for _ in range(100):
            starts = offset + rng.choice(n_rows, 50, replace=False) * width
            pages.append(len(set().union(*units_of(starts.tolist(), [width] * 50, 4096))))
        assert load.random / 4096 == pytest.approx(mean(pages), rel=0.03)


def test_what_h5py_reads_is_what_its_plan_says():
    """Random rows of a contiguous dataset, gaps included."""
    n_rows, width, batch = 20_000, 400, 300
    stored = Stored(shape=(n_rows, width), itemsize=1, n_bytes=n_rows * width)
    load = load_of(stored, Access(), draw_of(None, n_rows=n_rows), reader="h5py", batch=batch)
    rng = np.random.default_rng(0)
    read = []
    for _ in range(50):
        plan = plan_reads(rng.choice(n_rows, batch, replace=False), max_gap=costs.GAP_BYTES["h5py"] // width)
        read.append(sum(stop - start for start, stop in plan.runs) * width)
    assert load.random == pytest.approx(mean(read), rel=0.03)
    assert load.ordered == batch * width


def test_pread_reads_gaps_and_whole_pages():
    n_rows, width, batch = 20_000, 256, 500
    stored = Stored(shape=(n_rows, width), itemsize=1, n_bytes=n_rows * width)
    load = load_of(stored, Access(), draw_of(None, n_rows=n_rows), reader="pread", batch=batch)
    rng = np.random.default_rng(0)
    touched = []
    for _ in range(50):
        rows = rng.choice(n_rows, batch, replace=False)
        order = np.argsort(rows)
        found = pieces.pieces_of(rows[order], order, gap=costs.GAP_BYTES["pread"] // width, most=1 << 20)
        touched.append(
            sum(map(len, units_of([p.first * width for p in found], [p.count * width for p in found], 4096)))
        )
    assert load.random / 4096 == pytest.approx(mean(touched), rel=0.03)


def test_costs_use_the_numbers_that_readers_use():
    assert costs.GAP_BYTES == {"pread": pieces._GAP_BYTES, "h5py": sources._GAP_BYTES}
    assert costs.CHUNK_GAP_BYTES == sources._CACHE_BYTES
    assert costs.ROW_BYTES == sources._ROW_BYTES
    assert attrs.fields(sources.H5Source).why.default == records.ASKED


def test_windows_are_drawn_as_they_lie():
    even = draw_of(EvenWindows(count=5, size=10, step=4), n_rows=100)
    listed = draw_of(ListedWindows(listed=np.array([[0, 4], [10, 20]])), n_rows=100)
    stored = Stored(shape=(100, 3), itemsize=4, n_bytes=1200)

    assert (even.n_items, even.span, even.stride, even.reach) == (5, 10, 4, 26)
    assert (listed.n_items, listed.span, listed.reach) == (2, 7, 17)
    assert asked_bytes(stored, Access(), even, 2) == 2 * 10 * 12
    assert asked_bytes(stored, Access(), listed, 2) == 14 * 12


def test_a_source_without_hdf5_is_described_by_its_extent(tmp_path):
    path = tmp_path / "plain.h5"
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("x", shape=(100, 4), dtype="f4", chunks=(10, 4), compression="gzip")
        dataset[:30] = 1
    with h5py.File(path) as file:
        source = direct_source(file["x"], bytes_of=MapBytes)
    stored = stored_as(source.extent)

    assert (stored.n_chunks, stored.n_stored, stored.compressed) == (10, 3, True)
    load = load_of(stored, Access(), draw_of(None, n_rows=100), reader="chunks", batch=10)
    ((_, ordered),) = settle([load], cache_bytes=1 << 20)
    assert ordered.decoded == pytest.approx(0.3)  # chunks that were never stored are not decoded
