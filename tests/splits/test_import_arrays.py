"""Splits imported from masks and lists: what counts as which, and what is refused."""

import io
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import KFold, PredefinedSplit

import h5torch
import splits
from h5torch.errors import ArgumentTypeError, ReadOnlyError, RegisterError, StorageError
from splits.interchange import export, import_

N_ROWS = 10
TRAIN, TEST = [0, 2, 4, 6, 8, 9], [1, 3]


@pytest.fixture
def f(tmp_path):
    with h5torch.File(tmp_path / "cells.h5t", "w") as file:
        file.register(np.zeros((N_ROWS, 3)), "central")
        file.register(np.array([f"demo_{i}" for i in range(N_ROWS)]), 0, name="demo")
        file.register(np.array(["a", "b", "c"]), 1, name="gene")
        yield file


def mask(rows, dtype=bool):
    values = np.zeros(N_ROWS, dtype)
    values[rows] = 1
    return values


@pytest.mark.parametrize(
    "spell",
    [
        pytest.param(mask, id="bools"),
        pytest.param(lambda rows: mask(rows).tolist(), id="list of bools"),
        pytest.param(lambda rows: mask(rows, np.uint8), id="8-bit integers"),
        pytest.param(lambda rows: rows[::-1], id="row numbers"),
        pytest.param(lambda rows: np.array(rows, np.uint8), id="8-bit row numbers"),
    ],
)
def test_masks_and_lists_of_the_same_rows_are_the_same_split(f, spell):
    split = import_(f, "main", {"train": spell(TRAIN), "test": spell(TEST), "none": []})

    assert (split.rows("train").tolist(), split.rows("test").tolist()) == (TRAIN, TEST)
    assert split.parts == ("train", "test", "none")
    assert split.table.n_left_out == 2
    assert splits.load(f, "main") == split
    assert splits.verify(f, "main")


@given(codes=st.lists(st.integers(-1, 2), min_size=N_ROWS, max_size=N_ROWS), as_masks=st.booleans())
def test_rows_are_in_the_part_that_names_them_and_in_none_otherwise(tmp_path_factory, codes, as_masks):
    codes = np.array(codes)
    rows = {part: np.flatnonzero(codes == code) for code, part in enumerate("abc")}
    with h5torch.File(tmp_path_factory.mktemp("x") / "x.h5t", "w") as file:
        file.register(np.zeros((N_ROWS, 1)), "central")
        split = import_(file, "main", {part: mask(own) if as_masks else own for part, own in rows.items()})

    assert split.codes.tolist() == np.where(codes < 0, 255, codes).tolist()


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({}, "masks: holds no parts"),
        ({"a": mask(TRAIN)[:9]}, "masks: a: the mask has 9 values, the axis has 10 rows"),
        ({"a": [1, 10, 11]}, r"2 of 3 row numbers are not in \[0, 10\): 10, 11; rows count from 0"),
        ({"a": [-1]}, r"1 of 1 row numbers are not in \[0, 10\): -1"),
        ({"a": [3, 4, 3]}, "names row 3 2 times, and 1 rows twice or more"),
        ({"a": mask(TRAIN, np.int64)}, "twice or more; a mask must be of bools"),
        ({"a": mask(TRAIN, float)}, "must be bools or integers, found float64"),
        ({"a": mask(TRAIN)[None]}, r"must have one dimension, has shape \(1, 10\)"),
        ({"a": [[1], [2, 3]]}, "part 'a': is no mask and no flat list"),
        ({"a": ["demo_1"]}, "holds ids such as .*demo_1.*; name their column, as in ids='0/id'"),
        ({"a": TRAIN, "b": [5, 2, 4]}, "row 2 is in 'a' and in 'b' .2 in all.; .* of 'a', 'b'"),
        ({"a": TRAIN, "0/b": TEST}, "'a' is a part of no fold, '0/b' is one of a fold; give one kind"),
        ({"x/b": TEST}, "'x/b' is neither a part such as 'train' nor one of a fold"),
        ({"0/a": TRAIN, "2/a": TRAIN}, "numbered from 0 up without a gap, found 0, 2"),
        ({3: TRAIN}, "names of parts must be text, got 3"),
    ],
)
def test_what_does_not_fit_the_rows_is_refused_and_nothing_is_stored(f, arrays, told):
    with pytest.raises(splits.SplitError, match=told):
        import_(f, "main", arrays)
    assert splits.list(f) == []


def test_an_array_that_can_be_a_mask_and_a_list_is_refused(tmp_path):
    with h5torch.File(tmp_path / "two.h5t", "w") as file:
        file.register(np.zeros((2, 1)), "central")
        with pytest.raises(splits.SplitError, match=r"\[0, 1\] can be a mask or a list of rows; give bools"):
            import_(file, "main", {"a": np.array([0, 1], np.int8)})
        assert import_(file, "main", {"a": np.array([0, 1])}).rows("a").tolist() == [0, 1]
        assert import_(file, "main", {"a": np.array([False, True])}, overwrite=True).rows("a").tolist() == [1]


def test_parts_are_chosen_and_ordered_and_the_others_may_overlap_them(f):
    arrays = {"valid": TEST, "20_percent": [1, 2], "train": TRAIN}
    split = import_(f, "main", arrays, parts=("train", "valid"))

    assert split.parts == ("train", "valid")
    assert (split.rows("train").tolist(), split.rows("valid").tolist()) == (TRAIN, TEST)
    with pytest.raises(
        splits.SplitError, match="row 1 is in 'valid' and in '20_percent'.*'valid', '20_percent', 'train'"
    ):
        import_(f, "other", arrays)
    with pytest.raises(splits.SplitError, match="holds no part 'tran'; did you mean 'train'"):
        import_(f, "other", arrays, parts=("tran", "valid"))
    with pytest.raises(splits.SplitError, match="give different names"):
        import_(f, "other", arrays, parts="train")


def test_lists_of_ids_are_looked_up_in_a_column(f):
    arrays = {"train": ["demo_9", "demo_0"], "test": np.array([b"demo_3"])}

    split = import_(f, "main", arrays, ids="0/demo")
    assert (split.rows("train").tolist(), split.rows("test").tolist()) == ([0, 9], [3])

    arrays["test"] = ["demo_3", "demo_33"]
    with pytest.raises(
        splits.SplitError, match="1 of 2 ids are of no row of '0/demo': 'demo_33'; there are 'demo_0'"
    ):
        import_(f, "other", arrays, ids="0/demo")
    assert np.array_equal(import_(f, "other", arrays, ids="0/demo", unknown="skip").codes, split.codes)
    with pytest.raises(splits.SplitError, match="test: names row 3 2 times"):
        import_(f, "third", {"test": ["demo_3", "demo_3"]}, ids="0/demo")
    with pytest.raises(splits.SplitError, match="is a mask, which needs no ids"):
        import_(f, "third", {"test": mask(TEST)}, ids="0/demo")


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        (np.array(["demo_3", 4.5], object), r"ids must be text or whole numbers, found 4.5 \(float\)"),
        (np.array([b"demo_3", b"\xff"]), r"the id b'\\xff' is not UTF-8"),
        ([1.5], "ids must be one text or whole number a row, found float64"),
    ],
)
def test_ids_of_other_kinds_are_refused(f, ids, told):
    with pytest.raises(splits.SplitError, match=told):
        import_(f, "main", {"a": ids}, ids="0/demo")
    assert (
        import_(f, "main", {"a": np.array([b"demo_3", "demo_4"], object)}, ids="0/demo").table.counts["a"]
        == 2
    )


def test_other_axes_are_split_by_their_own_rows_and_ids(f):
    split = import_(f, "genes", {"train": ["c", "a"], "test": ["b"]}, ids="1/gene", axis=1)

    assert split.axis == 1
    assert split.codes.tolist() == [0, 1, 0]
    with pytest.raises(splits.SplitError, match="ids='1/gene' are of axis 1, .* of axis 0; give axis=1"):
        import_(f, "more", {"train": ["a"]}, ids="1/gene")
    assert import_(f, "cells", {"a": np.arange(30) < 7}, axis="coo").table.n_rows == 30


def test_a_predefined_split_of_scikit_learn_becomes_its_folds(f):
    test_fold = np.empty(N_ROWS, int)
    for fold, (_, test) in enumerate(KFold(3, shuffle=True, random_state=0).split(np.zeros(N_ROWS))):
        test_fold[test] = fold
    folds = import_(f, "cv", PredefinedSplit(test_fold)).folds()

    for (train, test), fold in zip(PredefinedSplit(test_fold).split(), folds, strict=True):
        assert (fold.rows("train").tolist(), fold.rows("test").tolist()) == (train.tolist(), test.tolist())


def test_rows_that_train_in_every_fold_do_so_here(f):
    test_fold = np.array([-1, 0, 4, -1, 0, 4, -1, -1, 4, 0])
    split = import_(f, "cv", PredefinedSplit(test_fold))

    assert split.table.scheme == "listed"
    for (train, test), fold in zip(PredefinedSplit(test_fold).split(), split.folds(), strict=True):
        assert (fold.rows("train").tolist(), fold.rows("test").tolist()) == (train.tolist(), test.tolist())


def test_a_predefined_split_with_one_fold_becomes_parts_of_given_names(f):
    split = import_(f, "main", PredefinedSplit(np.where(mask(TEST), 0, -1)), parts=("train", "val"))

    assert split.parts == ("train", "val")
    assert split.rows("val").tolist() == TEST
    for wrong in (PredefinedSplit([0, 1]), PredefinedSplit([-1] * N_ROWS), PredefinedSplit([-3] * N_ROWS)):
        with pytest.raises(splits.SplitError, match="PredefinedSplit: test_fold"):
            import_(f, "other", wrong)


def test_no_pickle_is_read_from_an_archive(f, tmp_path):
    np.savez(tmp_path / "evil.npz", train=np.array([print], object))

    with pytest.raises(splits.SplitError, match="Object arrays cannot be loaded when allow_pickle=False"):
        import_(f, "main", tmp_path / "evil.npz")


def test_an_archive_is_checked_before_its_arrays_are_read(f, tmp_path):
    """The header promises a terabyte."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|b1", "fortran_order": False, "shape": (1 << 40,)}
    )
    for name, content in {
        "big": header.getvalue(),
        "cut": np_bytes(mask(TEST))[:-3],
        "no": b"no array",
    }.items():
        with zipfile.ZipFile(tmp_path / f"{name}.npz", "w") as archive:
            archive.writestr("train.npy", content)
    (tmp_path / "bare.npz").write_bytes(pickle.dumps({"train": TRAIN}))

    with pytest.raises(splits.SplitError, match="train: has 1099511627776 values, .* at most 10 are read"):
        import_(f, "main", tmp_path / "big.npz")
    np.savez(tmp_path / "wide.npz", train=np.array(["x" * 2_000]))
    with pytest.raises(splits.SplitError, match="train: must be bools, integers or ids, found <U2000"):
        import_(f, "main", tmp_path / "wide.npz")
    with pytest.raises(
        splits.SplitError, match="300 parts, a split has at most 254; choose some with parts="
    ):
        import_(f, "main", {str(part): [] for part in range(300)})
    for name in ("cut", "no", "bare"):
        with pytest.raises(splits.SplitError, match=f"{name}.npz: cannot be read as an .npz archive"):
            import_(f, "main", tmp_path / f"{name}.npz")


def np_bytes(values):
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def test_damaged_archives_raise_nothing_but_our_error(f, tmp_path):
    content = export(f, import_(f, "main", {"a": TRAIN}).name, tmp_path / "a.npz").read_bytes()
    damaged = tmp_path / "b.npz"
    for place in range(0, len(content), 3):
        damaged.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        try:
            split = import_(f, "back", damaged, overwrite=True)
        except (splits.SplitError, RegisterError):
            continue
        assert split.table.n_rows == N_ROWS


def test_sources_of_no_kind_and_options_that_mean_nothing_are_refused(f, tmp_path):
    with pytest.raises(ArgumentTypeError, match="the source, a list, is of no format known"):
        import_(f, "main", [TRAIN])
    with pytest.raises(
        splits.SplitError, match="the source, a dict, does not fit format='npz'; give one of 'masks'"
    ):
        import_(f, "main", {"a": TRAIN}, format="npz")
    with pytest.raises(
        splits.SplitError, match="group=, missing= means nothing for format='masks'; leave it away"
    ):
        import_(f, "main", {"a": TRAIN}, group="mask", missing="leave_out")
    with pytest.raises(splits.SplitError, match="missing is 'error' or 'leave_out'"):
        import_(f, "main", {"a": TRAIN}, missing="skip")
    with pytest.raises(splits.SplitError, match="format='cvs': give one of 'csv', 'tsv'"):
        import_(f, "main", {"a": TRAIN}, format="cvs")
    with pytest.raises(splits.SplitError, match="name the part that trains and the one that is tested on"):
        import_(f, "main", PredefinedSplit(np.where(mask(TEST), 0, -1)), parts=("a", "b", "c"))
    with pytest.raises(StorageError, match="nowhere.csv: no such file"):
        import_(f, "main", tmp_path / "nowhere.csv")


def test_a_split_that_is_there_is_replaced_only_when_told_and_names_are_checked(f):
    first = import_(f, "main", {"a": TRAIN})

    with pytest.raises(RegisterError, match="main"):
        import_(f, "main", {"a": TEST})
    assert splits.load(f, "main") == first
    assert import_(f, "main", {"a": TEST}, overwrite=True).rows("a").tolist() == TEST
    with pytest.raises(RegisterError, match="'-' marks rows left out"):
        import_(f, "other", {"-": TEST})
    path = f.filename
    f.close()
    with h5torch.File(path) as file, pytest.raises(ReadOnlyError):
        import_(file, "other", {"a": TEST})
    assert import_(path, "other", {"a": TEST}).rows("a").tolist() == TEST
