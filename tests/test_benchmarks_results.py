"""What the benchmarks tell of their rounds: records, figures, tables, reasons and the chart."""

import json

import attrs
import pytest

from benchmarks import records, rounds, summary, tables, workloads
from benchmarks.records import Refusal, Results, Round
from benchmarks.summary import Cell, figures

SETTINGS = {"rounds": 2, "budget": 0.5, "rows_scale": 1}


def a_round(contestant, number, rate, *, way="batch", workers=0, ratio=None, workload="dense"):
    place = {"workload": workload, "contestant": contestant, "way": way, "workers": workers}
    return Round(**place, number=number, rows=rate, seconds=1.0, ratio=ratio)


def results_of(*measured, refusals=()):
    works = [attrs.asdict(work) for work in workloads.ALL if work.name in {one.workload for one in measured}]
    return Results(machine={"cores": "2"}, settings=SETTINGS).plus(
        workloads=works, rounds=measured, refusals=refusals
    )


def test_figures_are_medians_and_ratios_come_from_the_same_round():
    measured = [a_round("map", number, rate) for number, rate in enumerate([100, 200, 400])]
    measured += [a_round("lance", number, rate) for number, rate in enumerate([10, 100, 100])]
    measured += [a_round("h5torch", number, 5, ratio=ratio) for number, ratio in enumerate([0.9, 1.0, 0.95])]
    found = figures(results_of(*measured))

    def of(name):
        return found[Cell(workload="dense", contestant=name, way="batch", workers=0)]

    assert (of("map").rate, of("map").low, of("map").high) == (200, 100, 400)
    assert of("lance").ratio == 0.25
    assert of("h5torch").ratio == 0.95


def test_a_peer_is_compared_with_the_map_drawn_in_the_same_way():
    measured = [a_round("map", 0, 100), a_round("map", 0, 50, way="loader")]
    measured += [a_round("litdata", 0, 25, way="loader"), a_round("litdata", 0, 10, way="loader", workers=2)]
    found = figures(results_of(*measured))

    ratios = {cell.workers: own.ratio for cell, own in found.items() if cell.contestant == "litdata"}
    assert ratios == {0: 0.5, 2: 0.1}


def test_records_survive_json():
    measured = results_of(
        a_round("map", 0, 3), refusals=[Refusal(workload="coo", contestant="litdata", reason="no")]
    )

    assert records.from_json(json.loads(json.dumps(records.to_json(measured)))) == measured


def test_the_table_of_a_workload_has_the_limits_first_and_then_the_fastest_peer():
    measured = [
        a_round("lance", 0, 50_000),
        a_round("datasets", 0, 200_000),
        a_round("map", 0, 4_412_000),
        a_round("h5torch", 0, 4_300_000, ratio=0.974),
    ]

    assert tables.workload_table(figures(results_of(*measured)), "dense").splitlines() == [
        "| rows a second (ratio to the map) | a batch by index arrays |",
        "| --- | ---: |",
        "| **h5torch** | 4.30 M (0.97) |",
        "| `.npy` map, by hand | 4.41 M (1.00) |",
        "| HF datasets, tuned | 200 k (0.045) |",
        "| Lance | 50.0 k (0.011) |",
    ]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (4_412_000, "4.41 M"),
        (999_600, "1.00 M"),
        (131_600, "132 k"),
        (999.7, "1.00 k"),
        (950, "950"),
        (9.5, "9.50"),
    ],
)
def test_rates_have_three_digits(value, told):
    assert tables.rate(value) == told


def test_every_missing_figure_has_its_reason_on_the_page():
    refusals = [
        Refusal(workload="dense", contestant="litdata", reason="it broke", way="loader", workers=2),
        Refusal(workload="coo", contestant="litdata", reason="it cannot"),
    ]
    page = tables.page(results_of(a_round("map", 0, 3), refusals=refusals))

    assert "- LitData †, dense (`DataLoader`, 2 workers): it broke" in page
    assert "- LitData †, coo: it cannot" in page
    assert "annbatch" in page


def test_the_chart_is_drawn_from_records_alone(tmp_path):
    from benchmarks import chart

    measured = [a_round(name, 0, 10**at) for at, name in enumerate(["h5py", "h5torch", "map"], start=3)]
    measured += [a_round("h5torch", 0, 20_000, workload="gzip-1024-shuffle")]
    chart.draw(results_of(*measured), tmp_path / "chart.png")

    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")


def test_a_reason_does_not_say_where_files_lie():
    told = rounds.without_folders(
        "OSError: '/home/me/data/x.h5': /central/data is cut short (/usr/lib/plugin)"
    )

    assert told == "OSError: '…/x.h5': /central/data is cut short (…/plugin)"


def test_the_best_way_of_a_contestant_is_its_fastest_warm_one():
    measured = [a_round("h5py", 0, 5), a_round("h5py", 0, 7, way="loader"), a_round("h5py", 0, 9, way="cold")]
    cell, own = summary.best(figures(results_of(*measured)), "dense")["h5py"]

    assert (cell.way, own.rate) == ("loader", 7)
