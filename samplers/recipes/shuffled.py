"""`Shuffled`: every row once an epoch, in an order of its own each epoch."""

from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.keyed import Permutation, checked_seed, derive

__all__ = ["Shuffled"]


@attrs.frozen(kw_only=True)
class Shuffled:
    """Draw every row exactly once an epoch, in a random order that is another one each epoch.

    The order is the keyed permutation of `h5torch.keyed`: a function of seed, epoch and position, so it
    takes no memory, starts at any position at once, and is the same on every platform.

    Attributes:
        seed: In `[0, 2**64)`; the same seed gives the same orders everywhere.

    Raises:
        ArgumentTypeError: the seed is no integer in its range.
    """

    tag: ClassVar[str] = "shuffled"
    version: ClassVar[int] = 1

    seed: int = attrs.field(converter=checked_seed)

    def length(self, n_rows: int) -> int:
        """Return the number of positions of one epoch: that of the rows."""
        return n_rows

    def rows(
        self, *, n_rows: int, epoch: int, positions: npt.NDArray[np.integer[Any]]
    ) -> npt.NDArray[np.int64]:
        """Return the row at each position.

        Args:
            n_rows: Rows to draw from, up to 2**62.
            epoch: Number of the pass, from 0.
            positions: In `[0, n_rows)`, any shape and order, repeats allowed.

        Returns:
            int64, shape as `positions`.

        Raises:
            RowError: a position lies outside `[0, n_rows)`.
        """
        return Permutation(n_rows=n_rows, key=derive(self.seed, self.tag, epoch)).rows(positions)
