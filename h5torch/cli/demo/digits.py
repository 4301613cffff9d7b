"""Dense images with a category and a text beside each: scikit-learn's handwritten digits."""

from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

import h5torch
import samplers
import splits
from h5torch.cli.demo.training import Trained, train_and_test
from splits import plot

CLASSES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
PARTS = {"train": 0.7, "val": 0.1, "test": 0.2}
EPOCHS = 10


def write(path: Path) -> None:
    """Write the 1,797 images, their labels and names, a stratified split and a shuffled sampler."""
    digits = load_digits()
    labels = [CLASSES[number] for number in digits.target]
    names = [f"{label} {row:04d}" for row, label in enumerate(labels)]
    with h5torch.File(path, "w") as f:
        f.register(digits.images.astype(np.uint8), "central", dtype_load="float32")
        f.register(labels, 0, name="label", categories=CLASSES)
        f.register(names, 0, name="name")
        splits.create(f, "main", splits.Stratified(by="0/label", parts=PARTS, seed=0))
        samplers.save(f, "shuffled", samplers.Shuffled(seed=0))


def train(path: Path) -> Trained:
    """Train a small convolutional network on the part `train` and measure it on the part `test`."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Unflatten(1, (1, 8)),
        nn.Conv2d(1, 32, kernel_size=3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(288, len(CLASSES)),
    )
    loader = samplers.loader(h5torch.Dataset(path, split="main/train"), "shuffled", batch_size=64)
    test = h5torch.Dataset(path, split="main/test")
    return train_and_test(model, loader, test, target="0/label", epochs=EPOCHS)


def draw_shares(path: Path, picture: Path) -> None:
    """Draw the share of each class in each part.

    Raises:
        SplitError: Matplotlib is not installed.
    """
    with h5torch.File(path) as f:
        split = splits.load(f, "main")
        labels = f.column("0/label")
    plot.class_shares(split, labels).savefig(picture)
