"""Mending a dealing of groups: groups are moved and swapped while that makes it more even.

This is the local search by moves and exchanges that follows a greedy dealing in the literature on number
partitioning and on parallel machines (G. Finn, E. Horowitz, "A Linear Time Approximation Algorithm for
Multiprocessor Scheduling", BIT 19, 1979; B. W. Kernighan, S. Lin, "An Efficient Heuristic Procedure for
Partitioning Graphs", Bell System Technical Journal 49, 1970), on a sum of squares. How much work is done
depends on the sizes of the problem, never on a clock.
"""

import attrs
import numpy as np
from scipy.sparse import csr_array

from splits.dealing.tallies import Dealing, Groups, Ints

__all__ = ["even_out"]

_CELLS = 1 << 14  # pairs of groups looked at together
_SWEEPS, _SPARE = 3, 16  # looks at every pair of groups, and looks more beside one for every four groups
_REFUSED = 64  # swaps in one look that would leave more lacking, before the look is given up


def even_out(dealing: Dealing, pool: Groups) -> None:
    """Move and swap groups of the pool while that makes the cost lower and no more is lacking.

    Args:
        dealing: Changed in place.
        pool: Groups that may be moved, distinct; pairs of them are looked at in this order.
    """
    size = len(pool)
    chunk = max(1, min(size, _CELLS // size, (1 << 20) // dealing.tallies.n_columns))
    starts = range(0, size, chunk)
    search = _Search(dealing=dealing, pool=pool)
    looks, clean, turn = _SWEEPS * len(starts) + size // 4 + _SPARE, 0, 0
    while clean < len(starts) and looks > 0:
        first = starts[turn % len(starts)]
        commits = search.improve(np.arange(first, min(size, first + chunk)), looks)
        looks -= commits + 1
        clean = 0 if commits else clean + 1
        turn += 1


@attrs.frozen(kw_only=True, eq=False)
class _Search:
    """The pool of a local search with the pull of every part on every group, `weighted rows @ excess`."""

    dealing: Dealing
    pool: Groups
    rows: csr_array = attrs.field()
    weighted: csr_array = attrs.field()
    norms: Ints = attrs.field()
    slot: Groups = attrs.field()
    pulls: Ints = attrs.field()

    @rows.default
    def _pick_rows(self) -> csr_array:
        return self.dealing.tallies.rows[self.pool]

    @weighted.default
    def _pick_weighted(self) -> csr_array:
        return self.dealing.tallies.weighted[self.pool]

    @norms.default
    def _pick_norms(self) -> Ints:
        return self.dealing.tallies.norms[self.pool]

    @slot.default
    def _pick_slots(self) -> Groups:
        return self.dealing.slot[self.pool]

    @pulls.default
    def _pull(self) -> Ints:
        return self.weighted @ self.dealing.excess

    def improve(self, some: Groups, most: int) -> int:
        """Commit the best moves of, and swaps with, `some` of the pool; return how many, at most `most`."""
        overlaps = self.weighted @ self.rows[some].toarray().T
        for commits in range(most):
            if not self._commit_best(some, overlaps.T):
                return commits
        return most

    def _commit_best(self, some: Groups, overlaps: Ints) -> bool:
        costs = self._costs(some, overlaps)
        for _ in range(_REFUSED):
            best = int(costs.argmin())
            if costs.flat[best] >= 0:
                return False
            mine, other = divmod(best, costs.shape[1])
            group, partner = int(some[mine]), None if other >= len(self.pool) else other
            target = other - len(self.pool) if partner is None else int(self.slot[partner])
            if not self.dealing.loses(*self._names(group, target, partner)):
                self._commit(group, target, partner, overlaps[mine])
                return True
            costs.flat[best] = 0
        return False

    def _names(self, group: int, target: int, partner: int | None) -> tuple[int, int, int | None]:
        return int(self.pool[group]), target, None if partner is None else int(self.pool[partner])

    def _commit(self, group: int, target: int, partner: int | None, overlap: Ints) -> None:
        source, back = int(self.slot[group]), None if partner is None else int(self.pool[partner])
        self.dealing.move(int(self.pool[group]), target, back)
        self.slot[group] = target
        change = overlap
        if partner is not None:
            self.slot[partner] = source
            change = overlap - self.weighted @ self.dealing.dense(back)
        self.pulls[:, source] -= change
        self.pulls[:, target] += change

    def _costs(self, some: Groups, overlaps: Ints) -> Ints:
        """Return the change of cost for each of `some`: swapped with each of the pool, moved to each part.

        Shape `(len(some), len(pool) + n_parts)`; 0 where nothing would move.
        """
        weights, slot, size = self.dealing.tallies.part_weights, self.slot, len(self.pool)
        leave = weights[slot] * (self.norms - 2 * self.pulls[np.arange(size), slot])
        enter = weights * (self.norms[:, None] + 2 * self.pulls)
        mine = slot[some]
        costs = np.empty((len(some), size + len(weights)), np.int64)
        costs[:, size:] = leave[some, None] + enter[some]
        costs[np.arange(len(some)), size + mine] = 0
        swaps = (weights[mine, None] + weights).take(slot, axis=1)
        swaps *= overlaps
        swaps *= -2
        swaps += costs[:, size:].take(slot, axis=1)
        swaps += (enter.T + leave)[mine]
        swaps[mine[:, None] == slot] = 0
        costs[:, :size] = swaps
        return costs
