"""A table of ids and parts, opened: which of its columns say what, and its records one by one."""

import csv
from collections.abc import Iterator, Sequence
from typing import TextIO

import attrs

from splits.errors import SplitError
from splits.interchange.naming import is_fold
from splits.interchange.showing import shown, some
from splits.interchange.tables import PART

__all__ = ["DELIMITERS", "Sheet", "open_sheet"]

DELIMITERS = ",\t;|"
"""What may stand between the columns of a table; the first line tells which."""

_LONGEST = 1 << 20


@attrs.frozen(kw_only=True)
class Sheet:
    """A table being read.

    Attributes:
        what: Where it lies, for messages.
        header: Names of its columns.
        key: Place of the column that says which row is meant.
        splits: Place of the column of each split, by name: `{"": 1}` of parts, `{"0": 1, "1": 2}` of folds.
        records: What follows the header: the number of a line and its cells.
    """

    what: str
    header: tuple[str, ...]
    key: int
    splits: dict[str, int]
    records: Iterator[tuple[int, list[str]]] = attrs.field(eq=False, repr=False)


def open_sheet(file: TextIO, *, key: str, part: str | None, what: str) -> Sheet:
    """Read the first line of a table, and find the columns in it.

    Args:
        file: Open for reading text, with `newline=""` and an encoding that takes away a byte order mark.
        key: Name of the column that says which row is meant.
        part: Name of the column of parts; `None` for `part`, or where there is none columns named by folds.
        what: Where the table lies, for messages.

    Raises:
        SplitError: it is empty, no CSV, or a column is not there or there twice.
    """
    line = _first_line(file, what)
    if not line.strip():
        msg = f"{what}: is empty; a table begins with the names of its columns, such as {key},{part or PART}"
        raise SplitError(msg)
    headers = {delimiter: _parse(line, delimiter, what) for delimiter in DELIMITERS}
    places = {delimiter: _places(header, key, part) for delimiter, header in headers.items()}
    delimiter = next((delimiter for delimiter in DELIMITERS if places[delimiter]), None)
    if delimiter is None:
        raise SplitError(_not_there(max(headers.values(), key=len), key, part or PART, what))
    header, splits = headers[delimiter], places[delimiter]
    twice = [name for name in (key, *(header[place] for place in splits.values())) if header.count(name) > 1]
    if twice:
        msg = f"{what}: has several columns called {shown(twice[0])}; keep one"
        raise SplitError(msg)
    return Sheet(
        what=what,
        header=header,
        key=header.index(key),
        splits=splits,
        records=_records(file, delimiter, len(header), line.count("\n"), what),
    )


def _not_there(header: Sequence[str], key: str, part: str, what: str) -> str:
    missing = " and no column ".join(shown(name) for name in (key, part) if name not in header)
    told = "say which is meant with ids=, id_column= or part_column="
    return f"{what}: has no column {missing}; its columns are {some(header)}; {told}"


def _first_line(file: TextIO, what: str) -> str:
    try:
        line = more = file.readline(_LONGEST)
        while line.count('"') % 2 and more and len(line) < _LONGEST:  # a line break in the name of a column
            more = file.readline(_LONGEST)
            line += more
    except UnicodeDecodeError as error:
        raise SplitError(_no_text(what, error)) from error
    if len(line) >= _LONGEST:
        msg = f"{what}: the first line has more than {_LONGEST} characters; is this a table?"
        raise SplitError(msg)
    return line


def _parse(line: str, delimiter: str, what: str) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader([line], delimiter=delimiter)))
    except csv.Error as error:
        msg = f"{what}: the first line is no CSV ({error})"
        raise SplitError(msg) from error


def _places(header: Sequence[str], key: str, part: str | None) -> dict[str, int]:
    """Return the place of the column of each split, none where the header is not that of a table."""
    if key not in header:
        return {}
    if (part or PART) in header:
        return {"": header.index(part or PART)}
    folds = [name for name in header if is_fold(name) and name != key]
    return {} if part else {name: header.index(name) for name in folds}


def _records(
    file: TextIO, delimiter: str, width: int, before: int, what: str
) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(file, delimiter=delimiter)
    try:
        for record in reader:
            if len(record) == width:
                yield before + reader.line_num, record
            elif record:  # a blank line is nothing
                line = before + reader.line_num
                msg = f"{what}: line {line} has {len(record)} cells, the first line has {width}"
                raise SplitError(msg)
    except csv.Error as error:
        msg = f"{what}: line {before + reader.line_num} is no CSV ({error})"
        raise SplitError(msg) from error
    except UnicodeDecodeError as error:
        raise SplitError(_no_text(what, error)) from error


def _no_text(what: str, error: UnicodeDecodeError) -> str:
    return f"{what}: is no UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"
