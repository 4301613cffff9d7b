"""How many chunks or pages a batch goes through: counted where that is cheap, expected otherwise. Pure."""

import math

import attrs
import numpy as np

from h5torch.rows import Array, Rows
from h5torch.subset import EvenWindows, ListedWindows

# So many items are counted one by one; of more, where no shorter pattern repeats, the mean is computed.
_COUNTED = 1 << 16


@attrs.frozen(kw_only=True, eq=False)
class Draw:
    """What batches are drawn from: rows of one axis, windows of rows, or elements, here called items.

    Attributes:
        n_items: How many there are to draw from.
        span: Rows of one item; a mean where they differ.
        stride: Rows from the beginning of one item to that of the next, where there is no list of them.
        starts: The first row of each item in the order of the dataset, or `None`.
        n_draws: How many items an epoch draws; each once, unless something else is said.
        scattered: Whether nobody knows which row comes next, however the dataset is gone through, and a
            batch may have a row twice: so it is with what is aligned to the axes of single elements.
    """

    n_items: int
    span: float = 1.0
    stride: int = 1
    starts: Rows | None = None
    n_draws: int | None = None
    scattered: bool = False

    def n_batches(self, batch: int) -> int:
        """Return the number of batches of an epoch."""
        return -(-(self.n_items if self.n_draws is None else self.n_draws) // batch)

    @property
    def reach(self) -> int:
        """Rows from the first to the last of all items."""
        if self.starts is None:
            return max(0, self.n_items - 1) * self.stride + math.ceil(self.span)
        return int(self.starts.max() - self.starts.min()) + math.ceil(self.span) if self.n_items else 0


def draw_of(drawn: EvenWindows | ListedWindows | Rows | None, *, n_rows: int) -> Draw:
    """Return what a dataset draws: windows, some rows, or, where nothing is said, each of `n_rows`."""
    match drawn:
        case None:
            return Draw(n_items=n_rows)
        case EvenWindows(count=count, size=size, step=step):
            return Draw(n_items=count, span=size, stride=step)
        case ListedWindows(listed=listed):
            span = float(np.mean(listed[:, 1] - listed[:, 0])) if len(listed) else 1.0
            return Draw(n_items=len(listed), span=span, starts=listed[:, 0])
        case rows:
            return Draw(n_items=len(rows), starts=rows)


@attrs.frozen(kw_only=True)
class Touch:
    """How many units (chunks or pages) a batch goes through; all but `held` are means over batches.

    Attributes:
        held: Units that hold anything to draw from.
        random: Those of a batch of items drawn at random, none of them twice.
        ordered: Those of a batch of items that follow each other.
        fresh: Of these, those that the batch before did not go through.
        once: Units a batch if each is met once in all batches of an epoch.
    """

    held: float
    random: float
    ordered: float
    fresh: float
    once: float

    def times(self, number: float, *, most: float = math.inf) -> "Touch":
        """Return the same of so many arrays side by side, which have `most` units together."""
        return Touch(
            **{name: min(most, count * number) for name, count in attrs.asdict(self).items()},
        )


NOTHING = Touch(held=0, random=0, ordered=0, fresh=0, once=0)


def touch(
    draw: Draw, *, batch: int, per_row: float, more: float, unit: float, n_units: int, first: float = 0
) -> Touch:
    """Return how many units batches go through, of units that lie one after the other.

    Args:
        draw: What batches are drawn from.
        batch: Items of a batch, at most all.
        per_row: Length of one row, in any measure.
        more: Length read behind each item, which belongs to the next row.
        unit: Length of one unit.
        n_units: How many units there are.
        first: Where in its unit the first row begins.
    """
    if not batch or not n_units:
        return NOTHING
    length = draw.span * per_row + more
    if draw.starts is not None:
        return _of_list(draw, draw.starts, batch, per_row, length, unit, n_units, first)
    n_batches = draw.n_batches(batch)
    pitch = draw.stride * per_row
    total = (draw.n_items - 1) * pitch + length
    held = min(n_units, math.floor((first + max(total, 1) - 1) / unit) + 1)
    per_item = min(1.0, length) * _mean_units(first, pitch, length, unit, draw.n_items, first + total)
    together = (batch - 1) * pitch + length
    ordered = min(held, _mean_units(first, batch * pitch, together, unit, n_batches, first + total))
    once = held / n_batches
    return _drawn(draw, batch, held, per_item, ordered=ordered, fresh=min(once, ordered), once=once)


def _mean_units(first: float, pitch: float, length: float, unit: float, count: int, stop: float) -> float:
    """Return how many units something of `length` goes through, if `count` of them begin every `pitch`."""
    whole = all(float(number).is_integer() for number in (first, pitch, length, unit))
    period = int(unit) // math.gcd(int(pitch), int(unit)) if whole and int(unit) else count
    if min(period, count) > _COUNTED:
        return 1 + max(0.0, length - 1) / unit
    begins = first + np.arange(min(count, _COUNTED)) * pitch
    ends = np.maximum(np.minimum(begins + max(length, 1), stop) - 1, begins)
    return float(np.mean(ends // unit - begins // unit + 1))


def _of_list(
    draw: Draw,
    starts: Rows,
    batch: int,
    per_row: float,
    length: float,
    unit: float,
    n_units: int,
    first: float,
) -> Touch:
    """Count the units of listed items; of those that go through several, the first and the last tell."""
    begins = first + starts * per_row
    firsts = (begins // unit).astype(np.int64)
    lasts = np.maximum(firsts, ((begins + max(length, 1) - 1) // unit).astype(np.int64))
    per_item = min(1.0, length) * float(np.mean(lasts - firsts + 1))
    inner = max(1.0, per_item / 2)
    held = min(n_units, inner * len(np.unique(np.concatenate([firsts, lasts]))))
    n_batches = draw.n_batches(batch)
    number = np.arange(len(starts)) // batch * (n_units + 1)
    pairs: Array = np.unique(np.concatenate([number + firsts, number + lasts]))
    again = int(np.isin(pairs - (n_units + 1), pairs, assume_unique=True).sum())
    ordered = min(held, inner * len(pairs) / n_batches)
    fresh = min(ordered, inner * (len(pairs) - again) / n_batches)
    return _drawn(draw, batch, held, per_item, ordered=ordered, fresh=fresh, once=held / n_batches)


def _drawn(
    draw: Draw, batch: int, held: float, per_item: float, *, ordered: float, fresh: float, once: float
) -> Touch:
    """Add to what batches in order go through what random ones do."""
    of_unit = min(draw.n_items, draw.n_items * per_item / held)
    if draw.scattered:
        random = held * (1 - (1 - of_unit / draw.n_items) ** batch)
        return Touch(held=held, random=random, ordered=random, fresh=random, once=once)
    random = held * (1 - spared(draw.n_items, of_unit, batch))
    return Touch(held=held, random=random, ordered=ordered, fresh=fresh, once=once)


def spared(n_items: int, chosen: float, batch: int) -> float:
    """Return the probability that a batch, drawn without repeats, has none of `chosen` items."""
    left = n_items - np.arange(batch)
    if chosen >= left[-1]:
        return 0.0
    return math.exp(float(np.log1p(-chosen / left).sum()))


@attrs.frozen(kw_only=True)
class Runs:
    """Rows at random, read in runs that go on over small gaps."""

    count: float
    rows: float


def bridged(n_rows: int, wanted: float, *, gap: float) -> Runs:
    """Return in how many runs rows at random are read, and how many rows these have on average.

    Args:
        n_rows: Rows there are.
        wanted: How many of them are wanted.
        gap: Rows that nobody wants and that may be read so that two runs become one.
    """
    if wanted >= n_rows:
        return Runs(count=1, rows=n_rows)
    hit = wanted / n_rows
    miss, gap = 1 - hit, math.floor(gap)
    between = miss * (1 - (gap + 1) * miss**gap + gap * miss ** (gap + 1)) / hit
    rows = wanted + max(0.0, wanted - 1) * between
    return Runs(count=1 + max(0.0, wanted - 1) * miss ** (gap + 1), rows=min(n_rows, rows))
