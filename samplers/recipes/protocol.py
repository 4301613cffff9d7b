"""What every recipe for a sampler is."""

from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["SamplerRecipe"]


class SamplerRecipe(Protocol):
    """A frozen record that says which row comes at which position of which epoch; it knows no file.

    Attributes:
        tag: Its name in files.
        version: Raised when the same fields come to mean another order.
    """

    tag: ClassVar[str]
    version: ClassVar[int]

    def length(self, n_rows: int) -> int:
        """Return the number of positions of one epoch."""
        ...

    def rows(
        self, *, n_rows: int, epoch: int, positions: npt.NDArray[np.integer[Any]]
    ) -> npt.NDArray[np.int64]:
        """Return the row at each position: int64 in `[0, n_rows)`, shape as `positions`.

        Args:
            n_rows: Rows to draw from.
            epoch: Number of the pass, from 0.
            positions: In `[0, length(n_rows))`, any order, repeats allowed.
        """
        ...
