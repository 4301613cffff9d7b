"""Splits imported from tables that other people and other programs wrote."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import h5torch
import splits
from h5torch.errors import RegisterError
from splits.interchange import import_

N_ROWS = 6
IDS = ["a", "b, c", "ö", "7", "e\nf", '"']


@pytest.fixture
def f(tmp_path):
    with h5torch.File(tmp_path / "cells.h5t", "w") as file:
        file.register(np.zeros((N_ROWS, 3)), "central")
        file.register(IDS, 0, name="id")
        file.register(np.arange(N_ROWS) * 10, 0, name="number")
        yield file


@pytest.fixture
def table(tmp_path):
    """Return a function that writes text, or bytes, into a table."""

    def write(text, name="split.csv"):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


PLAIN = "row,part\n0,test\n1,train\n2,train\n3,val\n4,\n5,train\n"
TURNED = "part,row\ntrain,5\n,4\nval,3\ntrain,2\ntrain,1\ntest,0\n"


def test_rows_get_the_parts_that_the_table_names_in_the_order_train_val_test(f, table):
    split = import_(f, "main", table(PLAIN))

    assert split.parts == ("train", "val", "test")
    assert split.codes.tolist() == [2, 0, 0, 1, 255, 0]
    assert splits.verify(f, "main")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(PLAIN.encode("utf-8-sig"), id="byte order mark"),
        pytest.param(PLAIN.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(PLAIN.replace("\n", "\n\n"), id="blank lines"),
        pytest.param(PLAIN.rstrip("\n"), id="no last line end"),
        pytest.param(PLAIN.replace(",", ";"), id="semicolons"),
        pytest.param(PLAIN.replace(",", "\t"), id="tabs"),
        pytest.param(PLAIN.replace(",", "|"), id="bars"),
        pytest.param(PLAIN.replace("train", '"train"'), id="quotes"),
        pytest.param("\n".join(f"x;y,{line}" for line in PLAIN.split()), id="further columns, an odd name"),
        pytest.param(
            PLAIN.replace("row,", '"odd\n""name""",row,')
            .replace("\n", "\nx,")
            .replace("odd\nx,", "odd\n")[:-2],
            id="a line break in a name",
        ),
        pytest.param(TURNED, id="columns and lines in another order"),
    ],
)
def test_a_table_means_the_same_however_it_is_spelled(f, table, text):
    assert import_(f, "main", table(text)).codes.tolist() == [2, 0, 0, 1, 255, 0]


def test_pandas_writes_tables_that_can_be_imported(f, tmp_path):
    frame = pd.DataFrame(
        {"name": IDS[::-1], "score": 0.5, "set": ["dev", None, "train", "train", "dev", "train"]}
    )
    frame.to_csv(tmp_path / "frame.csv")
    split = import_(f, "main", tmp_path / "frame.csv", ids="0/id", id_column="name", part_column="set")

    assert split.parts == ("train", "dev")
    assert split.codes.tolist() == [0, 1, 0, 0, 255, 1]


def test_whole_numbers_are_ids_too(f, table):
    text = "0/number,part\n" + "".join(
        f"{i * 10},{'test' if i else 'train'}\n" for i in reversed(range(N_ROWS))
    )

    assert import_(f, "main", table(text), ids="0/number").codes.tolist() == [0, 1, 1, 1, 1, 1]


def test_rows_that_are_missing_are_an_error_or_left_out_as_asked(f, table):
    path = table("row,part\n3,test\n0,train\n")

    with pytest.raises(
        splits.SplitError, match="says nothing of 4 of 6 rows: 1, 2, 4, 5; complete the table"
    ):
        import_(f, "main", path)
    assert import_(f, "main", path, missing="leave_out").codes.tolist() == [0, 255, 255, 1, 255, 255]
    ids = table("0/id,part\nö,test\n", "ids.csv")
    with pytest.raises(splits.SplitError, match="says nothing of 5 of 6 rows: 'a', 'b, c', '7', "):
        import_(f, "main", table("0/id,part\nö,test\n"), ids="0/id")
    assert import_(f, "ids", ids, ids="0/id", missing="leave_out").rows("test").tolist() == [2]


def test_rows_that_are_unknown_are_an_error_or_passed_over_as_asked(f, table):
    path = table(PLAIN + "6,train\n-1,train\n1.0,val\n")

    with pytest.raises(
        splits.SplitError, match="3 lines name no row of axis 0, which has 6: '6', '-1', '1.0'"
    ):
        import_(f, "main", path)
    assert import_(f, "main", path, unknown="skip").codes.tolist() == [2, 0, 0, 1, 255, 0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty; a table begins with the names of its columns, such as row,part"),
        ("\n\n", "is empty"),
        ("row,part\n", "says nothing of 6 of 6 rows"),
        ("id,set\n1,a\n", "has no column 'row' and no column 'part'; its columns are 'id', 'set'; say which"),
        ("row,set\n1,a\n", "has no column 'part'; its columns are 'row', 'set'"),
        ("row,part,part\n1,a,b\n", "has several columns called 'part'; keep one"),
        (PLAIN + "2,test\n", "line 8 names '2' a second time; keep one of both"),
        ("row,part\n0,a\n1,a,b\n", "line 3 has 3 cells, the first line has 2"),
        ("row,part\n0,a\n1\n", "line 3 has 1 cells, the first line has 2"),
        ("row,part\n0," + "x" * 200_000 + "\n", r"line 2 is no CSV \(field larger than field limit"),
        (PLAIN.encode("utf-16"), "is no UTF-8 text .*; save it as UTF-8"),
        (PLAIN.replace("test", "é").encode("latin-1"), "is no UTF-8 text .*; save it as UTF-8"),
        ('row,"part\n', "has no column"),
        ("x" * 200_000 + ",part\n", r"the first line is no CSV \(field larger than field limit"),
        (b"row,part\n" + b"\n" * 99_000 + b"\xff", "is no UTF-8 text .*; save it as UTF-8"),
        ("x" * (1 << 21), "the first line has more than 1048576 characters; is this a table"),
        ("row,0,2\n", "says nothing"),
    ],
)
def test_what_is_no_table_of_these_rows_is_refused_with_its_place(f, table, text, told):
    with pytest.raises(splits.SplitError, match=f"split.csv: {told}"):
        import_(f, "main", table(text))
    assert splits.list(f) == []


def test_a_column_of_other_things_than_parts_is_refused(tmp_path, table):
    with h5torch.File(tmp_path / "long.h5t", "w") as file:
        file.register(np.zeros((300, 1)), "central")
        path = table("row,part,set\n" + "".join(f"{row},{row / 7},train\n" for row in range(300)))
        with pytest.raises(
            splits.SplitError, match="column 'part' holds more than 254 different parts; name"
        ):
            import_(file, "main", path)
        assert import_(file, "main", path, part_column="set").parts == ("train",)


def test_parts_are_chosen_and_ordered_and_the_rows_of_others_left_out(f, table):
    split = import_(f, "main", table(PLAIN), parts=("test", "train"))

    assert split.codes.tolist() == [0, 1, 1, 255, 255, 1]
    with pytest.raises(splits.SplitError, match="holds no part 'tests'; did you mean 'test'"):
        import_(f, "other", table(PLAIN), parts=("tests", "train"))
    with pytest.raises(splits.SplitError, match="puts no row in any part"):
        import_(f, "other", table("row,part\n"), missing="leave_out")
    with pytest.raises(RegisterError, match="'a/b' holds"):
        import_(f, "other", table("row,part\n0,a/b\n"), missing="leave_out")


def test_folds_that_miss_a_number_are_refused(f, table):
    text = "row,0,2\n" + "".join(f"{row},train,test\n" for row in range(N_ROWS))

    with pytest.raises(splits.SplitError, match="folds must be numbered from 0 up without a gap, found 0, 2"):
        import_(f, "main", table(text))


def test_rows_that_are_not_filled_in_need_no_line_and_can_be_in_no_part(tmp_path, table):
    with h5torch.File(tmp_path / "part.h5t", "w") as file:
        file.register(np.zeros((2, 2)), "central", length=4)
        assert import_(file, "main", table("row,part\n0,a\n1,b\n")).codes.tolist() == [0, 1, 255, 255]
        with pytest.raises(
            splits.SplitError, match="puts row 3 in a part, the axis has 2 of 4 rows filled in"
        ):
            import_(file, "more", table("row,part\n0,a\n1,b\n3,b\n"))


@given(text=st.text(st.sampled_from('0123456,"\r\n\tapr;|tow\0 '), max_size=60), header=st.booleans())
def test_any_text_is_a_split_or_our_error(text, header, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "split.csv").write_text("row,part\n" * header + text, encoding="utf-8", newline="")
    with h5torch.File(folder / "x.h5t", "w") as file:
        file.register(np.zeros((3, 1)), "central")
        try:
            split = import_(file, "main", folder / "split.csv", missing="leave_out", unknown="skip")
        except (splits.SplitError, RegisterError):
            return
        assert split.table.n_rows == 3
