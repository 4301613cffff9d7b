"""Ragged token ids with a category and a text beside each: the docstrings of the standard library."""

from pathlib import Path

import attrs
import torch
from torch import nn

import h5torch
import samplers
import splits
from h5torch.cli.demo.docstrings import MODULES, read_docstrings, tokenize
from h5torch.cli.demo.training import Trained, train_and_test

TOKENS = 4096
EPOCHS = 6
PARTS = {"train": 0.8, "test": 0.2}


@attrs.frozen(kw_only=True)
class Padded:
    """The first batch: how long its rows became, and how much of it is text rather than padding."""

    rows: int
    length: int
    share_of_text: float


def write(path: Path) -> int:
    """Write every docstring as token ids, its module and name, a split and a sampler; return how many."""
    docstrings = read_docstrings()
    tokens = tokenize([d.text for d in docstrings], n_tokens=TOKENS)
    with h5torch.File(path, "w") as f:
        f.register(tokens.ids, "central", mode="ragged")
        f.register([d.module for d in docstrings], 0, name="module", categories=MODULES)
        f.register([d.name for d in docstrings], 0, name="name")
        f.register(list(tokens.vocabulary), "unstructured", name="vocabulary")
        splits.create(f, "main", splits.Stratified(by="0/module", parts=PARTS, seed=0))
        samplers.save(f, "shuffled", samplers.Shuffled(seed=0))
    return len(docstrings)


def first_batch(path: Path) -> Padded:
    """Draw one batch of 64 rows and look at its padding."""
    dataset = h5torch.Dataset(path, split="main/train")
    batch = next(iter(samplers.loader(dataset, "shuffled", batch_size=64)))
    n_rows, length = batch["central"].shape
    share = batch["central/lengths"].sum().item() / (n_rows * length)
    return Padded(rows=n_rows, length=length, share_of_text=share)


def train(path: Path) -> Trained:
    """Train a bag of tokens to tell a docstring's module, and measure it on the part `test`."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.EmbeddingBag(TOKENS, 64, mode="mean", padding_idx=0),
        nn.Linear(64, len(MODULES)),
    )
    loader = samplers.loader(h5torch.Dataset(path, split="main/train"), "shuffled", batch_size=64)
    test = h5torch.Dataset(path, split="main/test")
    return train_and_test(model, loader, test, target="0/module", epochs=EPOCHS)
