"""Audits of real data: nothing is found where nothing is wrong, and what was planted is found."""

import numpy as np
import pytest
from sklearn import datasets

import h5torch
import splits
from splits.auditing import audit
from tests.splits.audited import found, of_kind, sheets, store

SHARES = {"train": 0.8, "val": 0.1, "test": 0.1}
DIGITS = datasets.load_digits()
N = len(DIGITS.target)


def stratified(labels, seed=0):
    recipe = splits.Stratified(by="0/label", parts=SHARES, seed=seed)
    return recipe, recipe.codes({"0/label": labels}, len(labels))


@pytest.fixture
def codes():
    return stratified(DIGITS.target)[1]


@pytest.mark.parametrize("name", ["digits", "wine", "breast_cancer", "iris"])
def test_a_stratified_split_of_real_data_has_no_finding_but_true_duplicates(name, tmp_path):
    data = getattr(datasets, f"load_{name}")()
    path = tmp_path / "data.h5t"
    with h5torch.File(path, "w") as f:
        f.register(data.data, "central")
        f.register(np.asarray(data.target_names)[data.target].astype(str), 0, name="label")
        for seed in range(3):
            recipe = splits.Stratified(by="0/label", parts=SHARES, seed=seed)
            split = splits.create(f, f"s{seed}", recipe)
            report = audit(f, f"s{seed}")
            equal = name == "iris" and split.codes[101] != split.codes[142]
            leaks = [("leak", "duplicates", "central")] if equal else []

            assert found(report) == leaks, seed
            assert report.exit_code == (3 if equal else 0)
            assert {check.kind for check in report.checks} == {"duplicates", "classes", "spread", "near"}
            small = () if len(data.target) > 200 else ("central", "central")  # parts of 15 to 18 rows
            assert tuple(one.key for one in report.skipped) == small


def test_the_one_pair_of_equal_irises_is_named_by_its_rows(tmp_path):
    data = datasets.load_iris()
    codes = np.arange(150) % 3
    path = store(tmp_path / "iris.h5t", {"central": data.data, "0/label": data.target}, codes)
    report = audit(path, "main")
    (check,) = of_kind(report, "duplicates")

    assert codes[101] != codes[142]
    assert [[place.row for place in places] for places in check.found.examples] == [[101, 142]]
    assert report.findings[0].message == (
        "2 rows have an equal in another part (row 101 of test = row 142 of val)"
    )


def test_planted_duplicates_are_found_with_their_row_numbers(tmp_path, codes):
    rows = DIGITS.data.astype(np.float32)
    train, test = np.flatnonzero(codes == 0)[:7], np.flatnonzero(codes == 2)[:7]
    rows[test] = rows[train]
    path = store(tmp_path / "digits.h5t", {"central": rows, "0/label": DIGITS.target}, codes)
    report = audit(path, "main")
    (check,) = of_kind(report, "duplicates")

    assert found(report) == [("leak", "duplicates", "central")]
    assert (check.found.n_values, check.found.by_part, check.n_rows) == (7, (7, 0, 7), N)
    assert {frozenset(place.row for place in places) for places in check.found.examples} == {
        frozenset(pair) for pair in zip(train.tolist(), test.tolist(), strict=True)
    }
    assert not report.ok
    assert report.exit_code == 3


def test_planted_near_duplicates_are_found_with_their_row_numbers(tmp_path, codes):
    rows = DIGITS.data.copy()
    train, test = np.flatnonzero(codes == 0)[:12], np.flatnonzero(codes == 2)[:12]
    noise = np.random.default_rng(0).normal(size=(12, 64)) * np.linspace(0.01, 0.05, 12)[:, None]
    rows[test] = rows[train] + noise
    path = store(tmp_path / "digits.h5t", {"central": rows, "0/label": DIGITS.target}, codes)
    report = audit(path, "main")
    _, check = of_kind(report, "near")

    assert found(report) == [("warning", "near", "central")]
    assert (check.part, check.n_rows, check.n_close, check.n_equal) == ("test", 180, 12, 0)
    pairs = [(pair.row, pair.other) for pair in check.pairs]
    assert len(pairs) == 10
    assert set(pairs) <= set(zip(test.tolist(), train.tolist(), strict=True))
    assert "12 of 180 rows of test within" in report.findings[0].message


def test_a_planted_group_leak_is_found_with_the_name_of_the_group(tmp_path):
    sheet = np.array([f"sheet {number}" for number in sheets(DIGITS.target)])
    columns = {"central": DIGITS.data, "0/sheet": sheet, "0/label": DIGITS.target}
    recipe = splits.Stratified(by="0/label", groups="0/sheet", parts=SHARES, seed=0)
    codes = recipe.codes({"0/label": DIGITS.target, "0/sheet": sheet}, N)
    clean = store(tmp_path / "clean.h5t", columns, codes)
    size = int(np.count_nonzero(sheet == "sheet 7"))
    leaky = sheet.copy()
    row = int(np.flatnonzero(codes != codes[sheet == "sheet 7"][0])[3])
    leaky[row] = "sheet 7"
    path = store(tmp_path / "leaky.h5t", {**columns, "0/sheet": leaky}, codes)
    report = audit(path, "main", groups="0/sheet", by="0/label", features=())
    (check,) = of_kind(report, "groups")

    assert audit(clean, "main", groups="0/sheet").ok
    assert found(report) == [("leak", "groups", "0/sheet")]
    assert check.names == ("sheet 7",)
    assert sorted(place.n_rows for place in check.found.examples[0]) == [1, size]
    told = f"1 of 14 groups in more than one part, {size + 1} rows: sheet 7 in "
    assert told in report.findings[0].message


def test_drift_is_found_where_rows_were_chosen_by_their_class(tmp_path):
    label = DIGITS.target
    codes = np.where((label >= 7) & (np.arange(N) % 3 == 0), 2, 0)
    path = store(tmp_path / "digits.h5t", {"central": DIGITS.data, "0/label": label}, codes)
    report = audit(path, "main", features=())
    (check,) = of_kind(report, "classes")

    assert found(report)[0] == ("warning", "parts", "")  # val is empty
    assert found(report)[1] == ("warning", "classes", "0/label")
    assert check.largest.part == "test"
    assert int(check.largest.label) >= 7
    assert check.largest.share == pytest.approx(1 / 3, abs=0.05)


def test_drift_is_found_where_rows_were_chosen_by_one_feature(tmp_path):
    data = datasets.load_breast_cancer()
    chosen = data.data[:, 3] > np.quantile(data.data[:, 3], 0.6)
    codes = np.where(chosen & (np.arange(569) % 2 == 0), 1, 0)
    columns = {"central": data.data, "0/area": data.data[:, 3]}
    path = store(tmp_path / "cancer.h5t", columns, codes, parts=("train", "test"))
    report = audit(path, "main")
    aligned, inside = (finding for finding in report.findings if finding.check == "spread")

    assert {finding.severity for finding in (aligned, inside)} == {"warning"}
    assert (aligned.key, inside.key) == ("0/area", "central")
    assert "test is 0.7" in aligned.message
    assert "20 of 30 values of a row differ" in inside.message
    worst = max(of_kind(report, "spread", "central"), key=lambda check: check.weight)
    assert worst.place in (0, 2, 3)  # radius, perimeter and area go together


def test_a_split_by_time_passes_and_one_that_mixes_is_a_leak(tmp_path):
    days = np.datetime64("2024-01-01") + np.arange(N) // 5
    codes = np.digitize(np.arange(N), [1435, 1620])
    columns = {"central": DIGITS.data, "0/day": days}
    clean = store(tmp_path / "clean.h5t", columns, codes)
    codes[1700] = 0
    mixed = store(tmp_path / "mixed.h5t", columns, codes)
    (finding, *_) = audit(mixed, "main", time="0/day").findings

    assert not [one for one in audit(clean, "main", time="0/day").findings if one.severity == "leak"]
    assert (finding.severity, finding.check, finding.key) == ("leak", "times", "0/day")
    assert finding.message.startswith("parts mix in time: 1 row of train in the time of test, 84 rows of")
