"""`splits.export`: a stored split in the words of other tools."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args, overload

import attrs
import h5py

from h5torch.errors import ArgumentTypeError, FormatError
from h5torch.file import File, opened
from h5torch.folds import Folds, choose_fold, fold_of_path
from h5torch.parts import Parts
from h5torch.wire.parts import read_split, read_story
from h5torch.wire.recipes import parse_json
from h5torch.wire.stamps import Source
from splits.columns import extent_of, read_columns
from splits.errors import SplitError
from splits.interchange.croissant import check_about, document
from splits.interchange.ids import as_texts, rows_by_id
from splits.interchange.masks import Mask, masks_of
from splits.interchange.naming import each_split
from splits.interchange.npz import write_npz
from splits.interchange.places import as_path, new_files
from splits.interchange.predefined_split import tested_in
from splits.interchange.showing import shown
from splits.interchange.tables import write_table
from splits.keys import axis_of
from splits.record import fingerprint

__all__ = ["ExportFormat", "export"]

Place: TypeAlias = str | os.PathLike[str]

ExportFormat: TypeAlias = Literal["csv", "tsv", "npz", "croissant", "masks", "sklearn"]

_SUFFIXES = MappingProxyType(
    {".csv": "csv", ".tsv": "tsv", ".npz": "npz", ".json": "croissant", ".jsonld": "croissant"}
)
_IN_MEMORY = ("masks", "sklearn")


@overload
def export(f: Source | Place, name: str, *, format: Literal["masks"]) -> dict[str, Mask]: ...
@overload
def export(f: Source | Place, name: str, *, format: Literal["sklearn"]) -> Any: ...
@overload
def export(
    f: Source | Place,
    name: str,
    target: Place,
    *,
    format: Literal["csv", "tsv", "npz", "croissant"] | None = ...,
    ids: str | None = ...,
    about: Mapping[str, Any] | None = ...,
    overwrite: bool = ...,
) -> Path: ...


def export(
    f: Source | Place,
    name: str,
    target: Place | None = None,
    *,
    format: ExportFormat | None = None,  # noqa: A002 - the word that everyone looks for
    ids: str | None = None,
    about: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> dict[str, Mask] | Path | Any:
    """Give a stored split in a form that other tools read: arrays, or a file, there whole or not at all.

    - `csv`, `tsv`: a table of a row number or id, and its part; of folds a column for each, `0`, `1`, …. A
      row left out has an empty part. UTF-8, quoted as RFC 4180 has it.
    - `npz`: a bool mask for each part, of folds `0/train`, …; `numpy.load(path, allow_pickle=False)` reads
      it.
    - `croissant`: a JSON-LD document by MLCommons Croissant 1.0, in which the parts are a `cr:Split`, and
      beside it the CSV that it describes. `import_` reads all of these back.
    - `masks`: what `npz` holds, as a dict.
    - `sklearn`: a `sklearn.model_selection.PredefinedSplit`, of repeated folds one for each repeat, in a
      list. The first part trains, the second is tested on. Splits that it would not tell truly are refused:
      it has every row train or tested on, so none may be left out or in a third part.

    Args:
        f: An open file, the path of one, or (without `ids`) what `File.to_dict` gave.
        name: Name of the split, or of one fold of it such as `cv/3`.
        target: Path of the new file; none for `masks` and `sklearn`.
        format: As above; `None` to go by the suffix of `target`: .csv, .tsv, .npz, .json or .jsonld.
        ids: Key of a column of the split's axis that names each row in tables, such as `0/id`: text or
            integers, none twice. `None` for row numbers.
        about: For `croissant`: further properties of the dataset, such as `license`, `url`, `creator` and
            `datePublished`, which the specification asks for; `name` and `description` replace ours.
        overwrite: Whether files that are there are replaced.

    Returns:
        The dict of `masks`, shape `(n_rows,)` each; what scikit-learn takes as `cv=`; or the path of the new
        file.

    Raises:
        UnknownNameError: the file has no such split, fold or column.
        SplitError: the format is not known or cannot tell this split; ids are not one a row; `about` is not
            JSON; or an argument means nothing in this format.
        RegisterError: the target exists and `overwrite` is false, lies in no folder, is the file that holds
            the split, or something else than a file.
        FormatError: the split does not hold what it must, or its codes are not those that were made.
        StorageError: the file system refuses.
        ArgumentTypeError: `f` is no file, or `target` no path.
    """
    path = None if target is None else as_path(target, what="the target")
    form = _form(path, format)
    if path is not None and form in _IN_MEMORY:
        msg = f"format={form!r} gives arrays and writes no file; leave target={shown(str(path))} away"
        raise SplitError(msg)
    _check_options(form, ids=ids, about=about)
    with opened(f, "r") as file:
        table = _read(file, name)
        key = None if ids is None else _read_ids(file, table, ids)
        source = Path(file.file.filename) if isinstance(file, h5py.Group) else None
    if path is None:
        return masks_of(table) if form == "masks" else _predefined_splits(table)
    _write(
        path,
        form,
        _cut(table, key),
        ids=key,
        key=ids or "",
        source=source,
        about=about or {},
        overwrite=overwrite,
    )
    return path


def _form(path: Path | None, format: str | None) -> str:  # noqa: A002 - as above
    if format is not None and format not in get_args(ExportFormat):
        msg = f"format={shown(format)}: give one of {', '.join(map(repr, get_args(ExportFormat)))}"
        raise SplitError(msg)
    form = format or ("" if path is None else _SUFFIXES.get(path.suffix.lower(), ""))
    if not form:
        asked = "no target" if path is None else f"the suffix of {shown(path.name)}"
        known = ", ".join(map(repr, get_args(ExportFormat)))
        msg = f"{asked} does not say a format; give one of {known} as format="
        raise SplitError(msg)
    if path is None and form not in _IN_MEMORY:
        msg = f"format={form!r} is a file; give its path, as in export(f, name, 'split.{form}')"
        raise SplitError(msg)
    return form


def _check_options(form: str, *, ids: str | None, about: Mapping[str, Any] | None) -> None:
    if ids is not None and form not in {"csv", "tsv", "croissant"}:
        msg = f"format={form!r} tells rows by their place and has no use for ids={ids!r}; leave it away"
        raise SplitError(msg)
    if about is not None and form != "croissant":
        msg = f"format={form!r} has no place for about=; leave it away"
        raise SplitError(msg)
    check_about(about or {})


def _read(file: Source, name: str) -> Parts | Folds:
    """Read a split or a fold, whether its recipe is known here or not."""
    own, numbers = fold_of_path(name)
    table = read_split(file, own)
    path = f"/splits/{own}"
    story = parse_json(read_story(file, own)[1], path=f"{path}/provenance")
    told, found = story.get("fingerprint") if isinstance(story, dict) else None, fingerprint(table)
    if found != told:
        was = f"not {shown(told)} as recorded" if isinstance(told, str) else "and none is recorded"
        msg = f"{path}: the codes have fingerprint {found}, {was}; create it again"
        raise FormatError(msg)
    return choose_fold(table, numbers) if numbers else table


def _read_ids(file: Source, table: Parts | Folds, ids: str) -> list[str]:
    if not isinstance(file, File):
        msg = f"ids={ids!r} are read from an h5torch.File or a path, got {type(file).__name__}"
        raise ArgumentTypeError(msg)
    if axis_of(ids) != table.axis:
        msg = f"ids={ids!r} are of axis {axis_of(ids)}, split {table.name!r} is of axis {table.axis}"
        raise SplitError(msg)
    n_rows = min(table.n_rows, extent_of(file, table.axis).filled)
    column = read_columns(file, [ids], axis=table.axis, n_rows=n_rows)[ids]
    texts = as_texts(column, what=f"column {ids!r}")
    rows_by_id(texts, what=f"column {ids!r}")
    return texts


def _cut(table: Parts | Folds, ids: Sequence[str] | None) -> Parts | Folds:
    """Leave away rows behind those that have ids, which are not filled in yet and in no part."""
    return table if ids is None else attrs.evolve(table, codes=table.codes[..., : len(ids)])


def _predefined_splits(table: Parts | Folds) -> Any:
    make = import_module("sklearn.model_selection").PredefinedSplit  # which takes a second to import
    made = [make(test_fold) for test_fold in tested_in(table)]
    return made[0] if len(made) == 1 else made


def _write(
    path: Path,
    form: str,
    table: Parts | Folds,
    *,
    ids: Sequence[str] | None,
    key: str,
    source: Path | None,
    about: Mapping[str, Any],
    overwrite: bool,
) -> None:
    beside = [path.parent / f"{path.stem}.csv"] if form == "croissant" else []
    where = "data" if source is None else source.name
    with new_files([*beside, path], source=source, overwrite=overwrite) as drafts:
        if form == "npz":
            with drafts[0].open("wb") as archive:
                write_npz(archive, masks_of(table))
            return
        with drafts[0].open("w", encoding="utf-8", newline="") as file:
            header = write_table(file, table, ids=ids, key=key, delimiter="\t" if form == "tsv" else ",")
        if form != "croissant":
            return
        with drafts[0].open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        text = document(
            name=f"{Path(where).stem}-{table.name.replace('/', '-')}",
            description=(
                f"Split {table.name!r} of {table.n_rows} rows of axis {table.axis} of {where}, "
                f"fingerprint {fingerprint(table)}"
            ),
            parts=tuple(dict.fromkeys(part for _, split in each_split(table) for part in split.parts)),
            header=header,
            key_is_integer=ids is None,
            table=drafts[0].name,
            sha256=sha256,
            n_bytes=drafts[0].stat().st_size,
            about=about,
        )
        drafts[1].write_text(text, encoding="utf-8")
