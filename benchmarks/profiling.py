"""One batch of each layout in detail: which share of it is NumPy and SciPy copying."""

import statistics
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch

from benchmarks import roster
from benchmarks.gathers import Arrays, Batch, Rows, densified, gather_sparse, spans
from benchmarks.house import Limit, Ours
from benchmarks.options import Options
from benchmarks.orders import index_batches
from benchmarks.records import Profile
from benchmarks.rounds import say
from benchmarks.serving import touch
from benchmarks.sources import ensure_source
from benchmarks.workloads import Workload

_BATCHES = 300
_SECONDS = 3.0


def measure(work: Workload, options: Options) -> Profile:
    """Time whole batches, and the calls that copy, in turns, each on rows that no cache holds."""
    say(f"profile {work.name}")
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta state")
    reader = Ours(work, options.data / roster.HOUSE.name / roster.HOUSE.store(work))
    limit = Limit(work, ensure_source(options.data, work), mapped=True)
    whole, copying = [], []
    touch(reader)
    touch(limit)
    began = time.perf_counter()
    drawn = index_batches(work.n_rows, work.batch, order="shuffle", seed=3)[: 2 * _BATCHES]
    for some, others in zip(drawn[::2], drawn[1::2], strict=False):
        copying.append(seconds(copying_calls(work.layout, limit.arrays, some, read_before=drawn[-1])))
        whole.append(seconds(partial(reader.batch, others)))
        if time.perf_counter() - began > _SECONDS:
            break
    reader.close()
    middle = {"batch_us": statistics.median(whole) * 1e6, "copying_us": statistics.median(copying) * 1e6}
    return Profile(workload=work.name, **middle)


def seconds(call: Callable[[], Any]) -> float:
    """Return how long a call takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def copying_calls(layout: str, arrays: Arrays, rows: Rows, *, read_before: Rows) -> Callable[[], Any]:
    """Return a function that does nothing but copy: everything else is worked out beforehand.

    Args:
        layout: Of the workload.
        arrays: The source arrays.
        rows: The rows to copy; none of their values is read yet, so that no cache holds them.
        read_before: Rows like them, from which is taken what a later step needs of an earlier one.
    """
    if layout in {"dense", "images"}:
        return lambda: [array.take(rows, axis=0) for array in arrays.values()]
    if layout == "coo":
        row, column = arrays["indices"].take(read_before, axis=1)
        return lambda: (
            arrays["indices"].take(rows, axis=1),
            arrays["value"].take(rows),
            arrays["row"].take(row, axis=0),
            arrays["col"].take(column, axis=0),
        )
    if layout == "ragged":
        return ragged_copies(arrays, rows)
    return sparse_copies(arrays, rows, gather_sparse(arrays, read_before), dense=layout == "csr")


def ragged_copies(arrays: Arrays, rows: Rows) -> Callable[[], Any]:
    """Return the copies of ragged rows into a padded array."""
    starts, lengths = spans(arrays["offsets"], rows)
    ends = (starts + lengths).tolist()
    pieces = [arrays["values"][start:end] for start, end in zip(starts.tolist(), ends, strict=True)]
    shape, dtype = (len(rows), int(lengths.max())), arrays["values"].dtype
    targets = [slice(at * shape[1], at * shape[1] + len(piece)) for at, piece in enumerate(pieces)]

    def copy() -> None:
        flat = np.zeros(shape, dtype=dtype).reshape(-1)
        for target, piece in zip(targets, pieces, strict=True):
            flat[target] = piece

    return copy


def sparse_copies(arrays: Arrays, rows: Rows, found: Batch, *, dense: bool) -> Callable[[], Any]:
    """Return the copies of sparse rows, and, for dense batches, SciPy's `toarray`."""
    starts, lengths = spans(arrays["indptr"], rows)
    ends = (starts + lengths).tolist()
    places = list(zip(starts.tolist(), ends, strict=True))
    columns = [arrays["indices"][start:end] for start, end in places]
    values = [arrays["data"][start:end] for start, end in places]

    def copy() -> None:
        np.concatenate(columns)
        np.concatenate(values)
        if dense:
            densified(**found)

    return copy
