"""Running one workload: everyone stores and opens, is checked, and takes its turn in every round."""

import json
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from benchmarks import roster
from benchmarks.crew import PATIENCE, Crew
from benchmarks.options import Options
from benchmarks.processes import Child, RefusedError
from benchmarks.records import Refusal, Round, Stored
from benchmarks.sources import ensure_source
from benchmarks.workloads import Workload

_COLD_ROUNDS = 3
_WORKER_ROUNDS = 3
_COLD_BATCHES = 20
_COLD_SECONDS = 10.0
RAM = "ram"


@attrs.frozen(kw_only=True)
class Lap:
    """Contestants of one process that are timed by one question."""

    adapter: str
    names: tuple[str, ...]
    way: str
    workers: int


def without_folders(reason: str) -> str:
    """Return a reason that names files by their last part: where they lie is nobody's business."""
    return re.sub(r"(?:/[^\s/:'\"()]+){2,}/", "…/", reason)


def say(text: str) -> None:
    """Print progress."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


class Field:
    """Everyone who takes part in a workload, and what was found so far."""

    def __init__(self, work: Workload, options: Options, crew: Crew) -> None:
        """Begin with nobody."""
        self.work, self.options, self._crew = work, options, crew
        self._source = ensure_source(options.data, work)
        self._adapters: dict[str, roster.Adapter] = {}
        self._opened: dict[str, Child] = {}
        self._ways: dict[str, Mapping[str, Sequence[str]]] = {}
        self.out: list[Refusal] = []
        self.stored: list[Stored] = []
        self.rounds: list[Round] = []

    def refuse(self, name: str, reason: str, *, way: str = "", workers: int = 0) -> None:
        """Note why a contestant has no figure."""
        say(f"    {name}{f' {way}/{workers}' if way else ''}: {reason}")
        told = without_folders(reason)
        refusal = Refusal(workload=self.work.name, contestant=name, reason=told, way=way, workers=workers)
        self.out.append(refusal)

    def enter(self, adapter: roster.Adapter) -> None:
        """Let an adapter store its data and open them."""
        reason = adapter.reason_against(self.work)
        if not reason:
            try:
                self._store(adapter)
                self._open(adapter)
            except RefusedError as refused:
                reason = str(refused)
        for name in adapter.contestants if reason else ():
            self.refuse(name, reason)

    def _folder(self, adapter: roster.Adapter) -> Path:
        return self.options.data / adapter.name / adapter.store(self.work)

    def _place(self, folder: Path) -> dict[str, Any]:
        return {"work": attrs.asdict(self.work), "folder": str(folder), "source": str(self._source)}

    def _store(self, adapter: roster.Adapter) -> None:
        folder = self._folder(adapter)
        note = folder.with_name(f"{folder.name}.json")
        if not note.exists():
            note.write_text(json.dumps(self._write(adapter, folder)))
        told = json.loads(note.read_text())
        self.stored.append(Stored(workload=self.work.name, adapter=adapter.name, **told))

    def _write(self, adapter: roster.Adapter, folder: Path) -> dict[str, Any]:
        shutil.rmtree(folder, ignore_errors=True)
        unfinished = folder.with_name(f"{folder.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        told = self._crew.write(adapter, **self._place(unfinished))
        unfinished.rename(folder)
        say(f"    {adapter.name} stored {told['bytes'] / 1e6:,.0f} MB in {told['seconds']:.1f} s")
        return told

    def _open(self, adapter: roster.Adapter) -> Child:
        child = self._crew.child(adapter)
        if self._opened.get(adapter.name) is not child:
            opened = child.ask("open", patience=PATIENCE["open"], **self._place(self._folder(adapter)))
            self._adapters[adapter.name], self._opened[adapter.name] = adapter, child
            self._ways[adapter.name] = opened["ways"]
        return child

    def laps(self) -> list[Lap]:
        """Return what is timed in every round: h5torch and the limits together, peers one by one."""
        return [lap for adapter, ways in self._ways.items() for lap in laps_of(adapter, ways, self.work)]

    def check(self, lap: Lap) -> Lap:
        """Check the first batches of a lap's contestants; return it with those that were right."""
        right = []
        for name in lap.names:
            try:
                told = self._ask(lap, "check", name=name, seed=1)["wrong"]
            except RefusedError as refused:
                told = str(refused)
            if told:
                self.refuse(name, told, way=lap.way, workers=lap.workers)
            else:
                right.append(name)
        return attrs.evolve(lap, names=tuple(right))

    def time(self, lap: Lap, number: int) -> bool:
        """Time one lap of one round; say whether it can go on."""
        options = self.options
        details = {
            "names": lap.names,
            "seed": 1000 * number,
            "budget": options.budget,
            "piece": options.piece,
        }
        try:
            found = self._ask(lap, "round", **details)
        except RefusedError as refused:
            for name in lap.names:
                self.refuse(name, str(refused), way=lap.way, workers=lap.workers)
            return False
        for name, (rows, seconds) in found["spans"].items():
            self._keep(lap, name, number, rows=rows, seconds=seconds, ratio=found["ratios"].get(name))
        return True

    def time_cold(self, lap: Lap, number: int) -> None:
        """Time the first batches of each contestant of a lap after its files left the page cache."""
        for name in lap.names:
            details = {
                "name": name,
                "seed": 7000 + number,
                "batches": _COLD_BATCHES,
                "at_most": _COLD_SECONDS,
            }
            try:
                found = self._ask(lap, "cold", **details)
            except RefusedError as refused:
                self.refuse(name, str(refused), way="cold")
                continue
            spans = {key: found[key] for key in ("rows", "seconds", "read_mb")}
            self._keep(attrs.evolve(lap, way="cold"), name, number, **spans)

    def _ask(self, lap: Lap, do: str, **details: Any) -> dict[str, Any]:
        child = self._open(self._adapters[lap.adapter])
        return child.ask(do, patience=PATIENCE[do], way=lap.way, workers=lap.workers, **details)

    def _keep(self, lap: Lap, name: str, number: int, **found: Any) -> None:
        place = {"workload": self.work.name, "contestant": name, "way": lap.way, "workers": lap.workers}
        record: dict[str, Any] = {**place, "number": number, **found}
        self.rounds.append(Round(**record))


def laps_of(adapter: str, ways: Mapping[str, Sequence[str]], work: Workload) -> Iterator[Lap]:
    """Yield what is timed of one adapter.

    Args:
        adapter: Its name.
        ways: By contestant, the ways in which it draws.
        work: The workload.
    """
    if (
        work.codec is not None
    ):  # what differs there is decoding, and orders other than a shuffle need arrays of rows
        asked = [("batch" if any("batch" in own for own in ways.values()) else "loader", 0)]
    else:
        asked = [("batch", 0), ("loader", 0), ("arrays", 0), ("loader", 2), ("arrays", 2)]
    for way, workers in asked:
        names = [name for name, own in ways.items() if way in own]
        if adapter != roster.HOUSE.name:
            yield from (Lap(adapter=adapter, names=(name,), way=way, workers=workers) for name in names)
            continue
        # RAM says what a map could gain at most; one way of asking is enough for that
        kept = tuple(name for name in names if name != RAM or (way == "batch" and work.codec is None))
        yield Lap(adapter=adapter, names=kept, way=way, workers=workers)


def run(work: Workload, options: Options, crew: Crew, *, cold: bool) -> Field:
    """Run all rounds of one workload."""
    say(f"{work.name}: {work.n_rows:,} rows in batches of {work.batch:,}")
    field = Field(work, options, crew)
    for adapter in (roster.HOUSE, *roster.chosen(options.peers)):
        field.enter(adapter)
    say("  checking values")
    laps = [lap for lap in map(field.check, field.laps()) if lap.names]
    for number in range(options.rounds):
        say(f"  round {number + 1} of {options.rounds}")
        due = [lap for lap in laps if number < _WORKER_ROUNDS or not lap.workers]
        failed = {lap for lap in due if not field.time(lap, number)}
        laps = [lap for lap in laps if lap not in failed]
    for number in range(min(_COLD_ROUNDS, options.rounds) if cold else 0):
        say(f"  cold round {number + 1}")
        for lap in laps:
            if (lap.way, lap.workers) == ("batch", 0):
                field.time_cold(without_ram(lap), number)
    return field


def without_ram(lap: Lap) -> Lap:
    """Return a lap without arrays in RAM, which are never cold."""
    return attrs.evolve(lap, names=tuple(name for name in lap.names if name != RAM))
