"""The training loop of both models, and what it reports."""

import time
from collections.abc import Iterable
from typing import Any

import attrs
import torch
from torch import nn
from torch.utils.data import DataLoader

import h5torch

Batches = Iterable[dict[str, Any]]


@attrs.frozen(kw_only=True)
class Trained:
    """How a training went."""

    seconds: float
    accuracy: float  # share of the test rows that were told right, 0 to 1
    most_common: float  # accuracy of always guessing the class that is most frequent among them


def train_and_test(
    model: nn.Module, train: Batches, test: h5torch.Dataset, *, target: str, epochs: int
) -> Trained:
    """Train `model` on batches that hold `central` and the codes under `target`, then test it.

    Args:
        model: Takes `central` to one score a class.
        train: One pass over it is one epoch.
        test: The rows that accuracy is measured on.
        target: Key of the class codes.
        epochs: How many passes over `train`.
    """
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)  # the first one imports a second of torch
    started = time.perf_counter()
    for _ in range(epochs):
        for batch in train:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(batch["central"]), batch[target])
            torch.autograd.backward(loss)
            optimizer.step()
    seconds = time.perf_counter() - started
    loader = DataLoader(test, batch_size=256, collate_fn=h5torch.collate)
    right, truth = _judge(model, loader, target=target)
    most_common = torch.bincount(truth).max().item() / len(truth)
    return Trained(seconds=seconds, accuracy=right / len(truth), most_common=most_common)


@torch.no_grad()
def _judge(model: nn.Module, batches: Batches, *, target: str) -> tuple[int, torch.Tensor]:
    right, truths = 0, []
    for batch in batches:
        right += int((model(batch["central"]).argmax(dim=1) == batch[target]).sum())
        truths.append(batch[target])
    return right, torch.cat(truths)
