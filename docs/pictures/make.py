"""Draw the pictures of these pages: `python docs/pictures/make.py`."""

import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits

import h5torch
import splits
from splits import plot

HERE = Path(__file__).parent


def main() -> None:
    """Split real digits by their class alone, and look whether the parts share sheets of handwriting."""
    found = load_digits()
    with tempfile.TemporaryDirectory() as folder, h5torch.File(Path(folder) / "digits.h5t", "w") as f:
        f.register(found.data.astype(np.float32), "central")
        f.register(np.array([f"digit {label}" for label in found.target]), 0, name="digit")
        f.register(sheets(found.target), 0, name="sheet")
        parts = {"train": 0.7, "val": 0.15, "test": 0.15}
        made = splits.create(f, "main", splits.Stratified(by="0/digit", parts=parts, seed=0))
        plot.class_shares(made, f.column("0/digit")).savefig(HERE / "splits-shares.png", dpi=110)
        splits.audit(f, "main", groups="0/sheet").plot().savefig(HERE / "splits-audit.png", dpi=80)


def sheets(labels: npt.NDArray[np.int_]) -> npt.NDArray[np.intp]:
    """Find the sheet of each digit: people began each one by counting from 0 to 9, over and over."""
    counting = np.arange(14) % 10
    starts = [row for row in range(len(labels) - 14) if np.array_equal(labels[row : row + 14], counting)]
    return np.searchsorted(
        [row for row in starts if row - 10 not in starts], np.arange(len(labels)), side="right"
    )


if __name__ == "__main__":
    main()
