"""Checking: every adapter's first batches must hold the values of the source, in the same dtypes and shapes.

What is expected is spelled out row by row here, not through the gathers that are measured.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.workloads import CSR_COLUMNS

Array = NDArray[Any]


def expected(layout: str, arrays: Mapping[str, Array], rows: Array) -> dict[str, Array]:
    """Return what a batch must hold, from the source arrays."""
    if layout in {"dense", "images"}:
        return {name: np.stack([array[row] for row in rows]) for name, array in arrays.items()}
    if layout in {"csr", "sparse"}:
        dense = np.zeros((len(rows), CSR_COLUMNS), dtype=arrays["data"].dtype)
        for place, row in enumerate(rows):
            own = slice(*arrays["indptr"][row : row + 2])
            dense[place, arrays["indices"][own]] = arrays["data"][own]
        return {"x": dense}
    if layout == "ragged":
        pieces = [arrays["values"][slice(*arrays["offsets"][row : row + 2])] for row in rows]
        lengths = np.array([len(piece) for piece in pieces], dtype=np.int64)
        padded = [np.pad(piece, (0, lengths.max() - len(piece))) for piece in pieces]
        return {"x": np.stack(padded), "lengths": lengths}
    places = [arrays["indices"][:, row] for row in rows]
    return {
        "value": np.stack([arrays["value"][row] for row in rows]),
        "row": np.stack([arrays["row"][place[0]] for place in places]),
        "col": np.stack([arrays["col"][place[1]] for place in places]),
    }


def differences(batch: Mapping[str, Any], wanted: Mapping[str, Array], *, sparse: bool) -> list[str]:
    """Say in what a batch of tensors differs from what is expected; nothing if it does not."""
    if set(batch) != set(wanted):
        return [f"has the keys {sorted(batch)}, wanted {sorted(wanted)}"]
    told = []
    for key, values in wanted.items():
        found = batch[key]
        if not isinstance(found, torch.Tensor):
            told.append(f"{key}: is a {type(found).__name__}, no tensor")
            continue
        if found.layout != (torch.sparse_csr if sparse else torch.strided):
            told.append(f"{key}: has the layout {found.layout}")
            continue
        array = (found.to_dense() if sparse else found).numpy()
        if (array.dtype, array.shape) != (values.dtype, values.shape):
            told.append(f"{key}: is {array.dtype} {array.shape}, wanted {values.dtype} {values.shape}")
        elif not np.array_equal(array, values):
            told.append(f"{key}: {np.mean(array != values):.2%} of the values are wrong")
    return told
