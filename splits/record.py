"""The record of a stored split, with how it was made and how it came out."""

import hashlib
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.parts import Axis, Parts
from splits.recipes import SplitRecipe
from splits.tables import class_table, part_table

__all__ = ["Provenance", "Split", "fingerprint"]


def fingerprint(table: Parts) -> str:
    """Return 16 hexadecimal digits in four groups that say which row is in which part.

    They begin the SHA-256 of `h5torch-split 1 <axis> <n_rows>`, each part's name, a NUL after each of
    these, and the codes, one byte a row. The name of the split and its recipe do not count.
    """
    head = "\0".join([f"h5torch-split 1 {table.axis} {table.n_rows}", *table.parts, ""])
    digits = hashlib.sha256(head.encode() + table.codes.tobytes()).hexdigest()
    return "-".join(digits[first : first + 4] for first in range(0, 16, 4))


@attrs.frozen(kw_only=True)
class Provenance:
    """What a split was made from and how it came out.

    Attributes:
        inputs: SHA-256 of each column that decided, by key; see `splits.digests`.
        versions: Version of each library that took part, by name.
        counts: Rows of each part, by name.
        shares: The same as shares of all rows.
        left_out: Rows that belong to no part.
        fingerprint: Which row is in which part; see `fingerprint`.
    """

    inputs: Mapping[str, str]
    versions: Mapping[str, str]
    counts: Mapping[str, int]
    shares: Mapping[str, float]
    left_out: int
    fingerprint: str


@attrs.frozen(kw_only=True, repr=False)
class Split:
    """A split of one axis among named parts, with its recipe and provenance.

    Attributes:
        table: Names of the parts and the part of each row.
        recipe: What made the codes.
        provenance: What they were made from and how they came out.
    """

    table: Parts
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
        """Names of the parts, in the order of their codes."""
        return self.table.parts

    @property
    def codes(self) -> npt.NDArray[np.uint8]:
        """The part of each row: uint8 of shape `(n_rows,)`, read-only, 255 for a row left out."""
        return self.table.codes

    def mask(self, part: str) -> npt.NDArray[np.bool_]:
        """Return one bool a row, True where the row belongs to `part`.

        Raises:
            UnknownNameError: the split has no such part.
        """
        return self.table.mask(part)

    def rows(self, part: str) -> npt.NDArray[np.intp]:
        """Return the row numbers of `part`, ascending.

        Raises:
            UnknownNameError: the split has no such part.
        """
        return self.table.rows(part)

    def describe(self, labels: npt.NDArray[Any] | None = None) -> str:
        """Tell in a few lines what the split is and how it came out.

        Args:
            labels: Class of each row, shape `(n_rows,)`; with it the table shows each class's shares.

        Raises:
            SplitError: `labels` has another shape.
        """
        table = part_table(self.table) if labels is None else class_table(self.table, labels)
        return f"{self!r}\n{table}"

    def __repr__(self) -> str:
        """Show the name, axis, rows of each part, recipe and fingerprint in a line."""
        counts = ", ".join(f"{part} {count}" for part, count in self.table.counts.items())
        left = f", left out {self.table.n_left_out}" if self.table.n_left_out else ""
        marks = f"axis {self.axis}: {counts}{left}; {self.recipe.tag}; {self.provenance.fingerprint}"
        return f"<Split {self.name!r} of {marks}>"
