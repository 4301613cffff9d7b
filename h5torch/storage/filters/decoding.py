"""A chunk through its pipeline, backwards: the size after every step is known before it is taken."""

from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from h5torch.errors import StorageError
from h5torch.rows import Array
from h5torch.storage.filters.optional import missing
from h5torch.storage.filters.records import DamageError, Filter, Pipeline
from h5torch.storage.filters.table import CODECS

# The codec libraries count bytes in signed 32-bit integers.
LONGEST = 2**31 - 64

Raw: TypeAlias = Array | memoryview | bytes


@lru_cache(maxsize=1024)
def unsupported(pipeline: Pipeline) -> str | None:
    """Return why chunks of this pipeline cannot be decoded here, or None where they can.

    The reason is a phrase, without the name of the dataset. Where a package is missing, it names the command
    that installs it. The answer is kept for the life of the process.
    """
    compressors = 0
    for step in pipeline.filters:
        codec = CODECS.get(step.number)
        if codec is None:
            return f"filter {step.number} ({step.name}) is known to HDF5 and its plugins only"
        reason = codec.refuses(step.parameters) or (missing(codec.library) if codec.library else None)
        if reason is None and codec.library and pipeline.n_bytes > LONGEST:
            reason = f"chunks of {pipeline.n_bytes} bytes are too long for its library"
        if reason is not None:
            return f"filter {step.number} ({step.name}): {reason}"
        compressors += codec.adds is None
    if compressors > 1:
        return "one compression lies over another, so the size in between is not known"
    return None


def decode(pipeline: Pipeline, raw: Raw, mask: int, *, what: str) -> Array:
    """Return the bytes of one chunk as they were before they were filtered.

    Args:
        pipeline: What the chunk went through.
        raw: The chunk as it lies in the file, uint8 `(stored size,)`; a read-only view of a map will do.
        mask: HDF5's filter mask of this chunk: filter `i` was skipped where bit `i` is set.
        what: Path of the dataset and place of the chunk, for messages.

    Returns:
        A new uint8 array `(pipeline.n_bytes,)` that can be written to.

    Raises:
        StorageError: the bytes are damaged, cut short, too long, or of a pipeline that is `unsupported`.
    """
    source = np.frombuffer(raw, dtype=np.uint8)
    data = _decoded(pipeline, source, mask, None, what)
    # A pipeline of checksums alone, or one that was skipped, hands back the bytes of the file.
    return data if data.flags.writeable and not np.may_share_memory(data, source) else data.copy()


def decode_into(pipeline: Pipeline, raw: Raw, mask: int, out: Array, *, what: str) -> None:
    """Write the decoded bytes of one chunk into `out`; after an error `out` may hold anything.

    Args:
        pipeline: What the chunk went through.
        raw: The chunk as it lies in the file, uint8 `(stored size,)`.
        mask: HDF5's filter mask of this chunk: filter `i` was skipped where bit `i` is set.
        out: Room for the decoded bytes: contiguous uint8 `(pipeline.n_bytes,)`, none of it `raw`.
        what: Path of the dataset and place of the chunk, for messages.

    Raises:
        StorageError: the bytes are damaged, cut short, too long, or of a pipeline that is `unsupported`.
    """
    data = _decoded(pipeline, np.frombuffer(raw, dtype=np.uint8), mask, out, what)
    if data is not out:
        out[:] = data


def _decoded(pipeline: Pipeline, data: Array, mask: int, out: Array | None, what: str) -> Array:
    """Return the decoded bytes: in `out`, in a new array, or a view of `data` where nothing was encoded."""
    reason = unsupported(pipeline)
    if reason is not None:
        msg = f"{what}: cannot decode this chunk: {reason}"
        raise StorageError(msg)
    steps = list(_steps(pipeline, mask))
    for place in range(len(steps) - 1, -1, -1):
        step, size = steps[place]
        # A shuffle that was written over a compression leaves the size as it finds it.
        room = np.empty(data.size if size is None else size, np.uint8) if place or out is None else out
        try:
            data = CODECS[step.number].decode(data, room, step.parameters)
        except DamageError as damage:
            _damaged(what, f"filter {step.number} ({step.name}): {damage}", damage)
    if data.size != pipeline.n_bytes:
        _damaged(what, f"{data.size} bytes where a chunk has {pipeline.n_bytes}", None)
    return data


def _damaged(what: str, found: str, cause: DamageError | None) -> None:
    msg = (
        f"{what}: this chunk does not decode: {found}; the file is damaged here: "
        "fetch it again from where it came from, or write this dataset anew"
    )
    raise StorageError(msg) from cause


def _steps(pipeline: Pipeline, mask: int) -> Iterator[tuple[Filter, int | None]]:
    """Yield the filters that this chunk went through, and the bytes that each was given (None: not known)."""
    size: int | None = pipeline.n_bytes
    for position, step in enumerate(pipeline.filters):
        if mask >> position & 1:
            continue
        yield step, size
        adds = CODECS[step.number].adds
        size = None if size is None or adds is None else size + adds
