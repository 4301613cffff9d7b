"""What an audit tells: findings and their severity, the table, JSON, the picture."""

import json
import re
import sys

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from h5torch.parts import Parts
from h5torch.printed import columns, fit
from splits import SplitError
from splits.auditing import audit
from splits.auditing.judging import count_tests, judge
from splits.auditing.promises import Promises
from splits.auditing.records import Audit, AuditedFold, Finding, PartCount, Skipped
from splits.auditing.shares import compare_shares
from splits.auditing.spread import compare_spread
from splits.auditing.table import WIDTH, wrap
from tests.splits.audited import of_kind, store

N = 600
CODES = np.repeat([0, 1, 2], [400, 100, 100]).astype(np.uint8)
TABLE = Parts(name="main", axis=0, parts=("train", "val", "test"), codes=CODES)
MIXED = np.arange(N) % 4


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """An audit of a split with a leak of each kind, and with names that would do harm to a terminal."""
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(N, 5))
    rows[500] = rows[0]
    rows[501:520] = rows[1:20] + 1e-5
    label = np.where(CODES == 2, MIXED // 2, MIXED)
    names = np.array(["T\x1b[2Jcell", "$B$ cell", "細胞" * 30, "x"])[label]
    columns_ = {
        "central": rows,
        "0/type\x1b[31m": names.tolist(),
        "0/dose": rows[:, 0] + (CODES == 1),
        "0/donor": np.arange(N) // 4,
        "0/day": np.datetime64("2024-01-01") + generator.permutation(N),
        "0/lists": [np.arange(row % 2) for row in range(N)],
    }
    columns_["0/donor"][550] = 3
    path = tmp_path_factory.mktemp("told") / "x.h5t"
    store(path, columns_, CODES, parts=("train", "v\x1bal", "test"))
    return audit(path, "main", groups="0/donor", time="0/day")


def test_every_finding_is_told_in_a_sentence(report):
    told = "\n".join(finding.message for finding in report.findings)

    assert {finding.check for finding in report.findings} == {
        "duplicates",
        "groups",
        "times",
        "classes",
        "spread",
        "near",
    }
    assert [finding.severity for finding in report.findings] == sorted(
        (finding.severity for finding in report.findings), key=["leak", "warning", "note"].index
    )
    assert "row 0 of train = row 500 of test" in told
    assert "1 of 150 groups in more than one part, 5 rows: 3 in train (4) and test (1)" in told
    assert re.search(r"parts mix in time: \d+ rows of train in the time of v\\x1bal", told)
    assert "19 of 100 rows of test within" in told
    assert repr(report).startswith("<Audit of split 'main', 1 folds: ")


def test_the_table_is_printable_and_fits_80_columns(report):
    lines = str(report).splitlines()

    assert all(line.isprintable() for line in lines)
    assert max(map(columns, lines)) <= WIDTH
    assert lines[0] == "audit of split 'main': 600 rows of axis 0"
    assert re.search(r"^  train +400 rows +66\.7%$", str(report), re.MULTILINE)
    assert re.search(
        r"^duplicates central +2 of 600 rows have an equal in another part", str(report), re.MULTILINE
    )
    assert re.search(r"^LEAK       0/donor: 1 of 150 groups", str(report), re.MULTILINE)
    assert lines[-1] == "5 leaks, 4 warnings, 0 notes"


def refuse(constant):
    raise AssertionError(constant)


def test_json_is_strict_ascii_and_holds_every_figure(report):
    spelled = report.to_json()
    whole = json.loads(spelled, parse_constant=refuse)
    (fold,) = whole["folds"]

    assert spelled.isascii()
    assert (whole["ok"], whole["exit_code"], whole["n_rows"]) == (False, 3, N)
    assert [part["n_rows"] for part in fold["parts"]] == [400, 100, 100]
    assert {check["check"] for check in fold["checks"]} == {check.kind for check in report.checks}
    assert len(whole["findings"]) == len(report.findings)
    assert fold["checks"][0]["found"]["examples"][0][1]["row"] == 500


def test_what_is_no_number_is_null_in_json():
    check = compare_spread("0/x", np.full(N, np.inf), CODES, TABLE.parts)
    fold = AuditedFold(name="main", parts=(), n_left_out=0, checks=(attrs.evolve(check, n_missing=np.inf),))
    spelled = Audit(name="main", axis=0, n_rows=N, folds=(fold,)).to_json()

    assert json.loads(spelled, parse_constant=refuse)["folds"][0]["checks"][0]["n_missing"] is None


def test_the_picture_shows_shares_distances_and_numbers(report):
    figure = report.plot()
    shares, near, spread = figure.axes
    (check,) = of_kind(report, "classes")

    assert isinstance(figure, Figure)
    names = {label.get_text() for label in shares.get_yticklabels()}
    assert names == {r"\$B\$ cell", r"T\x1b[2Jcell", "細胞" * 6 + "細…", "x"}
    assert [bar.get_width() for bar in shares.patches] == pytest.approx(
        (np.array(check.counts) / np.sum(check.counts, axis=0)).T.ravel()
    )
    assert len({bar.get_facecolor() for bar in shares.patches}) == 3
    assert near.get_xlabel() == "distance to the nearest row"
    assert len(near.lines) == 6  # across, within and the limit, of two parts
    assert spread.get_yticklabels()[0].get_text() == "0/dose"
    assert "5 leaks" in figure.get_suptitle()
    figure.canvas.draw()


def test_a_picture_of_nothing_and_one_of_too_many_parts():
    parts = tuple(PartCount(name=str(number), n_rows=0, share=0.0) for number in range(9))
    few = AuditedFold(name="main", parts=parts[:2], n_left_out=0, checks=())
    many = attrs.evolve(few, parts=parts)

    assert Audit(name="main", axis=0, n_rows=0, folds=(few,)).plot().axes[0].texts
    with pytest.raises(SplitError, match="has 9 parts, a picture can tell 8 apart"):
        Audit(name="main", axis=0, n_rows=0, folds=(many,)).plot()


def test_drawing_without_matplotlib_says_what_to_install(report, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    with pytest.raises(SplitError, match=r"pip install 'h5torch\[plot\]'"):
        report.plot()


def judged(check, *, differs="", n_tests=1):
    fold = AuditedFold(name="main", parts=(), n_left_out=0, checks=(check,))
    found = judge(fold, Promises(differs=differs), n_tests=n_tests).findings
    return [finding.severity for finding in found]


def test_a_difference_is_a_warning_unless_it_was_meant_small_or_chance():
    classes = np.where(CODES == 2, MIXED // 2, MIXED)
    check = compare_shares("0/y", classes, list("abcd"), TABLE)

    assert judged(check) == ["warning", "warning"]  # shares, and two classes that are absent from test
    assert judged(check, differs="leave_out") == ["note", "note"]
    assert judged(check, n_tests=10**60) == ["note"]
    assert judged(attrs.evolve(check, effects=(0.09,) * 3)) == ["warning"]
    assert judged(attrs.evolve(check, p_grouped=0.5, absent=())) == ["note"]


def test_numbers_are_judged_by_the_same_measure():
    check = compare_spread("0/x", np.arange(N) + 300.0 * (CODES == 2), CODES, TABLE.parts)
    (part, *_) = sorted(check.parts, key=lambda part: -part.distance)
    near = attrs.evolve(check, parts=(attrs.evolve(part, distance=0.09),))

    assert judged(check) == ["warning"]
    assert judged(near) == []
    assert judged(check, differs="time_ordered") == ["note"]
    assert count_tests([AuditedFold(name="", parts=(), n_left_out=0, checks=(check,))]) == 3


words = st.text(st.characters(codec="utf-8"), max_size=60)


@settings(max_examples=60)
@given(
    st.lists(st.builds(Skipped, key=words, why=words), max_size=14),
    st.lists(
        st.builds(
            Finding,
            severity=st.sampled_from(["leak", "note"]),
            check=words,
            key=words,
            fold=words,
            message=words,
        ),
        max_size=3,
    ),
    st.lists(words, min_size=1, max_size=14, unique=True),
)
def test_whatever_names_say_a_line_is_printable_and_fits(skipped, findings, names):
    parts = tuple(PartCount(name=name, n_rows=10**12, share=1.0) for name in names)
    folds = tuple(
        AuditedFold(name=name, parts=parts, n_left_out=10**12, checks=(), findings=tuple(findings))
        for name in names[:3]
    )
    report = Audit(name=names[0], axis=0, n_rows=10**12, folds=folds, skipped=tuple(skipped))

    for line in report.table().split("\n"):
        assert line.isprintable()
        assert columns(line) <= WIDTH
    assert json.loads(report.to_json())["split"] == names[0]


@given(st.text("ab細 ", max_size=300))
def test_wrapped_text_keeps_its_words_or_cuts_them_visibly(text):
    lines = list(wrap(text, first="note  "))
    cut = [word if columns(word) <= WIDTH - 6 else fit(word, WIDTH - 6) for word in text.split()]

    assert " ".join(lines).split() == ["note", *cut]
