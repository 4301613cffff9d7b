"""Which chunks are still at hand when a batch needs them: what a cache spares. Pure."""

import math
from collections.abc import Sequence

import attrs

from h5torch.explaining.costs import Load
from h5torch.explaining.drawing import Touch
from h5torch.explaining.records import Cost


@attrs.frozen(kw_only=True)
class Cache:
    """A cache of chunks in the middle of an epoch, the least recently used dropped first.

    Attributes:
        fits: Whether it holds all chunks that are ever drawn from.
        room: Bytes that it holds; one chunk is kept whatever its size.
        passing: Bytes of chunks that a batch in order goes through.
        age: How many random batches ago its oldest chunk was met.
    """

    fits: bool
    room: float
    passing: float
    age: float

    def random(self, chunks: Touch) -> float:
        """Return how many chunks of an array are read for a random batch; what is kept was read once."""
        share = _kept(chunks, age=self.age)
        return chunks.random * (1 - share) + chunks.once * share

    def ordered(self, load: Load, chunks: Touch) -> float:
        """Return the same for a batch in order."""
        if self.fits:
            return chunks.once
        if load.scattered:
            return self.random(chunks)
        others = self.passing - chunks.ordered * load.stored.chunk_bytes
        spared = min(1.0, max(0.0, self.room - others) / load.again) if load.again else 1.0
        return chunks.fresh + (chunks.ordered - chunks.fresh) * (1 - spared)


def settle(loads: Sequence[Load], *, cache_bytes: float) -> list[tuple[Cost, Cost]]:
    """Return what each array costs a batch, at random and in order, with one cache of chunks for all.

    Chunks that were read for earlier batches, and are still at hand, are not read again. Costs are those
    of a first epoch: every chunk that is drawn from is read once at least.

    Args:
        loads: What the arrays cost without that.
        cache_bytes: Bytes of chunks that are kept.
    """
    sizes = [(load.chunks, load.stored.chunk_bytes) for load in loads if load.chunks is not None]
    cache = Cache(
        fits=sum(chunks.held * size for chunks, size in sizes) <= cache_bytes,
        room=max([cache_bytes, *(size for _, size in sizes)]),
        passing=sum(chunks.ordered * size for chunks, size in sizes),
        age=_age(sizes, cache_bytes),
    )
    costs = []
    for load in loads:
        chunks = load.chunks
        if chunks is None:
            random = Cost(asked=load.asked, touched=load.random)
            ordered = Cost(asked=load.asked, touched=load.ordered)
        else:
            random = _cost(load, chunks.random, cache.random(chunks))
            ordered = _cost(load, chunks.ordered, cache.ordered(load, chunks))
        costs.append((random, ordered))
    return costs


def _cost(load: Load, chunks: float, read: float) -> Cost:
    """Return what it costs that `read` of the chunks that a batch goes through have to be read."""
    stored = load.stored
    read *= stored.n_stored / max(1, stored.n_chunks)
    decoded = read if stored.compressed else 0.0
    return Cost(
        asked=load.asked,
        touched=read * stored.n_bytes / max(1, stored.n_stored),
        chunks=chunks,
        decoded=decoded,
        decoded_bytes=decoded * stored.chunk_bytes,
    )


def _kept(chunks: Touch, *, age: float) -> float:
    """Return the share of an array's chunks that were met in the last `age` random batches."""
    return 1 - math.exp(-age * chunks.random / chunks.held) if chunks.held else 1.0


def _age(sizes: Sequence[tuple[Touch, int]], cache_bytes: float) -> float:
    """Return how many batches fill a cache of so many bytes: Che's estimate, found by halving."""

    def filled(age: float) -> float:
        return sum(chunks.held * size * _kept(chunks, age=age) for chunks, size in sizes)

    low, high = 0.0, 1e12
    if filled(high) <= cache_bytes:
        return high
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if filled(middle) <= cache_bytes else (low, middle)
    return low
