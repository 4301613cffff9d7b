"""What `Dataset.explain` advises, and how it says it: warnings, the table, its numbers."""

import re

import attrs
import numpy as np
import pytest

import h5torch
from h5torch.explaining.advice import Case, advise
from h5torch.explaining.records import ExplainedPart
from h5torch.explaining.table import count
from h5torch.printed import size
from h5torch.storage.decoding import renew
from tests.explained import ROWS, column_of

pytestmark = pytest.mark.usefixtures("new_decoder")


def test_each_kind_of_storage_is_told_in_words(stored_file):
    told = {
        (column.key, part.name): (part.reader, part.storage.split(" at ")[0])
        for column in h5torch.Dataset(stored_file).explain().columns
        for part in column.parts
    }
    assert told["central", ""] == ("map", "contiguous")
    assert told["0/gzip", ""] == ("chunks", "43 chunks of 24.6 kB, shuffle+gzip")
    assert told["0/open", ""] == ("map", "41 chunks of 25.6 kB")
    assert [told["0/csr", name] for name in ("indptr", "indices", "data")] == [("map", "contiguous")] * 3
    assert [told["0/boxes", name][0] for name in ("offsets", "values", "shapes")] == ["map"] * 3
    assert told["0/vlen", ""] == ("h5py", "in HDF5's heap")
    assert told["0/separate", ""][1] == "one dataset a row"


def test_large_chunks_at_random_are_warned_of_with_what_they_cost(tmp_path):
    path = tmp_path / "bad.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.zeros((20_000, 1024), "f4"), "central", chunks=256, compression="gzip")
    renew(cache_bytes=1 << 23)
    (column,) = h5torch.Dataset(path).explain().columns

    assert not column.good
    told = re.fullmatch(
        r"random batches of 256 decode about (\d+) chunks of 1\.0 MB, ([\d.]+) MB for the 1\.0 MB asked: "
        r"draw in order or in blocks \(1 a batch\), or `h5torch repack IN OUT --for random`",
        column.advice,
    )
    assert told is not None
    assert int(told[1]) == round(column.random.decoded)
    assert float(told[2]) == pytest.approx(column.random.decoded_bytes / 1e6, rel=0.01)


def test_chunks_made_for_random_rows_are_no_reason_to_warn(tmp_path):
    path = tmp_path / "good.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.zeros((20_000, 64), "f4"), "central", compression="gzip")
    explanation = h5torch.Dataset(path).explain()

    assert explanation.good
    assert explanation.columns[0].advice.startswith("good in ")


@pytest.mark.parametrize(
    ("key", "advice"),
    [
        ("0/vlen", "rows lie apart in HDF5's heap"),
        ("0/separate", "one dataset a row"),
        ("central", "good in any order"),
        ("0/csr", "good in any order"),
    ],
)
def test_advice_says_what_is_wrong_or_that_all_is_well(stored_file, key, advice):
    column = column_of(h5torch.Dataset(stored_file).explain(), key)

    assert column.advice.startswith(advice)
    assert column.good == ("good" in advice)
    if not column.good:
        assert column.advice.endswith("makes them ragged")
        assert column.random.asked is None


def test_a_file_open_for_writing_is_read_by_h5py_and_says_why(stored_file):
    with h5torch.File(stored_file, "a") as f:
        explanation = h5torch.Dataset(f, columns=["central", "0/csr"]).explain()

    for column in explanation.columns:
        assert {part.reader for part in column.parts} == {"h5py"}
        assert column.advice.startswith("the file is open for writing")
        assert "path" in column.advice
    assert not explanation.shortcut


def test_h5py_that_was_asked_for_is_told_so(stored_file):
    (column,) = h5torch.Dataset(stored_file, reader="h5py", columns=["central"]).explain().columns

    assert column.advice.startswith("reader='h5py' was asked for")


def test_a_missing_library_is_named_with_how_to_install_it():
    why = "filter 32015 (zstd): needs imagecodecs; install it by: pip install 'h5torch[compression]'"
    part = ExplainedPart(name="data", reader="h5py", why=why, storage="3 chunks of 1.0 MB, zstd")
    good, advice = advise(Case(mode="csr", parts=(part,), batch=256, axis=0, fixed=True))

    assert not good
    assert "pip install 'h5torch[compression]'" in advice


def test_it_prints_within_a_hundred_columns_whatever_names_the_file_has(tmp_path):
    path = tmp_path / "names.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.zeros((100, 3)), "central")
        for name in ("x" * 200, "\x1b[31mred", "表" * 60, "\u202eright to left"):
            f.register(np.zeros(100), 0, name=name)
            f.register([[1], [2, 3]] * 50, 0, name=f"{name[:99]}2")
    for reader in ("auto", "h5py"):
        told = str(h5torch.Dataset(path, reader=reader).explain())
        for line in told.splitlines():
            wide = sum(character == "表" for character in line)
            assert len(line) + wide <= 100
        assert "\x1b" not in told
        assert "\u202e" not in told


def test_repr_is_short_and_str_is_a_table(stored_file):
    said = h5torch.Dataset(stored_file, columns=["central"]).explain()
    at = f"{said.columns[0].parts[0].offset:<10,}"

    assert repr(said) == "<Explanation of 1 columns, batches of 256: nothing to do>"
    assert str(said).splitlines() == [
        "4,096 samples, sampling=0, in batches of 256, made in one step",
        "                                                                 bytes  bytes read; chunks decoded",
        "column             reader where its bytes lie                    asked  random         in order",
        f"central            map    contiguous at {at}             65.5 kB  677 kB         69.6 kB",
        "    ok good in any order",
    ]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        said.batch_size = 3


def test_rows_of_another_axis_go_through_all_of_the_file(stored_file):
    across = h5torch.Dataset(stored_file, sampling=1, columns=["central"]).explain(8)

    assert across.random.touched == pytest.approx(ROWS * 64 * 4, rel=0.01)
    assert across.columns[0].good  # a mebibyte is not worth a word


def test_a_large_array_across_its_rows_gets_a_word(tmp_path):
    path = tmp_path / "wide.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.zeros((4000, 2000), "f4"), "central")
    (column,) = h5torch.Dataset(path, sampling=1).explain(8).columns

    assert column.advice.startswith("rows of axis 1 lie apart: a batch goes through")


def test_chunks_read_whole_without_a_map_are_warned_of(tmp_path):
    path = tmp_path / "open.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.zeros((40_000, 512), "f4"), "central", chunks=2048)
    (mapped,) = h5torch.Dataset(path).explain().columns
    (column,) = h5torch.Dataset(path, reader="pread").explain().columns

    assert mapped.good
    assert column.parts[0].reader == "chunks"
    assert column.random.decoded == 0
    assert column.advice.startswith("without a map chunks are read whole")


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1 << 20, "1.0 MB"), (123456789, "123 MB")],
)
def test_bytes_are_written_with_a_unit(n_bytes, text):
    assert size(n_bytes) == text


@pytest.mark.parametrize(
    ("number", "text"), [(98.4, "98"), (0.25, "0.25"), (3, "3"), (1234.5, "1,234"), (1.26, "1.3")]
)
def test_means_are_written_with_the_digits_that_count(number, text):
    assert count(number) == text
