"""Splits exported as tables: what a reader of CSV finds in them."""

import csv

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import h5torch
import splits
from h5torch.errors import ArgumentTypeError, RegisterError, UnknownNameError
from splits.interchange import export

N_ROWS = 40
IDS = np.array([f'{i * 7 % N_ROWS}, é\n"{"" if i else chr(13)}"' for i in range(N_ROWS)])


@pytest.fixture
def f(tmp_path):
    with h5torch.File(tmp_path / "cells.h5t", "w") as file:
        file.register(np.arange(N_ROWS * 3.0).reshape(N_ROWS, 3), "central")
        file.register(IDS, 0, name="id")
        file.register(np.arange(N_ROWS)[::-1], 0, name="number")
        file.register(np.arange(N_ROWS) // 2, 0, name="twin")
        file.register(np.linspace(0, 1, N_ROWS), 0, name="share")
        file.register(np.arange(3), 1, name="gene")
        splits.create(file, "main", splits.Random(parts={"train": 0.6, "zu, ä": 0.2}, seed=0))
        splits.create(file, "cv", splits.Random(folds=3, seed=0))
        splits.create(file, "nested", splits.Random(folds=splits.Nested(2, 3), seed=0))
        yield file


def read(path, **options):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, **options))


def test_a_table_has_each_row_with_its_part_and_nothing_where_it_is_left_out(f, tmp_path):
    table = splits.load(f, "main").table
    header, *rows = read(export(f, "main", tmp_path / "split.csv"))

    assert header == ["row", "part"]
    assert [int(row) for row, _ in rows] == list(range(N_ROWS))
    for part in table.parts:
        assert [row for row, (_, own) in enumerate(rows) if own == part] == table.rows(part).tolist()
    assert sum(not part for _, part in rows) == table.n_left_out > 0


def test_ids_with_commas_quotes_and_line_ends_of_all_kinds_come_back_whole(f, tmp_path):
    rows = read(export(f, "main", tmp_path / "split.tsv", ids="0/id"), delimiter="\t")

    assert rows[0] == ["0/id", "part"]
    assert [row[0] for row in rows[1:]] == IDS.tolist()


def test_pandas_reads_a_table_of_whole_numbers(f, tmp_path):
    frame = pd.read_csv(export(f, "main", tmp_path / "split.csv", ids="0/number"))

    assert frame["0/number"].tolist() == list(range(N_ROWS))[::-1]
    assert (frame["part"] == "train").tolist() == splits.mask(f, "main", "train").tolist()


def test_folds_have_a_column_each_and_inner_folds_follow_their_outer_one(f, tmp_path):
    header, *rows = read(export(f, "nested", tmp_path / "split.csv"))
    table = splits.load(f, "nested").table

    assert header == ["row", "0", "0/0", "0/1", "0/2", "1", "1/0", "1/1", "1/2"]
    assert [row[1] == "test" for row in rows] == table.fold(0).mask("test").tolist()
    assert [row[7] == "val" for row in rows] == table.fold(1, 1).mask("val").tolist()


def test_one_fold_is_exported_as_the_split_that_it_is(f, tmp_path):
    _, *rows = read(export(f, "cv/2", tmp_path / "fold.csv"))

    assert [part == "test" for _, part in rows] == splits.load(f, "cv").table.fold(2).mask("test").tolist()


def test_a_table_of_several_blocks_goes_on_where_the_last_one_ended(tmp_path):
    n_rows = (1 << 16) + 5
    with h5torch.File(tmp_path / "long.h5t", "w") as file:
        file.register(np.zeros((n_rows, 1), np.uint8), "central")
        splits.create(file, "main", splits.Random(parts={"a": 0.5, "b": 0.5}, seed=0))
        _, *rows = read(export(file, "main", tmp_path / "split.csv"))
        mask = splits.mask(file, "main", "b")

    assert [int(row) for row, _ in rows] == list(range(n_rows))
    assert [part == "b" for _, part in rows] == mask.tolist()


@given(
    ids=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=2, max_size=9, unique=True
    )
)
def test_any_text_survives_as_an_id(ids, tmp_path_factory):
    """NUL at the end alone is beyond arrays of text, and so beyond the file."""
    ids = [text.rstrip("\0") + "." for text in ids]
    if len(set(ids)) < len(ids):
        return
    path = tmp_path_factory.mktemp("ids") / "x.h5t"
    with h5torch.File(path, "w") as file:
        file.register(np.zeros((len(ids), 1)), "central")
        file.register(ids, 0, name="id")
        splits.create(file, "main", splits.Random(parts={"a": 0.5, "b": 0.5}, seed=0))
        rows = read(export(file, "main", path.with_name("split.csv"), ids="0/id"))

    assert [row[0] for row in rows[1:]] == ids


def test_ids_that_are_not_one_a_row_are_named(f, tmp_path):
    path = tmp_path / "split.csv"

    with pytest.raises(
        splits.SplitError, match="20 ids are those of several rows: '0', '1'.*rows 0 and 1 are both '0'"
    ):
        export(f, "main", path, ids="0/twin")
    with pytest.raises(splits.SplitError, match="one text or whole number a row, found float64"):
        export(f, "main", path, ids="0/share")
    with pytest.raises(splits.SplitError, match="ids='1/gene' are of axis 1, split 'main' is of axis 0"):
        export(f, "main", path, ids="1/gene")
    with pytest.raises(UnknownNameError, match="0/nmae"):
        export(f, "main", path, ids="0/nmae")
    assert not path.exists()


def test_an_error_leaves_no_file_and_what_was_there_as_it_was(f, tmp_path):
    path = tmp_path / "split.csv"
    path.write_text("mine")
    before = sorted(tmp_path.iterdir())

    with pytest.raises(
        RegisterError, match="exists; overwrite it with overwrite=True, or choose another name"
    ):
        export(f, "main", path)
    with pytest.raises(RegisterError, match="there is no such folder"):
        export(f, "main", tmp_path / "nowhere" / "split.csv")
    with pytest.raises(UnknownNameError, match="did you mean 'main'"):
        export(f, "mian", path, overwrite=True)
    assert sorted(tmp_path.iterdir()) == before
    assert path.read_text() == "mine"
    assert export(f, "main", path, overwrite=True).read_text().startswith("row,part\n")
    assert sorted(tmp_path.iterdir()) == before


def test_rows_that_are_not_filled_in_have_no_ids_and_are_not_in_the_table(tmp_path):
    with h5torch.File(tmp_path / "part.h5t", "w") as file:
        file.register(np.zeros((3, 2)), "central", length=5)
        file.register(np.array(["a", "b", "c"]), 0, length=5, name="id")
        splits.create(file, "main", splits.Random(parts={"train": 0.5, "test": 0.5}, seed=0))
        rows = read(export(file, "main", tmp_path / "split.csv", ids="0/id"))
        plain = read(export(file, "main", tmp_path / "plain.csv"))

    assert [row[0] for row in rows] == ["0/id", "a", "b", "c"]
    assert [row[1] for row in plain[4:]] == ["", ""]


def test_a_column_of_ids_called_like_a_fold_is_refused(f, tmp_path):
    f.register(np.arange(N_ROWS), 0, name="0")
    before = sorted(tmp_path.iterdir())

    with pytest.raises(splits.SplitError, match="two columns of the table would be called '0/0'"):
        export(f, "nested", tmp_path / "split.csv", ids="0/0")
    assert sorted(tmp_path.iterdir()) == before


def test_ids_need_the_file_and_not_its_copy_in_memory(f, tmp_path):
    copy = f.to_dict()

    assert (
        export(copy, "main", tmp_path / "rows.csv").read_text()
        == export(f, "main", tmp_path / "b.csv").read_text()
    )
    with pytest.raises(ArgumentTypeError, match="ids='0/id' are read from an h5torch.File"):
        export(copy, "main", tmp_path / "ids.csv", ids="0/id")
    with (
        h5py.File(tmp_path / "bare.h5", "w") as bare,
        pytest.raises(UnknownNameError, match="no split 'main'"),
    ):
        export(bare, "main", tmp_path / "c.csv")
