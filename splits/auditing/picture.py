"""Pictures of audits. matplotlib is imported when one is drawn, and nothing global of it is touched."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from h5torch.printed import fit
from splits.auditing.judging import LEAST_EFFECT
from splits.auditing.neighbours import Nearness
from splits.auditing.records import SEVERITIES, Audit, AuditedFold
from splits.auditing.shares import ClassShares
from splits.auditing.spread import Spread
from splits.errors import SplitError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["picture"]

# M. Okabe and K. Ito, "Color Universal Design" (2008), from dark to light so that they differ in grey too
_COLOURS = ("#0072B2", "#D55E00", "#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#000000")
_MOST_CLASSES = 12
_MOST_PANELS = 3
_MOST_SPREADS = 10
_NAME = 28


def picture(audit: Audit) -> "Figure":
    """Draw shares of classes, distances to nearest rows, and numbers that differ between parts.

    One panel for each of the three columns whose classes are farthest from the whole, one for the distances,
    and one for the ten columns, or places of a row, whose numbers are farthest apart.

    Raises:
        SplitError: matplotlib is not installed, or the split has more than 8 parts.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        msg = "drawing needs matplotlib; pip install 'h5torch[plot]'"
        raise SplitError(msg) from error
    fold = _worst(audit.folds)
    if len(fold.parts) > len(_COLOURS):
        msg = f"split {fold.name!r} has {len(fold.parts)} parts, a picture can tell {len(_COLOURS)} apart"
        raise SplitError(msg)
    panels = _panels(fold)
    figure = Figure(figsize=(7.5, 0.9 + sum(height for height, _ in panels)), layout="constrained")
    rows = figure.subplots(len(panels), 1, squeeze=False, height_ratios=[height for height, _ in panels])
    for axes, (_, paint) in zip(rows[:, 0], panels, strict=True):
        paint(axes)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_axisbelow(True)
    counts = ", ".join(f"{_plain(part.name)} {part.n_rows:,}" for part in fold.parts)
    figure.suptitle(f"Audit of split '{_plain(fold.name)}': {_verdict(fold)}\n{counts}", fontsize="medium")
    return figure


def _worst(folds: Sequence[AuditedFold]) -> AuditedFold:
    def badness(fold: AuditedFold) -> list[int]:
        return [sum(one.severity == severity for one in fold.findings) for severity in SEVERITIES]

    return max(folds, key=badness)


def _verdict(fold: AuditedFold) -> str:
    counts = [sum(one.severity == severity for one in fold.findings) for severity in SEVERITIES]
    named = zip(counts, SEVERITIES, strict=True)
    told = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in named if count]
    return ", ".join(told) or "nothing found"


def _panels(fold: AuditedFold) -> list[tuple[float, Callable[["Axes"], None]]]:
    """Return the height of each panel in inches and what draws it."""
    colours = {part.name: colour for part, colour in zip(fold.parts, _COLOURS, strict=False)}
    panels: list[tuple[float, Callable[[Axes], None]]] = []
    classes = [check for check in fold.checks if isinstance(check, ClassShares) and check.largest]
    classes = [check for check in classes if not check.missing or check.place is None]
    classes.sort(key=lambda check: check.weight)
    by_key = {(check.key, check.kind): check for check in classes}  # of several labels a row the worst alone
    for check in sorted(by_key.values(), key=lambda check: check.weight, reverse=True)[:_MOST_PANELS]:
        n_bars = min(len(check.classes), _MOST_CLASSES) * (len(fold.parts) + 1)
        panels.append((1.0 + 0.11 * n_bars, partial(_draw_classes, check=check, colours=colours)))
    near = [check for check in fold.checks if isinstance(check, Nearness) and check.across and check.within]
    if near:
        panels.append((2.8, partial(_draw_distances, checks=near, colours=colours)))
    spreads = [check for check in fold.checks if isinstance(check, Spread) and check.worst]
    if spreads:
        spreads = sorted(spreads, key=lambda check: check.weight, reverse=True)[:_MOST_SPREADS]
        n_bars = sum(len(check.parts) + 1 for check in spreads)
        panels.append((1.0 + 0.11 * n_bars, partial(_draw_spreads, checks=spreads, colours=colours)))
    return panels or [(1.0, _draw_nothing)]


def _draw_classes(axes: "Axes", *, check: ClassShares, colours: dict[str, str]) -> None:
    counts = np.array(check.counts)
    if len(counts) > _MOST_CLASSES:
        counts = np.concatenate([counts[: _MOST_CLASSES - 1], counts[_MOST_CLASSES - 1 :].sum(axis=0)[None]])
    names = [*check.classes[: len(counts)]]
    if len(check.classes) > len(counts):
        names[-1] = f"{len(check.classes) - len(counts) + 1} others"
    shares = counts / np.maximum(counts.sum(axis=0), 1)
    overall = counts.sum(axis=1) / max(1, counts.sum())
    height = 0.8 / len(colours)
    middles = np.arange(len(counts))
    for number, (part, colour) in enumerate(colours.items()):
        at = middles + (number - (len(colours) - 1) / 2) * height
        axes.barh(
            at, shares[:, number], height * 0.92, color=colour, edgecolor="black", lw=0.3, label=_plain(part)
        )
    axes.vlines(overall, middles - 0.45, middles + 0.45, color="black", lw=1.4, label="all parts")
    axes.set_yticks(middles, list(map(_plain, names)))
    axes.set_ylim(len(middles) - 0.5, -0.5)
    axes.set_xlabel("share of the part's rows")
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.grid(axis="x", lw=0.4, alpha=0.5)
    _beside(axes)
    tested = "" if check.p is None else f": χ² = {check.chi2:.3g}, {check.dof} df, p = {check.p:.2g}"
    place = "" if check.place is None else f"[{check.place}]"
    what = "Gaps" if check.missing else "Classes"
    axes.set_title(f"{what} of {_plain(check.key)}{place}{tested}", fontsize="small", loc="left")


def _draw_distances(axes: "Axes", *, checks: Sequence[Nearness], colours: dict[str, str]) -> None:
    for number, check in enumerate(checks):
        once = "_" * bool(number)  # what begins so is not in the legend
        steps = np.linspace(0, 1, len(check.across))
        colour = colours[check.part]
        axes.plot(check.across, steps, color=colour, lw=1.8, label=f"{_plain(check.part)} to others")
        axes.plot(check.within, steps, color=colour, lw=1, ls="--", label=f"{once}others, to each other")
        if check.limit is not None:
            axes.axvline(check.limit, color=colour, lw=0.8, ls=":", label=f"{once}close")
    axes.set_ylim(0, 1)
    axes.set_xlim(left=0)
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.set_xlabel("distance to the nearest row" + (", in standard deviations" if checks[0].scaled else ""))
    axes.set_ylabel("share of rows")
    axes.grid(lw=0.4, alpha=0.5)
    _beside(axes)
    close = ", ".join(f"{check.n_close:,} of {_plain(check.part)}" for check in checks)
    axes.set_title(
        f"Nearest rows of {_plain(checks[0].key)}, close ones: {close}", fontsize="small", loc="left"
    )


def _draw_spreads(axes: "Axes", *, checks: Sequence[Spread], colours: dict[str, str]) -> None:
    parts = list(dict.fromkeys(part.part for check in checks for part in check.parts))
    height = 0.8 / len(parts)
    middles = np.arange(len(checks))
    for number, name in enumerate(parts):
        found = [{part.part: part.distance or 0.0 for part in check.parts}.get(name, 0.0) for check in checks]
        at = middles + (number - (len(parts) - 1) / 2) * height
        axes.barh(
            at, found, height * 0.92, color=colours[name], edgecolor="black", lw=0.3, label=_plain(name)
        )
    names = [check.key if check.place is None else f"{check.key} [{check.place}]" for check in checks]
    axes.axvline(LEAST_EFFECT, color="black", lw=0.8, ls=":", label="noticeable")
    axes.set_yticks(middles, list(map(_plain, names)))
    axes.set_ylim(len(middles) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.set_xlabel("distance from the other parts (Kolmogorov–Smirnov)")
    axes.grid(axis="x", lw=0.4, alpha=0.5)
    _beside(axes)
    axes.set_title("Numbers that differ most", fontsize="small", loc="left")


def _draw_nothing(axes: "Axes") -> None:
    axes.text(0.5, 0.5, "no figures to draw", ha="center", va="center", transform=axes.transAxes)
    axes.set_axis_off()


def _beside(axes: "Axes") -> None:
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize="small")


def _plain(name: str) -> str:
    """Cut long names, escape what cannot be seen, and keep `$` from starting a formula."""
    return fit(name, _NAME).replace("$", r"\$")
