"""Every layout: written in any way, in any place, it gives back the rows that NumPy and SciPy give."""

from itertools import pairwise
from typing import Any

import attrs
import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import h5torch
from h5torch.errors import RowError
from h5torch.view import View

DTYPES = [np.dtype(code) for code in "?bBhHiIlLefdFD"] + [
    np.dtype("M8[s]"),
    np.dtype("m8[ns]"),
    np.dtype("S3"),
]
PLACES = ["central", "0/x", "1/x", "2/x", "unstructured/x"]
STORAGE: list[dict[str, Any]] = [
    {},
    {"chunks": True},
    {"chunks": 3},
    {"compression": "gzip", "shuffle": True},
    {"compression": "lzf"},
]


@attrs.frozen(eq=False)
class Case:
    """Data as a caller holds them, and what the sample of each row must be."""

    mode: str
    data: Any
    rows: list[Any]
    options: dict[str, Any] = attrs.field(factory=dict)


@st.composite
def dense(draw) -> Case:
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, max_side=4))
    data = draw(hnp.arrays(draw(st.sampled_from(DTYPES)), shape))
    return Case(mode="N-D", data=data, rows=list(data))


def matrix(draw, shape: tuple[int, ...], dtype: Any) -> Any:
    """Draw a matrix with zeros, and sometimes with column indices that are not sorted."""
    values = draw(hnp.arrays(np.int8, shape, elements=st.integers(0, 2), fill=st.just(0)))
    found = sp.csr_array(values.astype(dtype))
    if draw(st.booleans()):
        for start, stop in zip(found.indptr[:-1], found.indptr[1:], strict=True):
            found.indices[start:stop] = found.indices[start:stop][::-1].copy()
            found.data[start:stop] = found.data[start:stop][::-1].copy()
    return found


@st.composite
def csr(draw) -> Case:
    shape = (draw(st.integers(1, 6)), draw(st.integers(1, 5)))
    data = matrix(draw, shape, draw(st.sampled_from(["i1", "u4", "i8", "f4", "f8", "c16", "?"])))
    if draw(st.booleans()):
        rows = [
            (data.indices[start:stop], data.data[start:stop])
            for start, stop in zip(data.indptr[:-1], data.indptr[1:], strict=True)
        ]
        return Case(mode="csr", data=data, rows=rows, options={"csr_load_sparse": True})
    return Case(mode="csr", data=data, rows=list(data.toarray()))


@st.composite
def lists(draw, mode: str) -> Case:
    dtype = draw(st.sampled_from([dtype for dtype in DTYPES if dtype.kind != "S"]))
    rank = 1 if mode == "vlen" else draw(st.integers(1, 3))
    shapes = draw(
        st.lists(
            hnp.array_shapes(min_dims=rank, max_dims=rank, min_side=0, max_side=3), min_size=1, max_size=6
        )
    )
    rows = [draw(hnp.arrays(dtype, shape)) for shape in shapes]
    return Case(mode=mode, data=rows, rows=rows)


@st.composite
def texts(draw, mode: str) -> Case:
    characters = st.characters(codec="utf-8")
    rows = draw(
        st.lists(st.text(characters, max_size=9).map(lambda text: text.rstrip("\0")), min_size=1, max_size=6)
    )
    return Case(mode=mode, data=rows, rows=[np.str_(row) for row in rows])


CASES = st.one_of(
    dense(), csr(), lists("ragged"), lists("vlen"), lists("separate"), texts("ragged"), texts("N-D")
)


def cut(draw, data: Any, n_rows: int) -> list[Any]:
    """Cut data into blocks; lists of no rows have no dtype, so their blocks are never empty."""
    least = 1 if isinstance(data, list) else 0
    cuts = sorted(draw(st.lists(st.integers(least, n_rows), max_size=3, unique=least == 1)))
    edges = [0, *(c for c in cuts if least == 0 or c < n_rows), n_rows]
    return [data[start:stop] for start, stop in pairwise(edges)]


def make_room(f: h5torch.File, place: str, n_rows: int) -> tuple[Any, str | None]:
    """Register a central object that `place` fits, and return the axis and name to register at."""
    axis, _, name = place.partition("/")
    if place == "central":
        return "central", None
    depth = int(axis) if axis.isdecimal() else 0
    f.register(np.zeros((*(1, 2, 3)[:depth], n_rows), np.int8), "central")
    return int(axis) if axis.isdecimal() else axis, name


def write(draw, path: Any, case: Case, place: str, options: dict[str, Any]) -> None:
    """Write data whole, in appended blocks, or as a stream of known or unknown length."""
    n_rows = len(case.rows)
    way = draw(st.sampled_from(["whole", "append", "stream", "stream to length"]))
    with h5torch.File(path, "w") as f:
        axis, name = make_room(f, place, n_rows)
        common: dict[str, Any] = {"axis": axis, "name": name, "mode": case.mode, **case.options, **options}
        if way == "whole":
            f.register(case.data, **common)
            return
        blocks = cut(draw, case.data, n_rows)
        if way == "append":
            f.register(blocks[0], length=n_rows, **widest(case), **common)
            for block in blocks[1:]:
                f.append(block, place)
        else:
            length = n_rows if way.endswith("length") else None
            f.register(iter(blocks), length=length, progress=False, **widest(case), **common)


def widest(case: Case) -> dict[str, Any]:
    """Say how wide text is, which its first block does not show."""
    if case.mode == "N-D" and isinstance(case.data, list):
        return {"dtype_save": f"S{max(1, *(len(text.encode()) for text in case.data))}"}
    return {}


def same(found: Any, expected: Any) -> None:
    """Compare type, dtype, shape and values."""
    if isinstance(expected, tuple):
        assert isinstance(found, tuple)
        for one, other in zip(found, expected, strict=True):
            same(one, other)
        return
    assert type(found) is type(expected)
    assert found.dtype.kind == expected.dtype.kind
    assert found.dtype == expected.dtype or expected.dtype.kind in "US"
    np.testing.assert_array_equal(found, expected)


def indices(n_rows: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(-n_rows, n_rows - 1), max_size=8)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Return a file that every example writes anew."""
    return tmp_path_factory.mktemp("layouts") / "x.h5t"


@given(data=st.data(), case=CASES, place=st.sampled_from(PLACES), storage=st.sampled_from(STORAGE))
@settings(max_examples=150)
def test_any_rows_of_any_layout_come_back_as_they_went_in(path, data, case, place, storage):
    """Any order, repeats, negative numbers, no rows at all; from the file and from memory."""
    write(data.draw, path, case, place, storage if case.mode != "vlen" else {})
    n_rows = len(case.rows)
    asked = data.draw(indices(n_rows))
    with h5torch.File(path) as f:
        for source in (f, f.to_dict()):
            if place == "unstructured/x":
                column = View(source, f.schema).gather(place, np.arange(n_rows)[asked])
                found = [column.row(at) for at in range(len(column))]
            else:
                sampling = 0 if place == "central" else int(place[0])
                ds = h5torch.Dataset(source, sampling, columns=[place])
                assert len(ds) == n_rows
                found = [sample[place] for sample in ds.__getitems__(asked)]
                same(ds[-1][place], case.rows[-1])
            assert len(found) == len(asked)
            for row, value in zip(asked, found, strict=True):
                same(value, case.rows[row])


@given(
    values=hnp.arrays(np.int64, hnp.array_shapes(max_dims=4, max_side=4)),
    data=st.data(),
    storage=st.sampled_from(STORAGE),
)
@settings(max_examples=60)
def test_a_dense_array_is_sampled_along_every_axis_and_by_element(path, values, data, storage):
    with h5torch.File(path, "w") as f:
        f.register(values, "central", **storage)
    with h5torch.File(path) as f:
        for source in (f, f.to_dict()):
            for axis in range(values.ndim):
                ds = h5torch.Dataset(source, axis)
                asked = data.draw(indices(len(ds)))
                found = [sample["central"] for sample in ds.__getitems__(asked)]
                for row, value in zip(asked, found, strict=True):
                    np.testing.assert_array_equal(value, np.take(values, row, axis=axis))
            cells = h5torch.Dataset(source, "coo")
            asked = data.draw(indices(len(cells)))
            found = [sample["central"] for sample in cells.__getitems__(asked)]
            assert found == values.reshape(-1)[asked].tolist()


@given(data=st.data(), rank=st.integers(1, 4), storage=st.sampled_from([{}, {"compression": "gzip"}]))
@settings(max_examples=80)
def test_nonzeros_of_any_rank_lie_where_they_lay(path, data, rank, storage):
    """Given as a tuple, by SciPy or dense; whole, streamed or appended; with labels on each axis."""
    shape = data.draw(hnp.array_shapes(min_dims=rank, max_dims=rank, max_side=4))
    values = data.draw(hnp.arrays(np.float32, shape, elements=st.integers(0, 2), fill=st.just(0)))
    way = data.draw(st.sampled_from(["dense", "tuple", "scipy", "stream", "append"]))
    at = np.array(np.nonzero(values))
    given_as = {
        "dense": values,
        "tuple": (at, values[tuple(at)], shape),
        "scipy": sp.coo_array(values),
    }
    middle = data.draw(st.integers(0, at.shape[1]))
    blocks = [(part, values[tuple(part)], shape) for part in (at[:, :middle], at[:, middle:])]
    with h5torch.File(path, "w") as f:
        if way == "append":
            f.register(blocks[0], "central", mode="coo", chunks=True, **storage)
            f.append(blocks[1], "central")
        else:
            f.register(given_as.get(way, iter(blocks)), "central", mode="coo", progress=False, **storage)
        for axis, length in enumerate(shape):
            f.register(np.arange(length) * 10, axis, name="place")
    with h5torch.File(path) as f:
        for source in (f, f.to_dict()):
            ds = h5torch.Dataset(source, "coo")
            assert len(ds) == at.shape[1]
            asked = data.draw(indices(len(ds))) if len(ds) else []
            for cell, sample in zip(asked, ds.__getitems__(asked), strict=True):
                place = tuple(at[:, cell])
                assert sample["central"] == values[place]
                assert [sample[f"{axis}/place"] for axis in range(rank)] == [10 * step for step in place]


def test_what_memory_gives_is_a_copy(path):
    """Changing a sample changes neither the store nor another sample of the same row."""
    rows = [np.arange(3), np.arange(2)]
    with h5torch.File(path, "w") as f:
        f.register(np.ones((2, 3)), "central")
        for mode in ("ragged", "vlen", "separate"):
            f.register(rows, 0, name=mode, mode=mode)
        f.register(sp.eye_array(2, format="csr"), 0, name="csr", csr_load_sparse=True)
        memory = f.to_dict()
    ds = h5torch.Dataset(memory)
    first, second = ds.__getitems__([0, 0])
    for key, value in first.items():
        for part in value if isinstance(value, tuple) else [value]:
            part += 7
        same(second[key], ds[0][key])
    np.testing.assert_array_equal(ds[0]["0/vlen"], rows[0])
    np.testing.assert_array_equal(ds[0]["0/separate"], rows[0])


def test_rows_out_of_range_say_the_range(path):
    with h5torch.File(path, "w") as f:
        f.register(np.arange(3), "central")
        for wrong in (3, -4, [0, 3], np.array([2**63], np.uint64)):
            with pytest.raises(RowError, match=r"out of range for 3 rows; indices lie in \[-3, 3\)"):
                h5torch.Dataset(f)[wrong]


@pytest.mark.parametrize("mode", ["N-D", "csr", "ragged", "vlen", "separate"])
def test_a_stream_of_unknown_length_gives_the_object_its_length(path, mode):
    """Blocks without rows add none."""
    values = np.arange(12).reshape(6, 2)
    with h5torch.File(path, "w") as f:
        blocks = [values[:1], values[1:1], values[1:4], values[4:]]
        f.register(iter(blocks), "central", mode=mode, progress=False)
        assert (f.schema.central.n_rows, f.schema.central.filled_to) == (6, 6)
        np.testing.assert_array_equal(np.stack(list(f.column("central"))), values)


def test_a_sparse_tensor_is_sampled_by_its_nonzeros(path):
    with h5torch.File(path, "w") as f:
        f.register(torch.eye(3).to_sparse(), "central")
        assert f.schema.central.mode == "coo"
        assert len(h5torch.Dataset(f, "coo")) == 3
