"""Writing what people read: the page of tables, and the chart."""

from pathlib import Path

from benchmarks import chart, tables
from benchmarks.records import Results


def write(results: Results, out: Path) -> None:
    """Write `results.md` and `results.png`, from the records alone."""
    (out / "results.md").write_text(tables.page(results))
    if results.rounds:
        chart.draw(results, out / "results.png")
