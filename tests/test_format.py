"""`docs/format.md` is enough to read a file: `format_reader` reads what ours wrote, and finds the same."""

import json
import re
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.sparse

import h5torch
import samplers
from h5torch.errors import H5torchError
from h5torch.view import View
from tests.format_reader import RefusedError, derive, hash_id, hash_word, keys_of, read, row_at
from tests.format_splits import digest, fingerprint

ROOT = Path(__file__).parent.parent
FORMAT, KEYED = (ROOT / "docs" / name for name in ("format.md", "keyed.md"))
GOLDEN = sorted((ROOT / "tests" / "golden").rglob("*.h5t"))
pytestmark = [
    pytest.mark.filterwarnings("ignore:object .* has not been completely filled"),
    pytest.mark.filterwarnings("ignore:object .* was not written to its end"),
]

N = 6
LENGTHS = (1, 2, 0, 3, 1, 1)
COLUMNS = {
    **{dtype: np.arange(N).astype(dtype) for dtype in ("i1", "u2", "i4", "u8", "f2", "f4", ">f8", "c8")},
    "bool": np.arange(N) % 2 == 0,
    "not numbers": np.array([1.5, -0.0, np.nan, np.inf, 0, 1]),
    "days": np.array(["2020-01-01", "NaT", "1969", "2024", "2025", "2026"], "datetime64[D]"),
    "25 seconds": np.arange(N).astype("timedelta64[25s]"),
    "text": ["B", "NK", "", "żółw", "T", "B"],
    "text of two axes": np.array([["a", "bc"]] * N),
    "long text": ["x" * 500, "ż", "", "y", "z", "end"],
    "bytes": np.array([b"a\0b", b"\xff", b"", b"c", b"d", b"e"]),
    "images": np.arange(N * 6).reshape(N, 3, 2),
    "ragged": [np.arange(length, dtype="int16") for length in LENGTHS],
    "ragged matrices": [np.full((length, 2), length / 4) for length in LENGTHS],
    "ragged times": [np.arange(length).astype("datetime64[s]") for length in LENGTHS],
    "ragged bools": [np.ones(length, bool) for length in LENGTHS],
}


def entries(n_rows, first=1):
    cells = np.arange(first, first + n_rows * 4).reshape(n_rows, 4)
    return scipy.sparse.csr_array(np.where(cells % 3 == 0, cells, 0) / 2)


def register_columns(f):
    for name, data in COLUMNS.items():
        f.register(data, 0, name=name)
    f.register(np.arange(N), 0, name="other dtypes", dtype_save="uint8", dtype_load="float32")
    f.register(np.arange(N), 0, name="bfloat16", dtype_load="bfloat16")
    f.register(["B", "T", "B", "NK", "T", "B"], 0, name="type", categories=True)
    f.register(np.array([[0, 2]] * N), 0, name="codes", categories=["c", "b", "ż"])
    f.register(COLUMNS["images"], 0, name="packed", chunks=2, compression="gzip", shuffle=True)
    f.register(iter([np.ones((2, 3)), np.zeros((4, 3))]), 0, name="stream")


def register_layouts(f):
    f.register(entries(N), 0, name="csr")
    f.register(entries(N), 0, name="csr bool", dtype_save="bool", casting="unsafe")
    f.register(entries(2), 0, name="csr appended", length=N)
    f.append(entries(3, first=2), "0/csr appended")
    f.register(COLUMNS["ragged"], 0, name="vlen", mode="vlen")
    f.register(COLUMNS["ragged matrices"], 0, name="separate", mode="separate")
    f.register(COLUMNS["ragged"][:2], 0, name="ragged appended", mode="ragged", length=N)
    f.append(COLUMNS["ragged"][2:4], "0/ragged appended")
    f.register(np.ones((2, 2)), 0, name="unfilled", length=N)
    f.register([f"gene {number}" for number in range(4)], 1, name="gene")
    cells = np.array([[0, 1, 1], [2, 0, 2], [0, 0, 0]]), np.array([1.0, 2.0, 2.0]), (3, 3, 2)
    f.register(cells, "unstructured", name="coo", mode="coo", chunks=True)
    f.append(cells, "unstructured/coo")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A file with every layout, every kind of value and a sampler."""
    path = tmp_path_factory.mktemp("format") / "all.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.arange(N * 4, dtype="float32").reshape(N, 4), "central")
        register_columns(f)
        register_layouts(f)
        samplers.save(f, "main", samplers.Shuffled(seed=2**63 + 1))
    return path


def agree(found, column):
    """Whether values are those of `File.column`, dtype included where rows are plain arrays."""
    if isinstance(found, list):
        return len(found) == len(column) and all(map(agree, map(np.asarray, found), map(np.asarray, column)))
    if found.dtype.kind in "US":
        return found.dtype.kind == column.dtype.kind and found.tolist() == column.tolist()
    same_type = found.dtype.newbyteorder("=") == column.dtype.newbyteorder("=")
    return same_type and np.array_equal(found, column, equal_nan=found.dtype.kind in "fcmM")


def disagreements(path):
    """Keys of which this reader and h5torch make different rows, or that only one of them refuses."""
    with h5py.File(path) as f, h5torch.File(path) as ours:
        view = View(ours, ours.schema)  # what File.column looks through, read once
        assert set(view.schema.unfinished).isdisjoint(keys_of(f))
        return [key for key in keys_of(f) if not same_object(f, view, key)]


def same_object(f, view, key):
    try:
        found = read(f, key)
    except (RefusedError, KeyError):
        with pytest.raises(H5torchError):
            view.column(key)
        return True
    if isinstance(found, tuple):
        indices, found = found
        assert len(indices.T) == len(found)
    return agree(found, view.column(key))


def test_every_layout_and_value_reads_as_the_page_says(path):
    with h5py.File(path) as f:
        keys = set(keys_of(f))

    assert {"central", "1/gene", "unstructured/coo", "0/csr", "0/type"} <= keys
    assert {f"0/{name}" for name in COLUMNS} <= keys
    assert disagreements(path) == []


@pytest.mark.parametrize("path", GOLDEN, ids=[str(path.relative_to(ROOT / "tests")) for path in GOLDEN])
def test_files_of_published_releases_read_as_the_page_says(path):
    assert disagreements(path) == []


def test_values_come_back_as_they_were_given(path):
    """The oracle is the data: not even h5torch's own reading."""
    with h5py.File(path) as f:
        for name, data in COLUMNS.items():
            given = data if isinstance(data, list) and not isinstance(data[0], str) else np.asarray(data)
            found = read(f, f"0/{name}")
            assert agree(np.array(found) if name == "long text" else found, given), name
        assert read(f, "0/type").tolist() == ["B", "T", "B", "NK", "T", "B"]
        assert np.array_equal(read(f, "0/csr"), entries(N).toarray())
        assert f["0/bfloat16"].attrs["bfloat16"]


def test_contiguous_data_are_aligned(path):
    """F502: readers that map the file gain from it, though none may rely on it."""
    offsets = []
    with h5py.File(path) as f:
        f.visititems(lambda _, node: offsets.append(getattr(node.id, "get_offset", int)()))

    assert all(offset % 64 == 0 for offset in offsets if offset)


def test_a_sampler_draws_what_the_page_says(path):
    with h5py.File(path) as f:
        recipe = json.loads(f["samplers/main/recipe"][()])

    for n in (1, 6, 1023, 1024, 5000):
        positions = range(min(n, 50))
        key = derive(recipe["seed"], "shuffled", 3)
        order = samplers.order(samplers.load(path, "main"), n_rows=n, epoch=3, positions=positions)
        assert [row_at(position, n, key) for position in positions] == order.tolist()


@pytest.mark.parametrize(
    "change",
    [
        lambda node: node.attrs.__setitem__("version", 2),
        lambda node: node.attrs.__setitem__("mode", "later"),
        lambda node: node.attrs.__setitem__("filled_to", N + 1),
        lambda node: node["indptr"].__setitem__(0, 1),
        lambda node: node["indptr"].__setitem__(2, 99),
        lambda node: node["indices"].__setitem__(0, 4),
    ],
    ids=["F204", "F203", "F209", "F412 first", "F412 order", "F414"],
)
def test_what_a_reader_must_refuse_is_refused(tmp_path, change):
    path = tmp_path / "changed.h5t"
    with h5torch.File(path, "w") as f:
        f.register(entries(N), "central")
        change(f["central"])

    with h5py.File(path) as f, pytest.raises(RefusedError):
        read(f, "central")
    assert disagreements(path) == []


def test_an_object_without_its_stamp_is_absent(tmp_path):
    with h5torch.File(tmp_path / "torn.h5t", "w") as f:
        f.register(np.arange(N), "central")
        f.register(np.arange(N), 0, name="torn")
        del f["0/torn"].attrs["mode"]

    with h5py.File(tmp_path / "torn.h5t") as f:
        assert keys_of(f) == ["central"]
    with pytest.warns(UserWarning, match="counts as absent"):
        assert list(h5torch.Dataset(tmp_path / "torn.h5t")[0]) == ["central"]


# What stands on the pages


def cells_below(page, heading):
    """The rows of the table on `page` whose first line begins with `heading`."""
    lines = iter(page.read_text(encoding="utf-8").splitlines())
    next(line for line in lines if line.startswith(f"| {heading}"))
    next(lines)
    rows = []
    for line in lines:
        if not line.startswith("|"):
            return rows
        rows.append([cell.strip(" `") for cell in line.strip("|").split(" | ")])
    return rows


def test_every_sentence_has_a_number_of_its_own():
    numbers = re.findall(r"^- \*\*([FK]\d+)\*\* ", FORMAT.read_text() + KEYED.read_text(), re.MULTILINE)

    assert len(numbers) > 100
    assert len(set(numbers)) == len(numbers)
    assert set(re.findall(r"\bF\d{3,4}\b", FORMAT.read_text())) <= set(numbers)


def test_the_digests_on_the_page_are_right():
    columns = [
        np.array([1, -2, 3]),
        np.array([[1.5, -0.0], [np.nan, 2]]),
        np.array(["a", "żó", ""]),
        np.array(["2020-01-01", "NaT"], "datetime64[D]"),
        np.array([2**63], "uint64"),
        np.array([1 + 2j]),
        [np.array([1, 2]), np.array([], int), np.array([3])],
    ]
    shown = [row[-1] for row in cells_below(FORMAT, "column")]

    assert shown[:-2] == [digest(column)[:16] for column in columns]
    parts = fingerprint(0, ["train", "test"], np.array([0, 1, 255, 0], np.uint8))
    folds = fingerprint(0, ["train", "val", "test"], np.array([[0, 1, 1, 254]], np.uint8), "rotating")
    assert shown[-2:] == [f"fingerprint `{parts}", f"fingerprint `{folds}"]


def test_the_keyed_values_on_the_page_are_right():
    texts = ["a", "", "cell_00012345", "żółw"]
    keys = [derive(0), derive(0, "shuffled", 1), derive(2**64 - 1, 2**64 - 1)]
    golden = derive(0, "golden")

    hashes = [int(shown, 16) for _, shown in cells_below(KEYED, "call")]
    assert hashes == [hash_word(word, 0) for word in range(4)]
    page = KEYED.read_text(encoding="utf-8")
    for value in [*keys, *(hash_id(value, 1) for value in [7, -1, *texts])]:
        assert f"`0x{value:016X}`" in page
    sizes = [3, 10, 1000, 10**6, 2**62]
    for n, (_, shown) in zip(sizes, cells_below(KEYED, "`n`, with"), strict=True):
        rows = [int(row) for row in shown.split(", ")]
        assert rows == [row_at(position, n, golden) for position in range(len(rows))]
    drawn = [(0, 10, 0), (0, 10, 1), (2**64 - 1, 5000, 7)]
    for (seed, n, epoch), (_, shown) in zip(drawn, cells_below(KEYED, "`seed`, `n`"), strict=True):
        key = derive(seed, "shuffled", epoch)
        assert shown == ", ".join(str(row_at(position, n, key)) for position in range(8))
