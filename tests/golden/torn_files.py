"""Files of release 0.3.1 in which a `register` or an `append` raised half-way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from tests.golden.old_files import DENSE, ENTRIES, GAPPY, RAGGED, TEXT, WHOLE, N

if TYPE_CHECKING:
    from tests.golden.recording import PublishedFile, View

WORDS = [np.array(["1"], dtype=object), *[np.array(["x"], dtype=object)] * (N - 1)]
TOO_LONG: dict[str, dict[str, Any]] = {
    "nd": {"data": np.arange(N + 2)},
    "csr": {"data": sparse.csr_matrix(np.eye(N + 2)), "mode": "csr"},
    "vlen": {"data": [*RAGGED, *RAGGED[:2]], "mode": "vlen"},
}
VIEWS: dict[str, list[View]] = {
    "torn-nd": [*WHOLE, ENTRIES],
    "torn-csr": WHOLE,
    "torn-vlen": WHOLE,
    "torn-separate": WHOLE,
    "torn-coo": WHOLE,
    "torn-central": [],
}
REASON = (
    "register raised after it had made a part of the object {!r} and before it wrote an "
    "attribute; the samples are those of the other objects"
)


def write_whole(f: PublishedFile, name: str) -> None:
    """Write what the file held before the call that raised."""
    if name != "torn-central":
        f.register(DENSE, "central")
        f.register(TEXT.astype(bytes), 0, name="text")


def tear(f: PublishedFile, name: str) -> str:
    """Make the call that raises, and name the object that it leaves behind.

    Raises:
        ValueError: the call did not raise.
    """
    mode = name.removeprefix("torn-")
    place: int | str = {"coo": "unstructured", "central": "central"}.get(mode, 0)
    try:
        if mode in TOO_LONG:
            f.register(axis=place, length=N, name="torn", **TOO_LONG[mode])
        elif mode == "separate":
            f.register(WORDS, place, name="torn", mode=mode, dtype_save="float32")
        elif mode == "coo":
            values = (np.array([[0, 1]]), np.array(["1", "x"], dtype=object), (4,))
            f.register(values, place, name="torn", mode=mode, dtype_save="float32")
        else:
            f.register(DENSE, place, length=N - 1)
    except (TypeError, ValueError):
        return "central" if place == "central" else f"{place}/torn"
    msg = f"{name}: register was expected to raise"
    raise ValueError(msg)


def append_zeros(f: PublishedFile) -> None:
    """Append a csr block of zeros, which raises after `filled_to` and the boundaries are written.

    Raises:
        ValueError: the call did not raise.
    """
    f.register(GAPPY[:4], "central", length=N, mode="csr")
    f.register(DENSE[:, 0], 0, name="nd1")
    try:
        f.append(np.zeros((N - 4, 4)), "central")
    except TypeError:
        return
    msg = "append of zeros was expected to raise"
    raise ValueError(msg)
