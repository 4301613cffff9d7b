"""Files of the older releases: what each can write, and the samples that its arrays imply."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from tests.golden.recording import PublishedFile, View

if TYPE_CHECKING:
    from collections.abc import Callable


RNG = np.random.default_rng(20221012)
N = 6
DENSE = RNG.integers(1, 33, (N, 4)) / 8
GAPPY = DENSE * (RNG.random((N, 4)) < 0.6)
GAPPY[3:, 0] = 1  # so that no block which is appended is all zero
GAPPY[1] = 0
RAGGED = [np.arange(at, 2 * at + (at != 1), dtype=np.int32) for at in range(N)]
UNEQUAL = [DENSE[: at % 3, : 1 + at % 2].astype(np.float32) for at in range(N)]
TEXT = np.array(["train", "val", "val_sub", "test", "train", "val"])
WHOLE = [View(arguments={"sampling": 0})]
Release = tuple[int, ...]
MILESTONES = ((0, 1, 0), (0, 1, 4), (0, 2, 0), (0, 2, 14))


@dataclass(frozen=True, kw_only=True)
class OldFile:
    """A file that the releases from `since` up to and with `until` can write.

    `views` are those of every such release, `later` those that came with a release. `source`
    names, by sample key, the rows that must come back, for files that some of the releases cannot
    read or read wrongly here; `damaged` says why no sample of the file may be trusted. A file that
    is not `often` is written only by the releases in `MILESTONES`, to keep the folder small.
    """

    write: Callable[[PublishedFile], None]
    views: list[View] = field(default_factory=lambda: WHOLE)
    later: dict[Release, list[View]] = field(default_factory=dict)
    since: Release = (0, 1, 0)
    until: Release = (0, 2, 14)
    source: dict[str, Any] | None = None
    damaged: str | None = None
    often: bool = True

    def known_to(self, release: Release) -> bool:
        """Whether the release writes this file."""
        return self.since <= release <= self.until and (self.often or release in MILESTONES)


def along(f: PublishedFile, axis: int | str, n: int) -> None:
    """Register an object in every mode that a place takes, `n` rows each."""
    f.register(DENSE[:n, 0], axis, name="nd1")
    f.register(GAPPY[:n], axis, name="csr", mode="csr")
    f.register(RAGGED[:n], axis, name="vlen", mode="vlen")
    f.register(UNEQUAL[:n], axis, name="separate", mode="separate")


def nd(f: PublishedFile) -> None:
    """Write a dense central object with every mode along its rows, and some elsewhere."""
    f.register(DENSE, "central")
    along(f, 0, N)
    f.register(TEXT.astype(bytes), 0, name="text")
    f.register(RAGGED[:4], 1, name="vlen", mode="vlen")
    f.register(GAPPY[:2], "unstructured", name="csr", mode="csr")
    f.register(GAPPY[:2], "unstructured", name="coo", mode="coo")


def nd1(f: PublishedFile) -> None:
    """Write a dense central object of rank 1 with a column beside it."""
    f.register(DENSE[:, 0], "central")
    f.register(TEXT.astype(bytes), 0, name="text")


def coo(f: PublishedFile) -> None:
    """Write a coo central object from a dense array, with lists along both axes."""
    f.register(GAPPY, "central", mode="coo")
    f.register(RAGGED, 0, name="vlen", mode="vlen")
    f.register(UNEQUAL[:4], 1, name="separate", mode="separate")


def central(mode: str, data: Any) -> Callable[[PublishedFile], None]:
    """Write a central object in the mode with a column beside it."""

    def write(f: PublishedFile) -> None:
        f.register(data, "central", mode=mode)
        f.register(DENSE[:, 0], 0, name="nd1")

    return write


def dtypes(f: PublishedFile) -> None:
    """Write objects that are saved as one dtype and loaded as another, and text."""
    f.register(DENSE, "central", dtype_save="float16", dtype_load="float32")
    f.register(TEXT, 0, name="text", dtype_save="bytes", dtype_load="str")
    f.register(GAPPY, 0, name="csr", mode="csr", dtype_save="bool", dtype_load="int64")
    f.register(UNEQUAL, 0, name="separate", mode="separate", dtype_load="float64")


def blocks(last: int) -> Callable[[PublishedFile], None]:
    """Write dense, vlen and separate objects in two blocks, filled to the row `last`."""

    def write(f: PublishedFile) -> None:
        f.register(DENSE[:3], "central", length=N)
        f.append(DENSE[3:last], "central")
        for mode, rows in (("vlen", RAGGED), ("separate", UNEQUAL)):
            f.register(rows[:3], 0, length=N, name=mode, mode=mode)
            f.append(rows[3 : last if mode == "vlen" else N], f"0/{mode}")

    return write


def csr_blocks(*stops: int) -> Callable[[PublishedFile], None]:
    """Write a csr central object of length `N`, the block to the first stop registered."""

    def write(f: PublishedFile) -> None:
        f.register(GAPPY[: stops[0]], "central", length=N, mode="csr")
        for start, stop in pairwise(stops):
            f.append(GAPPY[start:stop], "central")
        f.register(DENSE[:, 0], 0, name="nd1")

    return write


def csr_blocks_beside(f: PublishedFile) -> None:
    """Write a csr object along axis 0 in two blocks, under a dense central object."""
    f.register(DENSE, "central")
    f.register(GAPPY[:3], 0, length=N, name="csr", mode="csr")
    f.append(GAPPY[3:], "0/csr")


def csr_no_entries(f: PublishedFile) -> None:
    """Write a csr central object in two blocks that hold no entry at all."""
    f.register(sparse.csr_matrix((3, 4)), "central", length=N, mode="csr")
    f.append(sparse.csr_matrix((3, 4)), "central")
    f.register(DENSE[:, 0], 0, name="nd1")


def csr_sparse(f: PublishedFile) -> None:
    """Write a csr central object whose rows load as indices and values."""
    f.register(GAPPY, "central", mode="csr", csr_load_sparse=True)


def source(central: Any, filled_to: int = N) -> dict[str, Any]:
    """Name the rows of a central object, and of the column beside it.

    Csr rows from `filled_to` on are zero, as the release leaves them.
    """
    rows = list(central)
    rows[filled_to:] = [np.zeros(4) for _ in rows[filled_to:]]
    return {"central": rows, "0/nd1": list(DENSE[:, 0])}


LOST = (
    "append wrote every row boundary of a block one place too early: the boundary at the end of "
    "the earlier rows is overwritten and the last one stays 0, so the rows cannot be told apart"
)
ROWS = View(arguments={"sampling": 0, "subset": np.arange(N) % 2 == 0})
REGEX = View(arguments={"sampling": 0, "subset": ("0/text", "val")})
COLUMNS = View(arguments={"sampling": 1})
ENTRIES = View(arguments={"sampling": "coo"})
WINDOWS = View(arguments={"sampling": 0, "window_size": 2, "overlap": 1}, kind="SliceDataset")
DAMAGING: dict[str, Any] = {"since": (0, 2, 12), "until": (0, 2, 13), "damaged": LOST}
SIZED: dict[str, Any] = {"since": (0, 2, 12)}

FILES: dict[str, OldFile] = {
    "nd": OldFile(
        write=nd,
        views=[*WHOLE, COLUMNS, ENTRIES],
        later={(0, 1, 4): [ROWS, REGEX], (0, 2, 0): [WINDOWS]},
    ),
    "nd1": OldFile(write=nd1, views=[*WHOLE, ENTRIES], often=False),
    "coo": OldFile(write=coo, views=[ENTRIES], often=False),
    "csr": OldFile(write=central("csr", GAPPY), source=source(GAPPY)),
    "vlen": OldFile(write=central("vlen", RAGGED), source=source(RAGGED)),
    "separate": OldFile(write=central("separate", UNEQUAL), source=source(UNEQUAL), often=False),
    "dtypes": OldFile(write=dtypes, views=[*WHOLE, COLUMNS], since=(0, 1, 4), often=False),
    "blocks": OldFile(write=blocks(N), since=(0, 2, 0)),
    "blocks-unfilled": OldFile(write=blocks(5), since=(0, 2, 0), often=False),
    "csr-sparse": OldFile(write=csr_sparse, **SIZED),
    "csr-length": OldFile(write=csr_blocks(N), source=source(GAPPY), **SIZED),
    "csr-length-unfilled": OldFile(write=csr_blocks(4), source=source(GAPPY, 4), **SIZED),
    "csr-no-entries": OldFile(write=csr_no_entries, source=source(np.zeros((N, 4))), **SIZED),
    "csr-blocks": OldFile(write=csr_blocks(3, N), source=source(GAPPY), since=(0, 2, 14)),
    "damaged-one-append": OldFile(write=csr_blocks(3, N), **DAMAGING),
    "damaged-two-appends": OldFile(write=csr_blocks(2, 4, N), **DAMAGING),
    "damaged-unfilled": OldFile(write=csr_blocks(3, 5), **DAMAGING),
    "damaged-beside": OldFile(write=csr_blocks_beside, **DAMAGING),
}
