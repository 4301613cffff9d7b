"""From a recipe and a file's columns to the table of a split and its provenance."""

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from h5torch import __version__
from h5torch.digests import digest
from h5torch.file import File
from h5torch.folds import Folds
from h5torch.parts import LEFT_OUT, Parts
from splits.columns import Extent, extent_of, first_rows, read_columns
from splits.errors import SplitError
from splits.frame import Codes, Columns
from splits.recipes import SplitRecipe
from splits.record import Provenance, Split, fingerprint

__all__ = [
    "Inputs",
    "changed_inputs",
    "counted",
    "deal",
    "inputs_of",
    "library_versions",
    "provenance_of",
    "settled",
    "table_of",
]


@attrs.frozen(kw_only=True, eq=False)
class Inputs:
    """What a file holds for a recipe.

    Attributes:
        columns: Columns by key; of the recipe's own axis as many rows as are filled in.
        extent: How long the axis is.
    """

    columns: Mapping[str, npt.NDArray[Any]]
    extent: Extent

    @property
    def digests(self) -> dict[str, str]:
        """Digest of each column, by key."""
        return {key: digest(column) for key, column in self.columns.items()}


def inputs_of(file: File, recipe: SplitRecipe, *, n_rows: int | None = None) -> Inputs:
    """Read what a recipe needs of a file.

    Args:
        file: An open file.
        recipe: The recipe.
        n_rows: How many rows count, or `None` for all that are filled in.

    Raises:
        SplitError: the file has no such axis, or a column has fewer rows filled in than the axis.
        UnknownNameError: the file lacks a column.
    """
    extent = extent_of(file, recipe.axis)
    if n_rows is not None:
        extent = attrs.evolve(extent, filled=min(n_rows, extent.filled))
    columns = read_columns(file, recipe.keys, axis=recipe.axis, n_rows=extent.filled)
    return Inputs(columns=columns, extent=extent)


def changed_inputs(split: Split, inputs: Inputs, *, n_rows: int) -> tuple[str, ...]:
    """Return the keys of columns whose first `n_rows` are no longer those that a split was made from."""
    told = split.provenance.inputs
    columns = first_rows(inputs.columns, axis=split.axis, n_rows=n_rows)
    return tuple(key for key, column in columns.items() if digest(column) != told.get(key))


def library_versions(recipe: SplitRecipe) -> dict[str, str]:
    """Return the installed version of each library whose own code decides about rows.

    Of a function that somebody registered it is the digest of its source, where that is known.
    """
    installed = {name: importlib.metadata.version(name) for name in getattr(recipe, "libraries", ())}
    return {**installed, **getattr(recipe, "provenance", {})}


def settled(recipe: SplitRecipe, inputs: Inputs) -> SplitRecipe:
    """Return the recipe with everything in it that is computed once and kept, such as clusters."""
    settle = getattr(recipe, "settled", None)
    found: SplitRecipe = recipe if settle is None else settle(inputs.columns, inputs.extent.filled)
    return found


def deal(recipe: SplitRecipe, columns: Columns, steps: Sequence[int]) -> Codes:
    """Return the codes of the rows that are filled in, dealt in one or several steps.

    Args:
        recipe: How rows are dealt.
        columns: Columns by key, of the recipe's axis at least as many rows as the last step.
        steps: How many rows there were at creation and at each extension since, ascending.
    """
    codes: Codes | None = None
    for n_rows in steps:
        codes = recipe.codes(first_rows(columns, axis=recipe.axis, n_rows=n_rows), n_rows, held=codes)
    if codes is None or not codes.shape[-1]:
        msg = f"axis {recipe.axis} has no rows filled in; append some before splitting them"
        raise SplitError(msg)
    return codes


def table_of(name: str, recipe: SplitRecipe, codes: Codes, extent: Extent) -> Parts | Folds:
    """Return the table of all rows of the axis: those not filled in yet are left out."""
    room = ((0, 0),) * (codes.ndim - 1) + ((0, extent.length - codes.shape[-1]),)
    return recipe.frame.table(name, recipe.axis, np.pad(codes, room, constant_values=LEFT_OUT))


def provenance_of(
    table: Parts | Folds, recipe: SplitRecipe, digests: Mapping[str, str], steps: Sequence[int]
) -> Provenance:
    """Return what a split was made from and how it came out."""
    return Provenance(
        inputs=dict(digests),
        versions={
            "h5torch": __version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
            **library_versions(recipe),
        },
        **counted(table, steps),
        rows=tuple(steps),
        fingerprint=fingerprint(table),
    )


def counted(table: Parts | Folds, steps: Sequence[int]) -> dict[str, Any]:
    """Return what provenance tells of the codes: `counts` and `shares` of parts, rows `left_out`."""
    n_rows = steps[-1]
    return {
        "counts": dict(table.counts),
        "shares": {part: count / n_rows for part, count in table.counts.items()},
        "left_out": table.n_left_out - (table.n_rows - n_rows),
    }
