"""Pictures of splits. matplotlib is imported when one is drawn, and nothing global of it is touched."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from h5torch.parts import Parts
from splits.errors import SplitError
from splits.record import Split
from splits.tables import ClassCounts, class_counts, held_out

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["class_shares"]

# M. Okabe and K. Ito, "Color Universal Design" (2008), from dark to light so that they differ in grey too
_COLOURS = ("#0072B2", "#D55E00", "#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#000000")
_MOST_CLASSES = 15
_LONGEST_NAME = 28


def class_shares(split: Split, labels: npt.NDArray[Any]) -> "Figure":
    """Draw the share of each class within each part as horizontal bars, a group of bars a class.

    Args:
        split: The split to look at; it has at most 8 parts. Of folds each shows the rows that it holds
            out; of repeats the first.
        labels: Class of each row, shape `(n_rows,)`. Of more than 15 classes the rarest are put together.

    Returns:
        A figure that belongs to no window: `figure.savefig("shares.png")`.

    Raises:
        SplitError: matplotlib is not installed, the split has too many parts or folds, folds hold out a row
            twice, or `labels` has another shape.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        msg = "drawing needs matplotlib; pip install 'h5torch[plot]'"
        raise SplitError(msg) from error
    table = split.table if isinstance(split.table, Parts) else held_out(split.table)
    if len(table.parts) > len(_COLOURS):
        msg = f"split {split.name!r} has {len(table.parts)} parts, a picture can tell {len(_COLOURS)} apart"
        raise SplitError(msg)
    found = class_counts(table, labels, most=_MOST_CLASSES)
    n_bars = len(found.classes) * len(found.parts)
    figure = Figure(figsize=(7.0, 1.6 + 0.14 * n_bars + 0.12 * len(found.classes)), layout="constrained")
    axes = figure.add_subplot()
    _draw_bars(axes, found)
    axes.set_title(
        f"Class shares in split '{split.name}'  ({split.provenance.fingerprint})", fontsize="medium"
    )
    figure.legend(loc="outside lower center", ncols=min(4, len(found.parts)), frameon=False)
    return figure


def _draw_bars(axes: "Axes", found: ClassCounts) -> None:
    height = 0.8 / len(found.parts)
    middles = np.arange(len(found.classes))
    for number, part in enumerate(found.parts):
        offset = (number - (len(found.parts) - 1) / 2) * height
        axes.barh(
            middles + offset,
            found.shares[:, number],
            height=height * 0.92,
            color=_COLOURS[number],
            edgecolor="black",
            linewidth=0.3,
            label=f"{part} ({int(found.counts[:, number].sum()):,} rows)",
        )
    axes.set_yticks(middles, _shortened(found.classes))
    axes.set_ylim(len(middles) - 0.5, -0.5)
    axes.set_xlabel("share of the part's rows")
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.grid(axis="x", linewidth=0.4, alpha=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _shortened(names: Sequence[str]) -> list[str]:
    """Cut long names, and keep `$` from starting a formula."""
    cut = (name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…" for name in names)
    return [name.replace("$", r"\$") for name in cut]
