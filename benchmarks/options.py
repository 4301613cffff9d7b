"""The command line."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import attrs

from benchmarks import roster, workloads

HERE = Path(__file__).parent
PARTS = ("write", "open", "cold", "profile")


@attrs.frozen(kw_only=True)
class Options:
    """What one run is to do."""

    only: tuple[str, ...]
    peers: tuple[str, ...]
    rows_scale: float
    rounds: int
    budget: float
    piece: float
    data: Path
    venvs: Path
    out: Path
    keep: bool
    report: bool


def parse(arguments: Sequence[str] | None) -> Options:
    """Return the options of a command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = [work.name for work in workloads.ALL]
    peers = [adapter.name for adapter in roster.PEERS]
    parser.add_argument("--only", default="", help=f"any of {', '.join([*names, 'compressed', *PARTS])}")
    parser.add_argument("--peers", default=",".join(peers), help=f"any of {', '.join(peers)}, or none")
    parser.add_argument("--rows-scale", type=float, default=1.0, help="share of the rows, such as 0.01")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds of each workload")
    parser.add_argument("--budget", type=float, default=0.5, help="seconds for each contestant in a round")
    parser.add_argument(
        "--piece", type=float, default=0.02, help="seconds of a turn of h5torch and the limits"
    )
    parser.add_argument("--data", type=Path, default=HERE / ".data", help="where the data of all go")
    parser.add_argument("--venvs", type=Path, default=_venvs(), help="where the environments go")
    parser.add_argument("--out", type=Path, default=HERE / "results", help="where the results go")
    parser.add_argument("--keep", action="store_true", help="keep the data that the peers stored")
    parser.add_argument("--report", action="store_true", help="measure nothing: write tables and chart anew")
    found = vars(parser.parse_args(arguments))
    folders = {name: found[name].resolve() for name in ("data", "venvs", "out")}
    lists = {name: tuple(part for part in found[name].split(",") if part) for name in ("only", "peers")}
    options = Options(**{**found, **folders, **lists})
    known = {"only": {*names, "compressed", *PARTS}, "peers": {*peers, "none"}}
    for name, all_of_them in known.items():
        if unknown := sorted(set(lists[name]) - all_of_them):
            parser.error(f"--{name}: there is no {', '.join(unknown)}")
    return options


def _venvs() -> Path:
    return Path(os.environ.get("BENCHMARKS_VENVS", HERE / ".venvs"))


def wants(options: Options, part: str) -> bool:
    """Say whether a part of the run beside the workloads is asked for."""
    return not options.only or part in options.only
