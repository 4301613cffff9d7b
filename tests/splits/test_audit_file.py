"""Audits of files of every kind: other axes, elements, folds, layouts, gaps, and parts of any size."""

import numpy as np
import pytest
from scipy.sparse import csr_array

import h5torch
import splits
from h5torch.errors import UnknownNameError
from h5torch.parts import LEFT_OUT
from splits.auditing import audit
from tests.splits.audited import PARTS, found, of_kind, store

N = 300
ROWS = np.random.default_rng(0).normal(size=(N, 6))
CODES = np.arange(N) % 3
LABEL = np.arange(N) // 3 % 4


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data.h5t"


def messages(report):
    return [finding.message for finding in report.findings]


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        (np.zeros(N), ["part val is empty", "part test is empty"]),
        (np.full(N, LEFT_OUT), ["part train is empty", "part val is empty", "part test is empty"]),
        (np.where(np.arange(N) == 5, 2, np.arange(N) // 12 % 2), ["part test is tiny: 1 row"]),
    ],
)
def test_parts_that_are_empty_or_tiny_are_warned_of(path, codes, told):
    store(path, {"central": ROWS, "0/label": LABEL, "0/dose": ROWS[:, 0]}, codes)
    report = audit(path, "main")
    warned = [finding.message for finding in report.findings if finding.severity == "warning"]

    assert warned == told
    assert report.exit_code == 3
    assert report.folds[0].n_left_out == np.count_nonzero(np.asarray(codes) == LEFT_OUT)
    assert report.table()
    assert report.to_json()


def test_a_split_of_one_part_or_one_row_is_looked_over(path, tmp_path):
    store(path, {"central": ROWS, "0/label": LABEL}, np.zeros(N), parts=("all",))
    store(tmp_path / "one.h5t", {"central": ROWS[:1], "0/label": LABEL[:1]}, [0], parts=("all",))

    assert audit(path, "main").findings == ()
    assert messages(audit(tmp_path / "one.h5t", "main")) == ["part all is tiny: 1 row"]


def test_rows_left_out_share_nothing_with_anyone(path):
    rows = ROWS.copy()
    rows[0] = rows[1] = rows[2]
    codes = CODES.copy()
    codes[[1, 2]] = LEFT_OUT
    (check,) = of_kind(audit(store(path, {"central": rows}, codes), "main"), "duplicates")

    assert (check.found.n_values, check.n_repeated) == (0, 3)


def test_missing_ids_are_told_apart_and_are_no_group(path):
    names = np.array([f"d{row}" for row in range(N)], object)
    names[[3, 4, 5]] = ""
    numbers = np.where(np.arange(N) < 7, np.nan, np.arange(N))
    store(path, {"central": ROWS, "0/donor": names.tolist(), "0/number": numbers}, CODES)
    report = audit(path, "main", groups="0/donor", ids="0/number")

    assert found(report) == [("note", "groups", "0/donor"), ("note", "groups", "0/number")]
    assert messages(report) == [
        "3 rows without a group; they count as none",
        "7 rows without an id; they count as none",
    ]
    assert report.ok
    assert report.exit_code == 0


def test_sparse_and_ragged_rows_are_compared_without_being_dense(path, tmp_path):
    dense = np.where(ROWS > 0.8, ROWS, 0)
    dense[(dense == 0).all(axis=1), 0] = np.flatnonzero((dense == 0).all(axis=1)) + 1.0
    dense[7] = dense[12]
    texts = [f"text {row}" * (1 + row % 20) for row in range(N)]
    texts[0] *= 1000
    texts[7] = texts[12]
    store(path, {"central": csr_array(dense)}, CODES)
    store(tmp_path / "text.h5t", {"central": LABEL, "0/text": texts}, CODES)

    for file, key in ((path, "central"), (tmp_path / "text.h5t", "0/text")):
        (check,) = of_kind(audit(file, "main", by=(), features=()), "duplicates")
        assert check.keys == (key,)
        assert [[place.row for place in places] for places in check.found.examples] == [[7, 12]]


def test_a_split_of_another_axis_is_looked_over_along_it(path):
    table = np.random.default_rng(1).normal(size=(5, N))
    table[:, 9] = table[:, 100]
    codes = CODES.copy()
    store(path, {"central": table, "1/family": np.arange(N) // 2, "0/x": np.arange(5.0)}, codes, axis=1)
    report = audit(path, "main", groups="1/family")

    assert found(report) == [("leak", "duplicates", "central"), ("leak", "groups", "1/family")]
    assert [place.row for place in of_kind(report, "duplicates")[0].found.examples[0]] == [9, 100]


def test_elements_are_looked_over_by_their_place_on_every_axis(path):
    users, items = np.arange(N) % 20, np.arange(N) // 20
    users[17], items[17] = users[3], items[3]
    ratings = (np.array([users, items]), 1.0 + np.arange(N) % 5, (20, 15))
    country = [f"country {user % 4}" for user in range(20)]
    codes = users % 3
    codes[17] = (codes[3] + 1) % 3
    store(path, {"central": ratings, "0/country": country, "0/id": np.arange(20)}, codes, axis="coo")
    report = audit(path, "main", groups=["coo/0", "coo/0/id"], ids="coo/1")
    by_key = {check.key: check for check in of_kind(report, "groups")}

    assert of_kind(report, "duplicates")[0].keys == ("coo/0", "coo/1")
    assert [place.row for place in of_kind(report, "duplicates")[0].found.examples[0]] == [3, 17]
    assert by_key["coo/0"].found == by_key["coo/0/id"].found
    assert by_key["coo/0"].names == ("3",)
    assert by_key["coo/1"].found.n_values == 15
    assert of_kind(report, "classes", "coo/0/country")[0].classes[0].startswith("country")
    assert of_kind(report, "spread", "central")


def test_dense_elements_are_looked_over_too(path):
    codes = np.arange(60) // 30
    table = np.arange(60.0).reshape(12, 5)
    store(path, {"central": table, "1/kind": np.arange(5)}, codes, axis="coo", parts=("train", "test"))
    report = audit(path, "main", groups=["coo/0"], ids=["coo/1/kind"])

    assert found(report)[0] == ("leak", "groups", "coo/1/kind")
    assert of_kind(report, "groups", "coo/0")[0].found.n_values == 0


def test_all_folds_or_one_are_looked_over(path):
    with h5torch.File(path, "w") as f:
        rows = ROWS.copy()
        rows[10] = rows[200]
        f.register(rows, "central")
        f.register(LABEL, 0, name="label")
        f.register(np.arange(N) // 2, 0, name="pair")
        splits.create(f, "cv", splits.Stratified(by="0/label", folds=4, seed=0))
        folds = splits.load(f, "cv").table
        whole, single = audit(f, "cv", groups="0/pair"), audit(f, "cv/1", groups="0/pair")
    apart = [fold.name for fold in folds.all_folds() if fold.codes[10] != fold.codes[200]]

    assert [fold.name for fold in whole.folds] == ["cv/0", "cv/1", "cv/2", "cv/3"]
    assert [one.fold for one in whole.findings if one.check == "duplicates"] == apart
    assert single.folds[0].name == "cv/1"
    assert single.folds[0].parts == whole.folds[1].parts
    assert "4 folds" in whole.table()
    assert "4 folds, first cv/0" in whole.table()


def test_what_a_recipe_keeps_whole_is_looked_after_unasked(path):
    recipe = splits.Stratified(by="0/label", groups="0/donor", parts={"train": 0.5, "test": 0.5}, seed=0)
    columns = {"central": ROWS, "0/label": LABEL, "0/donor": np.arange(N) // 6}
    store(path, columns, np.arange(N) % 2, parts=("train", "test"), recipe=recipe)

    assert found(audit(path, "main"))[0] == ("leak", "groups", "0/donor")


def test_gaps_at_the_end_of_a_column_are_not_looked_at(path):
    with h5torch.File(path, "w") as f:
        f.register(ROWS[:280], "central", length=N)
        f.register(LABEL[:280], 0, name="label", length=N)
        recipe = splits.Random(parts={"train": 0.5, "test": 0.5}, seed=0)
        splits.create(f, "main", recipe)
        report = audit(f, "main")

    assert of_kind(report, "duplicates")[0].n_rows == 280
    assert not [finding for finding in report.findings if finding.severity == "leak"]


def test_file_path_and_snapshot_give_the_same_audit_and_a_file_open_for_writing_too(path):
    store(path, {"central": ROWS, "0/label": LABEL, "0/dose": ROWS[:, 0]}, CODES)
    with h5torch.File(path) as f:
        reports = [audit(f, "main"), audit(f.to_dict(), "main"), audit(str(path), "main")]
    with h5torch.File(path, "r+") as f:
        reports.append(audit(f, "main"))

    assert reports == [reports[0]] * 4


def test_a_recipe_that_is_not_known_is_told_and_stops_nothing(path):
    report = audit(store(path, {"central": ROWS}, CODES), "main")

    assert [(one.key, "by-hand" in one.why) for one in report.skipped] == [("recipe", True), ("codes", False)]
    assert "is not the one recorded; see splits.verify" in report.skipped[1].why
    assert tuple(part.name for part in report.folds[0].parts) == PARTS


def test_names_that_are_not_there_are_answered_with_the_nearest(path):
    store(path, {"central": ROWS, "0/label": LABEL}, CODES)

    with pytest.raises(UnknownNameError, match="did you mean 'main'"):
        audit(path, "mian")
    with pytest.raises(UnknownNameError, match="did you mean '0/label'"):
        audit(path, "main", by="0/lable")
