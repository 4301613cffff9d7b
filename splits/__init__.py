"""Reproducible splits of a dataset into parts, stored in its file with how they were made.

>>> split = splits.create(f, "main", splits.Stratified(
...     by="0/type", parts={"train": 0.8, "val": 0.1, "test": 0.1}, seed=0))
>>> train = h5torch.Dataset(f, split="main/train")
"""

from splits.errors import SplitError
from splits.recipes import SplitRecipe, Stratified
from splits.record import Provenance, Split
from splits.store import create, delete, load
from splits.store import list_splits as list  # noqa: A004 - `splits.list(f)` reads as what it does

__all__ = [
    "Provenance",
    "Split",
    "SplitError",
    "SplitRecipe",
    "Stratified",
    "create",
    "delete",
    "list",
    "load",
]
