"""What a split can be imported from: told apart, opened, and read."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

import attrs
import h5py
import numpy as np
import numpy.typing as npt

from h5torch.errors import StorageError
from h5torch.file import File
from splits.errors import SplitError
from splits.interchange.croissant import Described, read_document
from splits.interchange.found import Found
from splits.interchange.hdf5 import find_group, read_group
from splits.interchange.masks import codes_of_arrays
from splits.interchange.npz import read_npz
from splits.interchange.predefined_split import codes_of_test_folds
from splits.interchange.reading import codes_of_table
from splits.interchange.sheets import open_sheet
from splits.interchange.target import Target

__all__ = ["Asked", "ImportFormat", "as_parts", "check_options", "form_of", "read_source"]

ImportFormat: TypeAlias = Literal["csv", "tsv", "npz", "croissant", "hdf5", "masks", "sklearn"]

_SUFFIXES = MappingProxyType(
    {".csv": "csv", ".tsv": "tsv", ".npz": "npz", ".json": "croissant", ".jsonld": "croissant"}
)
_TABLES = ("csv", "tsv", "croissant")
_FILES = (*_TABLES, "npz", "hdf5")
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
        msg = f"parts={parts!r}: give different names, as in parts=('train', 'test')"
        raise SplitError(msg)
    return names


def form_of(source: object, format: str | None) -> str:  # noqa: A002 - named as in `import_`
    """Return the format of a source, by its type and, of a path, by its suffix and first bytes.

    Raises:
        SplitError: it is of none, or not of the one that is asked for.
        StorageError: there is no such file.
    """
    if isinstance(source, str | os.PathLike) and not Path(source).is_file():
        msg = f"{os.fspath(source)}: no such file"
        raise StorageError(msg)
    fitting = _fitting(source, format)
    if format is not None and format not in get_args(ImportFormat):
        msg = f"format={format!r}: give one of {', '.join(map(repr, get_args(ImportFormat)))}"
        raise SplitError(msg)
    if format in fitting or (format is None and len(fitting) == 1):
        return format or fitting[0]
    what = repr(os.fspath(source)) if isinstance(source, str | os.PathLike) else f"a {type(source).__name__}"
    told = f"does not fit format={format!r}" if format else "is of no format known"
    fits = (
        f"one of {', '.join(map(repr, fitting))} as format="
        if fitting
        else "a path, a mapping or a PredefinedSplit"
    )
    msg = f"the source, {what}, {told}; give {fits}"
    raise SplitError(msg)


def _fitting(source: object, wanted: str | None) -> tuple[str, ...]:
    """Return the formats that a source can be of, one where that is certain."""
    if isinstance(source, str | os.PathLike):
        known = _SUFFIXES.get(Path(source).suffix.lower())
        if wanted or not known:
            return _FILES if wanted or not _is_hdf5(source) else ("hdf5",)
        return (known,)
    if isinstance(source, h5py.Group):
        return ("hdf5",)
    if isinstance(source, Mapping):
        return ("masks",)
    listed = source if isinstance(source, list | tuple) else [source]
    return ("sklearn",) if listed and all(hasattr(one, "test_fold") for one in listed) else ()


def _is_hdf5(path: str | os.PathLike[str]) -> bool:
    return Path(path).is_file() and _begins(path, _HDF5)


def _begins(path: str | os.PathLike[str], mark: bytes) -> bool:
    with Path(path).open("rb") as file:
        return file.read(len(mark)) == mark


def check_options(form: str, asked: Asked, ids: str | None) -> None:
    """Refuse what means nothing for a format, rather than to ignore it.

    Raises:
        SplitError: something does, or is none of the words it may be.
    """
    if asked.missing not in {"error", "leave_out"} or asked.unknown not in {"error", "skip"}:
        msg = (
            f"missing={asked.missing!r}, unknown={asked.unknown!r}: missing is 'error' or 'leave_out', "
            "unknown is 'error' or 'skip'"
        )
        raise SplitError(msg)
    idle = {
        "group": asked.group is not None and form != "hdf5",
        "id_column": asked.id_column is not None and form not in _TABLES,
        "part_column": asked.part_column is not None and form not in _TABLES,
        "missing": asked.missing != "error" and form not in _TABLES,
        "unknown": asked.unknown != "error" and form not in _TABLES and ids is None,
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
        StorageError: the table of a document is not beside it.
    """
    if form == "sklearn":
        listed = source if isinstance(source, list | tuple) else [source]
        test_folds = [_as_array(one.test_fold, "test_fold") for one in listed]
        what = type(listed[0]).__name__
        return codes_of_test_folds(test_folds, n_rows=target.n_rows, parts=asked.parts, what=what), what
    what = os.fspath(source) if isinstance(source, str | os.PathLike) else form
    if form in _TABLES:
        return _read_table(Path(source), form, asked, target), what
    arrays = _read_arrays(source, form, asked, target)
    find = None if target.key is None else target.find
    return codes_of_arrays(arrays, n_rows=target.n_rows, parts=asked.parts, find=find, what=what), what


def _read_arrays(source: Any, form: str, asked: Asked, target: Target) -> dict[str, npt.NDArray[Any]]:
    limit = target.n_rows if target.key is None else max(target.n_rows, _MANY_IDS)
    if form == "npz":
        return read_npz(Path(source), limit=limit)
    if form == "masks":
        return {_as_name(part): _as_array(values, f"part {part!r}") for part, values in source.items()}
    if isinstance(source, h5py.Group):
        return read_group(find_group(source, asked.group), parts=asked.parts, limit=limit)
    with File(source, "r", warn=False) as file:
        return read_group(find_group(file, asked.group), parts=asked.parts, limit=limit)


def _as_name(part: object) -> str:
    if isinstance(part, str):
        return part
    msg = f"names of parts must be text, got {part!r} ({type(part).__name__})"
    raise SplitError(msg)


def _as_array(values: Any, what: str) -> npt.NDArray[Any]:
    try:
        return np.asarray(values)
    except (TypeError, ValueError) as error:
        msg = f"{what}: is no mask and no list ({error})"
        raise SplitError(msg) from error


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
                f"{path}: names rows by its column {told.key!r}, not by {key!r}; give ids= as the key of the "
                "column of the file that holds these, and where they are called differently "
                f"id_column={told.key!r}"
            )
            raise SplitError(msg)
    with path.open(encoding="utf-8-sig", newline="") as file:
        sheet = open_sheet(file, key=key, part=part, what=str(path))
        return codes_of_table(
            sheet,
            target,
            parts=asked.parts,
            listed=listed,
            missing_is_left_out=asked.missing == "leave_out",
        )


def _describe(path: Path) -> Described:
    if path.stat().st_size > _LONG_TEXT:
        msg = f"{path}: has {path.stat().st_size:,} bytes, a Croissant document at most {_LONG_TEXT:,}"
        raise SplitError(msg)
    try:
        return read_document(path.read_text("utf-8-sig"), what=str(path))
    except UnicodeDecodeError as error:
        msg = f"{path}: is no UTF-8 text ({error.reason} at byte {error.start})"
        raise SplitError(msg) from error


def _check_digest(path: Path, told: Described) -> None:
    if not path.is_file():
        msg = f"{path}: no such file, though the document beside it tells of it; put both into one folder"
        raise StorageError(msg)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if told.sha256 is not None and found != told.sha256.lower():
        was = f"the document beside it says {told.sha256}"
        msg = f"{path}: has SHA-256 {found}, {was}; it was changed, get it anew"
        raise SplitError(msg)
