"""The record of a stored split, and the split in a file."""

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import h5torch
from h5torch.errors import (
    ArgumentTypeError,
    FormatError,
    ReadOnlyError,
    RegisterError,
    SubsetError,
    UnknownNameError,
)
from h5torch.parts import Parts
from h5torch.wire.parts import delete_parts, list_parts, read_parts, read_story, write_parts
from h5torch.wire.stamps import stamped

CODES = [0, 1, 255, 0, 2]


def table(codes=CODES, *, name="main", parts=("train", "val", "test"), axis=0):
    return Parts(name=name, axis=axis, parts=parts, codes=np.array(codes))


def write(file, parts=None, *, overwrite=False):
    write_parts(file, parts or table(), recipe="{}", provenance="{}", overwrite=overwrite)


@pytest.fixture
def file(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as f:
        yield f


@given(codes=st.lists(st.sampled_from([0, 1, 2, 255])))
def test_parts_are_disjoint_and_cover_all_rows_but_those_left_out(codes):
    parts = table(codes)
    rows = [parts.rows(part) for part in parts.parts]

    assert np.sort(np.concatenate(rows)).tolist() == [row for row, code in enumerate(codes) if code != 255]
    assert [len(found) for found in rows] == list(parts.counts.values())
    assert parts.n_left_out + sum(parts.counts.values()) == parts.n_rows == len(codes)
    assert all(parts.mask(p).sum() == n for p, n in parts.counts.items())


def test_codes_cannot_be_changed_from_outside():
    given_codes = np.array(CODES, np.uint8)
    parts = Parts(name="main", axis=0, parts=("a", "b", "c"), codes=given_codes)
    given_codes[:] = 0

    assert parts.codes.tolist() == CODES
    with pytest.raises(ValueError, match="read-only"):
        parts.codes[0] = 1


def test_an_unknown_part_is_answered_with_the_nearest():
    with pytest.raises(UnknownNameError, match="split 'main' has no part 'tset'; did you mean 'test'"):
        table().rows("tset")


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"parts": ("a", "a", "b")}, RegisterError, "part names must differ, 'a' comes twice"),
        ({"parts": ()}, RegisterError, "must have 1 to 254 parts, has 0"),
        ({"parts": [str(i) for i in range(255)]}, RegisterError, "must have 1 to 254 parts, has 255"),
        ({"parts": ("a", "-", "b")}, RegisterError, "the name '-' marks rows left out"),
        ({"parts": ("a", "", "b")}, RegisterError, "the name '' is not a name"),
        ({"parts": ("a", 3, "b")}, ArgumentTypeError, r"a name must be text, got 3 \(int\)"),
        ({"name": "x//y"}, RegisterError, "is not a name"),
        ({"name": "x\0"}, RegisterError, "holds a NUL"),
        ({"name": "."}, RegisterError, "unfinished write"),
        ({"name": "é" * 128}, RegisterError, "longer than 255 bytes"),
        ({"codes": [0, 3]}, SubsetError, "row 1 has code 3, which is neither one of its 3 parts nor 255"),
        ({"codes": [256]}, SubsetError, r"codes must lie in \[0, 255\], got \[256, 256\]"),
        ({"codes": [0.5]}, ArgumentTypeError, "one-dimensional integers, got float64"),
        ({"codes": [[0]]}, ArgumentTypeError, r"of shape \(1, 1\)"),
    ],
)
def test_parts_that_make_no_sense_are_refused(changes, error, text):
    with pytest.raises(error, match=text):
        table(**changes)


@pytest.mark.parametrize("axis", [0, 3, "coo"])
def test_what_is_written_is_read_from_the_file_and_from_a_snapshot(tmp_path, axis):
    with h5torch.File(tmp_path / "a.h5t", "w") as f:
        f.register(np.arange(5), "central")
        write(f, table(axis=axis))

        assert read_parts(f, "main") == read_parts(f.to_dict(), "main") == table(axis=axis)
        assert list_parts(f) == list_parts(f.to_dict()) == ["main"]
        assert read_story(f, "main") == ("{}", "{}")


def test_the_codes_are_an_enum_that_names_the_parts(file):
    write(file)

    assert h5py.check_enum_dtype(file["splits/main/codes"].dtype) == {
        "train": 0,
        "val": 1,
        "test": 2,
        "-": 255,
    }
    assert dict(file["splits/main"].attrs) == {"axis": 0, "version": 1, "mode": "split"}


def test_254_parts_with_long_names_fit_into_a_file(file):
    parts = tuple(f"{number:03d}".ljust(255, "x") for number in range(254))
    write(file, table(range(254), parts=parts))

    assert read_parts(file, "main").parts == parts


def test_an_existing_split_is_replaced_only_when_told(file):
    write(file)
    with pytest.raises(RegisterError, match=r"/splits/main exists in .*a.h5; pass overwrite=True"):
        write(file, table([1, 1]))
    assert read_parts(file, "main") == table()

    write(file, table([1, 1]), overwrite=True)
    assert read_parts(file, "main") == table([1, 1])
    assert list(file["splits"]) == ["main"]


def test_a_failed_write_leaves_what_was_there(file):
    before = list(file)
    stranger = object()
    with pytest.raises(TypeError):
        write_parts(file, table(), recipe=stranger, provenance="{}", overwrite=False)
    assert list(file) == before

    write(file)
    with pytest.raises(TypeError):
        write_parts(file, table([1]), recipe="{}", provenance=stranger, overwrite=True)
    assert list(file["splits"]) == ["main"]
    assert read_parts(file, "main") == table()


def test_a_move_that_fails_puts_the_old_split_back(file):
    """The old group has already made way when the new one turns out to be gone."""
    write(file)
    with (
        pytest.raises(ValueError, match="name doesn't exist"),
        stamped(file, "splits", "main", mode="split", version=1, overwrite=True) as group,
    ):
        group.parent.move(".new", ".elsewhere")
    del file["splits/.elsewhere"]

    assert list(file["splits"]) == ["main"]
    assert read_parts(file, "main") == table()


def test_remains_of_a_torn_write_read_as_absent_and_are_cleared(file):
    file.create_group("splits/.new").create_dataset("codes", data=[1])
    file.create_group("splits/.old")
    file.create_group("splits/stampless")
    assert list_parts(file) == []

    write(file)
    assert list_parts(file) == ["main"]
    assert ".new" not in file["splits"]
    with pytest.raises(UnknownNameError, match="the file has no split 'stampless'; there is 'main'"):
        read_parts(file, "stampless")


def test_a_read_only_file_is_refused_with_the_remedy(tmp_path, file):
    write(file)
    file.close()
    with h5py.File(tmp_path / "a.h5") as f:
        with pytest.raises(
            ReadOnlyError, match=r"a.h5: open for reading only; reopen it with h5torch.File\("
        ):
            write(f)
        with pytest.raises(ReadOnlyError, match="open for reading only"):
            delete_parts(f, "main")


def test_deleting_the_last_split_leaves_no_trace(file):
    write(file)
    write(file, table(name="other"))
    delete_parts(file, "main")
    assert list_parts(file) == ["other"]

    delete_parts(file, "other")
    assert "splits" not in file
    with pytest.raises(UnknownNameError, match="the file has no split 'main'; there are none"):
        delete_parts(file, "main")


def replace(group, name, **options):
    del group[name]
    group.create_dataset(name, **options)


ENUM = h5py.enum_dtype({"a": 0, "b": 2}, basetype="u1")
SIGNED = h5py.enum_dtype({"a": 0}, basetype="i8")


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda g: replace(g, "codes", data=[0, 1]), "codes: must be an enum over uint8"),
        (
            lambda g: replace(g, "codes", data=np.zeros(2, "u1")),
            "codes: must be an enum over uint8",
        ),
        (
            lambda g: replace(g, "codes", data=[0], dtype=SIGNED),
            "codes: must be an enum over uint8",
        ),
        (lambda g: replace(g, "codes", data=[0], dtype=ENUM), "enum's values must be 0, 1, ..."),
        (lambda g: g.__delitem__("codes"), "codes: must be an enum over uint8"),
        (lambda g: g["codes"].write_direct(np.full(5, 9, "u1")), "row 0 has code 9"),
        (lambda g: g.attrs.__setitem__("axis", -1), "axis must be a number from 0 up or 'coo', found"),
        (
            lambda g: g.attrs.__setitem__("axis", "rows"),
            "axis must be a number from 0 up or 'coo', found 'rows'",
        ),
        (lambda g: g.attrs.__delitem__("axis"), "found None"),
        (lambda g: g.attrs.__setitem__("version", 2), "split of version 2, this h5torch reads 1; upgrade"),
    ],
)
def test_a_damaged_split_is_refused_with_its_path(file, damage, text):
    write(file)
    damage(file["splits/main"])

    with pytest.raises(FormatError, match=f"/splits/main.*{text}"):
        read_parts(file, "main")


def test_attributes_of_fixed_length_are_read_too(file):
    """Other programs write text as bytes."""
    write(file, table(axis="coo"))
    file["splits/main"].attrs["mode"] = np.bytes_(b"split")
    file["splits/main"].attrs["axis"] = np.bytes_(b"coo")

    assert read_parts(file, "main").axis == "coo"


@pytest.mark.parametrize("stored", [3, ["a", "b"], np.bytes_(b"\xff")])
def test_a_recipe_that_is_no_text_is_refused(file, stored):
    write(file)
    replace(file["splits/main"], "recipe", data=stored)

    with pytest.raises(FormatError, match=r"/splits/main/recipe: .*UTF-8"):
        read_story(file, "main")


def test_a_missing_recipe_is_named(file):
    write(file)
    del file["splits/main/provenance"]

    with pytest.raises(FormatError, match="/splits/main/provenance: must be one UTF-8 text, found nothing"):
        read_story(file, "main")


def test_a_file_without_splits_has_none(file):
    assert list_parts(file) == []
    file["splits"] = 3
    assert list_parts(file) == []
