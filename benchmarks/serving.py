"""The child's side of the protocol: one line of JSON asks, one line answers.

Asked to `write`, an adapter stores the source arrays in its own format; to `open`, it makes its readers; to
`check`, it compares their first batches with the source; a `round` is timed; a `cold` round, after the pages
of the stored files were dropped.
"""

import gc
import json
import resource
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TextIO

import attrs
import torch

from benchmarks.caches import drop_pages, files, read_files, resident_share
from benchmarks.checking import differences, expected
from benchmarks.readers import DRAWN, Draw, RowReader, UnsupportedError
from benchmarks.sources import Arrays, load_arrays
from benchmarks.timing import Supply, alternate, paired_ratio, total
from benchmarks.workloads import Workload, from_json

LIMIT = "map"
"""The contestant that the others' rates are divided by."""
_CHECKED = 2
_FETCHED_AHEAD = 4
_STILL_COLD = 0.1
_WARM_SECONDS = 0.5

Openers = Mapping[str, Callable[[], RowReader]]
Reply = dict[str, Any]


class Adapter(Protocol):
    """What a module of an adapter offers."""

    def write(self, work: Workload, arrays: Arrays, folder: Path) -> None:
        """Store the source arrays in an empty folder."""

    def openers(self, work: Workload, folder: Path, source: Path) -> Openers:
        """Return by name how each reader is opened."""


class Server:
    """One adapter, its readers open or not."""

    def __init__(self, adapter: Adapter) -> None:
        """Stand on the module of an adapter."""
        self._adapter = adapter
        self._readers: dict[str, RowReader] = {}
        self._openers: Openers = {}
        self._source = Path()

    def write(self, ask: Mapping[str, Any]) -> Reply:
        """Store the source in the format of the adapter."""
        folder = Path(ask["folder"])
        began = time.perf_counter()
        self._adapter.write(from_json(ask["work"]), load_arrays(Path(ask["source"]), mapped=True), folder)
        return {"seconds": time.perf_counter() - began, "bytes": sum(p.stat().st_size for p in files(folder))}

    def open(self, ask: Mapping[str, Any]) -> Reply:
        """Open the readers, read their files once, and draw from them for a moment.

        The pages are dropped beforehand: how a file was written decides how large the pages are in which the
        system keeps it, and that shows. After one sequential read they are alike.
        """
        self._source = Path(ask["source"])
        self._openers = self._adapter.openers(from_json(ask["work"]), Path(ask["folder"]), self._source)
        self._readers = {name: opener() for name, opener in self._openers.items()}
        for folder in {reader.folder for reader in self._readers.values()}:
            drop_pages(folder)
            read_files(folder)
        for reader in self._readers.values():
            touch(reader)
        return {"ways": {name: reader.ways for name, reader in self._readers.items()}}

    def check(self, ask: Mapping[str, Any]) -> Reply:
        """Compare the first batches of a reader with the source."""
        draw = Draw(way=ask["way"], workers=ask["workers"], seed=ask["seed"])
        reader = self._readers[ask["name"]]
        return {"wrong": first_differences(reader, draw, load_arrays(self._source, mapped=True))}

    def round(self, ask: Mapping[str, Any]) -> Reply:
        """Time readers: in turns where batches are made in this process, one after the other otherwise."""
        workers = ask["workers"]
        supplies = {name: self._supply(name, ask["way"], workers, ask["seed"]) for name in ask["names"]}
        if workers:
            spans = {}
            for name, supply in supplies.items():
                spans[name] = [supply.run(ask["budget"])]
                supply.close()
        else:
            spans = alternate(supplies, budget=ask["budget"], piece=ask["piece"])
        ratios = {name: paired_ratio(spans[name], spans[LIMIT]) for name in spans} if LIMIT in spans else {}
        totals = {name: total(own) for name, own in spans.items()}
        return {"spans": {name: [span.rows, span.seconds] for name, span in totals.items()}, "ratios": ratios}

    def cold(self, ask: Mapping[str, Any]) -> Reply:
        """Time opening a reader and its first batches after its files left the page cache."""
        name = ask["name"]
        closed = self._readers.pop(name)
        closed.close()
        folder = closed.folder
        del closed
        gc.collect()
        drop_pages(folder)
        if (stayed := resident_share(folder)) > _STILL_COLD:  # as pages do that are mapped still
            msg = f"{stayed:.0%} of its pages stay in memory after it was closed"
            raise UnsupportedError(msg)
        before, began, rows = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter(), 0
        self._readers[name] = self._openers[
            name
        ]()  # on the clock: some read most of a file when they open it
        batches = self._readers[name].epoch(Draw(way=ask["way"], workers=0, seed=ask["seed"]))
        for _, batch in zip(range(ask["batches"]), batches, strict=False):
            rows += next(iter(batch.values())).shape[0]
            if time.perf_counter() - began > ask["at_most"]:
                break
        seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
        read = (after.ru_inblock - before.ru_inblock) * 512
        return {"rows": rows, "seconds": seconds, "read_mb": read / 1e6}

    def _supply(self, name: str, way: Any, workers: int, seed: int) -> Supply:
        reader = self._readers[name]
        first = Draw(way=way, workers=workers, seed=seed)
        half = reader.work.n_rows // reader.work.batch // 2
        cycle = reader.cycle(first)
        warm = min(half, workers * _FETCHED_AHEAD or int(cycle == 1))
        return Supply(
            lambda seed: reader.epoch(attrs.evolve(first, seed=seed)), seed=seed, warm=warm, cycle=cycle
        )


def first_differences(reader: RowReader, draw: Draw, arrays: Arrays) -> str:
    """Say in what the first batches differ from the source; nothing if they do not."""
    batches, drawn = reader.epoch(draw), reader.rows_drawn(draw)
    for at in range(_CHECKED):
        found = reader.named(next(batches))
        rows = next(drawn)
        if rows is None:
            rows = found.pop(DRAWN).numpy()
        wanted = expected(reader.work.layout, arrays, rows)
        told = differences(found, wanted, sparse=reader.work.sparse)
        if told:
            return f"batch {at} of {draw.way}: {'; '.join(told)}"
    return ""


def touch(reader: RowReader) -> None:
    """Draw batches for a moment: pages of a map are entered into the tables of a process when first used."""
    began = time.perf_counter()
    for _ in reader.epoch(Draw(way=reader.ways[0], workers=0, seed=0)):
        if time.perf_counter() - began > _WARM_SECONDS:
            break


def serve(adapter: Any, config: str, asked: TextIO, replies: TextIO) -> None:
    """Answer one question a line until there are no more."""
    torch.set_num_threads(json.loads(config)["threads"])
    server = Server(adapter)
    for line in asked:
        ask = json.loads(line)
        try:
            reply = {"ok": getattr(server, ask["do"])(ask)}
        except UnsupportedError as refused:
            reply = {"refused": str(refused)}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()
