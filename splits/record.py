"""The record of a stored split, with how it was made and how it came out."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.errors import UnknownNameError
from h5torch.folds import Folds, choose_fold, fold_of_path
from h5torch.parts import Axis, Parts
from h5torch.printed import printable
from splits.recipes import SplitRecipe
from splits.tables import class_table, fold_table, part_table

__all__ = ["Provenance", "Split", "fingerprint"]


def fingerprint(table: Parts | Folds) -> str:
    """Return 16 hexadecimal digits in four groups that say which row is in which part.

    They begin the SHA-256 of `h5torch-split 1 <axis> <n_rows>`, each part's name, a NUL after each of
    these, and the codes, one byte a row. Of folds the first line is `h5torch-folds 1 <scheme> <axis> <arrays>
    <n_rows>`, and the names are those of roles and fixed parts. The name of the split and its recipe do not
    count.
    """
    if isinstance(table, Parts):
        names = [f"h5torch-split 1 {table.axis} {table.n_rows}", *table.parts]
    else:
        first = f"h5torch-folds 1 {table.scheme} {table.axis} {len(table.codes)} {table.n_rows}"
        names = [first, *table.roles, *table.fixed]
    digits = hashlib.sha256("\0".join([*names, ""]).encode())
    digits.update(np.ascontiguousarray(table.codes).data)
    found = digits.hexdigest()
    return "-".join(found[first : first + 4] for first in range(0, 16, 4))


@attrs.frozen(kw_only=True)
class Provenance:
    """What a split was made from and how it came out.

    Attributes:
        inputs: SHA-256 of each column that decided, by key; see `h5torch.digests`.
        versions: Version of each library that took part, by name.
        counts: Rows of each part, by name; of folds `0/train`, `0/test`, `1/train` and so on.
        shares: The same as shares of the rows that were dealt.
        left_out: Rows that were dealt and belong to no part.
        rows: How many rows there were to deal when the split was made, and at each extension since.
        fingerprint: Which row is in which part; see `fingerprint`.
    """

    inputs: Mapping[str, str]
    versions: Mapping[str, str]
    counts: Mapping[str, int]
    shares: Mapping[str, float]
    left_out: int
    rows: tuple[int, ...]
    fingerprint: str


@attrs.frozen(kw_only=True, repr=False)
class Split:
    """A split of one axis among named parts, or folds of it, with recipe and provenance.

    Attributes:
        table: Names of the parts and the part of each row; of folds, for each fold.
        recipe: What made the codes.
        provenance: What they were made from and how they came out.
    """

    table: Parts | Folds
    recipe: SplitRecipe
    provenance: Provenance

    @property
    def name(self) -> str:
        """Name of the split in its file."""
        return self.table.name

    @property
    def axis(self) -> Axis:
        """Axis whose rows are shared out."""
        return self.table.axis

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts, in the order of their codes; of folds, the parts of each fold."""
        return self.table.parts if isinstance(self.table, Parts) else self.table.fold(0).parts

    @property
    def codes(self) -> npt.NDArray[np.uint8]:
        """The stored codes, read-only: of parts shape `(n_rows,)`, of folds see `h5torch.folds.Folds`."""
        return self.table.codes

    @property
    def n_folds(self) -> int:
        """Number of folds, those of all repeats together; 0 where there are none."""
        return len(self.table) if isinstance(self.table, Folds) else 0

    def mask(self, part: str) -> npt.NDArray[np.bool_]:
        """Return one bool a row, True where the row belongs to `part`: `train`, or of a fold `3/train`.

        Raises:
            UnknownNameError: the split has no such fold or part.
        """
        fold, slash, name = part.rpartition("/")
        _, numbers = fold_of_path(f"{self.name}{slash}{fold}")
        return choose_fold(self.table, numbers).mask(name)

    def rows(self, part: str) -> npt.NDArray[np.intp]:
        """Return the row numbers of `part`, ascending: of `train`, or of `3/train` of a fold.

        Raises:
            UnknownNameError: the split has no such fold or part.
        """
        return np.flatnonzero(self.mask(part))

    def folds(self, outer: int | None = None) -> Iterator[Parts]:
        """Return the folds in order, each a split of its own named `name/number`.

        Args:
            outer: Of nested folds, the outer one whose inner folds are meant.

        Raises:
            UnknownNameError: the split has no folds, or not this one.
        """
        if isinstance(self.table, Folds):
            return self.table.all_folds(outer)
        msg = f"split {self.name!r} has parts {', '.join(map(repr, self.parts))} and no folds"
        raise UnknownNameError(msg)

    def describe(self, labels: npt.NDArray[Any] | None = None) -> str:
        """Tell in a few lines what the split is and how it came out.

        Args:
            labels: Class of each row, shape `(n_rows,)`; with it the table shows each class's shares, of
                folds among the rows that each holds out.

        Raises:
            SplitError: `labels` has another shape.
        """
        if isinstance(self.table, Folds):
            table = fold_table(self.table, labels)
        else:
            parts = getattr(self.recipe, "parts", ())
            asked = {name: share for name, share in parts if isinstance(share, float)} if parts else {}
            whole = {} if len(asked) != len(self.parts) else asked
            shown = part_table(self.table, n_rows=self.provenance.rows[-1], asked=whole)
            table = shown if labels is None else class_table(self.table, labels)
        return f"{self!r}\n{table}"

    def __repr__(self) -> str:
        """Show the name, axis, rows of each part or number of folds, recipe and fingerprint in a line."""
        if isinstance(self.table, Folds):
            held = f"{len(self.table)} folds of {', '.join(self.parts)}"
        else:
            held = ", ".join(f"{part} {count}" for part, count in self.table.counts.items())
        left = f", left out {self.provenance.left_out}" if self.provenance.left_out else ""
        to_come = self.table.n_rows - self.provenance.rows[-1]
        left += f", not filled in {to_come}" if to_come else ""
        marks = f"axis {self.axis}: {held}{left}; {self.recipe.tag}; {self.provenance.fingerprint}"
        return printable(f"<Split {self.name!r} of {marks}>")
