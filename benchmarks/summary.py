"""From records to figures: medians over rounds, and ratios to the limit of the same round."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import attrs

from benchmarks.records import Results, Round

LIMIT = "map"
BEST_WAYS = (("batch", 0), ("arrays", 0), ("loader", 0), ("arrays", 2), ("loader", 2))


@attrs.frozen(kw_only=True)
class Cell:
    """Where a contestant stands in one workload, drawn in one way."""

    workload: str
    contestant: str
    way: str
    workers: int

    @classmethod
    def of(cls, one: Round) -> "Cell":
        """Return the cell that a round belongs to."""
        return cls(workload=one.workload, contestant=one.contestant, way=one.way, workers=one.workers)


@attrs.frozen(kw_only=True)
class Figure:
    """Medians over the rounds of one cell."""

    rate: float
    low: float
    high: float
    ratio: float | None
    """Rate by that of the map drawn in the same way in the same round: of turns where both took turns."""
    rounds: int


def figures(results: Results) -> dict[Cell, Figure]:
    """Return the figure of every cell."""
    cells: dict[Cell, list[Round]] = defaultdict(list)
    for one in results.rounds:
        cells[Cell.of(one)].append(one)
    limits = {
        (cell.workload, cell.way, cell.workers, one.number): one.rate
        for cell, rounds in cells.items()
        if cell.contestant == LIMIT
        for one in rounds
    }
    return {cell: figure(cell, rounds, limits) for cell, rounds in cells.items()}


def figure(cell: Cell, rounds: Sequence[Round], limits: Mapping[tuple[str, str, int, int], float]) -> Figure:
    """Return the medians of one cell.

    Args:
        cell: Which one.
        rounds: Its rounds.
        limits: Rate of the map by workload, way, workers and number of the round. Where there is none for a
            way, because a peer has one of its own, the map's `batch` stands in.
    """
    ratios = []
    for one in rounds:
        place = (cell.workload, cell.way, cell.workers, one.number)
        limit = limits.get(place, limits.get((cell.workload, "batch", 0, one.number)))
        if one.ratio is not None:
            ratios.append(one.ratio)
        elif limit is not None:
            ratios.append(one.rate / limit)
    rates = [one.rate for one in rounds]
    return Figure(
        rate=statistics.median(rates),
        low=min(rates),
        high=max(rates),
        ratio=statistics.median(ratios) if ratios else None,
        rounds=len(rounds),
    )


def best(found: Mapping[Cell, Figure], workload: str) -> dict[str, tuple[Cell, Figure]]:
    """Return by contestant the fastest way that it has in a workload, warm."""
    fastest: dict[str, tuple[Cell, Figure]] = {}
    for cell, own in found.items():
        if cell.workload == workload and (cell.way, cell.workers) in BEST_WAYS:
            known = fastest.get(cell.contestant)
            if known is None or own.rate > known[1].rate:
                fastest[cell.contestant] = (cell, own)
    return fastest


def ordered(contestants: Iterable[str], known: Sequence[str]) -> list[str]:
    """Return contestants in the order of the roster."""
    return sorted(contestants, key=known.index)
