"""Opening: what it costs to open a file and read its first batch, beside a bare `h5py.File`."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np

import h5torch
from benchmarks.options import Options
from benchmarks.processes import environment
from benchmarks.records import Opened
from benchmarks.rounds import say

COLUMNS = 8
_H5PY: Any = importlib.import_module("h5py")
"""h5py again, with the virtual datasets that the stub of what this project uses leaves out."""
_BLOCK = 1_000_000
_HUGE = 1_000_000_000
_ROUNDS = 3
_ROWS = (10**5, 10**6, 10**7)


def measure(options: Options) -> list[Opened]:
    """Open files of 10⁵ to 10⁹ rows, each time in a process of its own."""
    folder = options.data / "opened"
    folder.mkdir(parents=True, exist_ok=True)
    files = make_files(folder, options.rows_scale)
    for path in files.values():  # what the first batch needs is cached afterwards, as in the other workloads
        once(path, folder, traced=False)
    found = []
    rounds = min(_ROUNDS, options.rounds)
    for number in range(rounds):
        say(f"open: round {number + 1} of {rounds}")
        for title, path in files.items():
            timed = once(path, folder, traced=False)
            traced = once(path, folder, traced=True)
            record: dict[str, Any] = {**timed, "peak_mb": traced["peak_mb"]}
            found.append(Opened(file=title, **record))
    return found


def once(path: Path, folder: Path, *, traced: bool) -> dict[str, float]:
    """Open a file in a fresh process, and return what that took."""
    command = [sys.executable, "-m", "benchmarks.open_once", str(path), "traced" if traced else "timed"]
    root = Path(__file__).parent.parent
    done = subprocess.run(  # noqa: S603  # our own module
        command, capture_output=True, text=True, check=True, env=environment(folder, ours=True), cwd=root
    )
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def make_files(folder: Path, scale: float) -> dict[str, Path]:
    """Make the files unless they are there: filled ones, and two of 10⁹ rows that take no room."""
    filled = {
        n_rows: folder / f"rows-{n_rows}.h5t" for n_rows in (max(1000, round(n * scale)) for n in _ROWS)
    }
    for n_rows, path in filled.items():
        if not path.exists():
            fill(path, n_rows)
    files = {f"{n_rows:,} rows": path for n_rows, path in filled.items()}
    largest = filled[max(filled)]
    makers = {f"{_HUGE:,} rows, virtual": make_virtual, f"{_HUGE:,} rows, with holes": make_holes}
    for title, maker in makers.items():
        made = folder / f"{largest.stem}-{maker.__name__}.h5t"
        if not made.exists():
            maker(made, largest)
        files[title] = made
    return files


def fill(path: Path, n_rows: int) -> None:
    """Write a file of so many rows."""
    rng = np.random.default_rng(0)
    size = min(_BLOCK, n_rows)
    rows = rng.random((size, COLUMNS), dtype=np.float32)
    blocks = (rows[: min(size, n_rows - at)] for at in range(0, n_rows, size))
    with h5torch.File(path, "w") as f:
        f.register(blocks, "central", length=n_rows, mode="N-D", progress=False)


def make_virtual(path: Path, part: Path) -> None:
    """Write a file whose rows are those of another, many times over."""
    with h5py.File(part, "r") as f, h5py.File(path, "w") as made:
        like = f["central"]
        layout = _H5PY.VirtualLayout(shape=(_HUGE, COLUMNS), dtype=like.dtype)
        length = len(like)
        for start in range(0, _HUGE - length + 1, _HUGE // 100):
            source = _H5PY.VirtualSource(part.name, "central", shape=like.shape)
            layout[start : start + length] = source
        _H5PY.Group.create_virtual_dataset(made, "central", layout)
        stamp(made["central"], like)


def make_holes(path: Path, part: Path) -> None:
    """Write a file most of whose bytes were never written: the file system keeps no room for them."""
    with h5py.File(part, "r") as f, h5py.File(path, "w") as made:
        rows = made.create_dataset("central", shape=(_HUGE, COLUMNS), dtype=f["central"].dtype)
        rows[-1] = 1
        stamp(rows, f["central"])


def stamp(dataset: h5py.Dataset, like: h5py.Dataset) -> None:
    """Mark a dataset as a central object, as another one is marked."""
    for name, value in like.attrs.items():
        if name != "mode":
            dataset.attrs[name] = value
    dataset.attrs["shape"] = np.array(dataset.shape)
    dataset.attrs["filled_to"] = len(dataset)
    dataset.attrs["mode"] = like.attrs["mode"]
