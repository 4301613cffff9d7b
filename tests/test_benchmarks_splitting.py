"""How the splitting benchmark measures: its columns, its deviations, both sides, the records and the page."""

import json
import sys

import attrs
import numpy as np
import pytest

from benchmarks.splitting import __main__ as command
from benchmarks.splitting import contestants, libraries, once, page, records, works
from benchmarks.splitting.evenness import Evenness, evenness, label_counts
from benchmarks.splitting.records import Measured, Results, duel

BY_NAME = {work.name: work for work in works.ALL}
SPLIT_HERE = [work for work in works.ALL if work.family != "multilabel"]  # with scikit-learn alone


def tiny(work):
    return works.scaled(attrs.evolve(work, n_labels=min(work.n_labels, 10)), 1e-9)


def options(tmp_path, *arguments):
    empty = tmp_path / "libraries"
    empty.mkdir(exist_ok=True)
    return command.parse([*arguments, "--libraries", str(empty), "--out", str(tmp_path)])


def a_call(side, number=0, **changes):
    given = {"seconds": 1.0, "peak_mb": 100.0, "mean": 0.1, "worst": 1.0, "sizes": 0.0}
    given |= {"rows": 5.0, "size_rows": 0.0, **changes}
    return Measured(work="int64-10", side=side, number=number, **given)


def results_of(*measured, refusals=()):
    machine, settings = {"cores": "2"}, {"scale": 1, "rounds": 1}
    listed = (attrs.asdict(BY_NAME["int64-10"]),)
    return Results(machine=machine, settings=settings, works=listed, measured=measured, refusals=refusals)


def test_deviations_are_those_worked_out_by_hand():
    """Of ten rows with the first label 7 are in train and 3 in test, of five with the second all in train.

    So train holds 70 % and 100 %, test 30 % and 0 %, each one row, 10 or 20 points, off; and 12 of 15 rows
    are 80 %.
    """
    counts = np.array([[7, 5, 0], [3, 0, 0]])
    found = evenness(counts, np.array([12, 3]), (0.8, 0.2))

    assert attrs.astuple(found) == pytest.approx((15, 20, 0, 1, 0))


def test_deviations_of_sizes_are_of_all_rows():
    found = evenness(np.array([[1], [1]]), np.array([6, 4]), (0.5, 0.5))

    assert attrs.astuple(found) == pytest.approx((0, 0, 10, 0, 1))


def test_labels_are_counted_in_every_part():
    codes = np.array([0, 1, 1, 0])
    one, other = np.array(["a", "b", "b", "b"]), np.array([5, 5, 5, 6])
    matrix = np.array([[1, 0], [1, 1], [0, 1], [0, 1]], np.uint8)

    assert label_counts([one], codes, 2).tolist() == [[1, 1], [0, 2]]
    assert label_counts([matrix], codes, 2).tolist() == [[1, 1], [1, 2]]
    jointly = label_counts([one, other], codes, 2)
    assert jointly[:, jointly.any(axis=0)].tolist() == [[1, 0, 1], [0, 2, 0]]


@pytest.mark.parametrize("work", works.ALL, ids=lambda work: work.name)
def test_workloads_make_the_same_columns_each_time(work):
    small = tiny(work)
    columns = works.columns_of(small)

    assert {len(column) for column in columns.values()} == {1000}
    for key, column in works.columns_of(small).items():
        assert np.array_equal(column, columns[key])
    assert ("0/g" in columns) == (work.family == "grouped")


def test_text_labels_have_twelve_letters_and_pairs_are_pairs():
    assert works.columns_of(tiny(BY_NAME["text-10"]))["0/y"].dtype == np.dtype("U12")
    assert list(works.columns_of(tiny(BY_NAME["pair-100"]))) == ["0/y", "0/z"]


def test_groups_of_one_class_have_one_and_the_first_of_a_power_law_is_the_largest():
    columns = works.columns_of(tiny(BY_NAME["pure"]))
    pairs = np.unique(np.column_stack([columns["0/g"], columns["0/y"]]), axis=0)

    assert len(pairs) == len(np.unique(columns["0/g"]))
    assert np.argmax(np.bincount(columns["0/g"])) == 0


@pytest.mark.parametrize("side", ["ours", "theirs"])
@pytest.mark.parametrize("work", SPLIT_HERE, ids=lambda work: work.name)
def test_both_sides_split_every_workload_and_the_figures_are_finite(work, side):
    found = once.measure(tiny(work), side, seed=3)

    assert found["seconds"] > 0
    assert 0 <= found["mean"] <= found["worst"] < 100
    if work.family == "stratified":
        assert found["sizes"] < 0.2


def test_we_split_many_labels_too():
    assert once.measure(tiny(BY_NAME["labels-folds"]), "ours", seed=0)["sizes"] < 0.2


def test_parts_have_to_cover_the_rows_once():
    assert contestants.codes_of([np.array([0, 2]), np.array([1])], 3).tolist() == [0, 1, 0]
    assert contestants.codes_of(np.array([[2, 0]], np.uint8), 2).tolist() == [2, 0]
    for parts in ([[0], [1]], [[0, 1], [1]]):
        with pytest.raises(ValueError, match="do not cover 3 rows once"):
            contestants.codes_of([np.array(rows) for rows in parts], 3)


def test_a_torn_group_is_no_answer():
    once.check_groups(np.array([0, 0, 1]), np.array([1, 1, 0]))
    with pytest.raises(ValueError, match="2 groups lie in 3 places"):
        once.check_groups(np.array([0, 0, 1]), np.array([1, 0, 0]))


def test_a_run_measures_both_sides_and_says_what_is_missing(tmp_path):
    """A workload of each library, in processes of their own; the folder of the second library is empty."""
    asked = options(tmp_path, "--only", "uint8-10,labels-folds", "--scale", "1e-9", "--rounds", "1")
    results = command.measure(asked)

    measured = [(one.work, one.side) for one in results.measured]
    assert measured == [("uint8-10", "ours"), ("uint8-10", "theirs"), ("labels-folds", "ours")]
    assert all(one.peak_mb is not None or sys.platform != "linux" for one in results.measured)
    assert [attrs.astuple(one) for one in results.refusals] == [
        ("labels-folds", "theirs", "iterstrat is not installed")
    ]
    assert records.from_json(json.loads((tmp_path / "splitting.json").read_text())) == results
    assert "- labels-folds, theirs: iterstrat is not installed" in page.page(results)
    assert "no figures to quote" in page.page(results)


def test_the_side_that_begins_changes_from_round_to_round():
    assert [command.turns(number) for number in range(3)] == [
        ("ours", "theirs"),
        ("theirs", "ours"),
        ("ours", "theirs"),
    ]


def test_a_measurement_that_takes_too_long_has_no_figure(tmp_path):
    asked = options(tmp_path, "--patience", "0.01")

    assert command.once(tiny(BY_NAME["uint8-10"]), "ours", 0, asked) == "no answer in 0 s"


def test_workloads_are_chosen_by_name_or_family(tmp_path, capsys):
    assert options(tmp_path, "--only", "grouped,text-10").only == ("grouped", "text-10")
    with pytest.raises(SystemExit):
        options(tmp_path, "--only", "texts")
    assert "there is no texts" in capsys.readouterr().err


def test_ratios_come_from_the_same_round():
    seconds = {"ours": (1, 2, 4), "theirs": (8, 2, 16)}
    calls = [
        a_call(side, number, seconds=s)
        for side, all_of_them in seconds.items()
        for number, s in enumerate(all_of_them)
    ]
    found = duel(results_of(*calls, a_call("ours", 3, seconds=100)), "int64-10")

    assert (found.faster, found.ours.seconds, found.theirs.seconds, found.rounds) == (4, 2, 8, 3)
    assert duel(results_of(a_call("ours")), "int64-10") is None


def test_deviations_are_means_over_the_seeds_and_times_are_medians():
    worst, seconds, rows = (1.0, 2.0, 6.0), (1.0, 2.0, 9.0), (0.5, 3.0, 2.0)
    rounds = enumerate(zip(worst, seconds, rows, strict=True))
    calls = [a_call("ours", number, worst=w, seconds=s, rows=r) for number, (w, s, r) in rounds]
    found = duel(results_of(*calls, *(a_call("theirs", number) for number in range(3))), "int64-10").ours

    assert (found.worst, found.seconds, found.rows) == (3, 2, 3)


def test_every_round_has_a_seed_of_its_own():
    work = tiny(BY_NAME["uint8-10"])
    columns = works.columns_of(work)
    for side in contestants.SIDES.values():
        first, again, other = (
            contestants.codes_of(side(work, columns, seed), work.n_rows) for seed in (1, 1, 2)
        )
        assert np.array_equal(first, again)
        assert (first != other).any()


@pytest.mark.parametrize(
    ("ours", "is_behind"),
    [
        ({"worst": 1.01, "rows": 0.9}, False),  # all counts are those asked for, rounded
        ({"worst": 1.01, "rows": 1.2}, True),
        ({"worst": 1.001, "rows": 1.2}, False),  # the same digits
        ({"sizes": 0.3, "size_rows": 0.8}, False),
        ({"sizes": 0.3, "size_rows": 2.0}, True),
    ],
)
def test_what_only_rounding_decides_is_no_loss(ours, is_behind):
    told = page.page(results_of(a_call("ours", **ours), a_call("theirs")))

    assert ("Nowhere" not in told) == is_behind


def test_what_is_slower_larger_or_less_even_is_said_first():
    ours = a_call("ours", seconds=2.0, peak_mb=150.0, worst=1.5)
    told = page.page(results_of(ours, a_call("theirs")))

    assert "0.5 times as fast, peak memory 150 MB, not 100, largest deviation 1.5, not 1" in told
    assert "Nowhere" in page.page(results_of(a_call("ours"), a_call("theirs")))
    assert "| int64, 10 classes | 2 / 1 | 0.5 | 150 / 100 | 0.1 / 0.1 | 1.5 / 1 | 0 / 0 |" in told


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (4419.6, "4,420"), (18.24, "18.2"), (0.1834, "0.183"), (0.000042, "0.000042"), (100.4, "100")],
)
def test_numbers_have_three_digits_that_count(value, shown):
    assert page.number(value) == shown


def test_what_is_installed_is_pinned():
    assert libraries.pins() == {"iterative-stratification": "0.1.9"}
    assert [field.name for field in attrs.fields(Evenness)] == ["mean", "worst", "sizes", "rows", "size_rows"]
