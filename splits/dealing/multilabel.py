"""Rows with several labels each, shared out so that every label has its shares in every part.

The method is iterative stratification: of the labels that still have rows to deal, the one with the fewest
goes first, and its rows go where it is wanted most (K. Sechidis, G. Tsoumakas, I. Vlahavas, "On the
Stratification of Multi-Label Data", 2011). Three things differ. Rows with exactly the same labels are dealt
together as far as whole numbers go, which keeps pairs of labels even as well (what P. Szymański,
T. Kajdanowicz, "A Network Perspective on Stratification of Multi-Label Data", 2017, ask for); all rows of a
label are dealt at once; and swaps of rows (`splits.dealing.evening`) then even out what that leaves.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.keyed import derive, hash_rows
from splits.dealing.apportion import stratum_targets
from splits.dealing.evening import SCALE, Wants, deal_once, label_weights
from splits.dealing.strata import find_strata
from splits.errors import SplitError

__all__ = ["Labels", "deal_labelled", "labels_of_indicator", "labels_of_lists"]

_CELLS = 1 << 22  # of an indicator matrix looked at together
_SMALL, _ATTEMPTS = 1 << 17, 8  # few rows are dealt several times, and the best deal is taken
_LABEL, _SLOTS = 32, 64  # what a label, or a pair of slots, costs as against a row
_ALL_TEXT, _ALL_NUMBERS = frozenset("UST"), frozenset("biuf")


@attrs.frozen(kw_only=True, eq=False)
class Labels:
    """The labels of each row; their names have gone.

    Labels are numbered by the first row that has them; of several that a row is the first to have, by the
    other rows that have them. So renaming or reordering labels changes nothing.

    Attributes:
        of_row: Row `i` has the labels `label[of_row[i]:of_row[i + 1]]`; int64, shape `(n_rows + 1,)`.
        label: Numbers of labels, ascending within a row, none twice; intp, shape `(n,)`.
        n_labels: Number of labels that some row has.
    """

    of_row: npt.NDArray[np.int64]
    label: npt.NDArray[np.intp]
    n_labels: int

    @property
    def n_rows(self) -> int:
        """Number of rows, those without a label included."""
        return len(self.of_row) - 1


def labels_of_indicator(column: npt.NDArray[Any], *, key_name: str) -> Labels:
    """Read labels off a matrix with a column a label: 1 or True where the row has it.

    Args:
        column: Shape `(n_rows, n_labels)`, bools or numbers.
        key_name: What errors call the column.

    Raises:
        SplitError: the array has another rank, is neither of bools nor of numbers, or holds anything but 0
            and 1.
    """
    if column.ndim != 2 or column.dtype.kind not in "biuf":
        msg = (
            f"column {key_name!r} must be a matrix of 0 and 1 with a column a label, has dtype "
            f"{column.dtype} and shape {column.shape}; encode the labels or give a list of labels a row"
        )
        raise SplitError(msg)
    step = max(1, _CELLS // max(1, column.shape[1]))
    rows, codes = [np.zeros(0, np.intp)], [np.zeros(0, np.intp)]
    for start in range(0, len(column), step):
        block = column[start : start + step]
        here = block == 1
        _check_block(block, here, key_name=key_name, start=start)
        row, code = np.nonzero(here)
        rows.append(row + start)
        codes.append(code)
    return _numbered(np.concatenate(rows), np.concatenate(codes), (len(column), column.shape[1]))


def labels_of_lists(column: npt.NDArray[Any], *, key_name: str) -> Labels:
    """Read labels off a column with a list of labels a row; one listed twice counts once.

    Args:
        column: Shape `(n_rows,)`, objects: lists, tuples or one-dimensional arrays, perhaps empty. Labels
            are text throughout, or numbers throughout.
        key_name: What errors call the column.

    Raises:
        SplitError: the array has another rank; a row holds no list; a label is neither text nor a number, or
            is empty or NaN; or text and numbers come together.
    """
    if column.ndim != 1:
        msg = f"column {key_name!r} must have one list of labels a row, has shape {column.shape}"
        raise SplitError(msg)
    lists = [_as_array(value, key_name=key_name, row=row) for row, value in enumerate(column)]
    lengths = np.array([len(one) for one in lists], np.intp)
    flat = _joined(lists, key_name=key_name)
    row = np.repeat(np.arange(len(lists)), lengths)
    missing = np.strings.str_len(flat) == 0 if flat.dtype.kind in "US" else flat != flat
    if missing.any():
        what = "an empty label" if flat.dtype.kind in "US" else "NaN among its labels"
        count = len(np.unique(row[missing]))
        msg = (
            f"column {key_name!r} has {what} in row {row[np.argmax(missing)]} ({count} rows in all); "
            "drop the label, or name it"
        )
        raise SplitError(msg)
    codes = find_strata({key_name: flat}, (key_name,), len(flat)).of_row
    return _numbered(row, codes, (len(lists), int(codes.max(initial=-1)) + 1))


def deal_labelled(
    labels: Labels,
    shares: Sequence[Fraction],
    *,
    key: int,
    held: npt.NDArray[np.intp] | None = None,
) -> npt.NDArray[np.intp]:
    """Share out rows so that every label has its share in every part, as nearly as rows allow.

    All rows together give each part the floor or the ceiling of `n_rows * share`. A label should have the
    floor or the ceiling of its own `rows * share` in each part; where labels are in each other's way a few
    are off by more, rare labels by the least. As with a single label (`stratum_targets`), a label with a row
    for every part, and one to leave out where some are, should be missing from no part, even where its share
    is less than one row; so should rows as a whole. A label with fewer rows tends to the largest parts.

    Args:
        labels: Labels of each row.
        shares: One a part, then the share left out, perhaps 0; they sum to 1.
        key: From `derive`; decides between rows that are as good as each other.
        held: Slot of each row that must not move, -1 for a free one; intp, shape `(n_rows,)`. Free rows then
            make up, as far as they can, for what is uneven among these. Without it all rows are free.

    Returns:
        intp of shape `(n_rows,)`: an index into `shares`, the last one for rows left out.

    Raises:
        SplitError: `held` has another shape or holds a slot that there is not.
    """
    from scipy.sparse import csr_array

    start = np.full(labels.n_rows, -1, np.intp) if held is None else held.astype(np.intp)
    _check_held(start, n_rows=labels.n_rows, n_slots=len(shares))
    of_slot = np.bincount(start[start >= 0], minlength=len(shares))
    sizes = np.bincount(labels.label, minlength=labels.n_labels)
    ones = np.ones(len(labels.label), np.int8)
    rows_of = csr_array((ones, labels.label, labels.of_row), shape=(labels.n_rows, labels.n_labels))
    targets = _size_targets(labels.n_rows, shares, of_slot.tolist())
    before = Wants(
        labels=_label_targets(sizes, shares),
        rows=_rounded(targets, key=derive(key, "sizes")) - of_slot,
        weights=label_weights(sizes),
    )
    least = before.least_unevenness(sizes)
    before.take(rows_of, start)
    portions = [target / max(1, labels.n_rows) for target in targets] if held is None else None
    wants, slot = deal_once(rows_of, start, before, portions=portions, key=derive(key, 0))
    for attempt in range(1, _attempts(labels, len(shares))):
        if wants.unevenness == least:
            break
        others = deal_once(rows_of, start, before, portions=portions, key=derive(key, attempt))
        wants, slot = min((wants, slot), others, key=lambda deal: deal[0].unevenness)
    return slot


def _attempts(labels: Labels, n_slots: int) -> int:
    """Return how many deals there is time for."""
    effort = labels.n_rows + len(labels.label) + _LABEL * labels.n_labels + _SLOTS * n_slots**2
    return min(_ATTEMPTS, _SMALL // effort)


def _label_targets(sizes: npt.NDArray[np.intp], shares: Sequence[Fraction]) -> npt.NDArray[np.int64]:
    """Return what each label wants of each slot, in units of 1 / SCALE row, shape `(n_labels, n_slots)`."""
    distinct, kind = np.unique(sizes, return_inverse=True)
    targets = [
        [floor(target * SCALE) for target in stratum_targets(size, shares)] for size in distinct.tolist()
    ]
    of_kind: npt.NDArray[np.int64] = np.array(targets, np.int64).reshape(len(distinct), len(shares))
    return of_kind[kind]


def _size_targets(n_rows: int, shares: Sequence[Fraction], held: list[int]) -> list[Fraction]:
    """Return the exact number of rows of each slot: a slot that holds more keeps it, and others give way."""
    targets = list(stratum_targets(n_rows, shares))
    full: set[int] = set()
    while more := {slot for slot, target in enumerate(targets) if held[slot] > target}:
        full |= more
        rest = sum((share for slot, share in enumerate(shares) if slot not in full), Fraction())
        left = n_rows - sum(held[slot] for slot in full)
        targets = [
            Fraction(held[slot]) if slot in full else share / rest * left for slot, share in enumerate(shares)
        ]
    return targets


def _rounded(targets: Sequence[Fraction], *, key: int) -> npt.NDArray[np.int64]:
    """Round to whole rows of the same sum by the largest remainder; the key decides between equal ones."""
    whole = [floor(target) for target in targets]
    ties = hash_rows(np.arange(len(targets)), key=key).tolist()
    ranked = sorted(range(len(targets)), key=lambda slot: (whole[slot] - targets[slot], ties[slot]))
    for slot in ranked[: int(sum(targets)) - sum(whole)]:
        whole[slot] += 1
    return np.array(whole, np.int64)


def _numbered(rows: npt.NDArray[np.intp], codes: npt.NDArray[np.intp], shape: tuple[int, int]) -> Labels:
    """Number labels by their rows alone, and list them by row."""
    from scipy.sparse import csr_array

    of_label = csr_array((np.ones(len(rows), np.int8), (codes, rows)), shape=shape[::-1])
    of_label.sum_duplicates()
    of_label = of_label[np.flatnonzero(np.diff(of_label.indptr))]
    start = of_label.indptr[:-1]
    hashes = hash_rows(of_label.indices, key=0)
    sets = np.add.reduceat(hashes, start) if len(start) else hashes
    of_label = of_label[np.lexsort((sets, of_label.indices[start]))]
    by_row = of_label.tocsc()
    return Labels(
        of_row=by_row.indptr.astype(np.int64),
        label=by_row.indices.astype(np.intp),
        n_labels=by_row.shape[0],
    )


def _check_block(block: npt.NDArray[Any], here: npt.NDArray[np.bool_], *, key_name: str, start: int) -> None:
    stray = ~here & (block != 0)
    if stray.any():
        row, label = np.unravel_index(int(np.argmax(stray)), stray.shape)
        msg = (
            f"column {key_name!r} marks labels by 0 and 1, but has {block[row, label]} in row {row + start}, "
            f"column {label}; decide for each row whether it has the label"
        )
        raise SplitError(msg)


def _as_array(value: object, *, key_name: str, row: int) -> npt.NDArray[Any]:
    """Return the labels of one row as an array whose kind says whether they are text or numbers."""
    given = value.tolist() if isinstance(value, np.ndarray) and value.dtype.kind == "O" else value
    if not isinstance(given, list | tuple | np.ndarray):
        msg = f"column {key_name!r} must have a list of labels a row, has {value!r} in row {row}"
        raise SplitError(msg)
    array = given if isinstance(given, np.ndarray) else np.array(given, dtype=_dtype_of(given))
    if array.ndim != 1 or array.dtype.kind not in _ALL_TEXT | _ALL_NUMBERS:
        msg = (
            f"column {key_name!r} has {value!r} in row {row}; labels must be all text, or all numbers "
            "of 64 bits at most"
        )
        raise SplitError(msg)
    return array.astype(np.str_) if array.dtype.kind == "T" else array


def _dtype_of(labels: Sequence[Any]) -> type:
    """Say what an array of these holds without changing any: NumPy alone turns 1 beside "a" into "1"."""
    kinds = {type(label) for label in labels}
    if kinds and all(issubclass(kind, str) for kind in kinds):
        return np.str_
    if all(issubclass(kind, int | np.integer | np.bool_) for kind in kinds):
        fit = all(
            -(1 << 63) <= int(bound) < 1 << 63 for bound in (min(labels, default=0), max(labels, default=0))
        )
        return np.int64 if fit else object
    if all(issubclass(kind, int | float | np.number | np.bool_) for kind in kinds):
        return np.float64
    return np.bytes_ if all(issubclass(kind, bytes) for kind in kinds) else object


def _joined(lists: list[npt.NDArray[Any]], *, key_name: str) -> npt.NDArray[Any]:
    filled = [(row, one) for row, one in enumerate(lists) if len(one)]
    if not filled:
        return np.zeros(0, np.intp)
    text = [row for row, one in filled if one.dtype.kind in _ALL_TEXT]
    if text and len(text) < len(filled):
        number = next(row for row, one in filled if one.dtype.kind in _ALL_NUMBERS)
        msg = (
            f"column {key_name!r} has text in row {text[0]} and numbers in row {number}; "
            "make all labels text or all numbers"
        )
        raise SplitError(msg)
    joined = np.concatenate([one for _, one in filled])
    if joined.dtype.kind == "f" and all(one.dtype.kind != "f" for _, one in filled):
        return np.concatenate(
            [one.astype(np.str_) for _, one in filled]
        )  # int64 and uint64, which float64 blurs
    return joined


def _check_held(slot: npt.NDArray[np.intp], *, n_rows: int, n_slots: int) -> None:
    if slot.shape != (n_rows,):
        msg = f"held must name the slot of each of {n_rows} rows, has shape {slot.shape}"
        raise SplitError(msg)
    if slot.size and not -1 <= int(slot.min()) <= int(slot.max()) < n_slots:
        msg = f"held slots must lie in [-1, {n_slots}), got [{slot.min()}, {slot.max()}]"
        raise SplitError(msg)
