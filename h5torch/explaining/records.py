"""What `Dataset.explain` says of each stored array: how it is read, and what that costs."""

from collections.abc import Iterable

import attrs

HEAP, OBJECTS, APART = "in HDF5's heap", "in memory, value by value", "one dataset a row"
"""Storage of values whose bytes nobody knows without reading them."""
NEVER, COMPACT = "never written", "in its header"
"""Storage that costs nothing to speak of."""
ASKED = "it was asked for"
"""Why h5py reads what could be read without it."""


@attrs.frozen(kw_only=True)
class Cost:
    """What one batch costs, on average over the batches of an epoch.

    Attributes:
        asked: Bytes of the values that the batch is made of, as the file holds them; `None` where only
            reading would tell.
        touched: Bytes of the file that are read for them: whole pages of 4 KiB through a map or `pread`,
            whole chunks where these are decoded. 0 in memory.
        chunks: Chunks that the batch goes through, of those that are read whole.
        decoded: Those that are decoded for it: they are not at hand from batches before.
        decoded_bytes: Bytes that they are decoded to.
    """

    asked: float | None = 0.0
    touched: float = 0.0
    chunks: float = 0.0
    decoded: float = 0.0
    decoded_bytes: float = 0.0


def total(costs: Iterable[Cost]) -> Cost:
    """Add costs up."""
    costs = tuple(costs)
    asked = [cost.asked for cost in costs if cost.asked is not None]
    return Cost(
        asked=sum(asked) if len(asked) == len(costs) else None,
        touched=sum(cost.touched for cost in costs),
        chunks=sum(cost.chunks for cost in costs),
        decoded=sum(cost.decoded for cost in costs),
        decoded_bytes=sum(cost.decoded_bytes for cost in costs),
    )


@attrs.frozen(kw_only=True)
class ExplainedPart:
    """One stored array.

    Attributes:
        name: Which array of its object it is, such as `"indptr"`; empty where it is the object itself.
        reader: `"map"`, `"chunks"`, `"pread"`, `"parts"`, `"h5py"` or `"memory"`.
        why: Why it is read so.
        storage: Where its bytes lie, in words.
        offset: Where they begin in the file, where they lie in one run.
        n_chunks: Number of chunks, 0 where there are none.
        chunk_shape: Shape of a chunk.
        chunk_bytes: Bytes of a chunk, decoded.
        filters: What chunks go through when they are written, by name.
        random: What a batch of samples drawn at random costs.
        sequential: What a batch of samples one after the other costs.
    """

    name: str
    reader: str
    why: str
    storage: str
    offset: int | None = None
    n_chunks: int = 0
    chunk_shape: tuple[int, ...] = ()
    chunk_bytes: int = 0
    filters: tuple[str, ...] = ()
    random: Cost = Cost()
    sequential: Cost = Cost()


@attrs.frozen(kw_only=True)
class ExplainedColumn:
    """One column of a dataset.

    Attributes:
        key: Its key, such as `"central"`.
        mode: The layout of its object.
        parts: The arrays that are read for it.
        good: Whether there is nothing to do about it.
        advice: What to know or to do, in a sentence.
    """

    key: str
    mode: str
    parts: tuple[ExplainedPart, ...]
    good: bool
    advice: str

    @property
    def random(self) -> Cost:
        """What a batch of samples drawn at random costs, all parts together."""
        return total(part.random for part in self.parts)

    @property
    def sequential(self) -> Cost:
        """What a batch of samples one after the other costs, all parts together."""
        return total(part.sequential for part in self.parts)
