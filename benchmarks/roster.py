"""Who takes part: every adapter, its environment, and what it cannot do and why."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs

from benchmarks.workloads import Workload

REQUIREMENTS = Path(__file__).parent / "peers" / "requirements"


@attrs.frozen(kw_only=True)
class Adapter:
    """One process: the contestants that it times, and the environment that it runs in."""

    name: str
    module: str
    contestants: Mapping[str, str]
    """Name of each contestant, and what tables call it."""
    lacks: Mapping[str, str] = attrs.field(factory=dict)
    """By source or name of a workload: why this adapter takes no part."""
    twice: bool = False
    """Whether sparse rows are stored once more to come back sparse: the file says how."""
    ours: bool = False
    """Whether it runs in the environment of this command, and not in one of its own."""

    def reason_against(self, work: Workload) -> str:
        """Say why this adapter takes no part in a workload; nothing if it does."""
        kind = "compressed" if work.codec else work.source
        return self.lacks.get(work.name) or self.lacks.get(kind, "")

    def store(self, work: Workload) -> str:
        """Return the name of the folder in which the data of a workload are stored."""
        return f"{work.store}-{work.n_rows}{'-sparse' if self.twice and work.sparse else ''}"


_INLINE = "a sample has no way to refer to the features of an axis: they would be copied into every nonzero"
_OWN_CODECS = "its files have their own encoding, not chunks of these codecs"

HOUSE = Adapter(
    name="house",
    module="benchmarks.house",
    contestants={"h5torch": "**h5torch**", "map": "`.npy` map, by hand", "ram": "RAM, by hand"},
    twice=True,
    ours=True,
)

PEERS: tuple[Adapter, ...] = (
    Adapter(
        name="published",
        module="benchmarks.peers.published",
        contestants={"published": "h5torch 0.3.1"},
        lacks={"compressed": "it writes no chunks"},
        twice=True,
    ),
    Adapter(
        name="h5py",
        module="benchmarks.peers.h5py_by_hand",
        contestants={"h5py": "h5py, sorted batches", "h5py-rows": "h5py, row by row"},
    ),
    Adapter(
        name="datasets",
        module="benchmarks.peers.hf_datasets",
        contestants={"datasets": "HF datasets, tuned"},
        lacks={"compressed": _OWN_CODECS},
    ),
    Adapter(
        name="tensordict",
        module="benchmarks.peers.tensordict_map",
        contestants={"tensordict": "tensordict"},
        lacks={"compressed": "it does not compress"},
    ),
    Adapter(
        name="zarr",
        module="benchmarks.peers.zarr_store",
        contestants={"zarr": "zarr"},
    ),
    Adapter(
        name="lance",
        module="benchmarks.peers.lance_table",
        contestants={"lance": "Lance"},
        lacks={"compressed": _OWN_CODECS},
    ),
    Adapter(
        name="scdataset",
        module="benchmarks.peers.scdataset_fetches",
        contestants={"scdataset": "scDataset"},
        lacks={
            "ragged": "it indexes arrays and AnnData, whose rows have one shape",
            "coo": "it draws rows, not nonzeros",
        },
    ),
    Adapter(
        name="webdataset",
        module="benchmarks.peers.webdataset_shards",
        contestants={"webdataset": "WebDataset †"},
        lacks={"compressed": _OWN_CODECS, "coo": _INLINE},
    ),
    Adapter(
        name="litdata",
        module="benchmarks.peers.litdata_chunks",
        contestants={"litdata": "LitData †"},
        lacks={"compressed": _OWN_CODECS, "coo": _INLINE},
    ),
)

ABSENT: Mapping[str, str] = {
    "annbatch": "annbatch 0.3.1 needs Python 3.12 or later; the other libraries are measured on 3.11",
}
"""Libraries that were meant to take part, and why they do not."""

LABELS: Mapping[str, str] = {
    name: label for adapter in (HOUSE, *PEERS) for name, label in adapter.contestants.items()
}


def requirements(adapter: Adapter) -> list[Path]:
    """Return the requirement files of an adapter: the common one, and its own."""
    return [REQUIREMENTS / "base.txt", REQUIREMENTS / f"{adapter.name}.txt"]


def chosen(peers: Sequence[str]) -> tuple[Adapter, ...]:
    """Return the peers of these names."""
    return tuple(adapter for adapter in PEERS if adapter.name in peers)
