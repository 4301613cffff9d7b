"""What a dataset reads of a file: the schema of its columns, and which rows it draws."""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import attrs

from h5torch.errors import FormatError, SubsetError
from h5torch.rows import Rows
from h5torch.sampling import Sampling, n_samples
from h5torch.schema import CENTRAL, Schema
from h5torch.subset import intersect, rows_matching, rows_of_subset
from h5torch.view import View
from h5torch.wire.parts import read_parts
from h5torch.wire.schema import read_schema

_PAIR = 2


def read_columns(root: Any, columns: Any) -> Schema:
    """Read what a dataset of these columns has to know; where one is not there, all that is."""
    if isinstance(columns, list | tuple):
        schema = read_schema(root, columns)
        if all(key in schema.objects or key in schema.problems for key in columns):
            return schema
    return read_schema(root)


def reread(root: Any, keys: Sequence[str], *, sampling: Sampling, n_rows: int) -> Schema:
    """Read the schema of a file that may have changed since a dataset of it was made.

    Raises:
        FormatError: an object is gone or damaged, or there is another number of samples.
    """
    schema = read_schema(root, keys)
    schema.check([CENTRAL, *keys])
    gone = [key for key in keys if key not in schema.objects]
    if gone or n_samples(schema.central, sampling) != n_rows:
        what = f"{gone[0]!r} is gone" if gone else f"it no longer has {n_rows} samples"
        msg = f"the file changed since this dataset was made, {what}; make the dataset anew"
        raise FormatError(msg)
    return schema


def digest_of(rows: Rows | None) -> str:
    """Return what tells one choice of rows from another."""
    return hashlib.sha256(b"" if rows is None else rows.tobytes()).hexdigest()


@attrs.frozen(kw_only=True, eq=False)
class Choice:
    """Which rows a dataset was asked to draw.

    Attributes:
        subset: A mask, indices, or a pair (key, regular expression); see `Dataset`.
        split: `"name/part"` of a stored split, or `None`.
        sampling: What the dataset samples.
        n_rows: Number of rows or elements there are.
    """

    subset: Any
    split: str | None
    sampling: Sampling
    n_rows: int

    def rows(self, view: View) -> Rows | None:
        """Return the rows that subset and split leave, or `None` for all.

        Raises:
            SubsetError: either does not fit.
            RowError: an index is out of range.
            UnknownNameError: a key, split or part is not in the file.
        """
        rows = None
        if self._by_label:
            key, pattern = self.subset
            labels = View(view.root, read_columns(view.root, [key])).labels(key)
            rows = rows_matching(labels, pattern, key=key, n_rows=self.n_rows)
        elif self.subset is not None:
            rows = rows_of_subset(self.subset, n_rows=self.n_rows)
        if self.split is None:
            return rows
        part = _rows_of_part(view.root, self.split, sampling=self.sampling, n_rows=self.n_rows)
        return part if rows is None else intersect(rows, part)

    @property
    def rests_on_file(self) -> bool:
        """Whether labels or codes in the file decide, and not the caller's numbers alone."""
        return self._by_label or self.split is not None

    @property
    def _by_label(self) -> bool:
        pair = self.subset if isinstance(self.subset, tuple) and len(self.subset) == _PAIR else ("", 0)
        return isinstance(pair[0], str) and isinstance(pair[1], str | re.Pattern)

    def check(self, view: View, chosen: str) -> None:
        """Refuse a file in which labels or codes now choose other rows than they did.

        Args:
            view: The file as it is now.
            chosen: `digest_of` the rows that were chosen.

        Raises:
            FormatError: they do.
        """
        if digest_of(self.rows(view)) != chosen:
            what = f"split={self.split!r}" if self.split is not None else f"subset={self.subset!r}"
            msg = f"the file changed since this dataset was made: {what} now means other rows; make it anew"
            raise FormatError(msg)


def _rows_of_part(root: Any, split: str, *, sampling: Sampling, n_rows: int) -> Rows:
    path, slash, part = str(split).rpartition("/")
    if not slash:
        msg = f"split={split!r}: say which part, as in 'name/train', or 'name/0/train' of a fold"
        raise SubsetError(msg)
    parts = read_parts(root, path)
    if parts.axis != sampling:
        msg = f"split={split!r} divides axis {parts.axis}, this dataset samples {sampling!r}"
        raise SubsetError(msg)
    if parts.n_rows != n_rows:
        todo = "let splits.extend deal the new ones" if parts.n_rows < n_rows else "create it anew"
        msg = f"split={split!r} was made for {parts.n_rows} rows, there are {n_rows}; {todo}"
        raise SubsetError(msg)
    return parts.rows(part)
