"""The page that people read, from the records alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.splitting.contestants import PEERS
from benchmarks.splitting.records import Duel, Results, duel
from benchmarks.splitting.works import Family
from benchmarks.tables import table

_TITLES: Mapping[Family, str] = {
    "stratified": "Stratified, three parts",
    "multilabel": "Many labels a row",
    "grouped": "Grouped and stratified, five folds",
}
_ROUNDED = 1  # row: a count nearer to what was asked is that, rounded up or down, and none can be nearer
_SAME_MB = 1.0  # what the interpreter itself takes or gives back meanwhile


def page(results: Results) -> str:
    """Return the whole page."""
    duels = {work["name"]: duel(results, work["name"]) for work in results.works}
    sections = ["# Splitting", facts(results), "## Where h5torch is behind", losses(results, duels)]
    for family, title in _TITLES.items():
        works = [work for work in results.works if work["family"] == family]
        if any(duels[work["name"]] for work in works):
            sections += [f"## {title}", duel_table(works, duels, family)]
    if results.refusals:
        lines = [f"- {one.work}, {one.side}: {one.reason}" for one in results.refusals]
        sections += ["## No figure, and why", "\n".join(lines)]
    return "\n\n".join(sections) + "\n"


def facts(results: Results) -> str:
    """Return what it was measured on, and how."""
    scale, rounds = results.settings["scale"], results.settings["rounds"]
    small = "" if scale == 1 else f"\n\n**A trial run with {scale} of the rows: no figures to quote.**"
    machine = "; ".join(f"{name} {value}" for name, value in results.machine.items())
    return (
        f"Rounds: {rounds}. In each, both sides split the same columns in turn with the seed of that round, "
        "one whole call each in a process of its own. Times and memory are medians, deviations means over "
        "the rounds. Memory is what the call took beyond the columns, at its highest. "
        "Deviations are in percent points: how far each part's share of the rows with a label is from "
        "that asked for, over all parts and labels; for sizes, of all rows. "
        "Counts that are in every round what was asked, rounded up or down to whole rows, are behind in "
        f"nothing, whichever way others were rounded.{small}\n\n"
        f"Measured on: {machine}."
    )


def duel_table(works: Sequence[Mapping[str, Any]], duels: Mapping[str, Duel | None], family: Family) -> str:
    """Return a line a workload: seconds, memory and deviations of both sides."""
    head = ["", "seconds", "times as fast", "peak memory, MB", "deviation, mean", "largest", "of sizes"]
    head[0] = f"h5torch / {PEERS[family]}"
    rows = []
    for work in works:
        own = duels[work["name"]]
        if own is not None:
            one, other = own.ours, own.theirs
            pairs = [(one.mean, other.mean), (one.worst, other.worst), (one.sizes, other.sizes)]
            rows.append(
                [
                    work["title"],
                    f"{number(one.seconds)} / {number(other.seconds)}",
                    number(own.faster),
                    f"{megabytes(one.peak_mb)} / {megabytes(other.peak_mb)}",
                    *[f"{number(mine)} / {number(its)}" for mine, its in pairs],
                ]
            )
    return table(head, rows)


def losses(results: Results, duels: Mapping[str, Duel | None]) -> str:
    """Return a line for each workload in which the other side was faster, leaner or more even."""
    lines = [
        f"- {work['title']}: {', '.join(behind)}"
        for work in results.works
        if (own := duels[work["name"]]) is not None and (behind := behind_in(own))
    ]
    return "\n".join(lines) or "Nowhere: no workload takes longer, needs more memory or is less even."


def behind_in(own: Duel) -> list[str]:
    """Return what the other side does better in one workload, with both figures."""
    one, other = own.ours, own.theirs
    found = [f"{number(own.faster)} times as fast"] if own.faster < 1 else []
    if one.peak_mb is not None and other.peak_mb is not None and one.peak_mb > other.peak_mb + _SAME_MB:
        found.append(f"peak memory {megabytes(one.peak_mb)} MB, not {megabytes(other.peak_mb)}")
    deviations = {
        "mean deviation": (one.mean, other.mean, one.rows),
        "largest deviation": (one.worst, other.worst, one.rows),
        "deviation of sizes": (one.sizes, other.sizes, one.size_rows),
    }
    for what, (mine, its, rows) in deviations.items():
        if rows >= _ROUNDED and mine > its and number(mine) != number(its):
            found.append(f"{what} {number(mine)}, not {number(its)}")
    return found


def number(value: float) -> str:
    """Return three digits that count, never as a power of ten: `4,420`, `0.18`, `0.00042`."""
    if value >= 99.95:
        return f"{value:,.0f}"
    if value < 1e-6:
        return "0"
    shown = f"{value:.3g}"
    return shown if "e" not in shown else f"{value:.7f}".rstrip("0")


def megabytes(value: float | None) -> str:
    """Return megabytes, or a dash where the system does not tell."""
    return "–" if value is None else f"{max(0.0, value):,.0f}"
