"""What was measured: frozen records, and their spelling in JSON."""

from collections.abc import Mapping
from typing import Any

import attrs


@attrs.frozen(kw_only=True)
class Round:
    """One timed round of one contestant."""

    workload: str
    contestant: str
    way: str
    """`batch`, `loader`, `arrays`; or `cold`: `batch` after the pages of its files were dropped."""
    workers: int
    number: int
    rows: int
    seconds: float
    ratio: float | None = None
    """Median over the turns of this round of its rate by that of the `.npy` map, where they took turns."""
    read_mb: float | None = None
    """What was read from the disk, in a cold round."""

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


@attrs.frozen(kw_only=True)
class Refusal:
    """Why a contestant has no figure: for a workload, or, where `way` is given, for one way of drawing."""

    workload: str
    contestant: str
    reason: str
    way: str = ""
    workers: int = 0


@attrs.frozen(kw_only=True)
class Stored:
    """What storing a workload's data took."""

    workload: str
    adapter: str
    seconds: float
    bytes: int


@attrs.frozen(kw_only=True)
class Written:
    """One round of registering, beside a plain h5py write of the same bytes."""

    layout: str
    number: int
    bytes: int
    ours: float
    plain: float

    @property
    def ratio(self) -> float:
        """Our seconds by those of plain h5py."""
        return self.ours / self.plain


@attrs.frozen(kw_only=True)
class Opened:
    """What opening a file of so many rows and reading its first batch takes, in a process of its own."""

    file: str
    n_rows: int
    bare_ms: float
    """Opening and closing it with h5py and nothing more."""
    ours_ms: float
    rss_mb: float
    """Anonymous memory that the process has more of afterwards."""
    peak_mb: float
    """The most that Python and NumPy held at once, traced in another process."""


@attrs.frozen(kw_only=True)
class Profile:
    """One batch of one layout: all of it, and the NumPy and SciPy calls in it on their own."""

    workload: str
    batch_us: float
    copying_us: float


@attrs.frozen(kw_only=True)
class Results:
    """Everything that one run measured."""

    machine: Mapping[str, str]
    settings: Mapping[str, Any]
    workloads: tuple[Mapping[str, Any], ...] = ()
    rounds: tuple[Round, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    stored: tuple[Stored, ...] = ()
    written: tuple[Written, ...] = ()
    opened: tuple[Opened, ...] = ()
    profiles: tuple[Profile, ...] = ()

    def plus(self, **found: Any) -> "Results":
        """Return the results with more records in some of their fields."""
        longer: dict[str, Any] = {name: (*getattr(self, name), *more) for name, more in found.items()}
        return attrs.evolve(self, **longer)


_KINDS: Mapping[str, Any] = {
    "rounds": Round,
    "refusals": Refusal,
    "stored": Stored,
    "written": Written,
    "opened": Opened,
    "profiles": Profile,
}


def to_json(results: Results) -> dict[str, Any]:
    """Return what `json.dumps` takes."""
    return attrs.asdict(results)


def from_json(record: Mapping[str, Any]) -> Results:
    """Return the results that `to_json` took apart."""
    fields = {name: tuple(kind(**each) for each in record[name]) for name, kind in _KINDS.items()}
    return Results(
        machine=record["machine"],
        settings=record["settings"],
        workloads=tuple(record["workloads"]),
        **fields,
    )
