"""What an audit must not pass over in silence: equal rows, gaps, classes that are absent, and moved rows."""

import attrs
import numpy as np
import pytest

import h5torch
import splits
from h5torch.parts import Parts
from h5torch.wire.parts import read_split, write_parts
from splits.auditing import audit
from splits.auditing.times import Late
from tests.splits.audited import found, of_kind, spelled, store

N = 3000
SHARES = {"train": 0.8, "test": 0.2}
CODES = np.where(np.arange(N) < 2500, 0, 1)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data.h5t"


def normal(seed=0, n_rows=N, width=8):
    return np.random.default_rng(seed).normal(size=(n_rows, width))


def keep(path, columns, codes=CODES, **more):
    return store(path, columns, codes, parts=("train", "test"), **more)


def test_near_duplicates_are_found_where_most_rows_repeat_within_a_part(path):
    rows = normal()
    rows[1000:2000] = rows[:1000]
    rows[2500:2600] = rows[:100] + 1e-3 * normal(1, 100)
    report = audit(keep(path, {"central": rows}), "main")
    (check,) = of_kind(report, "near")

    assert found(report) == [("warning", "near", "central")]
    assert (check.n_close, check.n_distinct) == (100, 500)


def test_one_value_that_is_missing_everywhere_hides_no_near_duplicate(path):
    rows = normal()
    rows[2500:2600] = rows[:100] + 1e-3 * normal(1, 100)
    rows[:, 3] = np.nan
    rows[50, 4] = np.nan
    report = audit(keep(path, {"central": rows}), "main")
    (check,) = of_kind(report, "near")

    assert found(report) == [("warning", "near", "central")]
    assert (check.n_close, check.n_rows, check.n_skipped) == (99, 500, 1)
    assert "1 of 8 values of a row, first 3: NaN" in report.skipped[2].why
    assert "1 rows with NaN or infinity left out" in " ".join(str(report).split())


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (np.ones((N, 3)), "1 different rows of test and 1 of other parts have too few"),
        (np.full((N, 3), np.nan), "3 of 3 values of a row, first 0: NaN or infinity in most rows of test"),
        (normal() * 1e300, "8 of 8 values of a row, first 0: NaN or infinity in most rows of test"),
        (
            normal() * 1e-320,
            "500 different rows of test and 2500 of other parts have too few or no distances",
        ),
    ],
)
def test_what_cannot_be_told_of_near_rows_is_said(path, rows, told):
    report = audit(keep(path, {"central": rows}), "main")

    why = next(one.why for one in report.skipped if one.key == "central")
    assert why.replace(",", "").startswith(told.replace(",", ""))


@pytest.mark.parametrize("gap", ["number", "class", "feature"])
def test_values_that_one_part_lacks_are_a_warning(path, gap):
    rows, age = normal(), normal(2, N, 1)[:, 0]
    kind = np.array(["a", "b"])[np.arange(N) % 2]
    if gap == "number":
        age[CODES == 1] = np.nan
    elif gap == "class":
        kind[CODES == 1] = ""
    else:
        rows[CODES == 1, 0] = np.nan
    report = audit(keep(path, {"central": rows, "0/age": age, "0/kind": kind.tolist()}), "main")
    key = {"number": "0/age", "class": "0/kind", "feature": "central"}[gap]

    assert found(report) == [("warning", "missing", key)]
    assert "100.0% of test, 16.7% overall" in report.findings[0].message
    assert report.plot().axes


def test_values_missing_by_chance_are_not_told(path):
    age = normal(2, N, 1)[:, 0]
    age[::7] = np.nan
    report = audit(keep(path, {"central": normal(), "0/age": age}), "main")

    assert report.findings == ()
    assert of_kind(report, "missing", "0/age")[0].p > 0.01


def test_a_class_that_a_part_lacks_is_a_warning_where_chance_does_not_explain_it(path):
    classes = np.zeros(200_000, int)
    codes = (np.arange(len(classes)) % 10 == 0).astype(int)
    classes[np.flatnonzero(codes == 0)[:800]] = 1
    rare = np.zeros(200_000, int)
    rare[1:60:10] = 1
    report = audit(keep(path, {"central": classes, "0/rare": rare}, codes), "main")

    assert found(report) == [("warning", "classes", "central"), ("note", "classes", "0/rare")]
    assert "test has no row of class 1 (80 expected, p = 2.5e-37)" in report.findings[0].message


def test_labels_of_integers_make_no_rows(path):
    labels = (normal(3, N, 6) > 0.5).astype(np.int8)
    report = audit(keep(path, {"central": labels, "0/x": normal()}), "main")

    assert report.findings == ()
    assert of_kind(report, "duplicates")[0].keys == ("0/x",)
    assert of_kind(report, "near")[0].keys == ("0/x",)
    assert len(of_kind(report, "classes", "central")) == 6


def test_marks_alone_are_rows(path):
    marks = (normal(3, N, 6) > 0.5).astype(np.int8)

    assert of_kind(audit(keep(path, {"central": marks}), "main"), "duplicates")[0].keys == ("central",)


def test_a_row_that_moved_across_inner_folds_is_seen(path):
    with h5torch.File(path, "w") as f:
        f.register(normal(0, 200), "central")
        f.register(np.arange(200) // 4, 0, name="donor")
        recipe = splits.Grouped(by="0/donor", folds=splits.Nested(3, 3), seed=0)
        splits.create(f, "ne", recipe)
        assert audit(f, "ne", features=()).ok
        table = read_split(f, "ne")
        codes = table.codes.copy()
        row = int(np.flatnonzero(codes[1] != 255)[0])
        codes[1, row] = (codes[1, row] + 1) % 3
        moved = attrs.evolve(table, codes=codes)
        write_parts(f, moved, recipe=spelled(recipe), provenance="{}", overwrite=True)
        whole, outer, inner = (audit(f, name, features=()) for name in ("ne", "ne/0", "ne/0/1"))

    assert [fold.name for fold in outer.folds] == ["ne/0", "ne/0/0", "ne/0/1", "ne/0/2"]
    assert len(whole.folds) == 12
    assert len(inner.folds) == 1
    assert ("leak", "groups", "0/donor") in found(whole)
    assert {one.fold for one in outer.findings if one.severity == "leak"} < {"ne/0/0", "ne/0/1", "ne/0/2"}
    assert whole.exit_code == outer.exit_code == 3


def elements(path, mixed, change=None):
    """Store elements held out by two axes, and move some of them."""
    index = np.stack(np.divmod(np.arange(1200), 30))
    with h5torch.File(path, "w") as f:
        f.register((index, np.arange(1200.0), (40, 30)), "central", mode="coo")
        f.register(np.arange(40) // 2, 0, name="family")
        axes = {
            0: splits.Grouped(by="0/family", parts=SHARES, seed=0),
            1: splits.Random(parts=SHARES, seed=0, axis=1),
        }
        recipe = splits.Cold(axes=axes, mixed=mixed)
        table = splits.create(f, "main", recipe).table
        if change:
            codes = table.codes.copy()
            train, test = table.parts.index("train"), table.parts.index("test")
            codes[np.flatnonzero(codes == train)[::7][:50]] = test
            moved = Parts(name="main", axis="coo", parts=table.parts, codes=codes)
            write_parts(f, moved, recipe=spelled(recipe), provenance="{}", overwrite=True)
    return audit(path, "main")


@pytest.mark.parametrize("mixed", ["own", "assign", "drop"])
def test_elements_that_left_the_part_of_their_rows_are_a_leak(path, tmp_path, mixed):
    clean, moved = elements(path, mixed), elements(tmp_path / "moved.h5t", mixed, change=True)
    leaks = [one for one in found(moved) if one[0] == "leak"]

    assert clean.exit_code == 0
    assert moved.exit_code == 3
    if mixed == "assign":
        assert leaks == [("leak", "assigned", "coo/0 + coo/0/family + coo/1")]
        assert of_kind(moved, "assigned")[0].n_unlike == 50
    else:
        assert leaks == [("leak", "groups", key) for key in ("coo/0", "coo/0/family", "coo/1")]
    assert moved.table()


def test_the_values_of_elements_have_the_name_that_recipes_give_them(path):
    index = np.stack(np.divmod(np.arange(600), 30))
    with h5torch.File(path, "w") as f:
        f.register((index, np.arange(600) // 5, (20, 30)), "central", mode="coo")
        splits.create(f, "main", splits.Grouped(by="coo/central", parts=SHARES, seed=0))
    report = audit(path, "main")

    assert audit(path, "main", groups="coo/central") == report
    assert [check.key for check in of_kind(report, "groups")] == ["central"]
    assert report.ok


def test_rows_known_too_late_are_a_leak(path):
    day = np.arange(N)
    until = day + 10
    recipe = splits.TimeOrdered(by="0/day", until="0/known", gap=3, parts=SHARES)
    columns = {"central": normal(), "0/day": day, "0/known": until}
    codes = recipe.codes({"0/day": day, "0/known": until}, N)
    clean = audit(keep(path, columns, codes, recipe=recipe), "main", features=())
    codes[2395] = 0
    path.unlink()
    late = audit(keep(path, columns, codes, recipe=recipe), "main", features=())

    assert clean.ok
    assert clean.skipped[0].why == "no check looks at its gap between parts"
    assert [one for one in found(late) if one[0] == "leak"] == [("leak", "times", "0/day")]
    assert of_kind(late, "times")[0].late == (Late(part="train", later="test", n_rows=1, row=2395),)


def test_drawn_rows_are_told_beside_all(path):
    report = audit(keep(path, {"central": normal()}), "main", sample=100, against=1000)
    (check,) = of_kind(report, "near")

    assert (check.n_in_part, check.n_in_others) == (500, 2500)
    assert "test, 100 of 500 rows against 1,000 of 2,500 (about 8 % of pairs)" in " ".join(
        str(report).split()
    )
