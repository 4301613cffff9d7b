"""The order in which a recipe draws rows."""

import numpy as np
import numpy.typing as npt

from h5torch.errors import ArgumentTypeError
from samplers.errors import SamplerError
from samplers.recipes import SamplerRecipe

__all__ = ["order"]


def order(
    recipe: SamplerRecipe, *, n_rows: int, epoch: int, positions: npt.ArrayLike
) -> npt.NDArray[np.int64]:
    """Return the row at each position of an epoch: a pure function, the same everywhere.

    Args:
        recipe: How rows are drawn, such as `Shuffled`.
        n_rows: Rows to draw from.
        epoch: Number of the pass, from 0.
        positions: In `[0, recipe.length(n_rows))`, any shape and order, repeats allowed.

    Returns:
        int64 in `[0, n_rows)`, shape as `positions`.

    Raises:
        SamplerError: there are no rows, or the epoch is below 0.
        RowError: a position lies outside the epoch.
        ArgumentTypeError: positions are no integers.
    """
    if n_rows < 1 or epoch < 0:
        msg = f"an order needs at least one row and an epoch from 0 up, got n_rows={n_rows}, epoch={epoch}"
        raise SamplerError(msg)
    numbers = np.asarray(positions)
    if numbers.size and numbers.dtype.kind not in "iu":
        msg = f"positions must be integers, got dtype {numbers.dtype}"
        raise ArgumentTypeError(msg)
    return recipe.rows(n_rows=n_rows, epoch=epoch, positions=numbers.astype(np.int64))
