"""Datasets whose rows lie in other files: how they are opened, written and compared with what they hold."""

import h5py
import numpy as np
from hypothesis import strategies as st

from h5torch.storage.bytes import MapBytes, PreadBytes
from h5torch.storage.direct import direct_source

READERS = [MapBytes, PreadBytes]


def source_of(path, reader=MapBytes, name="v"):
    with h5py.File(path) as file:
        return direct_source(file[name], bytes_of=reader)


def check(source, expected, data):
    """Compare rows of both axes, elements, slices and the whole."""
    np.testing.assert_array_equal(source.whole(), expected)
    for axis, length in enumerate(expected.shape):
        rows = np.array(data.draw(st.lists(st.integers(0, length - 1), max_size=8)), dtype=np.intp)
        found = source.take(rows, axis=axis)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, np.take(expected, rows, axis=axis).swapaxes(0, axis))
    cells = np.array(data.draw(st.lists(st.integers(0, expected.size - 1), max_size=8)), dtype=np.intp)
    index = np.unravel_index(cells, expected.shape)
    np.testing.assert_array_equal(source.pick(index), expected[index])
    bound = st.integers(0, len(expected))
    pairs = data.draw(st.lists(st.tuples(bound, bound).map(sorted), max_size=6))
    slices = source.slices([start for start, _ in pairs], [stop for _, stop in pairs])
    for (start, stop), found in zip(pairs, slices, strict=True):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected[start:stop])


def external(path, places, shape=(10, 4)):
    with h5py.File(path, "w") as file:
        file.create_dataset("v", shape=shape, dtype="f8", external=places)
    return path
