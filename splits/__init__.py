"""Reproducible splits of a dataset into parts and folds, stored in its file with how they were made.

>>> split = splits.create(f, "main", splits.Stratified(
...     by="0/type", parts={"train": 0.8, "val": 0.1, "test": 0.1}, seed=0))
>>> train = h5torch.Dataset(f, split="main/train")
"""

from splits.auditing import Audit, audit
from splits.errors import SplitError
from splits.foreign.registry import register
from splits.interchange import export, import_
from splits.looking import describe, folds, indices, mask
from splits.recipes import (
    Clustered,
    Cold,
    Custom,
    FromSklearn,
    GivenFolds,
    Grouped,
    Hashed,
    KFold,
    LeaveOut,
    Nested,
    Predefined,
    Random,
    RepeatedKFold,
    SplitRecipe,
    Stratified,
    TimeOrdered,
)
from splits.record import Provenance, Split
from splits.store import create, delete, extend, load, rename
from splits.store import list_splits as list  # noqa: A004 - `splits.list(f)` reads as what it does
from splits.verify import Verification, verify, verify_all

__all__ = [
    "Audit",
    "Clustered",
    "Cold",
    "Custom",
    "FromSklearn",
    "GivenFolds",
    "Grouped",
    "Hashed",
    "KFold",
    "LeaveOut",
    "Nested",
    "Predefined",
    "Provenance",
    "Random",
    "RepeatedKFold",
    "Split",
    "SplitError",
    "SplitRecipe",
    "Stratified",
    "TimeOrdered",
    "Verification",
    "audit",
    "create",
    "delete",
    "describe",
    "export",
    "extend",
    "folds",
    "import_",
    "indices",
    "list",
    "load",
    "mask",
    "register",
    "rename",
    "verify",
    "verify_all",
]
