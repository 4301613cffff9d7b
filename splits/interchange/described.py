"""What a Croissant document says of the table of a split, of which see `splits.interchange.croissant`."""

import json
from collections.abc import Iterator
from typing import Any

import attrs

from splits.errors import SplitError
from splits.interchange.naming import is_fold
from splits.interchange.showing import named, shown

__all__ = ["Described", "read_document"]

_PREFIXES = ("cr:", "http://mlcommons.org/croissant/")


@attrs.frozen(kw_only=True)
class Described:
    """What a document says of the table beside it.

    Attributes:
        table: Name of the table's file, in the folder of the document.
        sha256: Digest of that file, or `None`.
        key: Name of the column that says which row is meant, or `None` where the document does not say.
        part: Name of the column of parts; `None` where the columns are named by folds.
        parts: Names of the parts in their order.
    """

    table: str
    sha256: str | None
    key: str | None
    part: str | None
    parts: tuple[str, ...]


def read_document(text: str, *, what: str) -> Described:
    """Find the table of a document, and which of its columns say the split.

    Args:
        text: JSON-LD, with the short terms of the specification.
        what: Where it comes from, for messages.

    Raises:
        SplitError: it is no Croissant document of a split in a CSV file that lies beside it.
    """
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        msg = f"{what}: is no JSON ({named(error)})"
        raise SplitError(msg) from error
    sets = list(_records(told, "recordSet"))
    enumerations = [own for own in sets if _is_split(own)]
    names = {_id(field) for own in enumerations for field in _records(own, "field")}
    rows = [(own, field) for own in sets for field in _records(own, "field") if _referred(field) in names]
    if not enumerations or not rows:
        msg = f"{what}: is no Croissant document with a record set of cr:Split and a field that refers to it"
        raise SplitError(msg)
    columns = [_column(field, what) for _, field in rows]
    files = {_id(_step(field, "source", "fileObject")) for _, field in rows}
    if len(files) > 1 or (len(columns) > 1 and not all(map(is_fold, columns))):
        msg = f"{what}: has {len(rows)} fields that refer to cr:Split, which are no folds of one table"
        raise SplitError(msg)
    key = _key(rows[0][0], what)
    table, sha256 = _file(told, files.pop(), what)
    return Described(
        table=table,
        sha256=sha256,
        key=key,
        part=None if all(map(is_fold, columns)) else columns[0],
        parts=tuple(_listed(enumerations[0], _referred(rows[0][1]), what)),
    )


def _records(node: Any, name: str) -> Iterator[dict[str, Any]]:
    found = node.get(name) if isinstance(node, dict) else None
    for item in found if isinstance(found, list) else [found]:
        if isinstance(item, dict):
            yield item


def _step(node: Any, *path: str) -> Any:
    for name in path:
        node = node.get(name) if isinstance(node, dict) else None
    return node


def _id(node: Any) -> str | None:
    found = node.get("@id") if isinstance(node, dict) else node
    return found if isinstance(found, str) else None


def _is_split(own: dict[str, Any]) -> bool:
    kinds = own.get("dataType")
    return any(f"{prefix}Split" in (kinds if isinstance(kinds, list) else [kinds]) for prefix in _PREFIXES)


def _referred(field: dict[str, Any]) -> str | None:
    referred = field.get("references")
    return _id(_step(referred, "field")) or _id(referred)


def _column(field: Any, what: str) -> str:
    column = _step(field, "source", "extract", "column")
    if not isinstance(column, str):
        msg = f"{what}: the field {shown(_id(field))} is no column of a table; import a table as CSV"
        raise SplitError(msg)
    return column


def _key(rows: dict[str, Any], what: str) -> str | None:
    wanted = _id(rows.get("key"))
    found = [field for field in _records(rows, "field") if _id(field) == wanted]
    return _column(found[0], what) if wanted and found else None


def _file(told: Any, wanted: str | None, what: str) -> tuple[str, str | None]:
    for file in _records(told, "distribution"):
        url, sha256 = file.get("contentUrl"), file.get("sha256")
        if wanted and _id(file) == wanted and isinstance(url, str):
            if not url or url in {".", ".."} or any(mark in url for mark in "/\\:\0"):
                msg = f"{what}: its table {shown(url)} does not lie beside it; import that file as CSV"
                raise SplitError(msg)
            return url, sha256 if isinstance(sha256, str) else None
    msg = f"{what}: names no file {shown(wanted)} in its distribution"
    raise SplitError(msg)


def _listed(enumeration: dict[str, Any], name: str | None, what: str) -> Iterator[str]:
    for record in _records(enumeration, "data"):
        part = record.get(name or "")
        if not isinstance(part, str):
            msg = f"{what}: a part of cr:Split has no name: {shown(record)}"
            raise SplitError(msg)
        yield part
