"""What becomes of every object of a file: decided from facts, before a byte is written."""

import math
from collections.abc import Iterable

import attrs
import numpy as np

from h5torch.layouts import (
    CooLayout,
    CsrLayout,
    DenseLayout,
    Layout,
    RaggedLayout,
    SeparateLayout,
    VlenLayout,
)
from h5torch.repacking.blocks import chunks_of
from h5torch.repacking.records import ArrayPlan, Found, Packing, Part, Plan, RaggedPlan, Rows

# Below this, chunks and filters take more room and time than they save.
_SMALL = 1 << 12
_PARTS = {"values", "offsets", "shapes"}


def decide(found: Iterable[Found], beside: Iterable[Part], omitted: Iterable[str], packing: Packing) -> Plan:
    """Plan a file.

    Args:
        found: The objects of the source.
        beside: Arrays that belong to no object: codes of splits, names of categories.
        omitted: Paths that are left out.
        packing: How arrays are stored in the target.
    """
    arrays: dict[str, ArrayPlan] = {}
    ragged: dict[str, RaggedPlan] = {}
    kept: dict[str, str] = {}
    n_bytes = 0
    for one in found:
        why = _obstacle(one)
        if why is not None:
            kept[one.key] = why
            n_bytes += sum(part.n_bytes for part in one.parts.values()) + _payload(one)
        elif one.rows is not None:
            ragged[one.key] = _plan_ragged(one.layout, one.rows, packing)
            n_bytes += one.rows.n_bytes + 8 * one.layout.n_rows * (1 + max(one.rows.ranks, default=1))
        else:
            arrays |= {one.parts[name].path: plan for name, plan in _plan_parts(one, packing)}
            n_bytes += sum(part.itemsize * math.prod(part.shape) for part in one.parts.values())
    for part in beside:
        if part.copyable and part.shape:
            arrays[part.path] = _array(part.shape, part.itemsize, packing)
            n_bytes += part.itemsize * math.prod(part.shape)
    return Plan(
        packing=packing,
        arrays=arrays,
        ragged=ragged,
        omitted=frozenset(omitted),
        kept=kept,
        n_bytes=n_bytes,
    )


def _payload(one: Found) -> int:
    return one.rows.n_bytes if one.rows is not None and isinstance(one.layout, VlenLayout) else 0


def _obstacle(one: Found) -> str | None:
    """Say why an object has to stay as it is, if so."""
    if one.rows is not None:
        return _obstacle_of_rows(one.layout, one.rows)
    elsewhere = [part.stored for part in one.parts.values() if not part.copyable]
    if elsewhere:
        return {"heap": "its values have no fixed size"}.get(elsewhere[0], "its bytes lie in other files")
    return None


def _obstacle_of_rows(layout: Layout, rows: Rows) -> str | None:
    ranks = sorted(rows.ranks)
    reasons = (
        (not rows.plain, "its rows are not numbers"),
        (not rows.one_type, "its rows have different types"),
        (len(ranks) > 1, f"its rows have {', '.join(map(str, ranks))} axes"),
        (ranks == [0], "its rows have no axes"),
        (not ranks and isinstance(layout, SeparateLayout), "it holds no row yet"),
        (rows.own_attributes, "its rows have attributes of their own"),
        (rows.linked, "its rows are links"),
        (bool(_PARTS & set(rows.extras)), "its group holds something else of a reserved name"),
    )
    return next((reason for holds, reason in reasons if holds), None)


def _plan_ragged(layout: Layout, rows: Rows, packing: Packing) -> RaggedPlan:
    rank = max(rows.ranks, default=1)
    n_rows = layout.n_rows
    becomes = RaggedLayout(
        shape=(n_rows,),
        filled_to=layout.filled_to,
        row_rank=rank,
        n_stored=rows.n_values,
        value=layout.value,
    )
    values = _array((rows.n_values,), rows.itemsize, packing, grows=layout.filled_to < n_rows)
    return RaggedPlan(
        layout=becomes,
        rank=rank,
        values=values,
        offsets=_array((n_rows + 1,), 8, packing, n_filled=layout.filled_to + 1),
        shapes=_array((n_rows, rank), 8, packing, n_filled=layout.filled_to),
    )


def _plan_parts(one: Found, packing: Packing) -> Iterable[tuple[str, ArrayPlan]]:
    """Plan the arrays of an object that keeps its mode; values that no row owns are dropped."""
    layout, parts = one.layout, one.parts
    room = layout.filled_to < layout.n_rows
    match layout:
        case DenseLayout():
            yield "", _of(parts[""], packing, n_filled=layout.filled_to)
        case CsrLayout(n_stored=n):
            yield "indptr", _of(parts["indptr"], packing)
            yield "indices", _of(parts["indices"], packing, length=n, grows=room)
            yield "data", _of(parts["data"], packing, length=n, grows=room)
        case CooLayout(n_stored=n):
            grows = packing.codec is not None and parts["data"].growable
            yield "indices", _of(parts["indices"], packing, length=n, axis=1, grows=grows)
            yield "data", _of(parts["data"], packing, length=n, grows=grows)
        case RaggedLayout(n_stored=n):
            yield "values", _of(parts["values"], packing, length=n, grows=room)
            yield "offsets", _of(parts["offsets"], packing)
            if "shapes" in parts:
                yield "shapes", _of(parts["shapes"], packing)


def _of(
    part: Part,
    packing: Packing,
    *,
    length: int | None = None,
    n_filled: int | None = None,
    axis: int = 0,
    grows: bool = False,
) -> ArrayPlan:
    """Plan one part, cut to `length` along `axis`."""
    shape = tuple(n if at != axis or length is None else length for at, n in enumerate(part.shape))
    return _array(shape, part.itemsize, packing, n_filled=n_filled, axis=axis, grows=grows)


def _array(
    shape: tuple[int, ...],
    itemsize: int,
    packing: Packing,
    *,
    n_filled: int | None = None,
    axis: int = 0,
    grows: bool = False,
) -> ArrayPlan:
    plan = ArrayPlan(
        shape=shape, axis=axis, n_filled=shape[axis] if n_filled is None else n_filled, grows=grows
    )
    n_bytes = int(np.prod(shape, dtype=object)) * itemsize
    packed = packing.codec is not None and (grows or n_bytes >= _SMALL)
    if not packed and not grows:
        return plan
    return attrs.evolve(plan, chunks=chunks_of(shape, itemsize, axis=axis, grows=grows), packed=packed)
