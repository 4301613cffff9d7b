"""What every recipe for a split is."""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from h5torch.parts import Axis

__all__ = ["Columns", "SplitRecipe"]

Columns: TypeAlias = Mapping[str, npt.NDArray[Any]]
"""Whole columns by key, as samples would show them."""


class SplitRecipe(Protocol):
    """A frozen record that says how rows are shared out; it knows no file.

    Attributes:
        tag: Its name in files.
        version: Raised when the same fields come to mean other codes.
    """

    tag: ClassVar[str]
    version: ClassVar[int]

    @property
    def axis(self) -> Axis:
        """The axis whose rows are shared out."""
        ...

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the columns that decide, each once."""
        ...

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of the parts, in the order of their codes."""
        ...

    def codes(self, columns: Columns, n_rows: int) -> npt.NDArray[np.uint8]:
        """Return the part of each row: uint8 of shape `(n_rows,)`, 255 for a row left out.

        Args:
            columns: Those of `keys`, each of length `n_rows`; further ones are not looked at.
            n_rows: Length of the axis.
        """
        ...
