"""`splits.import_`: a split that was made elsewhere, stored like any other."""

import os
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from h5torch.file import File, opened
from h5torch.parts import Axis, check_label
from h5torch.wire.stamps import check_writable
from splits.frame import Codes, Frame
from splits.interchange.refolding import framed
from splits.interchange.sources import (
    TABLES,
    Asked,
    ImportFormat,
    as_parts,
    check_options,
    form_of,
    read_source,
)
from splits.interchange.target import read_target
from splits.recipes import SplitRecipe
from splits.recipes.given_folds import GivenFolds
from splits.recipes.predefined import Predefined
from splits.record import Split
from splits.store import checked_file, create

__all__ = ["import_"]

Place: TypeAlias = str | os.PathLike[str]


def import_(
    f: File | Place,
    name: str,
    source: Any,
    *,
    format: ImportFormat | None = None,  # noqa: A002 - the word that everyone looks for
    ids: str | None = None,
    axis: Axis = 0,
    parts: Sequence[str] | None = None,
    group: str | None = None,
    id_column: str | None = None,
    part_column: str | None = None,
    missing: Literal["error", "leave_out"] = "error",
    unknown: Literal["error", "skip"] = "error",
    overwrite: bool = False,
) -> Split:
    """Store a split that was made elsewhere; parts become a `Predefined` split, folds one of `GivenFolds`.

    - `csv`, `tsv`: a table whose first line names its columns, cells parted by comma, tab, semicolon or bar:
      a row number or an id, and a part; or for each fold a column `0`, `1`, …. An empty part is a row left
      out.
    - `npz`, `hdf5` (a group of datasets), `masks` (a mapping of arrays): for each part, called `train` or of
      a fold `0/train`, a mask or a list of row numbers or ids, told apart as `splits.interchange.masks` says.
    - `croissant`: a JSON-LD document as `export` writes it, with the table beside it.
    - `sklearn`: a `PredefinedSplit`, or a list of them; one with a single fold becomes parts, any other
      folds.

    Nothing of a source is run, no pickle is read, and no more is read than the axis has rows.

    Args:
        f: A writable file, or the path of one, which is opened and closed.
        name: What the split is called.
        source: A path, an open HDF5 file or group, a mapping of arrays, or a `PredefinedSplit`.
        format: As above; `None` to go by the suffix or type of `source`.
        ids: Key of a column of `axis` that names each row, such as `0/id`: text or integers, compared as
            text. Lists then hold ids, and where several rows have one, such as the steps of a demonstration,
            it means all of them. Tables have a column of this name, in which no row's id comes twice. `None`
            for row numbers, counted from 0.
        axis: Axis whose rows are shared out, or `"coo"` for the elements of the central object.
        parts: The parts to take, in the order of their codes; rows of no other are in any. `None` for all: in
            the order of a mapping, an archive or a document, else train, validation, test and the others by
            their letters. Of a `PredefinedSplit` the names of what trains and what is tested on.
        group: Of an HDF5 file, the group that the parts lie in, such as `mask`.
        id_column: Of a table, what its column of ids is called, if not as `ids` is, or `row`.
        part_column: Of a table, what its column of parts is called, if not `part`.
        missing: Of a table, whether rows that it does not name are refused or left out. (Masks and lists
            leave out what they do not name.)
        unknown: Whether ids that no row has, and in tables numbers of no row, are refused or passed over.
        overwrite: Whether a split of this name is replaced.

    Returns:
        The split as it is stored.

    Raises:
        SplitError: the source cannot be read as such, its masks or rows do not fit the axis, a row is in two
            parts, ids are unknown, missing or there twice, a part asked for is not there, or an argument
            means nothing here.
        UnknownNameError: the file has no column `ids`.
        RegisterError: a name is not legal, or taken and `overwrite` is false.
        ReadOnlyError: the file is open for reading only.
        StorageError: there is no such source, or it cannot be read.
        ArgumentTypeError: `source` is of no type that splits are imported from.
    """
    check_label(name, what="split")
    form = form_of(source, format)
    asked = Asked(
        parts=as_parts(parts),
        group=group,
        id_column=id_column,
        part_column=part_column,
        missing=missing,
        unknown=unknown,
    )
    check_options(form, asked, ids)
    with opened(f, "r") as file:
        checked_file(file, "splits.import_")
        if not isinstance(f, str | os.PathLike):
            check_writable(file)
        target = read_target(
            file,
            axis=axis,
            ids=ids,
            may_repeat=form not in TABLES,
            unknown_is_skipped=unknown == "skip",
        )
    found, what = read_source(source, form, asked, target)
    frame, codes = framed(found, what=what)
    return create(f, name, _recipe(frame, target.filled_in(codes, what), axis), overwrite=overwrite)


def _recipe(frame: Frame, codes: Codes, axis: Axis) -> SplitRecipe:
    if frame.scheme == "parts":
        return Predefined.from_codes(codes, parts=frame.roles, axis=axis)
    return GivenFolds.of(frame, codes, axis=axis)
