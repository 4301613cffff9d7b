"""Rows drawn for what is too dear for all: distances to nearest rows, and numbers of long rows."""

from collections.abc import Iterator

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.keyed import derive, hash_rows
from h5torch.parts import LEFT_OUT, Parts
from splits.auditing.neighbours import Nearness, describe_nearness, nearest, scales_of
from splits.auditing.reading import Reader
from splits.auditing.spread import PartSpread, Spread, compare_spread

__all__ = ["Budget", "draw", "look_closely"]

_MOST_VALUES = 1 << 24
_MOST_WORK = 1 << 34
_LEAST = 200
_MOST_PLACES = 256
_MOST_COMPARED = 20_000

Matrix = npt.NDArray[np.float64]


@attrs.frozen(kw_only=True)
class Budget:
    """How many rows are drawn.

    Attributes:
        sample: Rows of each part to look at, at most; over several folds, of all of them together.
        against: Rows of the other parts among which the nearest are looked for, at most. They are fewer
            where 2**24 values, or 2**34 products in all, would be exceeded.
        seed: Decides which rows are drawn.
    """

    sample: int
    against: int
    seed: int

    def sizes(self, *, width: int, n_looks: int, n_folds: int) -> tuple[int, int]:
        """Return how many rows of a part, and of others, are drawn in each of `n_looks`."""
        sample = min(self.sample, max(_LEAST, self.sample // max(1, n_folds)))
        width = max(1, width)
        work = _MOST_WORK // (max(1, n_looks) * sample * width)
        return sample, max(min(_LEAST, self.against), min(self.against, _MOST_VALUES // width, work))


def draw(rows: npt.NDArray[np.intp], size: int, *, key: int) -> npt.NDArray[np.intp]:
    """Draw rows without repeats, decided by `key` and the row numbers alone, and return them ascending."""
    if len(rows) <= size:
        return rows
    return np.sort(rows[np.argpartition(hash_rows(rows, key=key), size)[:size]])


def look_closely(
    reader: Reader, keys: tuple[str, ...], table: Parts, budget: Budget, *, n_folds: int, design: float
) -> Iterator[Nearness | Spread]:
    """Compare drawn rows of every part but the largest with drawn rows of all other parts.

    A pair of near rows in two parts is seen from one of both sides; so the largest part, mostly the one to
    train on, is not looked at from its own side.

    Args:
        reader: Reads rows.
        keys: Columns whose numbers together make a row.
        table: The part of each row.
        budget: How many rows are drawn.
        n_folds: Folds that are audited together.
        design: See `splits.auditing.shares.compare_shares`.
    """
    sizes = np.bincount(table.codes, minlength=LEFT_OUT + 1)[: len(table.parts)]
    looked_at = [code for code in np.argsort(-sizes, kind="stable").tolist()[1:] if sizes[code]]
    width = sum(reader.width(key) or 1 for key in keys)
    n_rows, n_others = budget.sizes(width=width, n_looks=len(looked_at) * n_folds, n_folds=n_folds)
    spreads: dict[int, list[PartSpread]] = {}
    for code in sorted(looked_at):
        key = derive(budget.seed, "audit", table.name, code)
        rows = draw(np.flatnonzero(table.codes == code), n_rows, key=derive(key, "rows"))
        others = np.flatnonzero((table.codes != code) & (table.codes != LEFT_OUT))
        others = draw(others, n_others, key=derive(key, "others"))
        look = _Look(reader, keys, rows, others)
        yield look.nearness(table.parts[code], key)
        for place, beside in look.spreads(table.parts[code], key, design):
            spreads.setdefault(place, []).append(beside)
    for place, parts in spreads.items():
        yield Spread(key=" + ".join(keys), place=place, sampled=True, n_missing=0, parts=tuple(parts))


class _Look:
    """Drawn rows of a part and of the others, in memory; those with NaN or infinity are left out."""

    def __init__(
        self,
        reader: Reader,
        keys: tuple[str, ...],
        rows: npt.NDArray[np.intp],
        others: npt.NDArray[np.intp],
    ) -> None:
        self.keys = keys
        mine, theirs = reader.matrix(keys, rows), reader.matrix(keys, others)
        whole, whole_theirs = np.isfinite(mine).all(axis=1), np.isfinite(theirs).all(axis=1)
        self.n_skipped = int((~whole).sum() + (~whole_theirs).sum())
        self.rows, self.others = rows[whole], others[whole_theirs]
        self.mine, self.theirs = mine[whole], theirs[whole_theirs]

    def nearness(self, part: str, key: int) -> Nearness:
        """Measure distances to the nearest rows."""
        found = (np.zeros(0, np.intp), np.zeros(0))
        within, scaled = np.zeros(0), False
        if len(self.mine) and len(self.theirs) > 1:
            scales, scaled = scales_of(self.theirs)
            mine, theirs = (self.mine / scales, self.theirs / scales) if scaled else (self.mine, self.theirs)
            found = nearest(mine, theirs)
            itself = draw(np.arange(len(theirs)), len(self.rows), key=derive(key, "within"))
            within = nearest(theirs[itself], theirs, itself=itself)[1]
        return describe_nearness(
            self.keys,
            part,
            self.rows,
            self.others,
            found,
            within,
            n_skipped=self.n_skipped,
            scaled=scaled,
        )

    def spreads(self, part: str, key: int, design: float) -> Iterator[tuple[int, PartSpread]]:
        """Compare the numbers at each place of a row, or at 256 places drawn from more."""
        width = self.mine.shape[1]
        few = draw(np.arange(len(self.theirs)), _MOST_COMPARED, key=derive(key, "compared"))
        theirs = self.theirs[few]
        codes = np.repeat(np.array([0, 1], np.uint8), [len(self.mine), len(theirs)])
        for place in draw(np.arange(width), _MOST_PLACES, key=derive(key, "places")).tolist():
            values = np.concatenate([self.mine[:, place], theirs[:, place]])
            found = compare_spread("", values, codes, (part, "others"), design=design)
            yield place, found.parts[0]
