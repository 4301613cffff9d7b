"""Sources: a dataset of a file and an array in memory answer alike, and give copies."""

from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from h5torch.storage import sources
from h5torch.storage.mapped import MapSource
from h5torch.storage.sources import H5Source, NodeSources, plain_source


@pytest.fixture(scope="module")
def file():
    with h5py.File("sources", "w", driver="core", backing_store=False) as f:
        yield f


def both(file: h5py.File, values: np.ndarray, **storage: Any) -> list[H5Source | MapSource]:
    if "x" in file:
        del file["x"]
    return [H5Source(file.create_dataset("x", data=values, **storage)), MapSource(values.copy())]


VALUES: st.SearchStrategy[np.ndarray] = hnp.arrays(
    st.sampled_from([np.dtype(code) for code in ("i2", "f8", "?", "S4")]),
    hnp.array_shapes(max_dims=4, max_side=5),
)
GAPS = st.sampled_from([0, 8, 1 << 16])


@given(values=VALUES, data=st.data(), chunked=st.booleans(), gap=GAPS)
@settings(max_examples=80)
def test_both_take_rows_of_any_axis_as_numpy_does(file, values, data, chunked, gap):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "_GAP_BYTES", gap)
        for source in both(file, values, chunks=True if chunked else None):
            assert (source.shape, source.dtype) == (values.shape, values.dtype)
            np.testing.assert_array_equal(source.whole(), values)
            for axis, length in enumerate(values.shape):
                rows = np.array(data.draw(st.lists(st.integers(0, length - 1), max_size=8)), dtype=np.intp)
                expected = np.moveaxis(np.take(values, rows, axis=axis), axis, 0)
                np.testing.assert_array_equal(source.take(rows, axis=axis), expected)


@given(values=VALUES, data=st.data(), row_bytes=st.sampled_from([0, 1 << 20]))
@settings(max_examples=60)
def test_both_pick_elements_as_numpy_does(file, values, data, row_bytes):
    """Through whole rows where they are small, one by one where they are large."""
    cells = np.array(data.draw(st.lists(st.integers(0, values.size - 1), max_size=8)), dtype=np.intp)
    index = tuple(np.asarray(axis) for axis in np.unravel_index(cells, values.shape))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "_ROW_BYTES", row_bytes)
        for source in both(file, values):
            found = source.pick(index)
            assert found.dtype == values.dtype
            np.testing.assert_array_equal(found, values.reshape(-1)[cells])


@given(n_values=st.integers(0, 40), data=st.data(), gap=GAPS)
@settings(max_examples=80)
def test_both_read_slices(file, n_values, data, gap):
    """Any order, overlaps, repeats and empty ranges."""
    values = np.arange(n_values)
    pair = st.tuples(st.integers(0, n_values), st.integers(0, n_values)).map(sorted)
    ranges = data.draw(st.lists(pair, max_size=6))
    starts, stops = np.array(ranges, dtype=np.intp).reshape(-1, 2).T
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "_GAP_BYTES", gap)
        for source in both(file, values):
            found = source.slices(starts.tolist(), stops.tolist())
            assert [piece.tolist() for piece in found] == [list(range(*pair)) for pair in ranges]


def test_what_a_source_gives_can_be_changed_without_changing_the_source(file):
    values = np.arange(12).reshape(4, 3)
    rows = np.array([1, 1])
    for source in both(file, values):
        for given_back in (
            source.take(rows),
            source.take(rows, axis=1),
            source.pick((rows, rows)),
            source.whole(),
            source.take(np.arange(4)),
        ):
            given_back += 100
        np.testing.assert_array_equal(source.whole(), values)


def test_the_parts_of_an_object_are_found_by_name(file):
    group = file.require_group("object")
    group["a"], group["b"] = [1, 2], [3]
    for parts in (NodeSources(group), NodeSources({"a": np.array([1, 2]), "b": np.array([3])})):
        assert (sorted(parts), len(parts)) == (["a", "b"], 2)
        assert parts["a"] is parts["a"]
        assert parts["b"].whole().tolist() == [3]
        with pytest.raises(KeyError):
            parts["c"]
    single = NodeSources(np.array([5]))
    assert (list(single), single[""].whole().tolist()) == ([""], [5])


def test_a_list_in_memory_is_a_source_too():
    assert plain_source([1, 2]).take(np.array([1, 0])).tolist() == [2, 1]
