"""A split as MLCommons Croissant 1.0 tells it: a JSON-LD document about the table of ids and parts beside it.

A record set of data type `cr:Split` lists the parts and what they are for; the record set `rows` has a field
that says which row or id is meant, and for each split a field that refers to one of these parts. See "Splits"
in O. Benjelloun and others, "Croissant Format Specification", version 1.0, 2024,
http://mlcommons.org/croissant/1.0.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from splits.errors import SplitError
from splits.interchange.naming import ROLES, is_fold
from splits.interchange.tables import PART, ROW

__all__ = ["Described", "check_about", "document", "read_document"]

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"

_PREFIXES = ("cr:", "http://mlcommons.org/croissant/")
_MEANINGS = {"train": "cr:TrainingSplit", "val": "cr:ValidationSplit", "test": "cr:TestSplit"}
_TABLE = "table"  # an @id cannot hold the spaces that the name of a file can
_OWN = ("@context", "@type", "conformsTo", "distribution", "recordSet")

_TERMS = (
    "citeAs",
    "column",
    "equivalentProperty",
    "extract",
    "field",
    "fileObject",
    "fileProperty",
    "fileSet",
    "format",
    "includes",
    "isLiveDataset",
    "jsonPath",
    "key",
    "md5",
    "parentField",
    "path",
    "recordSet",
    "references",
    "regex",
    "repeated",
    "replace",
    "samplingRate",
    "separator",
    "source",
    "subField",
    "transform",
)


def _context() -> dict[str, Any]:
    """Return what short terms stand for, as the specification's first appendix has it."""
    return {
        "@language": "en",
        "@vocab": "https://schema.org/",
        "cr": "http://mlcommons.org/croissant/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "dct": "http://purl.org/dc/terms/",
        "sc": "https://schema.org/",
        "conformsTo": "dct:conformsTo",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "examples": {"@id": "cr:examples", "@type": "@json"},
        **{term: f"cr:{term}" for term in _TERMS},
    }


def check_about(about: Mapping[str, Any]) -> None:
    """Refuse properties of the dataset that are not the caller's to give.

    Raises:
        SplitError: one is, or they are no JSON.
    """
    taken = [name for name in _OWN if name in about]
    if taken:
        msg = f"about= cannot set {', '.join(map(repr, taken))}, which export writes itself; leave it away"
        raise SplitError(msg)
    try:
        json.dumps(dict(about), allow_nan=False)
    except (TypeError, ValueError) as error:
        msg = f"about={about!r} is no JSON ({error}); give texts, as in about={{'license': 'CC-BY-4.0'}}"
        raise SplitError(msg) from error


def document(
    *,
    name: str,
    description: str,
    parts: Sequence[str],
    header: Sequence[str],
    key_is_integer: bool,
    table: str,
    sha256: str,
    n_bytes: int,
    about: Mapping[str, Any],
) -> str:
    """Return the JSON-LD text about a table.

    Args:
        name: Name of the dataset.
        description: What it is.
        parts: Names of all parts.
        header: Columns of the table: the key, then that of each split.
        key_is_integer: Whether the key holds row numbers and no ids.
        table: Name of the table's file, which lies beside the document.
        sha256: Digest of that file, hexadecimal.
        n_bytes: Its size.
        about: Further properties of the dataset, such as `license`, `url`, `creator` and `datePublished`,
            which the specification asks for and a split does not know.
    """
    key, *splits = header
    told = {
        "@context": _context(),
        "@type": "sc:Dataset",
        "name": name,
        "description": description,
        "conformsTo": CONFORMS_TO,
        **about,
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": _TABLE,
                "name": table,
                "contentUrl": table,
                "contentSize": f"{n_bytes} B",
                "encodingFormat": "text/csv",
                "sha256": sha256,
            }
        ],
        "recordSet": [
            _parts_set(parts),
            _rows_set(key, splits, "sc:Integer" if key_is_integer else "sc:Text"),
        ],
    }
    return json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _parts_set(parts: Sequence[str]) -> dict[str, Any]:
    meanings = [_MEANINGS.get(ROLES.get(part.lower(), ""), "cr:Split") for part in parts]
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [
            {"@type": "cr:Field", "@id": "splits/name", "name": "name", "dataType": "sc:Text"},
            {"@type": "cr:Field", "@id": "splits/url", "name": "url", "dataType": ["sc:URL", "cr:Split"]},
        ],
        "data": [
            {"splits/name": part, "splits/url": meaning}
            for part, meaning in zip(parts, meanings, strict=True)
        ],
    }


def _rows_set(key: str, splits: Sequence[str], key_type: str) -> dict[str, Any]:
    def field(name: str, column: str, kind: str) -> dict[str, Any]:
        source = {"fileObject": {"@id": _TABLE}, "extract": {"column": column}}
        return {"@type": "cr:Field", "@id": f"rows/{name}", "name": name, "dataType": kind, "source": source}

    references = {"references": {"field": {"@id": "splits/name"}}}  # so reads it the reference reader
    names = {column: column if column == PART else f"fold-{column.replace('/', '-')}" for column in splits}
    return {
        "@type": "cr:RecordSet",
        "@id": "rows",
        "name": "rows",
        "description": "The part of each row; a row whose part is empty is left out.",
        "key": {"@id": "rows/row" if key == ROW else "rows/id"},
        "field": [
            field("row" if key == ROW else "id", key, key_type),
            *(field(names[column], column, "sc:Text") | references for column in splits),
        ],
    }


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
        msg = f"{what}: is no JSON ({error})"
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
        msg = f"{what}: the field {_id(field)!r} is no column of a table; import a table as CSV"
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
                msg = f"{what}: its table {url!r} does not lie beside it; import that file as CSV"
                raise SplitError(msg)
            return url, sha256 if isinstance(sha256, str) else None
    msg = f"{what}: names no file {wanted!r} in its distribution"
    raise SplitError(msg)


def _listed(enumeration: dict[str, Any], name: str | None, what: str) -> Iterator[str]:
    for record in _records(enumeration, "data"):
        part = record.get(name or "")
        if not isinstance(part, str):
            msg = f"{what}: a part of cr:Split has no name: {record!r}"
            raise SplitError(msg)
        yield part
