"""Write files with our library in the five published modes, for the published package to read.

Run with our library: `python tests/golden/write_ours.py FOLDER`. Beside each file lies a record of
what our `Dataset` gives; `check_published_reads_ours.py` compares what the published one gives.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

import h5torch

sys.path.append(str(Path(__file__).parents[2]))

from tests.golden.recording import View, positions_of, save, spell_case

ROWS, COLUMNS = 12, 7


def main(folder: Path) -> None:
    """Write every file and its record."""
    folder.mkdir(parents=True, exist_ok=True)
    for mode in ("N-D", "csr", "coo", "vlen", "separate"):
        path = folder / f"{mode.lower()}.h5t"
        with h5torch.File(path, "w") as f:
            f.register(central(mode), "central", mode=mode)
            for axis, length in enumerate(f.schema.shape):
                align(f, axis, length)
            f.register(central("coo"), "unstructured", name="cells", mode="coo")
        samplings: list[Any] = ["coo"] if mode in {"N-D", "coo"} else []
        samplings += [] if mode == "coo" else [0, 1] if mode == "N-D" else [0]
        cases = [spell_case(view, observe(path, view)) for view in views(samplings)]
        record = {"written_by": f"h5torch {h5torch.__version__}", "file": path.name, "cases": cases}
        save(record, path.with_suffix(".json"))
        print(f"{path.name}: {len(cases)} cases")


def central(mode: str) -> Any:
    """Return data that `mode` stores."""
    rng = np.random.default_rng(0)
    dense = rng.normal(size=(ROWS, COLUMNS)) * (rng.random((ROWS, COLUMNS)) > 0.5)
    if mode in {"vlen", "separate"}:
        return [dense[row, : row % COLUMNS] for row in range(ROWS)]
    return dense


def align(f: h5torch.File, axis: int, length: int) -> None:
    """Align an object of every mode that can be aligned, some grown by `append`."""
    rng = np.random.default_rng(axis)
    rows = [rng.integers(0, 9, row % 5) for row in range(length)]
    f.register(rng.integers(0, 9, length), axis, name="scalar", dtype_save="int8", dtype_load="float32")
    f.register(rng.random((length, 2, 3)) > 0.5, axis, name="flags", dtype_load="int64")
    f.register([f"row {row}" for row in range(length)], axis, name="text")
    f.register(np.array([f"v{row}" for row in range(length)]), axis, name="raw", dtype_save="bytes")
    f.register(rng.poisson(0.5, (length, 9)), axis, name="counts", mode="csr")
    f.register(rng.poisson(0.5, (length, 9)), axis, name="sparse", mode="csr", csr_load_sparse=True)
    f.register(rows, axis, name="tokens", mode="vlen")
    f.register([np.ones((2, row + 1)) for row in range(length)], axis, name="images", mode="separate")
    f.register(rng.poisson(0.5, (2, 9)), axis, length, "grown", "csr", dtype_load="float32")
    f.append(np.zeros((1, 9), int), f"{axis}/grown")
    f.append(rng.poisson(0.5, (length - 3, 9)), f"{axis}/grown")


def views(samplings: list[Any]) -> list[View]:
    """Return the ways to sample that are recorded."""
    found = []
    for sampling in samplings:
        found.append(View(arguments={"sampling": sampling}))
        found.append(View(arguments={"sampling": sampling, "subset": np.array([3, 0, 3])}))
    if 0 in samplings:
        found.append(View(arguments={"subset": ("0/text", "row 1")}))
    return found


def observe(path: Path, view: View) -> dict[str, Any]:
    """Take every sample that the view gives, as bare dicts."""
    dataset = h5torch.Dataset(path, **view.arguments)
    positions = positions_of(len(dataset))
    return {
        "length": len(dataset),
        "indices": dataset.indices,
        "positions": positions,
        "samples": [dict(dataset[at]) for at in positions],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
