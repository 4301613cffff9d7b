"""Sources as strangers may make them: what they hold is refused, and reaches no message whole."""

import io
import json
import os
import zipfile

import h5py
import numpy as np
import pytest

import h5torch
import splits
from h5torch.errors import ArgumentTypeError, H5torchError, StorageError
from splits.interchange import export, import_
from splits.recipes.predefined import Predefined

N_ROWS = 6
LONG = "9" * 100_000


@pytest.fixture
def f(tmp_path):
    with h5torch.File(tmp_path / "cells.h5t", "w") as file:
        file.register(np.zeros((N_ROWS, 3)), "central")
        file.register([f"id{row}" for row in range(N_ROWS)], 0, name="id")
        yield file


def elsewhere(folder):
    with h5py.File(folder / "secret.h5", "w") as file:
        file["mask/train"] = np.array(["top secret"], "S")
    (folder / "secret.bin").write_bytes(b"top secret")
    return folder / "secret.h5"


def external_raw(file, secret):
    file.create_dataset("mask/train", (1,), "S10", external=[(str(secret.with_suffix(".bin")), 0, 10)])


def virtual(file, secret):
    layout = h5py.VirtualLayout((1,), "S10")
    layout[:] = h5py.VirtualSource(str(secret), "mask/train", (1,))
    file.create_group("mask").create_virtual_dataset("train", layout)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (external_raw, "mask/train: its values lie in other files or datasets"),
        (virtual, "mask/train: its values lie in other files or datasets"),
        (
            lambda file, secret: link(file, "mask", h5py.ExternalLink(secret, "/mask")),
            "'mask' leads to another",
        ),
        (
            lambda file, secret: link(file, "mask/train", h5py.ExternalLink(secret, "/mask/train")),
            "'train' leads to another file, which is not followed",
        ),
        (
            lambda file, secret: [
                link(file, "away", h5py.ExternalLink(secret, "/")),
                link(file, "mask", h5py.SoftLink("/away/mask")),
            ],
            "'/away/mask' leads to another file",
        ),
        (lambda file, _: link(file, "mask", h5py.SoftLink("/mask")), "has no group 'mask'"),
        (
            lambda file, _: [link(file, "mask", h5py.SoftLink("/a")), link(file, "a", h5py.SoftLink("mask"))],
            "has no group 'mask'",
        ),
    ],
)
def test_nothing_is_read_that_lies_in_another_file(f, tmp_path, make, told):
    with h5py.File(tmp_path / "odd.h5", "w") as file:
        make(file, elsewhere(tmp_path))

    with pytest.raises(splits.SplitError, match=told) as caught:
        import_(f, "main", tmp_path / "odd.h5", group="mask")
    assert "secret" not in str(caught.value)
    assert splits.list(f) == []


def link(file, name, made):
    file[name] = made


def test_links_within_a_file_are_followed(f, tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["deep/rows/a"] = np.array([1, 2])
        file["mask"] = h5py.SoftLink("deep/rows")
        file["deep/rows/b"] = h5py.SoftLink("/other")
        file["other"] = np.array([3])
    split = import_(f, "main", tmp_path / "x.h5", group="mask")

    assert (split.rows("a").tolist(), split.rows("b").tolist()) == ([1, 2], [3])


def test_two_arrays_of_one_name_in_an_archive_are_refused(f, tmp_path):
    content = io.BytesIO()
    np.save(content, np.arange(3))
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("train.npy", content.getvalue())
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("train.npy", content.getvalue())

    with pytest.raises(splits.SplitError, match="x.npz: holds several arrays called 'train'; keep one"):
        import_(f, "main", tmp_path / "x.npz")


def test_archives_that_numpy_never_writes_are_refused(f, tmp_path):
    header = b"{'descr': ('|b1', 'x': (\n"
    with zipfile.ZipFile(tmp_path / "odd.npz", "w") as archive:
        archive.writestr("train.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with zipfile.ZipFile(tmp_path / "packed.npz", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("train.npy", b"x" * 100)

    with pytest.raises(splits.SplitError, match="odd.npz: cannot be read as an .npz archive"):
        import_(f, "main", tmp_path / "odd.npz")
    with pytest.raises(splits.SplitError, match="'train' is packed in a way that numpy does not write"):
        import_(f, "main", tmp_path / "packed.npz")


@pytest.mark.parametrize("form", ["sklearn", "masks"])
def test_masked_values_are_refused_and_arrays_that_mask_none_are_taken(f, form):
    masked = np.ma.array([0, 1, 0, 0, 1, -1], mask=[0, 1, 0, 0, 0, 0])

    def source(values):
        return type("Like", (), {"test_fold": values})() if form == "sklearn" else {"a": values == 1}

    with pytest.raises(splits.SplitError, match="1 of 6 values are masked, so it is not known what they are"):
        import_(f, "main", source(masked))
    plain = np.ma.array(masked.data)
    assert import_(f, "main", source(plain)) == import_(f, "main", source(masked.data), overwrite=True)


@pytest.mark.parametrize(
    "make",
    [
        lambda array: Predefined.from_masks({"a": array == 1}),
        lambda array: Predefined.from_indices({"a": array}, n_rows=3),
        lambda array: Predefined.from_codes(array, parts=["a", "b", "c"]),
        lambda array: Predefined.from_test_fold(array),
    ],
)
def test_recipes_refuse_masked_values_and_take_arrays_that_mask_none(make):
    array = np.array([0, 1, 2])

    with pytest.raises(splits.SplitError, match="2 of 3 values are masked, so it is not known what they are"):
        make(np.ma.array(array, mask=[1, 0, 1]))
    assert make(np.ma.array(array)) == make(array)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (f"row,part\n{LONG},a\n", {}),
        (f"row,part\n0,a\n0,a\n{LONG},\x1b[2J\n", {}),
        ("row,part\n0," + "a" * 100_000 + "\n", {"missing": "leave_out"}),
        (f"{LONG},part\n0,a\n", {}),
        (f"id,part\nid0,a\nid0{LONG},b\n", {"ids": "0/id", "id_column": "id"}),
    ],
)
def test_long_and_hostile_values_are_cut_in_messages(f, tmp_path, text, options):
    (tmp_path / "x.csv").write_text(text)

    with pytest.raises(splits.SplitError) as caught:
        import_(f, "main", tmp_path / "x.csv", **options)
    assert len(str(caught.value)) < 1500
    assert str(caught.value).isprintable()


def test_long_names_of_members_are_cut_in_messages(f, tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_group("mask/\x1b[2J" + "x" * 5000)
    np.savez(tmp_path / "x.npz", **{"\x1b[2J" + "x" * 5000: np.zeros(3)})

    for path, options in ((tmp_path / "x.h5", {"group": "mask"}), (tmp_path / "x.npz", {})):
        with pytest.raises(splits.SplitError) as caught:
            import_(f, "main", path, **options)
        assert len(str(caught.value)) < 1500
        assert str(caught.value).isprintable()
    np.savez(tmp_path / "y.npz", a=np.zeros(3, [("x" * 5000, "i8")]))
    with pytest.raises(splits.SplitError, match="must be bools, integers or ids, found .*xxx…$"):
        import_(f, "main", tmp_path / "y.npz")
    with pytest.raises(splits.SplitError, match="999…; name their column"):
        import_(f, "main", {"a": [LONG]})


def test_a_document_names_a_missing_table_without_moving_the_cursor(f, tmp_path):
    import_(f, "main", {"a": [1, 2]})
    path = export(f, "main", tmp_path / "x.json")
    told = json.loads(path.read_text())
    for url in ("\x1b[2J.csv", "a" * 5000 + ".csv", "\ud800.csv"):
        told["distribution"][0]["contentUrl"] = url
        path.write_text(json.dumps(told))
        with pytest.raises(StorageError, match="no such file, though|File name too long") as caught:
            import_(f, "back", path)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("name", [" train", "train ", "\ttrain", "  "])
def test_names_that_differ_by_blanks_alone_are_a_slip(f, tmp_path, name):
    cells = ["train", name, "test", "", "train", "test"]
    lines = "".join(f"{row},{part}\n" for row, part in enumerate(cells))
    (tmp_path / "x.csv").write_text("row,part\n" + lines)
    told = "differs from '.*' by blanks alone" if name.strip() else "the part '  ' is blank"

    with pytest.raises(splits.SplitError, match=told):
        import_(f, "main", tmp_path / "x.csv")
    with pytest.raises(splits.SplitError, match=told):
        import_(f, "main", {"train": [0], name: [1]}, parts=("train",))


def test_a_source_that_is_no_file_is_called_what_it_is(f, tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(StorageError, match="pipe.csv: is a pipe and no file; give the path of a file"):
        import_(f, "main", tmp_path / "pipe.csv")
    with pytest.raises(StorageError, match=": is a folder and no file"):
        import_(f, "main", tmp_path)
    with pytest.raises(StorageError, match="cannot be looked at .File name too long"):
        import_(f, "main", tmp_path / ("a" * 300 + ".csv"))
    with pytest.raises(StorageError, match=r"\\x1b.csv: no such file"):
        import_(f, "main", tmp_path / "\x1b.csv")


@pytest.mark.parametrize("source", [5, b"x.csv", None, "a\0.csv", []])
def test_a_source_of_another_type_is_an_error_of_ours(f, source):
    with pytest.raises(ArgumentTypeError, match="the source, "):
        import_(f, "main", source)


def test_a_group_must_be_named_by_text(f, tmp_path):
    with pytest.raises(H5torchError, match="group= must be the path of a group, str, got 5"):
        import_(f, "main", elsewhere(tmp_path), group=5)
