"""Rows drawn for what is too dear for all: distances to nearest rows, and numbers of long rows."""

from collections.abc import Iterator

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.keyed import derive, hash_rows
from h5torch.parts import LEFT_OUT, Parts
from splits.auditing.design import Groups
from splits.auditing.neighbours import Nearness, describe_nearness, distinct, nearest, scales_of
from splits.auditing.reading import Reader
from splits.auditing.records import Skipped
from splits.auditing.shares import ClassShares, compare_missing
from splits.auditing.spread import Spread, compare_spread

__all__ = ["Budget", "draw", "look_closely"]

_MOST_VALUES = 1 << 24
_MOST_WORK = 1 << 34
_LEAST = 200
_MOST_PLACES = 256
_MOST_COMPARED = 20_000
_ENDLESS = 1e100  # counts as infinity: squares of larger numbers are

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
    reader: Reader,
    keys: tuple[str, ...],
    table: Parts,
    budget: Budget,
    *,
    n_folds: int,
    groups: Groups = (),
) -> Iterator[Nearness | Spread | ClassShares | Skipped]:
    """Compare drawn rows of every part but the largest with drawn rows of all other parts.

    A pair of near rows in two parts is seen from one of both sides; so the largest part, mostly the one to
    train on, is not looked at from its own side.

    Args:
        reader: Reads rows.
        keys: Columns whose numbers together make a row.
        table: The part of each row.
        budget: How many rows are drawn.
        n_folds: Folds that are audited together.
        groups: See `splits.auditing.shares.compare_shares`.
    """
    sizes = np.bincount(table.codes, minlength=LEFT_OUT + 1)[: len(table.parts)]
    looked_at = [code for code in np.argsort(-sizes, kind="stable").tolist()[1:] if sizes[code]]
    width = sum(reader.width(key) or 1 for key in keys)
    n_rows, n_others = budget.sizes(width=width, n_looks=len(looked_at) * n_folds, n_folds=n_folds)
    spreads: dict[int, list[Spread]] = {}
    for code in sorted(looked_at):
        key = derive(budget.seed, "audit", table.name, code)
        mine = np.flatnonzero(table.codes == code)
        theirs = np.flatnonzero((table.codes != code) & (table.codes != LEFT_OUT))
        rows = draw(mine, n_rows, key=derive(key, "rows"))
        others = draw(theirs, n_others, key=derive(key, "others"))
        look = _Look(reader, keys, table.parts[code], rows, others, sizes=(len(mine), len(theirs)), key=key)
        yield from look.nearness()
        for found in look.places(groups):
            if isinstance(found, Spread):
                spreads.setdefault(found.place or 0, []).append(found)
            else:
                yield found
    for place, beside in spreads.items():
        yield attrs.evolve(
            beside[0],
            place=place,
            n_missing=sum(one.n_missing for one in beside),
            parts=tuple(one.parts[0] for one in beside),
        )


class _Look:
    """Drawn rows of a part and of the others, in memory."""

    def __init__(
        self,
        reader: Reader,
        keys: tuple[str, ...],
        part: str,
        rows: npt.NDArray[np.intp],
        others: npt.NDArray[np.intp],
        *,
        sizes: tuple[int, int],
        key: int,
    ) -> None:
        self.keys, self.part, self.rows, self.others = keys, part, rows, others
        self.sizes, self.key = sizes, key
        self.mine, self.theirs = reader.matrix(keys, rows), reader.matrix(keys, others)

    def nearness(self) -> Iterator[Nearness | Skipped]:
        """Measure distances to the nearest rows, and say what had to be left out of them."""
        what = " + ".join(self.keys)
        known = [np.abs(rows) < _ENDLESS for rows in (self.mine, self.theirs)]
        kept = np.logical_and.reduce([2 * one.sum(axis=0) >= len(one) for one in known])
        if not kept.all():
            lost = np.flatnonzero(~kept)
            why = f"NaN or infinity in most rows of {self.part} or of the others; no distance counts them"
            yield Skipped(key=what, why=f"{len(lost)} of {len(kept)} values of a row, first {lost[0]}: {why}")
        whole, whole_theirs = (one[:, kept].all(axis=1) for one in known)
        n_skipped = int((~whole).sum() + (~whole_theirs).sum())
        rows, others = self.rows[whole], self.others[whole_theirs]
        mine, theirs = self.mine[whole][:, kept], self.theirs[whole_theirs][:, kept]
        first, first_theirs = distinct(mine), distinct(theirs)
        found, within, scaled = self._distances(mine[first], theirs[first_theirs])
        check = describe_nearness(
            self.keys,
            self.part,
            rows[first],
            others[first_theirs],
            found,
            within,
            looked_at=(len(rows), len(others)),
            sizes=self.sizes,
            n_skipped=n_skipped,
            scaled=scaled,
        )
        yield check
        if check.limit is None:
            why = f"{len(first):,} different rows of {self.part} and {len(first_theirs):,} of other parts"
            tell = "have too few or no distances to tell what is near"
            yield Skipped(key=what, why=f"{why} {tell} ({n_skipped:,} hold NaN or infinity)")

    def _distances(
        self, mine: Matrix, theirs: Matrix
    ) -> tuple[tuple[npt.NDArray[np.intp], Matrix], Matrix, bool]:
        """Return what is nearest to rows, what is typical among others, and whether values were scaled."""
        if not (mine.size and len(theirs) > 1):
            return (np.zeros(0, np.intp), np.zeros(0)), np.zeros(0), False
        scales, scaled = scales_of(theirs)
        mine, theirs = (mine / scales, theirs / scales) if scaled else (mine, theirs)
        itself = draw(np.arange(len(theirs)), len(mine), key=derive(self.key, "within"))
        return nearest(mine, theirs), nearest(theirs[itself], theirs, itself=itself)[1], scaled

    def places(self, groups: Groups) -> Iterator[Spread | ClassShares]:
        """Compare numbers and gaps at each place of a row, or at 256 places drawn from more."""
        width = self.mine.shape[1]
        few = draw(np.arange(len(self.theirs)), _MOST_COMPARED, key=derive(self.key, "compared"))
        theirs, rows = self.theirs[few], np.concatenate([self.rows, self.others[few]])
        codes = np.repeat(np.array([0, 1], np.uint8), [len(self.mine), len(theirs)])
        others = "others" if self.part != "others" else "all others"
        table = Parts(name="drawn", axis=0, parts=(self.part, others), codes=codes)
        grouped = [np.unique(numbers[rows], return_inverse=True)[1].ravel() for numbers in groups]
        what = " + ".join(self.keys)
        for place in draw(np.arange(width), _MOST_PLACES, key=derive(self.key, "places")).tolist():
            values = np.concatenate([self.mine[:, place], theirs[:, place]])
            yield compare_spread(what, values, codes, table.parts, groups=grouped, place=place, sampled=True)
            gaps = compare_missing(what, np.isnan(values), table, groups=grouped)
            if gaps is not None:
                yield attrs.evolve(gaps, place=place)
