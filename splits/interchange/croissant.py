"""A split as MLCommons Croissant 1.0 tells it: a JSON-LD document about the table of ids and parts beside it.

A record set of data type `cr:Split` lists the parts and what they are for; the record set `rows` has a field
that says which row or id is meant, and for each split a field that refers to one of these parts. See "Splits"
in O. Benjelloun and others, "Croissant Format Specification", version 1.0, 2024,
http://mlcommons.org/croissant/1.0.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from splits.errors import SplitError
from splits.interchange.naming import ROLES
from splits.interchange.showing import named, shown
from splits.interchange.tables import PART, ROW

__all__ = ["check_about", "document"]

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"

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
        told = f"about={shown(about)} is no JSON ({named(error)})"
        msg = f"{told}; give texts, as in about={{'license': 'CC-BY-4.0'}}"
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
