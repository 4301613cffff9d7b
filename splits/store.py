"""Splits in a file: made, read, listed, extended, renamed, deleted."""

import os
from typing import TypeAlias

import attrs
import cattrs

from h5torch.errors import ArgumentTypeError, FormatError
from h5torch.file import File, opened
from h5torch.folds import Folds
from h5torch.kept import attach, find_kept
from h5torch.parts import LEFT_OUT, Parts, check_label
from h5torch.wire.parts import (
    delete_parts,
    list_parts,
    read_kept,
    read_split,
    read_story,
    rename_parts,
    write_parts,
)
from h5torch.wire.recipes import canonical_json, parse_json, strict_converter
from h5torch.wire.stamps import Source, check_writable
from splits.book import BOOK
from splits.dealing.folds import KFold, Nested, RepeatedKFold
from splits.errors import SplitError
from splits.frame import frame_like
from splits.making import changed_inputs, counted, deal, inputs_of, provenance_of, settled, table_of
from splits.recipes import SplitRecipe
from splits.record import Provenance, Split, fingerprint

__all__ = [
    "Place",
    "checked_file",
    "create",
    "delete",
    "extend",
    "list_splits",
    "load",
    "read_stored",
    "rename",
]

Place: TypeAlias = str | os.PathLike[str]

_CONVERTER = strict_converter()


def create(f: File | Place, name: str, recipe: SplitRecipe, *, overwrite: bool = False) -> Split:
    """Share out the rows of an axis by a recipe and store the split whole, or not at all.

    Rows that are not filled in yet (`register(length=)`) belong to no part; `extend` deals them later.

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
    _check_whole(recipe)
    BOOK.dumps(recipe)
    check_label(name, what="split")
    with opened(f, "r+") as opened_file:
        file = checked_file(opened_file, "splits.create")
        check_writable(file)
        inputs = inputs_of(file, recipe)
        recipe = settled(recipe, inputs)
        steps = (inputs.extent.filled,)
        table = table_of(name, recipe, deal(recipe, inputs.columns, steps), inputs.extent)
        split = Split(
            table=table, recipe=recipe, provenance=provenance_of(table, recipe, inputs.digests, steps)
        )
        _write(file, split, overwrite=overwrite)
    return split


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
        split = read_stored(file, name)
    found, told = fingerprint(split.table), split.provenance.fingerprint
    if found != told:
        msg = f"/splits/{name}: the codes have fingerprint {found}, not {told} as recorded; create it again"
        raise FormatError(msg)
    recounted = counted(split.table, split.provenance.rows)
    if recounted != {key: getattr(split.provenance, key) for key in recounted}:
        msg = f"/splits/{name}/provenance: counts and shares are not those of the codes; create it again"
        raise FormatError(msg)
    return split


def read_stored(file: Source, name: str) -> Split:
    """Read a split as it is stored, without looking whether its codes are those that were made.

    Raises:
        UnknownNameError: the file has no such split, or its recipe is of a kind not known here.
        FormatError: the split does not hold what it must.
    """
    table = read_split(file, name)
    recipe_text, provenance = read_story(file, name)
    path = f"/splits/{name}"
    recipe = BOOK.loads(recipe_text, path=f"{path}/recipe")
    _check_whole(recipe)
    digests = [kept.sha256 for kept in find_kept(recipe)]
    recipe = attach(recipe, read_kept(file, name, digests), path=f"{path}/kept")
    if (recipe.axis, recipe.frame) != (table.axis, frame_like(table)):
        msg = (
            f"{path}: its recipe makes {recipe.frame} of axis {recipe.axis}, its codes are "
            f"{frame_like(table)} of axis {table.axis}; create it again"
        )
        raise FormatError(msg)
    return Split(
        table=table, recipe=recipe, provenance=_as_provenance(provenance, table, path=f"{path}/provenance")
    )


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
        delete_parts(checked_file(file, "splits.delete"), name)


def rename(f: File | Place, name: str, new: str) -> None:
    """Give a stored split another name; nothing else of it changes.

    Args:
        f: A writable file, or the path of one, which is opened and closed.
        name: Name of the split.
        new: Its new name.

    Raises:
        UnknownNameError: the file has no split called `name`.
        RegisterError: `new` is not legal, or taken.
        ReadOnlyError: the file is open for reading only.
    """
    with opened(f, "r+") as file:
        rename_parts(checked_file(file, "splits.rename"), name, new)


def extend(f: File | Place, name: str) -> Split:
    """Give the rows that were filled in since a split was made their parts; no other row moves.

    Each recipe deals new rows as it dealt the old ones: shares are made up for as far as old rows allow, new
    rows of an old group follow it. What it refuses in a new split, such as a rare class or a group larger
    than its part, is taken here.

    Args:
        f: A writable file, or the path of one, which is opened and closed.
        name: Name of the split.

    Returns:
        The split as it is stored now; where there are no new rows, as it was.

    Raises:
        SplitError: the recipe cannot deal further rows, or a column of the rows dealt before has changed.
        UnknownNameError: the file has no such split, or lacks a column.
        FormatError: the split does not hold what it must, or its codes are not those that were made.
        ReadOnlyError: the file is open for reading only.
    """
    with opened(f, "r+") as opened_file:
        file = checked_file(opened_file, "splits.extend")
        check_writable(file)
        split = load(file, name)
        steps = split.provenance.rows
        inputs = inputs_of(file, split.recipe)
        changed = changed_inputs(split, inputs, n_rows=steps[-1])
        if changed:
            msg = (
                f"split {name!r} cannot be extended: of the {steps[-1]} rows that it was made from, "
                f"{', '.join(map(repr, changed))} changed; create it again"
            )
            raise SplitError(msg)
        n_rows = inputs.extent.filled
        if n_rows < steps[-1]:
            msg = f"split {name!r} was made of {steps[-1]} rows, there are {n_rows}; create it again"
            raise SplitError(msg)
        if n_rows == steps[-1]:
            return split
        held = split.codes[..., : steps[-1]]
        codes = split.recipe.codes(inputs.columns, n_rows, held=held)
        table = table_of(name, split.recipe, codes, inputs.extent)
        provenance = provenance_of(table, split.recipe, inputs.digests, (*steps, n_rows))
        split = attrs.evolve(split, table=table, provenance=provenance)
        _write(file, split, overwrite=True)
    return split


def checked_file(f: object, what: str) -> File:
    """Return `f` if it is an h5torch file.

    Raises:
        ArgumentTypeError: it is something else.
    """
    if not isinstance(f, File):
        msg = f"{what} needs an h5torch.File or a path, got {type(f).__name__}"
        raise ArgumentTypeError(msg)
    return f


def _check_whole(recipe: object) -> None:
    """Refuse what says how to fold, and not what."""
    if isinstance(recipe, KFold | RepeatedKFold | Nested):
        told = f"{recipe!r} says how rows are folded"
        msg = f"{told}; give it to a recipe, as in Random(folds={recipe!r}, seed=0)"
        raise ArgumentTypeError(msg)


def _write(file: File, split: Split, *, overwrite: bool) -> None:
    write_parts(
        file,
        split.table,
        recipe=BOOK.dumps(split.recipe),
        provenance=canonical_json(_CONVERTER.unstructure(split.provenance)),
        kept={kept.sha256: kept.array for kept in find_kept(split.recipe)},
        overwrite=overwrite,
    )


def _as_provenance(text: str, table: Parts | Folds, *, path: str) -> Provenance:
    value = parse_json(text, path=path)
    if not isinstance(value, dict):
        msg = f"{path}: must be a JSON object, found {value!r:.60}; create the split again"
        raise FormatError(msg)
    try:
        found = _CONVERTER.structure(value, Provenance)
    except cattrs.BaseValidationError as error:
        msg = f"{'; '.join(cattrs.transform_error(error, path))}; create the split again"
        raise FormatError(msg) from error
    steps = found.rows
    if not steps or list(steps) != sorted({*steps}) or not 0 < steps[0] <= steps[-1] <= table.n_rows:
        asked = f"{path}: rows must ascend within the {table.n_rows} of the axis"
        msg = f"{asked}, found {list(steps)}; create the split again"
        raise FormatError(msg)
    if (table.codes[..., steps[-1] :] != LEFT_OUT).any():
        msg = f"{path}: rows behind the {steps[-1]} that were dealt have parts; create the split again"
        raise FormatError(msg)
    return found
