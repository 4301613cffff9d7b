"""What a dataset reads of a file: the schema of its columns, and which rows it draws."""

from collections.abc import Sequence
from typing import Any

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


def choose_rows(
    view: View, subset: Any, split: str | None, *, sampling: Sampling, n_rows: int
) -> Rows | None:
    """Return the rows that a subset and a part of a split leave, or `None` for all.

    Args:
        view: The file.
        subset: A mask, indices, or a pair (key, regular expression); see `Dataset`.
        split: `"name/part"` of a stored split.
        sampling: What the dataset samples.
        n_rows: Number of rows or elements there are.

    Raises:
        SubsetError: either does not fit.
        RowError: an index is out of range.
        UnknownNameError: a key, split or part is not in the file.
    """
    rows = None
    if isinstance(subset, tuple) and len(subset) == _PAIR and all(isinstance(s, str) for s in subset):
        key, pattern = subset
        labels = View(view.root, read_columns(view.root, [key])).labels(key)
        rows = rows_matching(labels, pattern, key=key, n_rows=n_rows)
    elif subset is not None:
        rows = rows_of_subset(subset, n_rows=n_rows)
    if split is None:
        return rows
    part = _rows_of_part(view.root, split, sampling=sampling, n_rows=n_rows)
    return part if rows is None else intersect(rows, part)


def _rows_of_part(root: Any, split: str, *, sampling: Sampling, n_rows: int) -> Rows:
    name, slash, part = str(split).partition("/")
    if not slash:
        msg = f"split={split!r}: say which part, as in 'name/train'"
        raise SubsetError(msg)
    parts = read_parts(root, name)
    if parts.axis != sampling:
        msg = f"split={split!r} divides axis {parts.axis}, this dataset samples {sampling!r}"
        raise SubsetError(msg)
    if len(parts.codes) != n_rows:
        msg = f"split={split!r} was made for {len(parts.codes)} rows, there are {n_rows}; create it anew"
        raise SubsetError(msg)
    return parts.rows(part)
