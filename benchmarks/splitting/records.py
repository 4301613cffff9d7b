"""What was measured: frozen records, and their spelling in JSON."""

import statistics
from collections.abc import Mapping
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Measured:
    """One call of one side."""

    work: str
    side: str
    number: int
    """Of the round, in which both sides split the same columns one after the other, and the seed of both."""
    seconds: float
    peak_mb: float | None
    """Memory beyond that before the call, at its highest; nothing where the system does not tell."""
    mean: float
    worst: float
    sizes: float
    rows: float
    size_rows: float
    """Deviations as in `Evenness`."""


@attrs.frozen(kw_only=True)
class Refusal:
    """Why a workload has no figures of one side."""

    work: str
    side: str
    reason: str


@attrs.frozen(kw_only=True)
class Results:
    """Everything that one run measured."""

    machine: Mapping[str, str]
    settings: Mapping[str, Any]
    works: tuple[Mapping[str, Any], ...] = ()
    measured: tuple[Measured, ...] = ()
    refusals: tuple[Refusal, ...] = ()


def to_json(results: Results) -> dict[str, Any]:
    """Return what `json.dumps` takes."""
    return attrs.asdict(results)


def from_json(record: Mapping[str, Any]) -> Results:
    """Return the results that `to_json` took apart."""
    return Results(
        machine=record["machine"],
        settings=record["settings"],
        works=tuple(record["works"]),
        measured=tuple(Measured(**each) for each in record["measured"]),
        refusals=tuple(Refusal(**each) for each in record["refusals"]),
    )


@attrs.frozen(kw_only=True)
class Duel:
    """Both sides over the rounds of one workload: medians of time and memory, means of deviations."""

    ours: Measured
    theirs: Measured
    faster: float
    """Median over the rounds of their seconds by ours in the same round."""
    rounds: int


def duel(results: Results, work: str) -> Duel | None:
    """Return both sides of a workload, or nothing where a side has no figures."""
    rounds: dict[int, dict[str, Measured]] = {}
    for one in results.measured:
        if one.work == work:
            rounds.setdefault(one.number, {})[one.side] = one
    both = [sides for sides in rounds.values() if len(sides) == 2]
    if not both:
        return None
    return Duel(
        ours=_over_rounds([sides["ours"] for sides in both]),
        theirs=_over_rounds([sides["theirs"] for sides in both]),
        faster=statistics.median(sides["theirs"].seconds / sides["ours"].seconds for sides in both),
        rounds=len(both),
    )


def _over_rounds(calls: list[Measured]) -> Measured:
    """Return one record of all rounds; its deviations in rows are the largest that any round had."""
    peaks = [one.peak_mb for one in calls if one.peak_mb is not None]
    return attrs.evolve(
        calls[0],
        seconds=statistics.median(one.seconds for one in calls),
        peak_mb=statistics.median(peaks) if peaks else None,
        mean=statistics.fmean(one.mean for one in calls),
        worst=statistics.fmean(one.worst for one in calls),
        sizes=statistics.fmean(one.sizes for one in calls),
        rows=max(one.rows for one in calls),
        size_rows=max(one.size_rows for one in calls),
    )
