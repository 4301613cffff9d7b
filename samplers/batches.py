"""`Batches`: the batch sampler that a `DataLoader` walks, whose whole state is (epoch, position)."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch.utils.data

from h5torch.errors import ArgumentTypeError
from samplers.book import BOOK
from samplers.errors import SamplerError
from samplers.order import order
from samplers.positions import batch_bounds, check_batches, n_batches
from samplers.recipes import SamplerRecipe

__all__ = ["Batches"]

_BLOCK = 1 << 14  # positions whose rows are computed together; the only memory a pass takes
_STATE_VERSION = 1


class Batches(torch.utils.data.Sampler[npt.NDArray[np.int64]]):
    """Batches of row numbers, drawn by a recipe, one pass over an epoch after another.

    Each `iter` starts a pass. After a full pass the next one is of the next epoch; a pass that is given up
    half-way is begun again where it began. Epoch and position count batches handed out: a loader with
    worker processes asks for some batches before it gives them to its caller.
    """

    def __init__(
        self, recipe: SamplerRecipe, *, n_rows: int, batch_size: int, drop_last: bool = False
    ) -> None:
        """Begin at epoch 0, position 0.

        Args:
            recipe: How rows are drawn.
            n_rows: Rows to draw from.
            batch_size: Rows a batch, at least 1.
            drop_last: Whether a smaller last batch is left out.

        Raises:
            SamplerError: there would be no batch.
            ArgumentTypeError: `recipe` is no recipe, or `batch_size` no integer.
        """
        self._spelled = BOOK.dumps(recipe)
        if isinstance(batch_size, bool) or not isinstance(batch_size, int | np.integer):
            msg = f"batch_size must be an integer, got {batch_size!r} ({type(batch_size).__name__})"
            raise ArgumentTypeError(msg)
        self.recipe = recipe
        self.n_rows = int(n_rows)
        self.batch_size = int(batch_size)
        self.drop_last = bool(drop_last)
        self._length = recipe.length(self.n_rows)
        check_batches(self._length, batch_size=self.batch_size, drop_last=self.drop_last)
        self._begin = self._now = (0, 0)

    @property
    def epoch(self) -> int:
        """Epoch of the next batch."""
        return self._now[0]

    @property
    def position(self) -> int:
        """Position of the next batch's first row within the epoch."""
        return self._now[1]

    def set_epoch(self, epoch: int) -> None:
        """Let the next pass be of `epoch`, from its start; of the present epoch, from where it stands.

        A pass moves on to the next epoch by itself, so this is needed only to go elsewhere.

        Raises:
            SamplerError: the epoch is below 0.
            ArgumentTypeError: it is no integer.
        """
        number = _count(epoch, "epoch")
        if number != self._begin[0]:
            self._begin = self._now = (number, 0)

    def __len__(self) -> int:
        """Return the number of batches of a whole epoch; a pass that resumes half-way gives fewer."""
        return n_batches(self._length, batch_size=self.batch_size, drop_last=self.drop_last)

    def __iter__(self) -> Iterator[npt.NDArray[np.int64]]:
        """Yield the row numbers of each batch, int64 of shape `(batch_size,)`, the last perhaps shorter."""
        epoch, start = self._now = self._begin
        step = self.batch_size * max(1, _BLOCK // self.batch_size)
        for block in range(start, self._length, step):
            stop = min(block + step, self._length)
            rows = order(self.recipe, n_rows=self.n_rows, epoch=epoch, positions=np.arange(block, stop))
            for first, last in self._bounds(block, stop):
                if next(self._bounds(last, self._length), None):
                    self._now = (epoch, last)
                else:
                    self._now = self._begin = (epoch + 1, 0)
                yield rows[first - block : last - block]

    def _bounds(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        return batch_bounds(start, stop, batch_size=self.batch_size, drop_last=self.drop_last)

    def state_dict(self) -> dict[str, Any]:
        """Return where the next batch is, as plain numbers and text."""
        return {
            "version": _STATE_VERSION,
            "recipe": self._spelled,
            "length": self._length,
            "epoch": self.epoch,
            "position": self.position,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next pass go on where `state_dict` was taken; the batch size may have changed.

        Raises:
            SamplerError: the state is of another recipe, number of rows or version, or no state at all.
            ArgumentTypeError: epoch or position is no integer.
        """
        own = {"version": _STATE_VERSION, "recipe": self._spelled, "length": self._length}
        if set(state) != {*own, "epoch", "position"}:
            msg = f"a state has {', '.join(self.state_dict())}, got {state!r}; take it from state_dict()"
            raise SamplerError(msg)
        for field, value in own.items():
            if state[field] != value:
                msg = f"the state is of {field} {state[field]!r}, this sampler has {value!r}; start afresh"
                raise SamplerError(msg)
        epoch, position = _count(state["epoch"], "epoch"), _count(state["position"], "position")
        if position > self._length:
            msg = f"the state is at position {position} of an epoch of {self._length}"
            raise SamplerError(msg)
        has_batch = next(self._bounds(position, self._length), None)
        self._begin = self._now = (epoch, position) if has_batch else (epoch + 1, 0)


def _count(number: object, what: str) -> int:
    if isinstance(number, bool) or not isinstance(number, int | np.integer):
        msg = f"{what} must be an integer, got {number!r} ({type(number).__name__})"
        raise ArgumentTypeError(msg)
    if number < 0:
        msg = f"{what} must be at least 0, got {number}"
        raise SamplerError(msg)
    return int(number)
