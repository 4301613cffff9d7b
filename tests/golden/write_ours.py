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
import samplers
import splits
from h5torch.layouts import CooLayout
from h5torch.view import View

sys.path.append(str(Path(__file__).parents[2]))

from tests.golden.codec import encode
from tests.golden.recording import View as Asked
from tests.golden.recording import positions_of, save, spell_case

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
            for other in ("N-D", "csr", "coo", "vlen", "separate"):
                f.register(central(other), "unstructured", name=other, mode=other)
            if mode != "coo":
                splits.create(f, "main", splits.Stratified(by="0/kind", parts={"a": 0.5, "b": 0.5}, seed=0))
            samplers.save(f, "shuffled", samplers.Shuffled(seed=0))
            unstructured = rows_of(f)
        samplings: list[Any] = ["coo"] if mode in {"N-D", "coo"} else []
        samplings += [] if mode == "coo" else [0, 1] if mode == "N-D" else [0]
        cases = [spell_case(view, observe(path, view)) for view in views(samplings)]
        record = {
            "written_by": f"h5torch {h5torch.__version__}",
            "file": path.name,
            "unstructured": unstructured,
            "cases": cases,
        }
        save(record, path.with_suffix(".json"))
        print(f"{path.name}: {len(cases)} cases, {len(unstructured)} unstructured objects")


def rows_of(f: h5torch.File) -> dict[str, list[Any]]:
    """Spell every row, or nonzero, of the unstructured objects as the published package gives it."""
    view = View(f, f.schema)
    found = {}
    for key, layout in f.schema.objects.items():
        if isinstance(layout, CooLayout) and key.startswith("unstructured/"):
            index, column = view.gather_cells(key, np.arange(layout.n_stored))
            stored = f[key]["indices"].dtype
            cells = [
                (tuple(np.asarray(axis[at], stored)[()] for axis in index), column.row(at))
                for at in range(layout.n_stored)
            ]
            found[key.removeprefix("unstructured/")] = [encode(cell) for cell in cells]
        elif key.startswith("unstructured/"):
            rows = view.gather(key, np.arange(layout.n_rows))
            found[key.removeprefix("unstructured/")] = [encode(rows.row(at)) for at in range(len(rows))]
    return found


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
    if axis == 1:  # the published package makes no windows of sparse rows
        f.register(rng.poisson(0.5, (length, 9)), axis, name="sparse", mode="csr", csr_load_sparse=True)
    f.register(["x", "y"] * (length // 2) + ["y"] * (length % 2), axis, name="kind")
    f.register(rng.random((length, 5)), axis, name="zipped", compression="gzip", shuffle=True)
    f.register(rng.random((length, 5)), axis, name="chunked", chunks=2)
    f.register(rng.random((2, 5)), axis, length, "unfilled", dtype_save="float32")
    f.register(rows, axis, name="tokens", mode="vlen")
    f.register([np.ones((2, row + 1)) for row in range(length)], axis, name="images", mode="separate")
    f.register(rng.poisson(0.5, (2, 9)), axis, length, "grown", "csr", dtype_load="float32")
    f.append(np.zeros((1, 9), int), f"{axis}/grown")
    f.append(rng.poisson(0.5, (length - 3, 9)), f"{axis}/grown")


def views(samplings: list[Any]) -> list[Asked]:
    """Return the ways to sample that are recorded."""
    found = []
    for sampling in samplings:
        found.append(Asked(arguments={"sampling": sampling}))
        found.append(Asked(arguments={"sampling": sampling, "subset": np.array([3, 0, 3])}))
    if 0 in samplings:
        windows = {"window_indices": np.array([[1, 4], [0, ROWS]])}
        found.append(Asked(arguments={"subset": ("0/text", "row 1")}))
        found.append(Asked(arguments={"window_size": 4, "overlap": 2}, kind="SliceDataset"))
        found.append(Asked(arguments=windows, kind="SliceDataset"))
    return found


def observe(path: Path, view: Asked) -> dict[str, Any]:
    """Take every sample that the view gives, as bare dicts."""
    dataset = getattr(h5torch, view.kind)(path, **view.arguments)
    positions = positions_of(len(dataset))
    return {
        "length": len(dataset),
        "indices": dataset.indices,
        "positions": positions,
        "samples": [dict(dataset[at]) for at in positions],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
