"""Draw the pictures of these pages: `python docs/pictures/make.py`."""

import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import h5torch
import splits
from splits import plot

HERE = Path(__file__).parent


def main() -> None:
    """Split the digits, a fourteenth of which is on each sheet of handwriting, and draw what came out."""
    found = load_digits()
    with tempfile.TemporaryDirectory() as folder, h5torch.File(Path(folder) / "digits.h5t", "w") as f:
        f.register(found.data.astype(np.float32), "central")
        f.register(np.array([f"digit {label}" for label in found.target]), 0, name="digit")
        f.register(np.arange(len(found.target)) * 14 // len(found.target), 0, name="sheet")
        parts = {"train": 0.7, "val": 0.15, "test": 0.15}
        rows = splits.create(f, "rows", splits.Stratified(by="0/digit", parts=parts, seed=0))
        labels = f.column("0/digit")
        plot.class_shares(rows, labels).savefig(HERE / "splits-shares.png", dpi=110)
        splits.audit(f, "rows", groups="0/sheet").plot().savefig(HERE / "splits-audit.png", dpi=80)


if __name__ == "__main__":
    main()
