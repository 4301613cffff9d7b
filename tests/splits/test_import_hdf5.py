"""Splits that others keep by hand in HDF5 files, as groups of masks, of row numbers, or of names."""

import h5py
import numpy as np
import pytest

import h5torch
import splits
from h5torch.errors import StorageError
from splits.interchange import import_

N_ROWS = 20
DEMOS = [f"demo_{i}" for i in range(N_ROWS)]
TRAIN, VALID = [0, 1, 3, 4, 5, 12, 19], [2, 6, 10]


@pytest.fixture
def f(tmp_path):
    with h5torch.File(tmp_path / "mine.h5t", "w") as file:
        file.register(np.zeros((N_ROWS, 3)), "central")
        file.register(sorted(DEMOS), 0, name="demo")
        yield file


@pytest.fixture
def robomimic(tmp_path):
    """The path of a file as robomimic writes it: filter keys, some within others, of names."""
    keys = {
        "train": TRAIN,
        "valid": VALID,
        "20_percent": [0, 1, 2, 6],
        "20_percent_train": [0, 1],
        "20_percent_valid": [2, 6],
    }
    with h5py.File(tmp_path / "robomimic.hdf5", "w") as file:
        for demo in DEMOS:
            file.create_group(f"data/{demo}").attrs["num_samples"] = 3
        for key, rows in keys.items():
            file[f"mask/{key}"] = np.array([DEMOS[row] for row in rows], "S")
    return tmp_path / "robomimic.hdf5"


def demos_of(split, part):
    return {sorted(DEMOS)[row] for row in split.rows(part)}


def test_names_of_demonstrations_are_found_in_the_column_of_ids(f, robomimic):
    split = import_(f, "main", robomimic, group="mask", ids="0/demo", parts=("train", "valid"))

    assert demos_of(split, "train") == {DEMOS[row] for row in TRAIN}
    assert demos_of(split, "valid") == {DEMOS[row] for row in VALID}
    assert split.table.n_left_out == N_ROWS - len(TRAIN) - len(VALID)
    assert splits.verify(f, "main")


def test_all_steps_of_a_demonstration_follow_its_name(tmp_path, robomimic):
    steps = np.repeat(DEMOS, 3)
    with h5torch.File(tmp_path / "steps.h5t", "w") as file:
        file.register(np.zeros((len(steps), 3)), "central")
        file.register(steps, 0, name="demo")
        split = import_(file, "main", robomimic, group="mask", ids="0/demo", parts=("train", "valid"))
        with pytest.raises(splits.SplitError, match="ids are those of several rows"):
            splits.export(file, "main", tmp_path / "main.csv", ids="0/demo")
        with pytest.raises(splits.SplitError, match="names 1 ids twice or more"):
            import_(file, "other", {"a": ["demo_1", "demo_1"]}, ids="0/demo")

    assert split.table.counts == {"train": 3 * len(TRAIN), "valid": 3 * len(VALID)}
    assert set(steps[split.mask("valid")]) == {DEMOS[row] for row in VALID}


def test_filter_keys_that_overlap_are_refused_with_the_row_both_parts_and_all_keys(f, robomimic):
    told = "row 0 is in 'train' and in '20_percent' .2 in all.; choose .* of 'train', 'valid', '20_percent'"

    with pytest.raises(splits.SplitError, match=told):
        import_(f, "main", robomimic, group="mask", ids="0/demo")
    with pytest.raises(splits.SplitError, match="holds no part 'val'; did you mean 'valid'"):
        import_(f, "main", robomimic, group="mask", ids="0/demo", parts=("train", "val"))
    assert splits.list(f) == []


def test_names_without_a_column_that_holds_them_are_refused(f, robomimic):
    with pytest.raises(splits.SplitError, match="train: holds ids such as .*demo_0.*; name their column"):
        import_(f, "main", robomimic, group="mask", parts=("train",))
    with pytest.raises(
        splits.SplitError, match="name the group that the parts lie in, as in group='mask'; did you mean"
    ):
        import_(f, "main", robomimic, ids="0/demo")
    with pytest.raises(splits.SplitError, match="has no group 'masks'; did you mean 'mask'"):
        import_(f, "main", robomimic, ids="0/demo", group="masks")
    with pytest.raises(splits.SplitError, match="robomimic.hdf5/data: demo_0 is no dataset and no fold"):
        import_(f, "main", robomimic, ids="0/demo", group="data")


@pytest.mark.parametrize("dtype", [bool, np.uint8, None])
def test_masks_and_row_numbers_are_told_apart_by_their_dtype(f, tmp_path, dtype):
    with h5py.File(tmp_path / "other.weird", "w") as file:
        for part, rows in {"b": VALID, "a": TRAIN, "none": []}.items():
            values = (
                np.array(rows, np.int64) if dtype is None else np.isin(np.arange(N_ROWS), rows).astype(dtype)
            )
            file[f"deep/split/{part}"] = values
    split = import_(f, "main", tmp_path / "other.weird", group="deep/split")

    assert split.parts == ("a", "b", "none")
    assert (split.rows("a").tolist(), split.rows("b").tolist()) == (TRAIN, VALID)


def test_an_open_file_and_a_group_of_one_are_sources_too(f, robomimic):
    with h5py.File(robomimic) as source:
        first = import_(f, "a", source, group="mask", ids="0/demo", parts=("valid",))
        second = import_(f, "b", source["mask"], ids="0/demo", parts=("valid",))
        assert source
    f.create_group("mask")["valid"] = np.array(VALID)

    assert np.array_equal(first.codes, second.codes)
    assert import_(f, "c", f, group="mask").rows("valid").tolist() == VALID


def test_groups_called_by_numbers_are_folds(f, tmp_path):
    with h5py.File(tmp_path / "folds.h5", "w") as file:
        for fold in range(12):
            held = np.arange(N_ROWS) % 12 == fold
            file[f"{fold}/test"], file[f"{fold}/train"] = held, ~held
        split = import_(f, "cv", file["/"], group="/")

    assert split.n_folds == 12
    assert [fold.rows("test").tolist() for fold in split.folds()] == [
        [row for row in range(N_ROWS) if row % 12 == fold] for fold in range(12)
    ]
    assert split.table.scheme == "rotating"


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            lambda g: g.create_dataset("a", (1 << 40,), bool, chunks=(1 << 20,)),
            "has 1099511627776 values, .* 20 are read",
        ),
        (lambda g: g.create_dataset("a", (N_ROWS, 2), bool), "must have one dimension"),
        (lambda g: g.create_dataset("a", (), bool), r"must have one dimension, has shape \(\)"),
        (lambda g: g.create_dataset("a", (3,), float), "must be bools, integers or ids, found float64"),
        (lambda g: g.create_dataset("a", (3,), [("x", "i8")]), "must be bools, integers or ids, found"),
        (
            lambda g: g.create_dataset("a", (3,), h5py.vlen_dtype(np.int64)),
            "found values of different length",
        ),
        (lambda g: g.create_group("a"), "a is no dataset and no fold"),
        (lambda g: g.__setitem__("a", h5py.SoftLink("/nowhere")), "a is a link that leads nowhere"),
        (lambda g: g.attrs.create("a", 1), "holds no parts"),
        (
            lambda g: [g.create_dataset(f"{i}", (0,), bool) for i in range(4100)],
            "4100 arrays, at most 4096 are",
        ),
    ],
)
def test_a_group_of_other_things_is_refused_before_they_are_read(f, tmp_path, make, told):
    with h5py.File(tmp_path / "odd.h5", "w") as file:
        make(file.create_group("mask"))

    with pytest.raises(splits.SplitError, match=told):
        import_(f, "main", tmp_path / "odd.h5", group="mask")


def test_a_file_that_is_cut_short_is_refused(f, robomimic):
    robomimic.write_bytes(robomimic.read_bytes()[:3000])

    with pytest.raises(StorageError, match="cut short or no HDF5 file"):
        import_(f, "main", robomimic, group="mask", ids="0/demo")
