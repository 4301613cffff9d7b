"""The chart: one panel a layout, one for compressed rows, one for a cold cache; rows a second on a log axis.

Every way of drawing, and every contestant where there are several on a line, has a mark of its own, so that
nothing rests on colour alone. The colours are those of Okabe and Ito, which differ for the colour-blind, too.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from benchmarks.records import Results
from benchmarks.roster import LABELS
from benchmarks.summary import Cell, Figure, figures
from benchmarks.tables import ranked, rate

BLUE, VERMILLION, GREEN, BLACK, GREY = "#0072B2", "#D55E00", "#009E73", "#222222", "#777777"

_COLUMNS = 3
_LEAST_DECADES = 1.0
_LIMITS = ("map", "ram")
_ORDERS = {"shuffle": "true shuffle", "blocks": "in blocks", "sequential": "in order"}


@attrs.frozen
class Mark:
    """How one point is drawn."""

    shape: str
    color: str
    filled: bool
    size: float = 7.5

    def at(self, rate_found: float, level: float, place: Axes) -> None:
        """Draw it."""
        place.plot(rate_found, level, **self.style())

    def style(self) -> dict[str, Any]:
        """Return it in the words of Matplotlib."""
        return {
            "marker": self.shape,
            "color": self.color,
            "markerfacecolor": self.color if self.filled else "white",
            "markersize": self.size,
            "markeredgewidth": 1.4,
            "linestyle": "",
            "zorder": 3,
        }


WAYS: Mapping[tuple[str, int], tuple[str, Mark]] = {
    ("batch", 0): ("whole batches by index arrays", Mark("o", BLACK, filled=True)),
    ("loader", 0): ("plain DataLoader", Mark("s", BLACK, filled=False)),
    ("loader", 2): ("DataLoader, 2 workers", Mark("^", BLACK, filled=False)),
}
PACKED: Mapping[str, Mark] = {
    "h5torch": Mark("o", BLUE, filled=True, size=8.5),
    "h5py": Mark("s", VERMILLION, filled=False),
    "zarr": Mark("D", GREEN, filled=False, size=6.5),
    "scdataset": Mark("v", GREY, filled=True),
    "map": Mark("|", BLACK, filled=True, size=11),
}


def draw(results: Results, path: Path) -> None:
    """Draw all workloads into a PNG."""
    found = figures(results)
    layouts = [work for work in results.workloads if not work["codec"]]
    packed = [work for work in results.workloads if work["codec"]]
    cold = {cell.contestant: own for cell, own in found.items() if cell.way == "cold"}
    names = [
        [work["name"] for work in layouts[at : at + _COLUMNS]] for at in range(0, len(layouts), _COLUMNS)
    ]
    last = [*(["packed"] * 2 if packed else []), *(["cold"] if cold else [])]
    mosaic = [[*row, *["."] * (_COLUMNS - len(row))] for row in [*names, *([last] if last else [])]]
    height = 4.0 * len(mosaic) + 1.0
    canvas, places = plt.subplot_mosaic(mosaic, figsize=(15.5, height))
    for work in layouts:
        draw_layout(places[work["name"]], found, work)
    if packed:
        draw_packed(places["packed"], found, packed)
    if cold:
        draw_cold(places["cold"], cold)
    add_words(canvas, height)
    canvas.tight_layout(rect=(0, 0.25 / height, 1, 1 - 0.8 / height), h_pad=2.4, w_pad=1.6)
    canvas.savefig(path, dpi=150, metadata={"Software": None})
    plt.close(canvas)


def draw_layout(place: Axes, found: Mapping[Cell, Figure], work: Mapping[str, Any]) -> None:
    """Draw one workload: a line for each contestant, a mark for each way."""
    names = ranked(found, work["name"])[::-1]
    for level, name in enumerate(names):
        cells = {
            way: Cell(workload=work["name"], contestant=name, way=way[0], workers=way[1]) for way in WAYS
        }
        own = {way: found[cell].rate for way, cell in cells.items() if cell in found}
        if not own:
            continue
        place.plot(
            [min(own.values()), max(own.values())], [level, level], color=colour(name), lw=1, alpha=0.5
        )
        for way, value in own.items():
            attrs.evolve(WAYS[way][1], color=colour(name)).at(value, level, place)
        add_value(place, max(own.values()), level)
    limit = found.get(Cell(workload=work["name"], contestant="map", way="batch", workers=0))
    if limit is not None:
        place.axvline(limit.rate, color=BLACK, lw=0.8, ls=":", zorder=1)
    finish(place, names, work["title"])


def draw_packed(place: Axes, found: Mapping[Cell, Figure], works: Sequence[Mapping[str, Any]]) -> None:
    """Draw compressed workloads: a line for each of them, a mark for each contestant."""
    for level, work in enumerate(reversed(works)):
        for name, mark in PACKED.items():
            for cell in found:
                if (cell.workload, cell.contestant) == (work["name"], name):
                    mark.at(found[cell].rate, level, place)
    labels = [
        f"{work['codec']['name']} {work['codec']['chunk_rows']:,}, {_ORDERS[work['order']]}"
        for work in reversed(works)
    ]
    frame(place, labels, "compressed dense: 524,288 × 256 float32 in chunks of so many rows, batches of 256")
    add_legend(place, ((plain(LABELS[name]), mark) for name, mark in PACKED.items()))


def draw_cold(place: Axes, cold: Mapping[str, Figure]) -> None:
    """Draw the rates with nothing of the file in the page cache."""
    names = sorted(cold, key=lambda name: cold[name].rate)
    for level, name in enumerate(names):
        Mark("o", colour(name), filled=True).at(cold[name].rate, level, place)
        add_value(place, cold[name].rate, level)
    finish(place, names, "cold cache: dense, opened and 20 batches drawn after its pages were dropped")


def finish(place: Axes, names: Sequence[str], title: str) -> None:
    """Frame a panel whose lines are contestants."""
    frame(place, [plain(LABELS[name]) for name in names], title)
    for label, name in zip(place.get_yticklabels(), names, strict=True):
        label.set_color(BLUE if name == "h5torch" else BLACK)
        label.set_fontweight("bold" if name == "h5torch" else "normal")


def frame(place: Axes, labels: Sequence[str], title: str) -> None:
    """Give a panel its axes and title."""
    place.set_xscale("log")
    place.set_yticks(range(len(labels)), labels, fontsize=9)
    place.set_ylim(-0.6, len(labels) - 0.4)
    low, high = place.get_xlim()
    spread = max(0.0, _LEAST_DECADES - math.log10(high / low)) / 2
    place.set_xlim(low / 1.2 / 10**spread, high * 2.4 * 10**spread)
    place.xaxis.set_major_locator(LogLocator(10))
    place.xaxis.set_major_formatter(FuncFormatter(lambda value, _: tick(value)))
    place.xaxis.set_minor_formatter(NullFormatter())
    place.grid(axis="x", which="major", color="#dddddd", lw=0.8)
    place.set_axisbelow(True)
    place.tick_params(axis="y", length=0)
    place.tick_params(axis="x", which="minor", length=0)
    place.tick_params(axis="x", labelsize=8.5)
    for side in ("top", "right", "left"):
        place.spines[side].set_visible(False)
    heading, _, rest = title.partition(": ")
    place.set_title(heading, fontsize=11.5, fontweight="bold", loc="left", pad=20)
    place.text(0, 1.02, rest, transform=place.transAxes, fontsize=8, color="#444444", va="bottom")


def add_value(place: Axes, value: float, level: float) -> None:
    """Write a rate to the right of its mark."""
    place.annotate(
        rate(value), (value, level), xytext=(8, 0), textcoords="offset points", va="center", fontsize=8.5
    )  # fmt: skip


def add_legend(place: Axes, marks: Iterable[tuple[str, Mark]]) -> None:
    """Say above the right half of a panel whose marks are whose."""
    handles = [Line2D([], [], **mark.style(), label=name) for name, mark in marks]
    place.legend(
        handles=handles, ncols=len(handles), fontsize=8.5, frameon=False, loc="lower right",
        bbox_to_anchor=(1.0, 1.075), borderaxespad=0.0, columnspacing=1.2, handletextpad=0.2,
    )  # fmt: skip


def add_words(canvas: Canvas, height: float) -> None:
    """Say above all panels what is shown and what the marks are, and below them what † means."""
    handles = [Line2D([], [], **mark.style(), label=name) for name, mark in WAYS.values()]
    handles.append(Line2D([], [], color=BLACK, lw=0.8, ls=":", label="limit: a .npy map, gathered by hand"))
    title = (
        "Rows a second as batches of tensors; each line of the grid is ten times as fast as the one before"
    )
    canvas.text(0.5, 1 - 0.18 / height, title, fontsize=13, ha="center", va="top")
    canvas.legend(
        handles=handles, ncols=len(handles), fontsize=10, frameon=False, loc="upper center",
        bbox_to_anchor=(0.5, 1 - 0.4 / height),
    )  # fmt: skip
    note = (
        "† in an order of its own, which is no true shuffle. With workers, batches travel between processes."
    )
    canvas.text(0.01, 0.08 / height, note, fontsize=8.5, color="#444444", va="bottom")


def colour(name: str) -> str:
    """Return the colour of a contestant: h5torch, the limits, peers."""
    if name == "h5torch":
        return BLUE
    return BLACK if name in _LIMITS else VERMILLION


def tick(value: float) -> str:
    """Return a power of ten as people write it: `10 k`."""
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def plain(label: str) -> str:
    """Return a label without Markdown."""
    return label.replace("*", "").replace("`", "")
