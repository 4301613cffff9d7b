"""Splits in a file: made, read back, described, drawn."""

import json
import subprocess
import sys

import h5py
import numpy as np
import pytest
from matplotlib.figure import Figure

import h5torch
import splits
from h5torch.digests import digest
from h5torch.errors import ArgumentTypeError, FormatError, ReadOnlyError, RegisterError, UnknownNameError
from splits.plot import class_shares

N_ROWS = 200
NAMES = np.array(["T cell", "B cell", "é"])[np.arange(N_ROWS) * 7 % 10 // 4]
RECIPE = splits.Stratified(by="0/type", parts={"train": 0.8, "val": 0.1}, seed=0)


@pytest.fixture
def path(tmp_path):
    with h5torch.File(tmp_path / "cells.h5t", "w") as f:
        f.register(np.arange(N_ROWS * 3.0).reshape(N_ROWS, 3), "central")
        f.register(NAMES, 0, name="type")
        f.register(np.arange(3), 1, name="gene")
        f.register(np.full((N_ROWS, 2), 3.5), 0, name="table")
        f.register(np.arange(4), "unstructured", name="loose")
    return tmp_path / "cells.h5t"


def test_a_split_is_read_back_from_path_file_and_snapshot(path):
    made = splits.create(path, "main", RECIPE)

    with h5torch.File(path) as f:
        assert splits.load(f, "main") == splits.load(f.to_dict(), "main") == made
        assert splits.list(f) == splits.list(f.to_dict()) == ["main"]
    assert splits.load(path, "main") == made
    assert splits.list(str(path)) == ["main"]
    assert made.recipe == RECIPE
    assert np.array_equal(made.codes, made.table.codes)
    assert (made.name, made.axis, made.parts) == ("main", 0, ("train", "val"))


def test_the_provenance_says_what_went_in_and_came_out(path):
    made = splits.create(path, "main", RECIPE)
    provenance = made.provenance

    assert provenance.inputs == {"0/type": digest(NAMES)}
    assert provenance.counts == {"train": 160, "val": 20}
    assert provenance.shares == {"train": 0.8, "val": 0.1}
    assert provenance.left_out == 20
    assert provenance.rows == (200,)
    assert set(provenance.versions) == {"h5torch", "numpy", "python"}
    assert provenance.fingerprint == "ef02-6bd6-a666-8826"


def test_a_fingerprint_tells_rows_and_part_names_not_names_of_splits(path):
    first, again = (splits.create(path, name, RECIPE).provenance.fingerprint for name in "ab")
    renamed = splits.Stratified(by="0/type", parts={"train": 0.8, "dev": 0.1}, seed=0)
    reseeded = splits.Stratified(by="0/type", parts={"train": 0.8, "val": 0.1}, seed=1)
    others = {
        splits.create(path, str(i), r).provenance.fingerprint for i, r in enumerate([renamed, reseeded])
    }

    assert first == again
    assert len({first, *others}) == 3


def test_the_core_reads_a_split_without_the_package_that_made_it(path):
    splits.create(path, "main", RECIPE)
    code = (
        "import sys, h5torch\n"
        f"data = h5torch.Dataset({str(path)!r}, split='main/val')\n"
        "assert 'splits' not in sys.modules\n"
        "print(data.indices.tolist())"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert json.loads(shown) == splits.load(path, "main").rows("val").tolist()


def test_a_dataset_draws_the_rows_of_its_part_alone(path):
    made = splits.create(path, "main", RECIPE)
    data = h5torch.Dataset(path, split="main/val")

    assert [data[i]["central"][0] / 3 for i in range(len(data))] == np.flatnonzero(made.mask("val")).tolist()


def test_other_axes_and_the_central_vector_can_be_split(path, tmp_path):
    parts = {"seen": 0.5, "new": 0.5}
    assert (
        splits.create(path, "genes", splits.Stratified(by="1/gene", parts=parts, seed=0, rare="keep")).axis
        == 1
    )
    with h5torch.File(tmp_path / "labels.h5t", "w") as f:
        f.register(np.arange(10) % 2, "central")
        made = splits.create(f, "main", splits.Stratified(by="central", parts=parts, seed=0))
    assert made.table.counts == {"seen": 5, "new": 5} or sorted(made.table.counts.values()) == [4, 6]


def test_nothing_is_overwritten_unless_told(path):
    splits.create(path, "main", RECIPE)
    other = splits.Stratified(by="0/type", parts={"all": 1.0}, seed=0)
    with pytest.raises(RegisterError, match="pass overwrite=True or choose another name"):
        splits.create(path, "main", other)
    assert splits.load(path, "main").recipe == RECIPE

    splits.create(path, "main", other, overwrite=True)
    assert splits.load(path, "main").recipe == other
    splits.delete(path, "main")
    assert splits.list(path) == []


@pytest.mark.parametrize(
    ("by", "error", "text"),
    [
        ("0/typ", UnknownNameError, "did you mean '0/type'"),
        ("0/table", splits.SplitError, "0/table"),
        ("2/depth", splits.SplitError, r"axis 2 of the recipe is none of the central object's, .*\(200, 3\)"),
    ],
)
def test_a_recipe_that_does_not_fit_the_file_leaves_no_trace(path, by, error, text):
    with pytest.raises(error, match=text):
        splits.create(path, "main", splits.Stratified(by=by, parts={"a": 0.5}, seed=0))
    with h5py.File(path) as f:
        assert "splits" not in f


def test_what_is_no_file_no_recipe_or_no_name_is_refused(path):
    stranger = {}
    with pytest.raises(ArgumentTypeError, match=r"needs an h5torch.File or a path, got dict"):
        splits.create(stranger, "main", RECIPE)
    with pytest.raises(ArgumentTypeError, match="{} is no split recipe; there are .*stratified"):
        splits.create(path, "main", stranger)
    with pytest.raises(
        ArgumentTypeError, match="says how rows are folded; give it to a recipe, as in Random"
    ):
        splits.create(path, "main", splits.KFold(5))
    with pytest.raises(RegisterError, match="split: the name 'a/b' holds \"/\""):
        splits.create(path, "a/b", RECIPE)
    with h5torch.File(path) as f, pytest.raises(ReadOnlyError, match="open for reading only; reopen it with"):
        splits.create(f, "main", RECIPE)
    with pytest.raises(FileNotFoundError):
        splits.create(path.with_name("absent.h5t"), "main", RECIPE)
    with pytest.raises(UnknownNameError, match="the file has no split 'main'; there are none"):
        splits.load(path, "main")


@pytest.mark.parametrize(
    ("entry", "text", "error", "problem"),
    [
        ("recipe", '{"recipe":"os.system","version":1}', UnknownNameError, "no split recipe 'os.system'"),
        ("recipe", "rm -rf", FormatError, "/splits/main/recipe: not JSON"),
        ("recipe", '{"recipe":"stratified","version":9}', FormatError, "version 9, this h5torch reads 1"),
        ("provenance", "{}", FormatError, "/splits/main/provenance.*create the split again"),
        ("provenance", "[", FormatError, "/splits/main/provenance: not JSON"),
    ],
)
def test_hostile_text_in_a_split_is_refused_while_its_rows_stay_readable(path, entry, text, error, problem):
    made = splits.create(path, "main", RECIPE)
    with h5py.File(path, "a") as f:
        del f[f"splits/main/{entry}"]
        f[f"splits/main/{entry}"] = text

    with pytest.raises(error, match=problem):
        splits.load(path, "main")
    assert len(h5torch.Dataset(path, split="main/train")) == made.table.counts["train"]


def test_a_split_is_described_in_a_table(path):
    made = splits.create(path, "main", RECIPE)

    assert repr(made) == (
        f"<Split 'main' of axis 0: train 160, val 20, left out 20; stratified; {made.provenance.fingerprint}>"
    )
    assert made.describe().splitlines()[1:] == [
        "part   rows   share   asked",
        "train   160  80.00%  80.00%",
        "val      20  10.00%  10.00%",
        "-        20  10.00%  10.00%",
    ]
    assert made.describe(NAMES).splitlines()[1:] == [
        "class   train (160)  val (20)",
        "B cell       40.00%    40.00%",
        "T cell       40.00%    40.00%",
        "é            20.00%    20.00%",
    ]


def test_labels_of_another_length_cannot_be_described(path):
    made = splits.create(path, "main", RECIPE)

    with pytest.raises(splits.SplitError, match=r"has 200 rows, labels have shape \(3,\); give one a row"):
        made.describe(NAMES[:3])


def widths(axes):
    return [bar.get_width() for bar in axes.patches]


def test_class_shares_are_drawn_to_be_read_in_print(path):
    made = splits.create(path, "main", RECIPE)
    figure = class_shares(made, NAMES)
    (axes,) = figure.axes

    assert isinstance(figure, Figure)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["B cell", "T cell", "é"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "train (160 rows)",
        "val (20 rows)",
    ]
    assert widths(axes) == pytest.approx([0.4, 0.4, 0.2] * 2)
    assert len({bar.get_facecolor() for bar in axes.patches}) == 2


def test_many_classes_are_drawn_as_the_frequent_ones_and_a_rest(path):
    made = splits.create(path, "main", RECIPE)
    labels = np.array(
        [f"${number} and a name much too long to be drawn" for number in np.arange(N_ROWS) // 2]
    )
    (axes,) = class_shares(made, labels).axes
    shown = [label.get_text() for label in axes.get_yticklabels()]

    assert len(shown) == 15
    assert shown[-1] == "other (86 classes)"
    assert all(text.startswith(r"\$") and len(text) <= 29 for text in shown[:-1])
    assert sum(widths(axes)) == pytest.approx(2)


def test_more_parts_than_colours_are_not_drawn(path):
    parts = {str(number): 0.1 for number in range(9)}
    made = splits.create(path, "main", splits.Stratified(by="0/type", parts=parts, seed=0))

    with pytest.raises(splits.SplitError, match="has 9 parts, a picture can tell 8 apart"):
        class_shares(made, NAMES)


def test_drawing_without_matplotlib_says_what_to_install(path, monkeypatch):
    made = splits.create(path, "main", RECIPE)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(splits.SplitError, match=r"pip install 'h5torch\[plot\]'"):
        class_shares(made, NAMES)


def test_names_that_would_steer_a_terminal_are_escaped(path):
    made = splits.create(path, "ma\x1b[31min", splits.Random(parts={"te\u202est": 1.0}, seed=0))
    folds = splits.create(path, "cv", splits.Random(parts={"\x1b[0m": 0.5, "b": 0.5}, folds=2, seed=0))

    for shown in (repr(made), made.describe(), folds.describe(), str(splits.verify(path, made.name))):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
