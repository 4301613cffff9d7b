"""Tables in Markdown, made from figures and nothing else."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.records import Opened, Profile, Refusal, Results, Written
from benchmarks.roster import ABSENT, LABELS
from benchmarks.summary import Cell, Figure, best, figures, ordered

WAYS = {
    ("batch", 0): "a batch by index arrays",
    ("loader", 0): "`DataLoader`",
    ("arrays", 0): "`DataLoader`, index arrays",
    ("loader", 2): "`DataLoader`, 2 workers",
    ("arrays", 2): "index arrays, 2 workers",
}
_FIRST = ("h5torch", "map", "ram")


def rate(value: float) -> str:
    """Return rows a second in three digits: `4.41 M`, `132 k`, `950`."""
    if value >= 999_500:
        return f"{significant(value / 1e6)} M"
    if value >= 999.5:
        return f"{significant(value / 1e3)} k"
    return significant(value)


def significant(value: float) -> str:
    """Return a number below a thousand with three digits that count."""
    decimals = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:.{decimals}f}"


def ratio(value: float | None) -> str:
    """Return a ratio with as many digits as mean something."""
    if value is None:
        return "–"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}" if value >= 0.001 else f"{value:.4f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; all columns but the first are numbers."""
    rule = ["---", *["---:" for _ in head[1:]]]
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *rows])


def workload_table(found: Mapping[Cell, Figure], workload: str) -> str:
    """Return who drew how many rows a second in each way, and the ratio to the map drawn in the same way."""
    cells = [cell for cell in found if cell.workload == workload and (cell.way, cell.workers) in WAYS]
    ways = [way for way in WAYS if any((cell.way, cell.workers) == way for cell in cells)]
    names = ranked(found, workload)
    rows = []
    for name in names:
        row = [LABELS[name]]
        for way, workers in ways:
            own = found.get(Cell(workload=workload, contestant=name, way=way, workers=workers))
            row.append("–" if own is None else f"{rate(own.rate)} ({ratio(own.ratio)})")
        rows.append(row)
    return table(["rows a second (ratio to the map)", *[WAYS[way] for way in ways]], rows)


def ranked(found: Mapping[Cell, Figure], workload: str) -> list[str]:
    """Return the contestants of a workload: h5torch and the limits first, then peers, the fastest first."""
    fastest = best(found, workload)
    first = [name for name in _FIRST if name in fastest]
    peers = [name for name in fastest if name not in _FIRST]
    return [*first, *sorted(peers, key=lambda name: -fastest[name][1].rate)]


def overview(found: Mapping[Cell, Figure], workloads: Sequence[Mapping[str, Any]]) -> str:
    """Return a line a workload: h5torch, the map, their ratio, and the fastest peer."""
    rows = []
    for work in workloads:
        name = work["name"]
        ours = found.get(Cell(workload=name, contestant="h5torch", way="batch", workers=0))
        limit = found.get(Cell(workload=name, contestant="map", way="batch", workers=0))
        loader = found.get(Cell(workload=name, contestant="h5torch", way="loader", workers=0))
        peers = [(own.rate, who) for who, (_, own) in best(found, name).items() if who not in _FIRST]
        fastest = max(peers, default=None)
        rows.append(
            [
                work["title"],
                "–" if ours is None else rate(ours.rate),
                "–" if ours is None else ratio(ours.ratio),
                "–" if loader is None else f"{rate(loader.rate)} ({ratio(loader.ratio)})",
                "–" if limit is None else rate(limit.rate),
                "–" if fastest is None else f"{LABELS[fastest[1]]} {rate(fastest[0])}",
            ]
        )
    head = [
        "rows a second",
        "`dataset.batch`",
        "ratio to the map",
        "plain `DataLoader` (ratio)",
        "`.npy` map",
    ]
    return table([*head, "fastest peer"], rows)


def cold_table(found: Mapping[Cell, Figure], results: Results) -> str:
    """Return the rates with nothing of the file in the page cache."""
    rows = []
    cold = sorted((cell for cell in found if cell.way == "cold"), key=lambda cell: -found[cell].rate)
    for cell in cold:
        read = [
            one.read_mb
            for one in results.rounds
            if (one.contestant, one.way) == (cell.contestant, "cold") and one.read_mb is not None
        ]
        own = found[cell]
        pages = f"{statistics.median(read):,.0f}" if read else "–"
        rows.append([LABELS[cell.contestant], rate(own.rate), ratio(own.ratio), pages])
    return table(["", "rows a second", "ratio to the map", "read from the disk, MB"], rows)


def written_table(written: Sequence[Written]) -> str:
    """Return what registering takes beside plain h5py."""
    rows = []
    for layout in dict.fromkeys(one.layout for one in written):
        own = [one for one in written if one.layout == layout]
        middle = {
            name: statistics.median(getattr(one, name) for one in own) for name in ("ours", "plain", "ratio")
        }
        size = own[0].bytes / 1e6
        rows.append(
            [
                layout,
                f"{size:,.0f}",
                f"{middle['ours']:.2f}",
                f"{middle['plain']:.2f}",
                f"{middle['ratio']:.2f}",
            ]
        )
    return table(["", "MB", "`register`, s", "plain h5py, s", "ratio"], rows)


def opened_table(opened: Sequence[Opened]) -> str:
    """Return what opening costs, whatever the number of rows."""
    rows = []
    for file in dict.fromkeys(one.file for one in opened):
        own = [one for one in opened if one.file == file]
        names = ("bare_ms", "ours_ms", "rss_mb", "peak_mb")
        middle = {name: statistics.median(getattr(one, name) for one in own) for name in names}
        over = statistics.median(one.ours_ms - one.bare_ms for one in own)
        numbers = [middle["bare_ms"], middle["ours_ms"], over, middle["rss_mb"], middle["peak_mb"]]
        rows.append([file, *[f"{number:.2f}" for number in numbers]])
    head = [
        "",
        "h5py.File, ms",
        "Dataset and first batch, ms",
        "over h5py, ms",
        "memory, MB",
        "Python's peak, MB",
    ]
    return table(head, rows)


def profile_table(profiles: Sequence[Profile]) -> str:
    """Return which share of a batch is NumPy and SciPy at work."""
    rows = []
    for name in dict.fromkeys(one.workload for one in profiles):
        own = [one for one in profiles if one.workload == name]
        whole = statistics.median(one.batch_us for one in own)
        copying = statistics.median(one.copying_us for one in own)
        share = copying / whole
        rows.append([name, f"{whole:,.0f}", f"{copying:,.0f}", f"{share:.0%}", f"{1 - share:.0%}"])
    return table(["", "a batch, µs", "NumPy and SciPy alone, µs", "their share", "ours"], rows)


def refusal_list(refusals: Sequence[Refusal], packed: Sequence[str]) -> str:
    """Return why figures are missing, each reason once.

    Args:
        refusals: All of them.
        packed: Names of the compressed workloads, which are told as one.
    """
    reasons: dict[tuple[str, str], list[str]] = {}
    for one in refusals:
        way = f" ({WAYS.get((one.way, one.workers), one.way)})" if one.way else ""
        reasons.setdefault((one.contestant, one.reason), []).append(one.workload + way)
    order = ordered(dict.fromkeys(name for name, _ in reasons), list(LABELS))
    lines = [
        f"- {LABELS[name]}, {', '.join(shortened(where, packed))}: {reason}"
        for wanted in order
        for (name, reason), where in reasons.items()
        if name == wanted
    ]
    return "\n".join([*lines, *[f"- {name}: {reason}" for name, reason in ABSENT.items()]])


def shortened(names: Sequence[str], packed: Sequence[str]) -> list[str]:
    """Return names of workloads, all the compressed ones as one."""
    if len(packed) < 2 or not set(packed) <= set(names):
        return list(names)
    return [*[name for name in names if name not in packed], "all compressed rows"]


def page(results: Results) -> str:
    """Return the whole page."""
    found = figures(results)
    packed = [work["name"] for work in results.workloads if work["codec"]]
    parts = ["# Results", facts(results)]
    if results.workloads:
        parts += ["## At a glance", overview(found, results.workloads)]
    for work in results.workloads:
        parts += [f"## {work['title']}", workload_table(found, work["name"])]
    if any(cell.way == "cold" for cell in found):
        parts += [
            "## Cold cache: opening dense rows and drawing 20 batches, nothing of the file in memory",
            cold_table(found, results),
        ]
    if results.written:
        parts += ["## Writing", written_table(results.written)]
    if results.opened:
        parts += ["## Opening", opened_table(results.opened)]
    if results.profiles:
        parts += ["## One batch in detail", profile_table(results.profiles)]
    parts += ["## No figure, and why", refusal_list(results.refusals, packed)]
    return "\n\n".join(parts) + "\n"


def facts(results: Results) -> str:
    """Return what it was measured on, and how."""
    settings = results.settings
    how = (
        f"Median of {settings['rounds']} interleaved rounds of {settings['budget']} s for each contestant, "
        f"one torch thread, warm page cache where nothing else is said. † draws in an order of its own."
    )
    scale = settings["rows_scale"]
    small = "" if scale == 1 else f"\n\n**A trial run with {scale} of the rows: no figures to quote.**"
    machine = "; ".join(f"{name} {value}" for name, value in results.machine.items())
    return f"{how}{small}\n\nMeasured on: {machine}."
