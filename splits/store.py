"""Splits in a file: made, read, listed, deleted."""

import os
import platform
from typing import Any, TypeAlias

import cattrs
import numpy as np
import numpy.typing as npt

from h5torch import __version__
from h5torch.errors import ArgumentTypeError, FormatError
from h5torch.file import File, opened
from h5torch.parts import Parts, check_label
from h5torch.wire.parts import delete_parts, list_parts, read_parts, read_story, write_parts
from h5torch.wire.recipes import canonical_json, parse_json, strict_converter
from h5torch.wire.stamps import Source, check_writable
from splits.book import BOOK
from splits.digests import digest
from splits.errors import SplitError
from splits.recipes import Columns, SplitRecipe
from splits.record import Provenance, Split, fingerprint

__all__ = ["create", "delete", "list_splits", "load"]

Place: TypeAlias = str | os.PathLike[str]

_CONVERTER = strict_converter()


def create(f: File | Place, name: str, recipe: SplitRecipe, *, overwrite: bool = False) -> Split:
    """Share out the rows of an axis by a recipe and store the split whole, or not at all.

    Args:
        f: A writable file, or the path of one, which is opened and closed.
        name: What the split is called: `Dataset(f, split="<name>/<part>")`.
        recipe: How rows are shared out, such as `Stratified`.
        overwrite: Whether a split of this name is replaced.

    Raises:
        SplitError: the file has no such axis, or its columns do not fit the recipe.
        UnknownNameError: the file lacks a column of the recipe.
        RegisterError: the name is not legal, or taken and `overwrite` is false.
        ReadOnlyError: the file is open for reading only.
        ArgumentTypeError: `f` is no h5torch file or path, or `recipe` no recipe.
    """
    text = BOOK.dumps(recipe)
    check_label(name, what="split")
    with opened(f, "r+") as file:
        if not isinstance(file, File):
            msg = f"splits.create needs an h5torch.File or a path, got {type(file).__name__}"
            raise ArgumentTypeError(msg)
        check_writable(file)
        n_rows = _n_rows(file, recipe)
        columns = {key: _labels(file.column(key)) for key in recipe.keys}
        table = Parts(
            name=name, axis=recipe.axis, parts=recipe.part_names, codes=recipe.codes(columns, n_rows)
        )
        provenance = _provenance(table, columns)
        spelled = canonical_json(_CONVERTER.unstructure(provenance))
        write_parts(file, table, recipe=text, provenance=spelled, overwrite=overwrite)
    return Split(table=table, recipe=recipe, provenance=provenance)


def load(f: Source | Place, name: str) -> Split:
    """Read a stored split.

    Args:
        f: An open file, the path of one, or what `File.to_dict` gave.
        name: Name of the split.

    Raises:
        UnknownNameError: the file has no such split, or its recipe is of a kind not known here.
        FormatError: the split does not hold what it must, or its codes are not those that were made.
    """
    with opened(f, "r") as file:
        table = read_parts(file, name)
        recipe, provenance = read_story(file, name)
    split = Split(
        table=table,
        recipe=BOOK.loads(recipe, path=f"/splits/{name}/recipe"),
        provenance=_as_provenance(provenance, path=f"/splits/{name}/provenance"),
    )
    found = fingerprint(table)
    if (split.recipe.part_names, split.recipe.axis) != (table.parts, table.axis):
        msg = (
            f"/splits/{name}: its recipe makes parts {split.recipe.part_names} of axis {split.recipe.axis}, "
            f"its codes are {table.parts} of axis {table.axis}; create it again"
        )
        raise FormatError(msg)
    if found != split.provenance.fingerprint:
        told = split.provenance.fingerprint
        msg = f"/splits/{name}: the codes have fingerprint {found}, not {told} as recorded; create it again"
        raise FormatError(msg)
    return split


def list_splits(f: Source | Place) -> list[str]:
    """List the names of the stored splits, sorted.

    Args:
        f: An open file, the path of one, or what `File.to_dict` gave.
    """
    with opened(f, "r") as file:
        return list_parts(file)


def delete(f: File | Place, name: str) -> None:
    """Remove a stored split.

    Args:
        f: A writable file, or the path of one, which is opened and closed.
        name: Name of the split.

    Raises:
        UnknownNameError: the file has no such split.
        ReadOnlyError: the file is open for reading only.
    """
    with opened(f, "r+") as file:
        delete_parts(file, name)


def _labels(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return text of any length, which comes as objects, in the dtype that recipes know."""
    is_text = column.dtype.kind == "O" and all(isinstance(label, str) for label in column.flat)
    return column.astype(np.str_) if is_text else column


def _n_rows(file: File, recipe: SplitRecipe) -> int:
    shape = file.schema.shape
    if not isinstance(recipe.axis, int) or recipe.axis >= len(shape):
        msg = f"axis {recipe.axis} of the recipe is none of the central object's, which has shape {shape}"
        raise SplitError(msg)
    return shape[recipe.axis]


def _provenance(table: Parts, columns: Columns) -> Provenance:
    return Provenance(
        inputs={key: digest(column) for key, column in columns.items()},
        versions={
            "h5torch": __version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        counts=dict(table.counts),
        shares={part: count / table.n_rows for part, count in table.counts.items()},
        left_out=table.n_left_out,
        fingerprint=fingerprint(table),
    )


def _as_provenance(text: str, *, path: str) -> Provenance:
    try:
        return _CONVERTER.structure(parse_json(text, path=path), Provenance)
    except cattrs.BaseValidationError as error:
        msg = f"{'; '.join(cattrs.transform_error(error, path))}; create the split again"
        raise FormatError(msg) from error
