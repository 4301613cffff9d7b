"""Collecting what an explanation says from an open dataset: metadata alone, no value is read."""

import operator
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from h5torch.errors import ArgumentTypeError
from h5torch.explaining.advice import Case, advise
from h5torch.explaining.caching import settle
from h5torch.explaining.costs import Access, Load, Stored, load_of
from h5torch.explaining.describing import Described, describe
from h5torch.explaining.drawing import Draw, draw_of
from h5torch.explaining.records import APART, HEAP, OBJECTS, Cost, ExplainedColumn, ExplainedPart
from h5torch.explaining.table import Explanation
from h5torch.layouts import CooLayout, CsrLayout, DenseLayout, Layout, RaggedLayout, SeparateLayout
from h5torch.looking import Look, Wanted
from h5torch.rows import Rows
from h5torch.schema import CENTRAL
from h5torch.storage.decoding import decoder
from h5torch.storage.ports import Sources
from h5torch.subset import EvenWindows, ListedWindows


@attrs.frozen(kw_only=True)
class Reading:
    """One array of a column, and what a batch of it costs before caches are counted."""

    key: str
    described: Described
    load: Load


def explain(
    look: Look,
    wanted: Wanted,
    drawn: EvenWindows | ListedWindows | Rows | None,
    *,
    n_rows: int,
    batch_size: int,
) -> Explanation:
    """Explain how a dataset is read.

    Args:
        look: The file as the dataset sees it.
        wanted: What the dataset reads.
        drawn: The windows or rows that are its samples; `None` for all rows.
        n_rows: How many rows, or elements, there are.
        batch_size: Samples in a batch.

    Raises:
        ArgumentTypeError: `batch_size` is no number of samples.
    """
    draw = draw_of(drawn, n_rows=n_rows)
    batch = min(_checked(batch_size), draw.n_items)
    readings = [
        reading for key in wanted.keys for reading in _of_column(look, wanted, key, draw, batch=batch)
    ]
    parts: dict[str, list[ExplainedPart]] = {key: [] for key in wanted.keys}
    for reading, part in zip(readings, _with_costs(readings), strict=True):
        parts[reading.key].append(part)
    return Explanation(
        batch_size=batch,
        n_samples=draw.n_items,
        sampling=wanted.sampling,
        shortcut=look.shortcut is not None,
        columns=tuple(_told(look, wanted, key, tuple(found), batch) for key, found in parts.items()),
    )


def _told(
    look: Look, wanted: Wanted, key: str, parts: tuple[ExplainedPart, ...], batch: int
) -> ExplainedColumn:
    """Return one column with advice."""
    mode = look.view.schema.layout(key).mode
    axis = wanted.sampling if key == CENTRAL and wanted.sampling != "coo" else 0
    good, advice = advise(Case(mode=mode, parts=parts, batch=batch, axis=axis, fixed=look.fixed))
    return ExplainedColumn(key=key, mode=mode, parts=parts, good=good, advice=advice)


def _checked(batch_size: Any) -> int:
    try:
        size = operator.index(batch_size)
    except TypeError:
        size = 0
    if size < 1 or isinstance(batch_size, bool):
        msg = f"explain: batch_size={batch_size!r}: give a number of samples, at least 1"
        raise ArgumentTypeError(msg)
    return size


def _of_column(look: Look, wanted: Wanted, key: str, draw: Draw, *, batch: int) -> Iterator[Reading]:
    """Yield the arrays of one column."""
    layout, sources = look.view.schema.layout(key), look.view.sources(key)
    axis: int | None = 0
    if key == CENTRAL:
        axis = None if wanted.sampling == "coo" else wanted.sampling
    elif wanted.sampling == "coo":
        draw = Draw(n_items=layout.n_rows, n_draws=draw.n_items, scattered=True)
    for name, access in _accesses(layout, axis):
        if isinstance(layout, SeparateLayout):
            described = _of_rows(look, wanted, sources, layout)
        else:
            described = describe(
                name, sources[name], opener=look.opener, reader=wanted.reader, fixed=look.fixed
            )
        load = load_of(described.stored, access, draw, reader=described.reader, batch=batch)
        yield Reading(key=key, described=described, load=load)


def _of_rows(look: Look, wanted: Wanted, sources: Sources, layout: SeparateLayout) -> Described:
    """Describe rows that are datasets of their own by the first of them."""
    if not layout.filled_to:
        part = ExplainedPart(name="", reader="h5py", why="no row is filled yet", storage=APART)
        return Described(part=part, stored=Stored(shape=(0,), itemsize=1), reader="memory")
    found = describe("", sources["0"], opener=look.opener, reader=wanted.reader, fixed=look.fixed)
    part = ExplainedPart(name="", reader=found.part.reader, why=found.part.why, storage=APART)
    return attrs.evolve(found, part=part)


def _accesses(layout: Layout, axis: int | None) -> Iterator[tuple[str, Access]]:
    """Yield the arrays that a column is read from, and how."""
    match layout:
        case CsrLayout() | RaggedLayout():
            per_row = layout.n_stored / max(1, layout.n_rows)
            for name in layout.parts:
                if name in {"indptr", "offsets"}:
                    yield name, Access(more=1)
                elif name == "shapes":
                    yield name, Access()
                else:
                    yield name, Access(per_row=per_row, sliced=True)
        case CooLayout():
            yield "indices", Access(axis=1)
            yield "data", Access()
        case DenseLayout():
            yield "", Access(axis=axis)
        case _:
            yield "", Access()


def _with_costs(readings: Sequence[Reading]) -> list[ExplainedPart]:
    """Return the parts with their costs: our chunks share one cache, HDF5 has one for each dataset."""
    ours = [reading for reading in readings if reading.described.reader != "h5py"]
    shared = iter(settle([reading.load for reading in ours], cache_bytes=decoder().cache_bytes))
    parts = []
    for reading in readings:
        part, load = reading.described.part, reading.load
        if reading.described.reader != "h5py":
            random, ordered = next(shared)
        else:
            ((random, ordered),) = settle([load], cache_bytes=load.stored.hdf5_cache)
        if part.storage in {HEAP, OBJECTS, APART}:
            random = ordered = Cost(asked=None)
        parts.append(attrs.evolve(part, random=random, sequential=ordered))
    return parts
