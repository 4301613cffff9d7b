"""Writing: `File.register` beside plain h5py that writes the same bytes, in turns."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import attrs
import h5py
import numpy as np

import h5torch
from benchmarks import house
from benchmarks.options import Options
from benchmarks.records import Written
from benchmarks.rounds import say
from benchmarks.sources import Array, Arrays, ensure_source, load_arrays
from benchmarks.workloads import Source, chosen

_LEAST_ROUNDS = 7
"""Each takes a fraction of a second, and the disk's moods are long."""


@attrs.frozen
class Contest:
    """Two functions of a path that write the same data from memory."""

    ours: Callable[[Path], None]
    plain: Callable[[Path], None]
    bytes: int


def measure(options: Options) -> list[Written]:
    """Time registering and plain writing of dense, sparse and ragged rows."""
    folder = options.data / "written"
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    sources: tuple[Source, ...] = ("dense", "csr", "ragged")
    for source in sources:
        (work,) = chosen([source], scale=options.rows_scale)
        arrays = load_arrays(ensure_source(options.data, work), mapped=False)
        in_turns(CONTESTS[source](arrays), folder, ours_first=True)  # the page cache makes room
        for number in range(max(_LEAST_ROUNDS, options.rounds)):
            pair = CONTESTS[source](arrays)
            say(f"write {source}: round {number + 1}")
            seconds = in_turns(pair, folder, ours_first=number % 2 == 0)
            found.append(Written(layout=source, number=number, bytes=pair.bytes, **seconds))
    return found


def in_turns(contest: Contest, folder: Path, *, ours_first: bool) -> dict[str, float]:
    """Time both writers once; each finds the disk idle and no file of its name."""
    seconds = {}
    names = ("ours", "plain") if ours_first else ("plain", "ours")
    for name in names:
        path = folder / f"{name}.h5"
        os.sync()
        began = time.perf_counter()
        getattr(contest, name)(path)
        seconds[name] = time.perf_counter() - began
        path.unlink()
    return seconds


def dense(arrays: Arrays) -> Contest:
    """Return the writers of dense rows."""
    return Contest(
        lambda path: register(path, arrays["x"], "N-D"),
        lambda path: write_plain(path, {"x": arrays["x"]}),
        arrays["x"].nbytes,
    )


def sparse(arrays: Arrays) -> Contest:
    """Return the writers of sparse rows."""
    matrix = house.csr_matrix(arrays)
    parts = {"indptr": matrix.indptr, "indices": matrix.indices, "data": matrix.data}
    return Contest(
        lambda path: register(path, matrix, "csr"),
        lambda path: write_plain(path, parts),
        sum(part.nbytes for part in parts.values()),
    )


def ragged(arrays: Arrays) -> Contest:
    """Return the writers of a list of arrays: by hand, too, they have to be joined first."""
    rows = house.ragged_rows(arrays)

    def by_hand(path: Path) -> None:
        offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
        write_plain(path, {"offsets": offsets, "values": np.concatenate(rows)})

    size = arrays["values"].nbytes + arrays["offsets"].nbytes
    return Contest(lambda path: register(path, rows, "ragged"), by_hand, size)


CONTESTS: Mapping[Source, Callable[[Arrays], Contest]] = {"dense": dense, "csr": sparse, "ragged": ragged}


def register(path: Path, data: object, mode: Literal["N-D", "csr", "ragged"]) -> None:
    """Write a file of one central object."""
    with h5torch.File(path, "w") as f:
        f.register(data, "central", mode=mode)


def write_plain(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays with h5py and nothing else."""
    with h5py.File(path, "w") as f:
        for name, array in arrays.items():
            f.create_dataset(name, data=array)
