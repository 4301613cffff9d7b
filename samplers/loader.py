"""`loader`: a PyTorch `DataLoader` over a dataset, drawn by a stored sampler or a recipe."""

from collections.abc import Callable, Mapping
from typing import Any, TypedDict, Unpack

import torch.utils.data

from h5torch import Dataset, collate
from h5torch.errors import ArgumentTypeError
from h5torch.names import did_you_mean
from samplers.batches import Batches
from samplers.recipes import SamplerRecipe
from samplers.store import load

__all__ = ["LoaderOptions", "loader"]


class LoaderOptions(TypedDict, total=False):
    """Options of `torch.utils.data.DataLoader` that are passed on; its defaults hold."""

    num_workers: int
    collate_fn: Callable[[list[Any]], Any]
    pin_memory: bool
    timeout: float
    worker_init_fn: Callable[[int], None]
    multiprocessing_context: Any
    prefetch_factor: int
    persistent_workers: bool
    in_order: bool


def loader(
    dataset: Dataset,
    sampler: str | SamplerRecipe,
    *,
    batch_size: int,
    drop_last: bool = False,
    state: Mapping[str, Any] | None = None,
    **options: Unpack[LoaderOptions],
) -> torch.utils.data.DataLoader[Any]:
    """Make a `DataLoader` that draws batches of a dataset, epoch after epoch, each in its own order.

    Its `batch_sampler` is a `Batches`: `loader.batch_sampler.state_dict()` says where the next batch is.

    Args:
        dataset: What to draw from; with `split=`, its rows alone.
        sampler: Name of a sampler stored in the dataset's file, or a recipe such as `Shuffled`.
        batch_size: Rows a batch, at least 1.
        drop_last: Whether a smaller last batch is left out.
        state: Where to go on, from `state_dict`; `None` begins at the first batch of epoch 0.
        options: As for `DataLoader`: workers, pinning, `collate_fn` (`h5torch.collate` if not given).

    Raises:
        UnknownNameError: the file has no such sampler.
        SamplerError: the dataset is empty, there would be no batch, or the state is of another sampler.
        ArgumentTypeError: the dataset is not one of h5torch, the sampler neither name nor recipe, or an
            option not one that can be passed on.
    """
    _check(dataset, options)
    recipe = load(dataset.f, sampler) if isinstance(sampler, str) else sampler
    batches = Batches(recipe, n_rows=len(dataset), batch_size=batch_size, drop_last=drop_last)
    if state is not None:
        batches.load_state_dict(state)
    options.setdefault("collate_fn", collate)
    batch_sampler: Any = batches  # PyTorch writes list, and takes whatever the dataset takes
    return torch.utils.data.DataLoader(dataset, batch_sampler=batch_sampler, **options)


def _check(dataset: object, options: Mapping[str, object]) -> None:
    if not isinstance(dataset, Dataset):
        msg = f"samplers.loader draws from an h5torch.Dataset, got {type(dataset).__name__}"
        raise ArgumentTypeError(msg)
    known = LoaderOptions.__annotations__
    for option in options:
        if option not in known:
            msg = f"no option {option!r} of DataLoader is passed on; {did_you_mean(option, known)}"
            raise ArgumentTypeError(msg)
