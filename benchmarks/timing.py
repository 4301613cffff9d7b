"""Timing: batches drawn for a while, alone or in turns with others."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Span:
    """Rows that were drawn, and the seconds that this took."""

    rows: int
    seconds: float

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


class Supply:
    """Batches without end, epoch after epoch; an epoch begins, and warms up, beside the clock."""

    def __init__(self, begin: Callable[[int], Iterator[Any]], *, seed: int, warm: int, cycle: int) -> None:
        """Stand on a function that begins an epoch with a seed.

        Args:
            begin: Given a seed, the batches of an epoch.
            seed: Seed of the first epoch; those of the next ones follow.
            warm: Batches at the start of an epoch that are not timed: what workers fetch ahead.
            cycle: Batches that belong together: a multiple of them is drawn.
        """
        self._begin, self._seed, self._warm, self._cycle = begin, seed, warm, cycle
        self._batches: Iterator[Any] | None = None

    def run(self, seconds: float) -> Span:
        """Draw at least one cycle, and go on until so many seconds have passed."""
        rows, drawn, spent = 0, 0, 0.0
        while not drawn or drawn % self._cycle or spent < seconds:
            batches = self._ready()
            began = last = time.perf_counter()
            for batch in batches:
                rows += n_rows(batch)
                drawn += 1
                last = time.perf_counter()
                if spent + last - began >= seconds and drawn % self._cycle == 0:
                    break
            else:
                self._batches = None
            spent += last - began  # an epoch ends, and its workers with it, beside the clock, too
        return Span(rows=rows, seconds=spent)

    def close(self) -> None:
        """Let go of the epoch, and of the workers that serve it."""
        self._batches = None

    def _ready(self) -> Iterator[Any]:
        if self._batches is None:
            self._batches = self._begin(self._seed)
            self._seed += 1
            for _ in range(self._warm):
                next(self._batches)
        return self._batches


def n_rows(batch: Mapping[str, Any]) -> int:
    """Return the number of rows of a batch of tensors."""
    return int(next(iter(batch.values())).shape[0])


def alternate(supplies: Mapping[str, Supply], *, budget: float, piece: float) -> dict[str, list[Span]]:
    """Draw from several supplies in turns, each for a short piece of time, until each had its budget.

    Who is first changes from turn to turn, so that none always finds the caches as another left them.
    """
    names = list(supplies)
    spans: dict[str, list[Span]] = {name: [] for name in names}
    spent = 0.0
    while spent < budget * len(names):
        for name in names:
            span = supplies[name].run(piece)
            spans[name].append(span)
            spent += span.seconds
        names.append(names.pop(0))
    return spans


def total(spans: list[Span]) -> Span:
    """Return all spans as one."""
    return Span(rows=sum(span.rows for span in spans), seconds=sum(span.seconds for span in spans))


def paired_ratio(spans: list[Span], limits: list[Span]) -> float:
    """Return the median over the turns of one contestant's rate by the limit's."""
    return statistics.median(mine.rate / limit.rate for mine, limit in zip(spans, limits, strict=True))
