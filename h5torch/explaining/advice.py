"""What to do about how a column is read. Pure."""

from collections.abc import Callable
from typing import TypeAlias

import attrs

from h5torch.explaining.records import ASKED, COMPACT, HEAP, NEVER, ExplainedPart
from h5torch.explaining.table import count
from h5torch.printed import size

# A batch may decode or read so many times the bytes it asks for before somebody should know.
_TOO_MUCH = 4
# And so many bytes for each of its samples: compressed chunks that are made for random rows have no more.
_PER_SAMPLE = 1 << 16
# Rows of another axis than 0 are mentioned where a batch goes through so many times its bytes, and so many.
_ACROSS, _ACROSS_BYTES = 2, 1 << 22
_REPACK = "`h5torch repack IN OUT --for random`"


@attrs.frozen(kw_only=True)
class Case:
    """What advice on one column rests on.

    Attributes:
        mode: The layout of its object.
        parts: The arrays that are read for it.
        batch: Samples of a batch.
        axis: The axis that rows are of; 0 for elements too.
        fixed: Whether the file cannot change while it is open.
    """

    mode: str
    parts: tuple[ExplainedPart, ...]
    batch: int
    axis: int
    fixed: bool


Rule: TypeAlias = Callable[[Case], str]
"""Returns what to do, or an empty string."""


def advise(case: Case) -> tuple[bool, str]:
    """Return whether all is well with a column, and what to know or to do."""
    for rule in _RULES:
        told = rule(case)
        if told:
            return False, told
    return True, _praise(case)


def _is_much(case: Case, n_bytes: float, asked: float) -> bool:
    return n_bytes > max(_TOO_MUCH * asked, _PER_SAMPLE * case.batch)


def _can_change(case: Case) -> str:
    if case.fixed:
        return ""
    return "the file is open for writing, so h5py reads it, which sees every change: give Dataset its path"


def _library_missing(case: Case) -> str:
    for part in case.parts:
        if "h5torch[compression]" in part.why:
            return f"{_named(part)}{part.why}; until then only HDF5 could decode it, if it has that filter"
    return ""


def _apart(case: Case) -> str:
    if case.parts[0].reader == "memory":
        return ""
    if case.mode == "vlen":
        return f"rows lie apart in HDF5's heap, and HDF5 fetches them one by one: {_REPACK} makes them ragged"
    if case.mode == "separate":
        return f"one dataset a row, and HDF5 opens each of them: {_REPACK} makes them ragged"
    for part in case.parts:
        if part.storage == HEAP:
            return (
                f"{_named(part)}values of any length lie apart in HDF5's heap, and h5py fetches them one by "
                "one: register the object anew"
            )
    return ""


def _decoding(case: Case) -> str:
    """Warn of chunks that a random batch decodes for a few rows of each."""
    part = max(case.parts, key=lambda part: part.random.decoded_bytes)
    random, ordered = part.random, part.sequential
    asked = random.asked or 0.0
    if not _is_much(case, random.decoded_bytes, asked):
        return ""
    told = (
        f"{_named(part)}random batches of {case.batch:,} decode about {count(random.decoded)} chunks of "
        f"{size(part.chunk_bytes)}, {size(random.decoded_bytes)} for the {size(asked)} asked"
    )
    if not _is_much(case, ordered.decoded_bytes, asked):
        return f"{told}: draw in order or in blocks ({count(ordered.decoded)} a batch), or {_REPACK}"
    if case.axis:
        return f"{told}, and no fewer in order: each row of axis {case.axis} runs through many: {_REPACK}"
    return f"{told}: {_REPACK}"


def _whole_chunks(case: Case) -> str:
    """Warn of chunks that are read whole for a few rows, though nothing has to be decoded."""
    for part in case.parts:
        random = part.random
        much = _is_much(case, random.touched, random.asked or 0.0)
        if part.reader == "chunks" and not part.filters and much:
            return (
                f"{_named(part)}without a map chunks are read whole: random batches of {case.batch:,} read "
                f"{size(random.touched)} for the {size(random.asked or 0.0)} asked: use a map, or {_REPACK}"
            )
    return ""


def _by_h5py(case: Case) -> str:
    for part in case.parts:
        if part.reader != "h5py" or part.storage in {COMPACT, NEVER}:
            continue
        if part.why == ASKED:
            return (
                "reader='h5py' was asked for; reader='auto' reads around HDF5 where it can, the same values"
            )
        return f"{_named(part)}read by h5py, since {part.why}"
    return ""


def _across(case: Case) -> str:
    part = max(case.parts, key=lambda part: part.random.touched)
    asked = part.random.asked or 0.0
    if not case.axis or part.random.touched <= max(_ACROSS_BYTES, _ACROSS * asked):
        return ""
    return (
        f"rows of axis {case.axis} lie apart: a batch goes through {size(part.random.touched)} of the file "
        f"for the {size(asked)} asked; where most reading is along this axis, register the transposed data"
    )


_RULES: tuple[Rule, ...] = (
    _can_change,
    _apart,
    _library_missing,
    _decoding,
    _whole_chunks,
    _by_h5py,
    _across,
)


def _praise(case: Case) -> str:
    if {part.reader for part in case.parts} == {"memory"}:
        return "in memory: good in any order"
    random, ordered = (
        (sum(cost.decoded for cost in costs), sum(cost.decoded_bytes for cost in costs))
        for costs in ([part.random for part in case.parts], [part.sequential for part in case.parts])
    )
    if not random[0]:
        return "good in any order"
    if random[1] <= 2 * ordered[1]:
        return "good in any order: decoded chunks stay at hand, or are of little more than one sample"
    return (
        f"good in order; a random batch decodes {size(random[1])} in {count(random[0])} chunks, one in order "
        f"{size(ordered[1])} in {count(ordered[0])}"
    )


def _named(part: ExplainedPart) -> str:
    return f"{part.name}: " if part.name else ""
