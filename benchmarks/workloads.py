"""The workloads: which rows of which data are drawn, and in batches of how many."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs

Order = Literal["shuffle", "blocks", "sequential"]
Source = Literal["dense", "images", "csr", "ragged", "coo", "counts"]

BLOCK_ROWS = 1024
"""Rows in a block of the order `blocks`, as many as in the larger chunks."""
BLOCKS_TOGETHER = 8
"""Blocks whose rows are shuffled together."""


@attrs.frozen(kw_only=True)
class Codec:
    """How chunks are compressed."""

    name: Literal["gzip", "zstd", "blosc", "lz4"]
    chunk_rows: int

    def __str__(self) -> str:
        """Name codec and chunk, as in `gzip-1024`."""
        return f"{self.name}-{self.chunk_rows}"


@attrs.frozen(kw_only=True)
class Workload:
    """Batches of one layout, drawn in one order."""

    name: str
    title: str
    source: Source
    n_rows: int
    batch: int
    order: Order = "shuffle"
    codec: Codec | None = None
    sparse: bool = False

    @property
    def store(self) -> str:
        """What workloads that read the same stored data have in common."""
        return f"{self.source}-{self.codec}" if self.codec else self.source

    @property
    def cycle(self) -> int:
        """Batches that are drawn from the same decoded chunks: less than all of them would tell little."""
        if self.codec is None or self.order == "shuffle":
            return 1
        together = BLOCKS_TOGETHER * BLOCK_ROWS if self.order == "blocks" else self.codec.chunk_rows
        return max(1, together // self.batch)

    @property
    def layout(self) -> str:
        """What makes two batches alike: the layout that is read, and whether it stays sparse."""
        return "sparse" if self.sparse else {"counts": "dense"}.get(self.source, self.source)


def compressed(codec: Codec, order: Order) -> Workload:
    """Return the workload of compressed dense rows."""
    told = {"shuffle": "true shuffle", "blocks": "shuffled in blocks", "sequential": "in order"}[order]
    return Workload(
        name=f"{codec}-{order}",
        title=f"{codec.name} chunks of {codec.chunk_rows:,} rows, {told}",
        source="counts",
        n_rows=524_288,
        batch=256,
        order=order,
        codec=codec,
    )


_ORDERS: tuple[Order, ...] = ("shuffle", "blocks", "sequential")

ALL: tuple[Workload, ...] = (
    Workload(
        name="dense",
        title="dense: 500,000 × 256 float32, batches of 256",
        source="dense",
        n_rows=500_000,
        batch=256,
    ),
    Workload(
        name="images",
        title="images: 50,000 × 3×64×64 uint8 + label, batches of 128",
        source="images",
        n_rows=50_000,
        batch=128,
    ),
    Workload(
        name="csr",
        title="csr to dense: 100,000 × 20,000, 1,000 nonzeros a row, batches of 256",
        source="csr",
        n_rows=100_000,
        batch=256,
    ),
    Workload(
        name="csr-sparse",
        title="csr to sparse_csr: the same rows, batches of 256",
        source="csr",
        n_rows=100_000,
        batch=256,
        sparse=True,
    ),
    Workload(
        name="ragged",
        title="ragged int32: 200,000 rows of mean length 120, padded, batches of 64",
        source="ragged",
        n_rows=200_000,
        batch=64,
    ),
    Workload(
        name="coo",
        title="coo: 2,000,000 nonzeros + features of both axes, batches of 1,024",
        source="coo",
        n_rows=2_000_000,
        batch=1024,
    ),
    *(
        compressed(Codec(name=name, chunk_rows=1024), order)
        for name in ("gzip", "zstd", "blosc")
        for order in _ORDERS
    ),
    compressed(Codec(name="lz4", chunk_rows=16), "shuffle"),
    compressed(Codec(name="gzip", chunk_rows=64), "shuffle"),
)

COLUMNS = 256
"""Values in a dense or compressed row."""
CSR_COLUMNS = 20_000
CSR_NONZEROS = 1_000
"""Nonzeros in each sparse row."""
RAGGED_MEAN = 120
COO_SHAPE = (50_000, 5_000)
COO_FEATURES = 16
"""Features of a row, and of a column, beside each nonzero."""


def scaled(work: Workload, scale: float) -> Workload:
    """Return the workload with that share of its rows, but at least eight batches and one chunk."""
    least = max(8 * work.batch, work.codec.chunk_rows if work.codec else 0)
    return attrs.evolve(work, n_rows=max(least, round(work.n_rows * scale)))


def chosen(only: Sequence[str], *, scale: float) -> tuple[Workload, ...]:
    """Return the workloads whose name, or group (`compressed`), is asked for; all of them for none."""
    picked = [
        work
        for work in ALL
        if not only or work.name in only or (work.codec is not None and "compressed" in only)
    ]
    return tuple(scaled(work, scale) for work in picked)


def from_json(record: Mapping[str, Any]) -> Workload:
    """Return the workload that `attrs.asdict` took apart."""
    codec = record["codec"]
    fields = {**record, "codec": Codec(**codec) if isinstance(codec, dict) else None}
    return Workload(**fields)
