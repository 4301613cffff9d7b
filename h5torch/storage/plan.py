"""Which rows to read together: decided before a byte is touched."""

import attrs
import numpy as np

from h5torch.rows import Rows, read_only


@attrs.frozen(kw_only=True)
class ReadPlan:
    """Row ranges to read, and where each wanted row lands among the rows read."""

    runs: tuple[tuple[int, int], ...]
    """Half-open, ascending, disjoint."""
    gather: Rows = attrs.field(converter=read_only, eq=attrs.cmp_using(np.array_equal))


def plan_reads(rows: Rows, *, max_gap: int) -> ReadPlan:
    """Merge wanted rows into runs, bridging gaps of up to `max_gap` rows.

    Args:
        rows: Row numbers, none negative, any order, repeats allowed.
        max_gap: Unwanted rows that may be read so that two runs become one.
    """
    wanted, inverse = np.unique(rows, return_inverse=True)
    breaks = np.flatnonzero(np.diff(wanted) > max_gap + 1) + 1
    firsts = wanted[np.concatenate([[0], breaks])] if wanted.size else wanted
    lasts = wanted[np.concatenate([breaks - 1, [-1]])] if wanted.size else wanted
    # Rows read before each run, so that a wanted row is found by its run and its place in it.
    before = np.concatenate([[0], np.cumsum(lasts - firsts + 1)])[: len(firsts)]
    run = np.searchsorted(firsts, wanted, side="right") - 1
    landing = before[run] + wanted - firsts[run] if wanted.size else wanted
    runs = tuple((int(first), int(last) + 1) for first, last in zip(firsts, lasts, strict=True))
    return ReadPlan(runs=runs, gather=landing[inverse])
