"""`python -m benchmarks`: run what the command line asks for, and write tables and chart."""

import json
import shutil
from itertools import groupby

import attrs

from benchmarks import opening, profiling, report, roster, rounds, workloads, writing
from benchmarks.crew import Crew
from benchmarks.machine import facts
from benchmarks.options import Options, parse, wants
from benchmarks.records import Results, from_json, to_json
from benchmarks.workloads import Workload


def main() -> None:
    """Run the benchmarks."""
    options = parse(None)
    options.out.mkdir(parents=True, exist_ok=True)
    kept = options.out / "results.json"
    results = from_json(json.loads(kept.read_text())) if options.report else measure(options)
    report.write(results, options.out)


def measure(options: Options) -> Results:
    """Run all parts, saving what was found after each."""
    results = Results(machine=facts(), settings=settings(options))
    if wants(options, "write"):
        results = save(results.plus(written=writing.measure(options)), options)
    if wants(options, "open"):
        results = save(results.plus(opened=opening.measure(options)), options)
    picked = workloads.chosen(works_asked_for(options), scale=options.rows_scale)
    with Crew(options) as crew:
        if picked:
            crew.start_all((roster.HOUSE, *roster.chosen(options.peers)))
        for _, together in groupby(picked, key=lambda work: work.source):
            for work in together:
                results = save(measure_workload(work, options, crew, results), options)
            tidy(options)
    return results


def measure_workload(work: Workload, options: Options, crew: Crew, results: Results) -> Results:
    """Run one workload, and look into one batch of it."""
    cold = work.name == "dense" and wants(options, "cold")
    field = rounds.run(work, options, crew, cold=cold)
    profiles = [profiling.measure(work, options)] if work.codec is None and wants(options, "profile") else []
    return results.plus(
        workloads=[attrs.asdict(work)],
        rounds=field.rounds,
        refusals=field.out,
        stored=field.stored,
        profiles=profiles,
    )


def works_asked_for(options: Options) -> list[str]:
    """Return the workloads that `--only` names, some of them by a part that needs them."""
    names = [name for name in options.only if name not in {"write", "open", "cold", "profile"}]
    named = {work.name for work in workloads.ALL if work.codec is None}
    needed = {"cold": ["dense"], "profile": sorted(named)}
    names += [name for part in options.only for name in needed.get(part, [])]
    return names or (["none"] if options.only else [])


def settings(options: Options) -> dict[str, object]:
    """Return how this run was made, without a word of where."""
    return attrs.asdict(
        options, filter=lambda field, _: field.name not in {"data", "venvs", "out", "keep", "report"}
    )


def save(results: Results, options: Options) -> Results:
    """Write the records, and return them."""
    (options.out / "results.json").write_text(json.dumps(to_json(results), indent=1) + "\n")
    return results


def tidy(options: Options) -> None:
    """Delete what was stored for one source, unless it is to be kept."""
    if not options.keep:
        for folder in options.data.iterdir():
            if folder.name not in {"source", "logs"}:
                shutil.rmtree(folder)


if __name__ == "__main__":
    main()
