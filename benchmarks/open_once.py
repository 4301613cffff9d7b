"""One measurement in a process of its own: `python -m benchmarks.open_once FILE timed|traced`."""

import json
import statistics
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import torch

import h5torch
from benchmarks.house import batch_of

BATCH = 256
_BARE = 7


def main() -> None:
    """Print what opening and the first batch take."""
    torch.set_num_threads(1)
    path, how = Path(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        warm_up(Path(folder) / "small.h5t")
    answer = traced(path) if how == "traced" else timed(path)
    sys.stdout.write(json.dumps(answer))


def warm_up(path: Path) -> None:
    """Open another file first: what is imported on first use is no part of opening."""
    with h5torch.File(path, "w") as f:
        f.register(np.ones((2 * BATCH, 2), dtype=np.float32), "central")
    first_batch(path)


def first_batch(path: Path) -> None:
    """Open a dataset and draw a random batch, spread over all rows."""
    dataset = h5torch.Dataset(path)
    rows = np.random.default_rng(0).integers(0, len(dataset), BATCH)
    batch_of(dataset, rows)
    dataset.close()


def timed(path: Path) -> dict[str, float]:
    """Return milliseconds, and growth of anonymous memory."""
    bare = []
    for _ in range(_BARE):
        began = time.perf_counter()
        with h5py.File(path, "r"):
            pass
        bare.append(time.perf_counter() - began)
    before, began = anonymous(), time.perf_counter()
    first_batch(path)
    spent = time.perf_counter() - began
    return {
        "n_rows": len(h5torch.Dataset(path)),
        "bare_ms": statistics.median(bare) * 1e3,
        "ours_ms": spent * 1e3,
        "rss_mb": (anonymous() - before) / 1e6,
    }


def traced(path: Path) -> dict[str, float]:
    """Return the most that was allocated at once."""
    tracemalloc.start()
    first_batch(path)
    _, peak = tracemalloc.get_traced_memory()
    return {"peak_mb": peak / 1e6}


def anonymous() -> int:
    """Return the bytes of this process that no file backs."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) * 1024


if __name__ == "__main__":
    main()
