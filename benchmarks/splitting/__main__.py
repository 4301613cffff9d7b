"""`python -m benchmarks.splitting`: measure what the command line asks for, and write the page."""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import attrs

from benchmarks.machine import processor
from benchmarks.processes import environment
from benchmarks.rounds import say
from benchmarks.splitting import libraries
from benchmarks.splitting.contestants import PEERS, SIDES
from benchmarks.splitting.page import page
from benchmarks.splitting.records import Measured, Refusal, Results, from_json, to_json
from benchmarks.splitting.works import ALL, Work, scaled

HERE = Path(__file__).parent.parent


@attrs.frozen(kw_only=True)
class Options:
    """What one run is to do."""

    only: tuple[str, ...]
    scale: float
    rounds: int
    patience: float
    libraries: Path
    out: Path
    report: bool


def main() -> None:
    """Run the benchmark."""
    options = parse(None)
    options.out.mkdir(parents=True, exist_ok=True)
    kept = options.out / "splitting.json"
    results = from_json(json.loads(kept.read_text())) if options.report else measure(options)
    (options.out / "splitting.md").write_text(page(results))


def parse(arguments: Sequence[str] | None) -> Options:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.splitting", description=__doc__)
    names = [work.name for work in ALL]
    parser.add_argument("--only", default="", help=f"any of {', '.join([*names, *PEERS])}")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows, such as 0.01")
    parser.add_argument(
        "--rounds", type=int, default=5, help="rounds of each workload, each with a seed of its own"
    )
    parser.add_argument(
        "--patience", type=float, default=1800.0, help="seconds that one measurement may take"
    )
    venvs = Path(os.environ.get("BENCHMARKS_VENVS", HERE / ".venvs"))
    parser.add_argument(
        "--libraries",
        type=Path,
        default=venvs / "iterative-stratification",
        help="where iterative-stratification is, or is put if the folder is not there",
    )
    parser.add_argument("--out", type=Path, default=HERE / "results", help="where the results go")
    parser.add_argument("--report", action="store_true", help="measure nothing: write the page anew")
    found = vars(parser.parse_args(arguments))
    only = tuple(part for part in found["only"].split(",") if part)
    if unknown := sorted(set(only) - {*names, *PEERS}):
        parser.error(f"--only: there is no {', '.join(unknown)}")
    folders = {name: found[name].resolve() for name in ("libraries", "out")}
    return Options(**{**found, **folders, "only": only})


def measure(options: Options) -> Results:
    """Measure all workloads asked for, saving what was found after each."""
    works = [work for work in ALL if not options.only or {work.name, work.family} & set(options.only)]
    if any(work.family == "multilabel" for work in works):
        libraries.ensure(options.libraries)
    settings = {"only": list(options.only), "scale": options.scale, "rounds": options.rounds}
    results = Results(machine=facts(), settings=settings)
    for work in works:
        measured, refusals = rounds_of(scaled(work, options.scale), options)
        results = attrs.evolve(
            results,
            works=(*results.works, attrs.asdict(work)),
            measured=(*results.measured, *measured),
            refusals=(*results.refusals, *refusals),
        )
        (options.out / "splitting.json").write_text(json.dumps(to_json(results), indent=1) + "\n")
    return results


def rounds_of(work: Work, options: Options) -> tuple[list[Measured], list[Refusal]]:
    """Let both sides split in turn, the one that begins changing from round to round."""
    measured: list[Measured] = []
    refusals: dict[str, Refusal] = {}
    for number in range(options.rounds):
        say(f"{work.name}: round {number + 1} of {options.rounds}")
        for side in turns(number):
            if side in refusals:
                continue
            found = once(work, side, number, options)
            if isinstance(found, str):
                refusals[side] = Refusal(work=work.name, side=side, reason=found)
            else:
                measured.append(Measured(work=work.name, side=side, number=number, **found))
    return measured, list(refusals.values())


def turns(number: int) -> tuple[str, ...]:
    """Return the sides in the order of one round."""
    return tuple(SIDES)[:: -1 if number % 2 else 1]


def once(work: Work, side: str, seed: int, options: Options) -> dict[str, float] | str:
    """Measure one call in a fresh process; return its figures, or why there are none."""
    asked = [json.dumps(attrs.asdict(work)), side, str(seed), str(options.libraries)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "benchmarks.splitting.once", *asked],
            capture_output=True,
            text=True,
            check=False,
            env=environment(options.libraries, ours=True),
            cwd=HERE.parent,
            timeout=options.patience,
        )
    except subprocess.TimeoutExpired:
        return f"no answer in {options.patience:.0f} s"
    if done.returncode:
        told = done.stderr.strip().splitlines() or ["no word"]
        return f"ended with {done.returncode}: {told[-1][:200]}"
    found: dict[str, float] = json.loads(done.stdout)
    return str(found["refused"]) if "refused" in found else found


def facts() -> dict[str, str]:
    """Return cores, memory, and the versions of what was measured, without a word of where."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": processor(Path("/proc/cpuinfo")),
        "cores": str(os.cpu_count()),
        "memory": f"{pages / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        **{name: metadata.version(name) for name in ("numpy", "scipy", "scikit-learn")},
        **libraries.pins(),
    }


if __name__ == "__main__":
    main()
