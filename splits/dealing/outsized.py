"""Mending a dealing where some group is larger than half a part, so that sizes cannot be met.

Squares of rows too many say little there: they are those of the outsized group, whatever comes beside it.
What can still be even is what parts are made of, so this judge looks at shares instead of rows: how far
those of the strata within a part are from those of all rows (the largest of a part once more), how far those
of the part in each stratum are from what was asked, and how far its size is. All shares are whole numbers
of 2**-24; absolute differences are added, so that what is lost in one part does not hide all others.
"""

import attrs
import numpy as np

from splits.dealing.tallies import Dealing, Groups, Ints

__all__ = ["even_shares", "unevenness"]

_BITS = 24  # of a share
_ONE = 60  # bits of 1 before it is divided; times rows and shifted back, shares are left
_WITHIN, _WORST, _ACROSS, _SIZE = 4, 4, 16, 5  # weights of the four differences
_POOL = 256  # groups that may be moved at most; half of them where there are few
_CELLS = 1 << 13  # rows by stratum, of pairs of groups, that are looked at together
_REFUSED = 8  # changes in one look that would leave more lacking, before the look is given up
_LOOKS, _MORE = 4, 192  # looks beside those by numbers of groups; most for groups beyond the pool


def even_shares(dealing: Dealing, order: Groups) -> None:
    """Move and swap groups while that makes shares more even (`unevenness`) and no more is lacking.

    Args:
        dealing: Changed in place.
        order: Groups that may be moved, heaviest first; no more than the first 256 are, fewer where there
            are many strata.
    """
    tallies = dealing.tallies
    most = min(_POOL, (_POOL + len(order) // 16) // 2)
    size = min(len(order), most, 4 * _CELLS // (tallies.n_columns * tallies.n_parts))
    if size < 2 or tallies.n_columns < 2:  # of rows that are all alike, sizes are all there is
        return
    chunk = max(1, min(size, _CELLS // (size * tallies.n_columns)))
    starts = range(0, size, chunk)
    search = _Search(dealing=dealing, pool=order[:size])
    clean = 0
    looks = _LOOKS + size * min(tallies.n_parts, 4) // 16
    looks += min((len(order) - size) * tallies.n_parts // 64, _MORE)
    for turn in range(looks):
        first = starts[turn % len(starts)]
        clean = 0 if search.improve(np.arange(first, min(size, first + chunk))) else clean + 1
        if clean == len(starts):
            return


def unevenness(dealing: Dealing) -> Ints:
    """Return how uneven each part is, in whole numbers, shape `(n_parts,)`; their sum is what counts."""
    return _Judge(dealing=dealing).of(_counts(dealing), np.arange(dealing.tallies.n_parts))


def _counts(dealing: Dealing) -> Ints:
    return np.ascontiguousarray((dealing.excess + dealing.tallies.targets).T)


@attrs.frozen(kw_only=True, eq=False)
class _Judge:
    """What parts are compared with.

    Attributes:
        dealing: What is judged.
        inverse: 2**60 over the rows of each column, shape `(n_columns,)`.
        usual: Share of each stratum among all rows, shape `(n_columns - 1,)`.
        asked: Share of each part, shape `(n_parts,)`.
    """

    dealing: Dealing
    inverse: Ints = attrs.field()
    usual: Ints = attrs.field()
    asked: Ints = attrs.field()

    @inverse.default
    def _invert(self) -> Ints:
        inverse: Ints = (1 << _ONE) // np.maximum(_counts(self.dealing).sum(axis=0), 1)
        return inverse

    @usual.default
    def _find_usual(self) -> Ints:
        usual: Ints = _counts(self.dealing).sum(axis=0)[:-1] * self.inverse[-1] >> (_ONE - _BITS)
        return usual

    @asked.default
    def _find_asked(self) -> Ints:
        return np.array([share >> (30 - _BITS) for share in self.dealing.tallies.shares], np.int64)

    def of(self, counts: Ints, part: Groups) -> Ints:
        """Return how uneven parts would be with so many rows by column.

        Args:
            counts: Rows, shape `(..., n_columns)`.
            part: Part that has them, shape `(...)`.
        """
        n_parts, n_strata = len(self.asked), len(self.usual)
        within = counts[..., :-1] * ((1 << _ONE) // np.maximum(counts[..., -1:], 1))
        within >>= _ONE - _BITS
        within -= self.usual
        np.abs(within, out=within)
        across = counts * self.inverse
        across >>= _ONE - _BITS
        across -= self.asked[part][..., None]
        np.abs(across, out=across)
        size = across[..., -1] * (_SIZE * n_strata - _ACROSS)  # which is among those that are summed
        sums = within.sum(axis=-1) * _WITHIN + within.max(axis=-1) * _WORST
        judged: Ints = n_strata * sums + n_parts * (_ACROSS * across.sum(axis=-1) + size)
        return judged


@attrs.frozen(kw_only=True, eq=False)
class _Search:
    """A local search by moves and swaps of the pool.

    Attributes:
        dealing: Changed in place, and with it the next four.
        pool: Groups that may be moved.
        judge: What decides.
        rows: Rows of each of the pool by column, shape `(len(pool), n_columns)`.
        counts: Rows of each part by column, shape `(n_parts, n_columns)`.
        found: How uneven each part is, shape `(n_parts,)`.
        slot: Part of each of the pool, shape `(len(pool),)`.
    """

    dealing: Dealing
    pool: Groups
    judge: _Judge = attrs.field()
    rows: Ints = attrs.field()
    counts: Ints = attrs.field()
    found: Ints = attrs.field()
    slot: Groups = attrs.field()

    @judge.default
    def _make_judge(self) -> _Judge:
        return _Judge(dealing=self.dealing)

    @rows.default
    def _pick_rows(self) -> Ints:
        rows: Ints = self.dealing.tallies.rows[self.pool].toarray()
        return rows

    @counts.default
    def _count(self) -> Ints:
        return _counts(self.dealing)

    @found.default
    def _judge_all(self) -> Ints:
        return self.judge.of(self.counts, np.arange(len(self.counts)))

    @slot.default
    def _pick_slots(self) -> Groups:
        return self.dealing.slot[self.pool]

    def improve(self, some: Groups) -> bool:
        """Commit the best move of the pool or swap with `some` of it; return whether there was one."""
        size, n_parts = len(self.pool), len(self.counts)
        costs = np.concatenate((self._swaps(some).ravel(), self._moves().ravel()))
        for _ in range(_REFUSED):
            best = int(costs.argmin())
            if costs[best] >= 0:
                return False
            if best < len(some) * size:
                mine, other = divmod(best, size)
                place, partner = int(some[mine]), other
                target = int(self.slot[other])
            else:
                place, target = divmod(best - len(some) * size, n_parts)
                partner = None
            group, back = int(self.pool[place]), None if partner is None else int(self.pool[partner])
            if not self.dealing.loses(group, target, back):
                self._commit(place, target, partner)
                return True
            costs[best] = 0
        return False

    def _moves(self) -> Ints:
        """Return what it changes to move each of the pool to each part, shape `(len(pool), n_parts)`."""
        everywhere, slot = np.arange(len(self.counts)), self.slot
        left = self.judge.of(self.counts[slot] - self.rows, slot) - self.found[slot]
        costs = self.judge.of(
            self.counts + self.rows[:, None], np.broadcast_to(everywhere, (len(slot), len(everywhere)))
        )
        costs += left[:, None] - self.found
        costs[np.arange(len(slot)), slot] = 0
        return costs

    def _swaps(self, some: Groups) -> Ints:
        """Return what it changes to swap each of `some` with each of the pool, `(len(some), len(pool))`."""
        mine, slot = self.slot[some], self.slot
        change = self.rows - self.rows[some, None]
        shape = change.shape[:2]
        costs = self.judge.of(self.counts[mine, None] + change, np.broadcast_to(mine[:, None], shape))
        costs += self.judge.of(self.counts[slot] - change, np.broadcast_to(slot, shape))
        costs -= self.found[mine, None] + self.found[slot]
        costs[mine[:, None] == slot] = 0
        return costs

    def _commit(self, place: int, target: int, partner: int | None) -> None:
        source = int(self.slot[place])
        self.dealing.move(int(self.pool[place]), target, None if partner is None else int(self.pool[partner]))
        self.slot[place] = target
        if partner is not None:
            self.slot[partner] = source
        for part in (source, target):
            self.counts[part] = self.dealing.excess[:, part] + self.dealing.tallies.targets[:, part]
        both = np.array([source, target])
        self.found[both] = self.judge.of(self.counts[both], both)
