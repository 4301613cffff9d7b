"""Tables of ids and parts, CSV and TSV, written.

A table has a column `row`, or one of ids, and a column `part`; of folds it has a column for each fold
instead, called `0`, `1`, …, of inner folds `0/0`, `0/1`, …. An empty part is a row left out.
"""

import csv
from collections.abc import Iterator, Sequence
from typing import TextIO

import attrs

from h5torch.folds import Folds
from h5torch.parts import LEFT_OUT, Parts
from splits.errors import SplitError
from splits.interchange.naming import each_split

__all__ = ["PART", "ROW", "write_table"]

ROW, PART = "row", "part"
"""What the columns of row numbers and of parts are called."""

_BLOCK = 1 << 16


class _Plain(csv.excel):
    """Cells are quoted that would be misread without."""

    lineterminator = "\n"


class _Quoted(_Plain):
    """All cells are quoted."""

    quoting = csv.QUOTE_ALL


def write_table(
    file: TextIO, table: Parts | Folds, *, ids: Sequence[str] | None, key: str, delimiter: str
) -> tuple[str, ...]:
    r"""Write a split as a table; memory does not grow with its rows.

    Args:
        file: Open for writing text, with `newline=""`.
        table: The split.
        ids: An id for each row; `None` for row numbers.
        key: What the column of ids is called.
        delimiter: What stands between columns.

    Returns:
        The names of the columns.

    Raises:
        SplitError: the column of ids has the name of another.
    """
    names = [fold or PART for fold, _ in each_split(table)]
    header = (ROW if ids is None else key, *names)
    if len(set(header)) < len(header):
        msg = f"two columns of the table would be called {key!r}; take ids from a column of another name"
        raise SplitError(msg)
    # A lone carriage return is quoted by some versions of the csv module only.
    parts = dict.fromkeys(part for _, split in each_split(table) for part in split.parts)
    odd = any("\r" in text for texts in (ids or (), header, parts) for text in texts)
    style = _Quoted if odd else _Plain
    writer = csv.writer(file, style, delimiter=delimiter)
    writer.writerow(header)
    for first in range(0, table.n_rows, _BLOCK):
        rows = range(first, min(first + _BLOCK, table.n_rows))
        block = attrs.evolve(table, codes=table.codes[..., first : rows.stop])
        shown = rows if ids is None else ids[first : rows.stop]
        writer.writerows(zip(shown, *_columns(block), strict=True))
    return header


def _columns(block: Parts | Folds) -> Iterator[list[str]]:
    for _, split in each_split(block):
        names = [*split.parts, *[""] * (LEFT_OUT + 1 - len(split.parts))]
        yield [names[code] for code in split.codes.tolist()]
