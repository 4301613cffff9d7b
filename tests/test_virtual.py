"""Virtual datasets: read part by part as HDF5 would, and never with a part missing."""

import os

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from h5torch.errors import StorageError
from h5torch.storage.bytes import MapBytes
from h5torch.storage.direct import direct_source
from h5torch.storage.mapping import check_sources
from h5torch.storage.parts import PartsSource
from tests.elsewhere import READERS, check, external, source_of

STORED = [{}, {"chunks": (2, 3)}, {"chunks": (4, 2), "compression": "gzip"}]


@pytest.fixture(autouse=True)
def _no_prefix(monkeypatch):
    monkeypatch.delenv("HDF5_VDS_PREFIX", raising=False)


def rows_of(number):
    return (np.arange(24).reshape(6, 4) + 100 * number).astype(">i4")


@pytest.fixture
def folder(tmp_path):
    """Three files of six rows each, stored in three ways."""
    for number, options in enumerate(STORED):
        with h5py.File(tmp_path / f"s{number}.h5", "w") as file:
            file.create_dataset("x", data=rows_of(number), **options)
    return tmp_path


def virtual(path, mappings, *, names="s{}.h5", n_rows=None, shape=(6, 4), fill=-1):
    """Write a virtual dataset of `(source, first, stop)` rows, one after the other, and return its path."""
    n_rows = n_rows or sum(stop - first for _, first, stop in mappings)
    layout = h5py.VirtualLayout(shape=(n_rows, 4), dtype=">i4")
    start = 0
    for number, first, stop in mappings:
        source = h5py.VirtualSource(names.format(number), "x", shape=shape)
        layout[start : start + stop - first] = source[first:stop]
        start += stop - first
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("v", layout, fillvalue=fill)
    return path


MAPPING = st.tuples(st.integers(0, 2), st.integers(0, 5), st.integers(1, 6)).map(
    lambda drawn: (drawn[0], drawn[1], min(6, drawn[1] + drawn[2]))
)


@given(mappings=st.lists(MAPPING, min_size=1, max_size=5), data=st.data())
@settings(max_examples=40)
@pytest.mark.parametrize("reader", READERS)
def test_rows_of_other_files_are_read_as_h5py_reads_them(tmp_path_factory, reader, mappings, data):
    folder = tmp_path_factory.getbasetemp()
    for number, options in enumerate(STORED):
        with h5py.File(folder / f"s{number}.h5", "w") as file:
            file.create_dataset("x", data=rows_of(number), **options)
    path = virtual(folder / "v.h5", mappings)
    source = source_of(path, reader)
    with h5py.File(path) as file:
        expected = file["v"][...]

    assert isinstance(source, PartsSource)
    assert (source.reader, source.shape, source.dtype) == ("parts", expected.shape, expected.dtype)
    check(source, expected, data)


def test_a_source_given_whole_or_in_the_same_file_is_read(folder):
    path = folder / "v.h5"
    with h5py.File(path, "w") as file:
        file["own"] = rows_of(7)
        layout = h5py.VirtualLayout(shape=(12, 4), dtype=">i4")
        layout[:6] = h5py.VirtualSource(file["own"])
        layout[6:] = h5py.VirtualSource("s1.h5", "x", shape=(6, 4))
        file.create_virtual_dataset("v", layout)
    source = source_of(path)

    assert isinstance(source, PartsSource)
    np.testing.assert_array_equal(source.whole(), np.concatenate([rows_of(7), rows_of(1)]))


def test_a_part_is_opened_when_one_of_its_rows_is_asked_for(folder):
    source = source_of(virtual(folder / "v.h5", [(0, 0, 6), (1, 0, 6), (2, 0, 6)]))
    (folder / "s2.h5").unlink()

    np.testing.assert_array_equal(source.take(np.array([7, 0])), [rows_of(1)[1], rows_of(0)[0]])
    with pytest.raises(StorageError, match=r"s2\.h5: a virtual dataset has rows of this file, and it cannot"):
        source.take(np.array([17]))


def test_a_missing_file_is_an_error_where_hdf5_would_show_the_fill_value(folder):
    path = virtual(folder / "v.h5", [(0, 0, 6), (1, 0, 6)])
    (folder / "s1.h5").unlink()
    with h5py.File(path) as file:
        assert file["v"][6:].tolist() == [[-1] * 4] * 6
        for check_it in (check_sources, lambda dataset: direct_source(dataset, bytes_of=MapBytes)):
            with pytest.raises(StorageError, match=r"v\.h5: /v is virtual and has rows of s1\.h5, which"):
                check_it(file["v"])


def test_a_missing_dataset_is_an_error_too(folder):
    path = virtual(folder / "v.h5", [(0, 0, 6), (1, 0, 6)])
    with h5py.File(folder / "s1.h5", "w") as file:
        file["y"] = 0
    message = r"s1\.h5: a virtual dataset has rows of its dataset 'x', which is not there"
    with h5py.File(path) as file, pytest.raises(StorageError, match=message):
        check_sources(file["v"])
    with pytest.raises(StorageError, match=message):
        source_of(path).take(np.array([6]))


def test_a_dataset_that_is_not_virtual_misses_nothing(folder):
    with h5py.File(folder / "s0.h5") as file:
        check_sources(file["x"])


@pytest.mark.parametrize("where", ["beside", "prefix", "two prefixes", "here", "absolute", "moved"])
def test_files_are_looked_for_where_hdf5_looks(folder, tmp_path, monkeypatch, where):
    """Each time another file of the same name lies where HDF5 would look later."""
    there, later = tmp_path / "there", tmp_path / "later"
    for place in (there, later, tmp_path / "deep" / "there"):
        place.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(later)
    names = str(folder / "s{}.h5") if where == "absolute" else "s{}.h5"
    main = (tmp_path / "deep" if where != "beside" else folder) / "v.h5"
    wrong = folder / "s1.h5"
    if where == "prefix":
        monkeypatch.setenv("HDF5_VDS_PREFIX", str(there))
        (there / "s0.h5").write_bytes((folder / "s0.h5").read_bytes())
        (main.parent / "s0.h5").write_bytes(wrong.read_bytes())
    elif where == "two prefixes":
        monkeypatch.setenv("HDF5_VDS_PREFIX", f"{later}{os.pathsep}{there}")
        (there / "s0.h5").write_bytes((folder / "s0.h5").read_bytes())
        (main.parent / "s0.h5").write_bytes(wrong.read_bytes())
    elif where == "here":
        (later / "s0.h5").write_bytes((folder / "s0.h5").read_bytes())
    elif where == "moved":
        names = str(tmp_path / "gone" / "s{}.h5")
        (main.parent / "s0.h5").write_bytes((folder / "s0.h5").read_bytes())
        (later / "s0.h5").write_bytes(wrong.read_bytes())
    elif where == "beside":
        (later / "s0.h5").write_bytes(wrong.read_bytes())
    virtual(main, [(0, 1, 4)], names=names)
    with h5py.File(main) as file:
        expected = file["v"][...]

    assert expected.tolist() == rows_of(0)[1:4].tolist()
    assert source_of(main).whole().tolist() == expected.tolist()


def test_a_file_opened_by_a_link_finds_what_lies_beside_the_link_or_the_file(folder, tmp_path):
    virtual(folder / "v.h5", [(0, 1, 4)])
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "v.h5"
    link.symlink_to(folder / "v.h5")
    with h5py.File(link) as file:
        expected = file["v"][...]

    assert source_of(link).whole().tolist() == expected.tolist() == rows_of(0)[1:4].tolist()


@pytest.mark.parametrize("prefix", ["{folder}/there", "${{ORIGIN}}/there"])
def test_a_prefix_that_the_dataset_was_opened_with_is_used(folder, prefix):
    virtual(folder / "v.h5", [(0, 1, 4)])
    external(folder / "e.h5", [("values.raw", 0, 320)])
    (folder / "there").mkdir()
    (folder / "s0.h5").rename(folder / "there" / "s0.h5")
    np.arange(40.0).tofile(folder / "there" / "values.raw")
    plist = h5py.h5p.create(h5py.h5p.DATASET_ACCESS)
    plist.set_virtual_prefix(prefix.format(folder=folder).encode())
    plist.set_efile_prefix(prefix.format(folder=folder).encode())
    for name in ("v.h5", "e.h5"):
        with h5py.File(folder / name) as file:
            dataset = h5py.Dataset(h5py.h5d.open(file.id, b"v", plist))
            found = direct_source(dataset, bytes_of=MapBytes)
            np.testing.assert_array_equal(found.whole(), dataset[...])


def left_to_hdf5(path):
    """Return why a virtual dataset is left to h5py."""
    (reason,) = {source_of(path, reader).reason for reader in READERS}
    return reason


def test_what_is_not_made_of_whole_rows_is_left_to_hdf5(folder):
    layout = h5py.VirtualLayout(shape=(6, 8), dtype=">i4")
    layout[:, :4] = h5py.VirtualSource("s0.h5", "x", shape=(6, 4))
    layout[:, 4:] = h5py.VirtualSource("s1.h5", "x", shape=(6, 4))
    with h5py.File(folder / "v.h5", "w") as file:
        file.create_virtual_dataset("v", layout)
    assert left_to_hdf5(folder / "v.h5") == "it is virtual, and not made of whole rows of other datasets"

    layout = h5py.VirtualLayout(shape=(3, 4), dtype=">i4")
    layout[...] = h5py.VirtualSource("s0.h5", "x", shape=(6, 4))[::2]
    with h5py.File(folder / "v.h5", "w") as file:
        file.create_virtual_dataset("v", layout)
    assert left_to_hdf5(folder / "v.h5") == "it is virtual, and not made of whole rows of other datasets"


def test_rows_without_a_source_are_left_to_hdf5(folder):
    path = virtual(folder / "v.h5", [(0, 0, 6)], n_rows=8)

    assert left_to_hdf5(path) == "it is virtual, and some of its rows have no source, or two"


def test_rows_that_grow_with_their_source_are_left_to_hdf5(folder):
    layout = h5py.VirtualLayout(shape=(6, 4), dtype=">i4", maxshape=(None, 4))
    source = h5py.VirtualSource("s1.h5", "x", shape=(6, 4), maxshape=(None, 4))
    layout[: h5py.h5s.UNLIMITED] = source[: h5py.h5s.UNLIMITED]
    with h5py.File(folder / "v.h5", "w") as file:
        file.create_virtual_dataset("v", layout)

    assert left_to_hdf5(folder / "v.h5") == "it is virtual, and not made of whole rows of other datasets"


def test_sources_named_by_a_pattern_are_left_to_hdf5(folder):
    """Where the pattern ends is for HDF5 to find: no file is missing."""
    space = h5py.h5s.create_simple((18, 4), (h5py.h5s.UNLIMITED, 4))
    space.select_hyperslab((0, 0), (h5py.h5s.UNLIMITED, 1), (6, 4), (6, 4))
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_virtual(space, b"s%b.h5", b"x", h5py.h5s.create_simple((6, 4)))
    with h5py.File(folder / "v.h5", "w") as file:
        h5py.h5d.create(file.id, b"v", h5py.h5t.STD_I32BE, space, plist)
    with h5py.File(folder / "v.h5") as file:
        np.testing.assert_array_equal(file["v"][6:12], rows_of(1))

    assert left_to_hdf5(folder / "v.h5") == "it is virtual, and not made of whole rows of other datasets"


def test_more_files_than_a_process_can_hold_open_are_left_to_hdf5(tmp_path):
    layout = h5py.VirtualLayout(shape=(300, 4), dtype="f4")
    for number in range(300):
        with h5py.File(tmp_path / f"{number}.h5", "w") as file:
            file["x"] = np.full((1, 4), number, dtype="f4")
        layout[number] = h5py.VirtualSource(f"{number}.h5", "x", shape=(1, 4))[0]
    with h5py.File(tmp_path / "v.h5", "w") as file:
        file.create_virtual_dataset("v", layout)

    assert left_to_hdf5(tmp_path / "v.h5") == "it is virtual, and lies in more than 256 files"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (rows_of(0).astype("f8"), "its sources have another shape or dtype"),
        (np.zeros((6, 5), dtype=">i4"), "its sources have another shape or dtype"),
        (np.zeros((3, 4), dtype=">i4"), "its sources have other rows than it shows"),
        (np.zeros((7, 4), dtype=">i4"), None),
    ],
)
def test_a_source_of_another_shape_or_dtype_is_left_to_hdf5(folder, values, reason):
    """In the first part, which stands for all; in another, it is an error."""
    first, second = virtual(folder / "a.h5", [(0, 0, 5)]), virtual(folder / "b.h5", [(1, 0, 6), (0, 0, 5)])
    with h5py.File(folder / "s0.h5", "w") as file:
        file["x"] = values
    if reason is None:  # more rows than are shown
        assert source_of(first).whole().tolist() == values[:5].tolist()
        return
    assert left_to_hdf5(first) == f"it is virtual, and {reason}"
    source = source_of(second)
    assert source.take(np.array([0])).tolist() == rows_of(1)[:1].tolist()
    with pytest.raises(StorageError, match=rf"s0\.h5: rows of a virtual .* and {reason}; use reader='h5py'"):
        source.take(np.array([6]))


def test_a_virtual_dataset_of_itself_or_of_another_is_left_to_hdf5(folder):
    virtual(folder / "s3.h5", [(0, 0, 6)])
    with h5py.File(folder / "s3.h5", "r+") as file:
        file.move("v", "x")
    path = virtual(folder / "v.h5", [(3, 0, 6)])

    assert left_to_hdf5(path) == "it is virtual, and so are its sources"
