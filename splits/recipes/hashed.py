"""`Hashed`: the part of a row follows from its id alone."""

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from math import floor
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.keyed import derive, hash_ids, hash_rows
from h5torch.parts import Axis
from h5torch.rows import Rows
from splits.dealing.folding import Slots, check_choice, deal_out, frame_of
from splits.dealing.folds import Folding, as_folding
from splits.dealing.growing import check_unmoved
from splits.dealing.picking import flat_column
from splits.dealing.shares import Shares, as_shares
from splits.errors import SplitError
from splits.fields import NO_SEED, as_keys, needed_seed
from splits.frame import Codes, Columns, Frame
from splits.keys import check_keys, shared_axis

__all__ = ["Hashed"]

_BLOCK = 1 << 14  # rows worked on at a time, so that the working arrays stay in the second-level cache


@attrs.frozen(kw_only=True)
class Hashed:
    """Share out rows by a hash of their ids: an id has its part for good.

    The part of a row follows from the seed and its id, and from nothing else. It stays the same when rows are
    added, left away or put in another order, and in any other file with the same ids. Rows with the same id
    are always in the same part.

    Shares hold on average and not exactly: a part of share `p` gets `n p` of `n` ids give or take about
    `sqrt(n p (1 - p))`. `Random` and `Grouped` come as near to their shares as rows or groups allow.

    Attributes:
        by: Key of the column of ids, or several that make up the id jointly, in this order; all of one axis.
            Ids are integers or text: the number 7 and the text "7" are two ids.
        parts: Part names with their shares, as a mapping or as pairs. Shares that sum to less than 1 leave
            the other ids out of every part.
        folds: A number of folds, or `KFold`, `RepeatedKFold`, `Nested`, instead of parts or beside them: then
            the rows of the first part are cut into folds.
        seed: In `[0, 2**64)`; the same seed gives the same split everywhere.

    Raises:
        SplitError: no key, a key twice, keys of different axes, neither parts nor folds, or shares that are
            no shares of a whole.
        RegisterError: a part name is not legal or comes twice.
        ArgumentTypeError: the seed is missing, or no integer in its range.
    """

    tag: ClassVar[str] = "hashed"
    version: ClassVar[int] = 1

    by: tuple[str, ...] = attrs.field(converter=as_keys)
    parts: Shares = attrs.field(converter=as_shares, default=())
    folds: Folding | None = attrs.field(converter=as_folding, default=None)
    seed: int = attrs.field(converter=needed_seed, default=NO_SEED)

    def __attrs_post_init__(self) -> None:
        """Check the keys together, and parts and folds together."""
        check_keys(self.by)
        check_choice(self.parts, self.folds)

    @property
    def axis(self) -> Axis:
        """The axis that the ids are of."""
        return shared_axis(self.by)

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of ids."""
        return self.by

    @property
    def frame(self) -> Frame:
        """The parts, or `train` and `test` of folds."""
        return frame_of(self.parts, self.folds)

    def codes(self, columns: Columns, n_rows: int, held: Codes | None = None) -> Codes:
        """Return the part of each row; see `SplitRecipe.codes`.

        Args:
            columns: Columns of ids by key, each of shape `(n_rows,)`: integers or text.
            n_rows: Length of the axis.
            held: Codes of the first rows, which stay.

        Raises:
            SplitError: a column is missing, has another shape, holds something else than integers or text, or
                an empty id; a part got no row; or a row of `held` would move.
        """
        ids = [_ids(columns, key, n_rows) for key in self.by]
        codes = deal_out(
            partial(_deal, ids, tuple(name for name, _ in self.parts)),
            parts=self.parts,
            folds=self.folds,
            n_rows=n_rows,
            key=derive(self.seed, self.tag),
            held=None,
        )
        check_unmoved(codes, held)
        return codes


def _ids(columns: Columns, key: str, n_rows: int) -> npt.NDArray[Any]:
    ids = flat_column(columns, key, n_rows, kinds="iuUS", use="ids that are integers or text")
    if ids.dtype.kind in "US":
        empty = np.flatnonzero(np.strings.str_len(ids) == 0)
        if empty.size:
            msg = (
                f"column {key!r} has an empty id in row {empty[0]} ({empty.size} in all); name or drop these "
                "rows"
            )
            raise SplitError(msg)
    return ids


def _deal(
    ids: Sequence[npt.NDArray[Any]],
    parts: Sequence[str],
    rows: Rows | None,
    shares: Sequence[Fraction],
    *,
    key: int,
    **_: object,  # where rows have been before: an id is always dealt alike
) -> Slots:
    """Deal rows by the hash of their ids; a `splits.dealing.folding.Deal`."""
    bounds = [floor(sum(shares[: number + 1], Fraction()) * 2**64) for number in range(len(shares))]
    below = np.array([bound for bound in bounds if bound < 2**64], np.uint64)
    own = [column if rows is None else column[rows] for column in ids]
    slots = np.empty(len(own[0]), np.uint8)
    for first in range(0, len(slots), _BLOCK):
        block = slice(first, first + _BLOCK)
        slots[block] = np.searchsorted(below, _hash([column[block] for column in own], key), side="right")
    is_folds = not parts or rows is not None  # beside parts, folds are of the rows of the first one
    names = [f"fold {number}" for number in range(len(shares) - 1)] if is_folds else parts
    _check_filled(np.bincount(slots, minlength=len(shares))[:-1].tolist(), names)
    return slots


def _check_filled(counts: Sequence[int], names: Sequence[str]) -> None:
    """Refuse a dealing by which a part, or a fold, got no row."""
    if not all(counts):
        achieved = ", ".join(f"{name} {count}" for name, count in zip(names, counts, strict=True))
        msg = (
            f"no id came to {names[counts.index(0)]}: ids are shared out by chance; achieved was {achieved} "
            f"of {sum(counts)} rows; use more ids or larger shares, or Grouped, whose parts are never empty"
        )
        raise SplitError(msg)


def _hash(ids: Sequence[npt.NDArray[Any]], key: int) -> npt.NDArray[np.uint64]:
    """Hash ids of one or several columns, each under a key of its own, mixed again before the next one."""
    hashes = hash_ids(ids[0], key=derive(key, "column", 0))
    for number, column in enumerate(ids[1:], start=1):
        hashes = hash_rows(hashes, key=key) ^ hash_ids(column, key=derive(key, "column", number))
    return hashes
