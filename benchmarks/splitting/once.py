"""One measurement in a process of its own: `python -m benchmarks.splitting.once WORK SIDE SEED LIBRARIES`."""

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import attrs
import numpy as np

from benchmarks.splitting.contestants import SIDES, codes_of
from benchmarks.splitting.evenness import evenness, label_counts
from benchmarks.splitting.works import FOLDS, PARTS, Array, Work, columns_of, scaled

_STATUS = Path("/proc/self/status")
_FORGET_PEAK = Path("/proc/self/clear_refs")


def main() -> None:
    """Print seconds, peak memory and deviations, or why there are none."""
    work = Work(**json.loads(sys.argv[1]))
    sys.path.append(sys.argv[4])  # last, so that nothing there hides what belongs to this environment
    try:
        found: Mapping[str, float | str | None] = measure(work, sys.argv[2], seed=int(sys.argv[3]))
    except ModuleNotFoundError as error:
        found = {"refused": f"{error.name} is not installed"}
    sys.stdout.write(json.dumps(found) + "\n")


def measure(work: Work, side: str, *, seed: int) -> Mapping[str, float | None]:
    """Split once, all of it within one call, and say how long it took, what it needed and how even it is."""
    call = SIDES[side]
    small = scaled(attrs.evolve(work, n_labels=min(work.n_labels, 10)), 1e-9)
    call(small, columns_of(small), seed)  # what is imported or compiled on first use is no part of splitting
    columns = columns_of(work)
    before = _memory("VmRSS", forget=True)
    began = time.perf_counter()
    result = call(work, columns, seed)
    seconds = time.perf_counter() - began
    peak = _memory("VmHWM", forget=False)
    codes = codes_of(result, work.n_rows)
    if "0/g" in columns:
        check_groups(columns["0/g"], codes)
    shares = [1 / FOLDS] * FOLDS if work.into == "folds" else list(PARTS.values())
    labels = [column for key, column in columns.items() if key != "0/g"]
    counts = label_counts(labels, codes, len(shares))
    even = evenness(counts, np.bincount(codes, minlength=len(shares)), shares)
    memory = None if before is None or peak is None else peak - before
    return {"seconds": seconds, "peak_mb": memory, **attrs.asdict(even)}


def check_groups(groups: Array, codes: Array) -> None:
    """Refuse a split that tears a group apart: it would be no answer, however even.

    Raises:
        ValueError: it does.
    """
    pairs = np.unique(groups * (int(codes.max()) + 1) + codes)
    if len(pairs) != len(np.unique(groups)):
        msg = f"{len(np.unique(groups))} groups lie in {len(pairs)} places"
        raise ValueError(msg)


def _memory(name: str, *, forget: bool) -> float | None:
    """Return a line of the kernel's account of this process in MB, where there is one.

    Args:
        name: Of the line.
        forget: Whether the peak starts anew from here.
    """
    if not (_STATUS.exists() and _FORGET_PEAK.exists()):
        return None
    if forget:
        _FORGET_PEAK.write_text("5")
    lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
    return int(lines[name].split()[0]) * 1024 / 1e6


if __name__ == "__main__":
    main()
