"""Folds: one array a repeat, each fold a split of its own."""

import h5py
import numpy as np
import pytest

import h5torch
from h5torch.errors import ArgumentTypeError, FormatError, RegisterError, SubsetError, UnknownNameError
from h5torch.folds import FIXED, Folds, fold_of_path
from h5torch.parts import LEFT_OUT, Parts
from h5torch.wire.parts import read_parts, read_split, write_parts

ROTATING = np.array([[0, 1, 2, 0, 1, LEFT_OUT], [2, 2, 1, 1, 0, LEFT_OUT]], np.uint8)


def rotating(**changes):
    made = {"name": "cv", "axis": 0, "scheme": "rotating", "n_folds": (3,), "roles": ("train", "test")}
    return Folds(**{**made, "codes": ROTATING, **changes})


def around():
    codes = np.array([[0, 1, FIXED, FIXED - 1, 0, LEFT_OUT]], np.uint8)
    return rotating(n_folds=(2,), roles=("train", "val"), fixed=("test", "late"), codes=codes)


def nested():
    codes = np.array([[0, 0, 1, 1], [255, 255, 0, 1], [1, 0, 255, 255]], np.uint8)
    return rotating(
        scheme="nested", n_folds=(2, 2), roles=("train", "test", "train", "val"), codes=codes, name="deep"
    )


def listed():
    codes = np.array([[0, 0, 1, 255], [0, 1, 255, 0]], np.uint8)
    return rotating(scheme="listed", n_folds=(2,), codes=codes, name="windows")


def test_every_fold_of_every_repeat_holds_out_its_rows():
    folds = rotating()

    assert len(folds) == 6
    assert [fold.rows("test").tolist() for fold in folds.all_folds()] == [
        [0, 3],
        [1, 4],
        [2],
        [4],
        [2, 3],
        [0, 1],
    ]
    assert [fold.name for fold in folds.all_folds()] == [f"cv/{number}" for number in range(6)]
    for fold in folds.all_folds():
        assert sorted([*fold.rows("train"), *fold.rows("test")]) == [0, 1, 2, 3, 4]
    assert folds.counts["3/test"] == 1
    assert folds.n_left_out == 1


def test_fixed_parts_stand_outside_all_folds():
    folds = around()

    assert folds.fold(1) == Parts(
        name="cv/1", axis=0, parts=("train", "val", "test", "late"), codes=[0, 1, 2, 3, 0, 255]
    )
    assert folds.around() == Parts(
        name="cv", axis=0, parts=("train", "test", "late"), codes=[0, 0, 1, 2, 0, 255]
    )
    with pytest.raises(UnknownNameError, match="split 'cv' has 6 folds; say which, as in 'cv/0'"):
        rotating().around()


def test_inner_folds_cut_up_what_trains_in_the_outer_one():
    folds = nested()

    assert len(folds) == 2
    assert folds.fold(0).rows("train").tolist() == [2, 3]
    assert folds.fold(0, 1) == Parts(name="deep/0/1", axis=0, parts=("train", "val"), codes=[255, 255, 0, 1])
    assert [fold.name for fold in folds.all_folds(1)] == ["deep/1/0", "deep/1/1"]


def test_listed_folds_are_read_as_they_are():
    assert listed().fold(1).codes.tolist() == [0, 1, 255, 0]


@pytest.mark.parametrize("numbers", [(6,), (0, 0), ()])
def test_a_fold_that_is_none_is_an_error(numbers):
    with pytest.raises(UnknownNameError, match="split 'cv' has"):
        rotating().fold(*numbers)


def test_an_outer_fold_that_is_none_is_an_error():
    with pytest.raises(UnknownNameError, match="has no fold 2; it has folds 0 to 1"):
        nested().all_folds(2)


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"codes": ROTATING[0]}, ArgumentTypeError, r"uint8 of shape \(arrays, rows\)"),
        ({"codes": ROTATING.astype(int)}, ArgumentTypeError, "got int64"),
        ({"codes": ROTATING[:0]}, ArgumentTypeError, "must be uint8"),
        ({"codes": ROTATING + np.uint8(1)}, SubsetError, "row 2 of array 0 has code 3, no fold's"),
        ({"roles": ("train",)}, SubsetError, "names and no numbers"),
        ({"roles": ("train", "3")}, SubsetError, "names and no numbers"),
        ({"roles": ("train", "train")}, RegisterError, "'train' comes twice"),
        ({"n_folds": (3, 3)}, SubsetError, "are not"),
        ({"n_folds": ()}, SubsetError, "are not"),
        ({"n_folds": (255,)}, SubsetError, "at most 254 folds and parts"),
        ({"scheme": "nested"}, SubsetError, "names and no numbers"),
        ({"scheme": "listed", "n_folds": (3,)}, SubsetError, "2 arrays of codes are not"),
        ({"name": "a/b"}, RegisterError, 'holds "/"'),
        (
            {"codes": [ROTATING[0], np.roll(ROTATING[1], 1)]},
            SubsetError,
            "row 0 has code 255 in array 1 and 0 in",
        ),
    ],
)
def test_folds_that_make_no_sense_are_refused(changes, error, text):
    with pytest.raises(error, match=text):
        rotating(**changes)


def test_codes_cannot_be_changed():
    given = ROTATING.copy()
    folds = rotating(codes=given)
    given[:] = 0

    assert folds == rotating()
    with pytest.raises(ValueError, match="read-only"):
        folds.codes[0, 0] = 1


@pytest.fixture
def file(tmp_path):
    with h5torch.File(tmp_path / "a.h5t", "w") as f:
        f.register(np.arange(4), "central")
        yield f


@pytest.mark.parametrize("made", [rotating, around, nested, listed])
def test_folds_are_read_back_from_the_file_and_from_a_snapshot(file, made):
    table = made()
    write_parts(file, table, recipe="{}", provenance="{}", overwrite=False)

    assert read_split(file, table.name) == table
    assert read_split(file.to_dict(), table.name) == table
    assert read_parts(file, f"{table.name}/1") == table.fold(1)


@pytest.mark.parametrize("n_folds", [127, 128, 254])
def test_as_many_folds_as_codes_allow_are_read_back(file, n_folds):
    table = rotating(n_folds=(n_folds,), codes=np.arange(n_folds, dtype=np.uint8)[None])
    write_parts(file, table, recipe="{}", provenance="{}", overwrite=False)

    assert read_split(file, "cv") == table


def test_inner_folds_that_hold_rows_of_the_outer_test_part_are_refused():
    codes = nested().codes.copy()
    codes[1, 0] = 1
    with pytest.raises(SubsetError, match="row 0 has code 1 in array 1 and 0 in the first"):
        rotating(scheme="nested", n_folds=(2, 2), roles=("train", "test", "train", "val"), codes=codes)


def test_the_file_says_in_words_what_a_code_means(file):
    write_parts(file, around(), recipe="{}", provenance="{}", overwrite=False)

    found = h5py.check_enum_dtype(file["splits/cv/codes"].dtype)
    assert found == {"0": 0, "1": 1, "test": 254, "late": 253, "-": 255}
    assert list(file["splits/cv"].attrs["roles"]) == ["train", "val"]


@pytest.mark.parametrize(
    ("attribute", "value", "text"),
    [
        ("folds", "spiral", "folds is 'spiral', this h5torch reads rotating, listed, nested"),
        ("n_folds", [9, 9], "are not"),
        ("roles", ["train"], "names and no numbers"),
        ("axis", -3, "must be a number from 0 up"),
    ],
)
def test_damaged_folds_are_refused_with_their_path(file, attribute, value, text):
    write_parts(file, rotating(), recipe="{}", provenance="{}", overwrite=False)
    file["splits/cv"].attrs[attribute] = value

    with pytest.raises(FormatError, match=f"/splits/cv.*{text}"):
        read_split(file, "cv")


def test_a_dataset_draws_one_fold(tmp_path):
    with h5torch.File(tmp_path / "b.h5t", "w") as f:
        f.register(np.arange(4), "central")
        write_parts(f, nested(), recipe="{}", provenance="{}", overwrite=False)
        write_parts(f, listed(), recipe="{}", provenance="{}", overwrite=False)
        write_parts(
            f,
            Parts(name="main", axis=0, parts=("a",), codes=[0] * 4),
            recipe="{}",
            provenance="{}",
            overwrite=False,
        )

    def drawn(split):
        return h5torch.Dataset(tmp_path / "b.h5t", split=split).indices.tolist()

    assert drawn("deep/1/test") == [2, 3]
    assert drawn("deep/0/1/val") == [3]
    assert drawn("windows/1/test") == [1]
    for split, text in [
        ("deep/train", "has 2 folds; say which"),
        ("deep/5/train", "has no fold 5"),
        ("deep/x/train", "'x' is no number of a fold"),
        ("main/0/a", "has parts 'a' and no folds"),
        ("deep/0/val", "has no part 'val'"),
    ]:
        with pytest.raises(UnknownNameError, match=text):
            drawn(split)


def test_a_path_names_a_split_and_a_fold():
    assert fold_of_path("cv") == ("cv", ())
    assert fold_of_path("cv/3/1") == ("cv", (3, 1))
