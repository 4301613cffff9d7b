"""Which columns an audit looks at, what it refuses, and what recipes promise."""

import attrs
import numpy as np
import pytest

import h5torch
import splits
from h5torch.errors import ArgumentTypeError
from splits import SplitError
from splits.auditing import audit
from splits.auditing.promises import Promises, promises_of
from tests.splits.audited import of_kind, store

N = 100
TABLE = np.random.default_rng(0).normal(size=(N, 4))
COLUMNS = {
    "central": TABLE,
    "0/label": np.arange(N) % 4,
    "0/name": np.array(["a", "b"])[np.arange(N) % 2],
    "0/flag": np.arange(N) % 3 == 0,
    "0/dose": TABLE[:, 0],
    "0/day": np.datetime64("2024-01-01") + np.arange(N),
    "0/id": np.arange(N) * 7,
    "0/tags": np.arange(N * 3).reshape(N, 3) % 2 == 0,
    "0/marks": np.arange(N * 2).reshape(N, 2) % 2,
    "0/lengths": [np.arange(row % 3) for row in range(N)],
    "1/gene": np.arange(4),
}


@pytest.fixture
def path(tmp_path):
    return store(tmp_path / "data.h5t", COLUMNS, np.arange(N) % 2, parts=("train", "test"))


def looked_at(report):
    """Return the kinds and columns of the checks."""
    return {(check.kind, getattr(check, "key", None) or " + ".join(check.keys)) for check in report.checks}


def test_without_a_word_every_column_is_used_or_named_as_not_read(path):
    report = audit(path, "main")
    skipped = {one.key: one.why for one in report.skipped}

    assert looked_at(report) == {
        ("duplicates", "central"),
        ("classes", "0/label"),
        ("classes", "0/name"),
        ("classes", "0/flag"),
        ("classes", "0/tags"),
        ("classes", "0/marks"),
        ("spread", "0/dose"),
        ("spread", "central"),
        ("near", "central"),
    }
    assert set(skipped) == {"codes", "recipe", "0/day", "0/id", "0/lengths"}
    assert skipped["0/day"] == "times; name it in time= to see whether parts overlap"
    assert skipped["0/id"] == "integers, 100 of them different; name it in by= or ids="
    assert skipped["0/lengths"].startswith("rows of different length")


def test_what_is_named_is_what_is_looked_at(path):
    report = audit(
        path, "main", rows=["0/tags", "0/id"], by=["0/day", "0/marks"], features=(), ids="0/id", time="0/dose"
    )

    assert looked_at(report) == {
        ("duplicates", "0/tags + 0/id"),
        ("groups", "0/id"),
        ("times", "0/dose"),
        ("spread", "0/day"),
        ("classes", "0/marks"),
    }
    assert [check.place for check in of_kind(report, "classes")] == [0, 1]


def test_integers_that_are_named_are_numbers_where_they_are_many_and_text_is_classes(tmp_path):
    columns = {
        "central": np.zeros((600, 2)),
        "0/age": np.arange(600),
        "0/word": [f"w{n}" for n in range(600)],
    }
    path = store(tmp_path / "many.h5t", columns, np.arange(600) % 2, parts=("train", "test"))
    report = audit(path, "main", by=["0/age", "0/word"], features=(), rows=())
    (words,) = of_kind(report, "classes")

    assert [check.key for check in of_kind(report, "spread")] == ["0/age"]
    assert len(words.classes) == 257
    assert words.classes[-1] == "other (344 classes)"


def test_a_table_of_single_columns_is_compared_by_its_numbers(tmp_path):
    columns = {"central": np.arange(N) % 2, "0/x": TABLE[:, 0], "0/y": TABLE[:, 1], "0/id": np.arange(N)}
    path = store(tmp_path / "table.h5t", columns, np.arange(N) // 50, parts=("train", "test"))
    alone = {key: columns[key] for key in ("central", "0/id")}
    poor = store(tmp_path / "poor.h5t", alone, np.arange(N) // 50, parts=("train", "test"))

    assert of_kind(audit(path, "main"), "duplicates")[0].keys == ("0/x", "0/y")
    assert of_kind(audit(poor, "main"), "duplicates") == []
    assert ("duplicates", "no column holds rows of several values; name rows=") in [
        (one.key, one.why) for one in audit(poor, "main").skipped
    ]


def test_aligned_features_are_looked_at_where_the_central_object_is_a_label(tmp_path):
    columns = {"central": np.arange(N) % 2, "0/image": TABLE.reshape(N, 2, 2), "0/more": TABLE[:, :2]}
    report = audit(store(tmp_path / "x.h5t", columns, np.arange(N) // 50, parts=("train", "test")), "main")

    assert of_kind(report, "duplicates")[0].keys == ("0/image", "0/more")
    assert of_kind(report, "near")[0].keys == ("0/image", "0/more")
    assert of_kind(report, "classes", "central")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"groups": "1/gene"}, r"column '1/gene' is not of the rows that split 'main' shares out: axis 0"),
        ({"by": "0/lengths"}, r"by: '0/lengths' must hold a class .* rows of different length, int64"),
        ({"time": "0/name"}, r"time='0/name' must hold one number or time a row, it holds one value a row"),
        ({"time": "0/tags"}, r"time='0/tags' must hold one number .* 3 values a row, bool"),
        ({"features": "0/lengths"}, r"features: '0/lengths' must hold as many real numbers in every row"),
        ({"features": "0/name"}, r"features: '0/name' must hold as many real numbers in every row"),
        ({"by": "0/days"}, r"did you mean '0/day'\? there are '0/day', '0/dose'"),
    ],
)
def test_columns_that_a_check_cannot_look_at_are_refused(path, asked, told):
    with pytest.raises((SplitError, KeyError), match=told):
        audit(path, "main", **asked)


def test_labels_that_are_not_yes_or_no_and_too_many_are_refused(tmp_path):
    columns = {"central": TABLE, "0/marks": np.arange(N * 2).reshape(N, 2), "0/wide": np.zeros((N, 129), int)}
    path = store(tmp_path / "x.h5t", columns, np.arange(N) % 2, parts=("train", "test"))

    with pytest.raises(SplitError, match="by: '0/marks' must hold 0 or 1 for each label, found 0 to 199"):
        audit(path, "main", by="0/marks")
    with pytest.raises(SplitError, match="by: '0/wide' holds 129 labels a row, an audit looks at 128"):
        audit(path, "main", by="0/wide")


def test_arguments_of_other_types_are_refused(path):
    with pytest.raises(ArgumentTypeError, match="groups must name columns such as '0/type', got 3"):
        audit(path, "main", groups=[3])
    with pytest.raises(ArgumentTypeError, match="sample must be a number of rows from 1 up, got 0"):
        audit(path, "main", sample=0)
    with pytest.raises(ArgumentTypeError, match="needs an h5torch.File or a path, got int"):
        audit(7, "main")


def test_a_split_of_another_length_is_refused(path):
    with h5torch.File(path, "r+") as f:
        for key in [key for key in f.schema.objects if key != "1/gene"]:
            del f[key]
        f.register(np.zeros((N + 1, 4)), "central")

    with pytest.raises(SplitError, match="shares out 100 rows on axis 0, the file has 101; extend the split"):
        audit(path, "main")


def test_a_damaged_column_is_not_read_and_the_others_are(path):
    with h5torch.File(path, "r+") as f:
        f["0/lengths/offsets"][0] = 5
        del f["0/lengths/values"]
    skipped = {one.key: one.why for one in audit(path, "main").skipped}

    assert "0/lengths" in skipped
    assert "0/lengths" in skipped["0/lengths"]


def test_recipes_promise_what_they_keep_whole():
    shares = {"train": 0.5, "test": 0.5}
    stratified = splits.Stratified(by="0/label", groups="0/donor", parts=shares, seed=0)
    grouped = splits.Grouped(by="0/site", parts=shares, seed=0)

    assert promises_of(stratified) == Promises(groups=("0/donor",))
    assert promises_of(grouped) == Promises(groups=("0/site",))
    assert promises_of(splits.Random(parts=shares, seed=0)) == Promises()
    assert promises_of(object()) == Promises()


def test_recipes_promise_what_those_in_them_do():
    @attrs.frozen
    class Timed:
        tag = "time_ordered"
        by: str = "0/day"

    @attrs.frozen
    class Outer:
        tag = "leave_out"
        by: str = "0/site"
        rest: object = Timed()
        more: tuple[object, ...] = (("x", splits.Grouped(by="0/site", parts={"train": 1.0}, seed=0)),)

    assert promises_of(Outer()) == Promises(groups=("0/site",), times=("0/day",), differs="leave_out")


def test_elements_held_out_by_axes_are_whole_unless_they_mix():
    @attrs.frozen
    class Cold:
        axes: tuple[tuple[int, object], ...]
        mixed: str | None
        tag = "cold"

    shares = {"train": 0.5, "test": 0.5}
    axes = (
        (0, splits.Grouped(by="0/family", parts=shares, seed=0)),
        (1, splits.Random(parts=shares, seed=0)),
    )

    assert promises_of(Cold(axes, "drop")).groups == ("coo/0", "coo/0/family", "coo/1")
    by_axis = (("coo/0", "coo/0/family"), ("coo/1",))
    assert promises_of(Cold(axes, "own")) == Promises(axes=by_axis, mixed="own", differs="cold")
    assert promises_of(Cold(axes, "assign")) == Promises(axes=by_axis, mixed="assign", differs="cold")
    assert promises_of(Cold(axes[1:], None)) == Promises(groups=("coo/1",), differs="cold")
