"""What a split can be imported from: told apart, opened, and read."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

import attrs
import h5py
import numpy.typing as npt

from h5torch.errors import ArgumentTypeError
from h5torch.file import File
from splits.dealing.given import as_array
from splits.errors import SplitError
from splits.interchange.described import Described, read_document
from splits.interchange.found import Found
from splits.interchange.hdf5 import find_group, read_group
from splits.interchange.masks import codes_of_arrays
from splits.interchange.npz import read_npz
from splits.interchange.places import as_path, check_source, reading
from splits.interchange.predefined_split import codes_of_test_folds
from splits.interchange.reading import codes_of_table
from splits.interchange.sheets import open_sheet
from splits.interchange.showing import named, shown
from splits.interchange.target import Target

__all__ = ["TABLES", "Asked", "ImportFormat", "as_parts", "check_options", "form_of", "read_source"]

ImportFormat: TypeAlias = Literal["csv", "tsv", "npz", "croissant", "hdf5", "masks", "sklearn"]

_SUFFIXES = MappingProxyType(
    {".csv": "csv", ".tsv": "tsv", ".npz": "npz", ".json": "croissant", ".jsonld": "croissant"}
)
TABLES = ("csv", "tsv", "croissant")
_FILES = (*TABLES, "npz", "hdf5")
_HDF5 = b"\x89HDF\r\n\x1a\n"  # what its files begin with
_MANY_IDS = 1 << 24  # in lists of ids that the file need not have
_LONG_TEXT = 1 << 24  # bytes of a document


@attrs.frozen(kw_only=True)
class Asked:
    """What the caller of `import_` says about a source; see there."""

    parts: tuple[str, ...] | None = None
    group: str | None = None
    id_column: str | None = None
    part_column: str | None = None
    missing: Literal["error", "leave_out"] = "error"
    unknown: Literal["error", "skip"] = "error"


def as_parts(parts: object) -> tuple[str, ...] | None:
    """Return the names of parts that are asked for, `None` for all.

    Raises:
        SplitError: they are no different names.
    """
    if parts is None:
        return None
    names = () if isinstance(parts, str) or not isinstance(parts, Sequence) else tuple(parts)
    if not names or not all(isinstance(part, str) for part in names) or len(set(names)) < len(names):
        msg = f"parts={shown(parts)}: give different names, as in parts=('train', 'test')"
        raise SplitError(msg)
    return names


def form_of(source: object, format: str | None) -> str:  # noqa: A002 - named as in `import_`
    """Return the format of a source, by its type and, of a path, by its suffix and first bytes.

    Raises:
        SplitError: it is not of the one that is asked for, or a path does not say which.
        ArgumentTypeError: it is of no type that splits are imported from.
        StorageError: there is no such file, or it cannot be read.
    """
    path = as_path(source, what="the source") if isinstance(source, str | os.PathLike) else None
    if path is not None:
        check_source(path)
    fitting = _fitting(source, path, format)
    if format is not None and format not in get_args(ImportFormat):
        msg = f"format={shown(format)}: give one of {', '.join(map(repr, get_args(ImportFormat)))}"
        raise SplitError(msg)
    if format in fitting or (format is None and len(fitting) == 1):
        return format or fitting[0]
    if path is None and not fitting:
        kinds = "a path, a mapping or a PredefinedSplit"
        msg = f"the source, {_a_kind(source)}, is of no format known; give {kinds}"
        raise ArgumentTypeError(msg)
    what = _a_kind(source) if path is None else named(path)
    told = f"does not fit format={format!r}" if format else "is of no format known"
    msg = f"the source, {what}, {told}; give one of {', '.join(map(repr, fitting))} as format="
    raise SplitError(msg)


def _a_kind(source: object) -> str:
    return f"a {type(source).__name__}"


def _fitting(source: object, path: Path | None, wanted: str | None) -> tuple[str, ...]:
    """Return the formats that a source can be of, one where that is certain."""
    if path is not None:
        known = _SUFFIXES.get(path.suffix.lower())
        if wanted or not known:
            return _FILES if wanted or not _is_hdf5(path) else ("hdf5",)
        return (known,)
    if isinstance(source, h5py.Group):
        return ("hdf5",)
    if isinstance(source, Mapping):
        return ("masks",)
    listed = source if isinstance(source, list | tuple) else [source]
    return ("sklearn",) if listed and all(hasattr(one, "test_fold") for one in listed) else ()


def _is_hdf5(path: Path) -> bool:
    with reading(path), path.open("rb") as file:
        return file.read(len(_HDF5)) == _HDF5


def check_options(form: str, asked: Asked, ids: str | None) -> None:
    """Refuse what means nothing for a format, rather than to ignore it.

    Raises:
        SplitError: something does, or is none of the words it may be.
    """
    if asked.missing not in {"error", "leave_out"} or asked.unknown not in {"error", "skip"}:
        msg = (
            f"missing={shown(asked.missing)}, unknown={shown(asked.unknown)}: missing is 'error' or "
            "'leave_out', unknown is 'error' or 'skip'"
        )
        raise SplitError(msg)
    idle = {
        "group": asked.group is not None and form != "hdf5",
        "id_column": asked.id_column is not None and form not in TABLES,
        "part_column": asked.part_column is not None and form not in TABLES,
        "missing": asked.missing != "error" and form not in TABLES,
        "unknown": asked.unknown != "error" and form not in TABLES and ids is None,
        "ids": ids is not None and form == "sklearn",
    }
    found = [f"{option}=" for option, is_idle in idle.items() if is_idle]
    if found:
        msg = f"{', '.join(found)} means nothing for format={form!r}; leave it away"
        raise SplitError(msg)


def read_source(source: Any, form: str, asked: Asked, target: Target) -> tuple[Found, str]:
    """Read the part of each row.

    Returns:
        It, and what the source is called in messages.

    Raises:
        SplitError: the source cannot be read as of this format, or does not fit the rows.
        ArgumentTypeError: `group` is no text.
        StorageError: a file cannot be read, or the table of a document is not beside it.
    """
    if form == "sklearn":
        listed = source if isinstance(source, list | tuple) else [source]
        test_folds = [as_array(one.test_fold, what="test_fold") for one in listed]
        what = type(listed[0]).__name__
        return codes_of_test_folds(test_folds, n_rows=target.n_rows, parts=asked.parts, what=what), what
    if isinstance(source, str | os.PathLike):
        with reading(Path(source)):
            return _read_file(Path(source), form, asked, target), named(source)
    return _found(_read_arrays(source, asked, target), asked, target, form), form


def _read_file(path: Path, form: str, asked: Asked, target: Target) -> Found:
    if form in TABLES:
        return _read_table(path, form, asked, target)
    if form == "npz":
        arrays = read_npz(path, limit=_limit(target))
    else:
        with File(path, "r", warn=False) as file:
            arrays = _read_arrays(file, asked, target)
    return _found(arrays, asked, target, named(path))


def _read_arrays(source: Any, asked: Asked, target: Target) -> dict[str, npt.NDArray[Any]]:
    if isinstance(source, h5py.Group):
        return read_group(find_group(source, asked.group), parts=asked.parts, limit=_limit(target))
    return {_as_name(part): as_array(values, what=f"part {shown(part)}") for part, values in source.items()}


def _limit(target: Target) -> int:
    return target.n_rows if target.key is None else max(target.n_rows, _MANY_IDS)


def _found(arrays: Mapping[str, npt.NDArray[Any]], asked: Asked, target: Target, what: str) -> Found:
    find = None if target.key is None else target.find
    return codes_of_arrays(arrays, n_rows=target.n_rows, parts=asked.parts, find=find, what=what)


def _as_name(part: object) -> str:
    if isinstance(part, str):
        return part
    msg = f"names of parts must be text, got {shown(part)} ({type(part).__name__})"
    raise SplitError(msg)


def _read_table(path: Path, form: str, asked: Asked, target: Target) -> Found:
    key, part = asked.id_column or target.column, asked.part_column
    listed: tuple[str, ...] = ()
    if form == "croissant":
        told = _describe(path)
        path, listed = path.with_name(told.table), told.parts
        _check_digest(path, told)
        part = part or told.part
        if asked.id_column is None and told.key is not None and told.key != key:
            msg = (
                f"{named(path)}: names rows by its column {shown(told.key)}, not by {key!r}; give ids= as "
                "the key of the column of the file that holds these, and where they are called differently "
                f"id_column={shown(told.key)}"
            )
            raise SplitError(msg)
    with path.open(encoding="utf-8-sig", newline="") as file:
        sheet = open_sheet(file, key=key, part=part, what=named(path))
        return codes_of_table(
            sheet,
            target,
            parts=asked.parts,
            listed=listed,
            missing_is_left_out=asked.missing == "leave_out",
        )


def _describe(path: Path) -> Described:
    if path.stat().st_size > _LONG_TEXT:
        msg = f"{named(path)}: has {path.stat().st_size:,} bytes, a Croissant document at most {_LONG_TEXT:,}"
        raise SplitError(msg)
    try:
        return read_document(path.read_text("utf-8-sig"), what=named(path))
    except UnicodeDecodeError as error:
        msg = f"{named(path)}: is no UTF-8 text ({error.reason} at byte {error.start})"
        raise SplitError(msg) from error


def _check_digest(path: Path, told: Described) -> None:
    check_source(path, beside=", though the document beside it tells of it; put both into one folder")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if told.sha256 is not None and found != told.sha256.lower():
        was = f"the document beside it says {named(told.sha256)}"
        msg = f"{named(path)}: has SHA-256 {found}, {was}; it was changed, get it anew"
        raise SplitError(msg)
