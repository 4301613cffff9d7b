"""What is split: workloads, and the columns that they make."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Family: TypeAlias = Literal["stratified", "multilabel", "grouped"]

PARTS: Mapping[str, float] = {"train": 0.8, "val": 0.1, "test": 0.1}
FOLDS = 5
_FEWEST_ROWS = 1000  # in a trial; fewer have classes without a row for each part


@attrs.frozen(kw_only=True)
class Work:
    """One thing to split."""

    name: str
    title: str
    family: Family
    n_rows: int
    n_labels: int
    labels: str
    """What labels are: a dtype, `text`, `pair`; of groups how their rows come by classes: `mixed`, `pure`."""
    n_groups: int = 0
    sizes: str = ""
    """How large groups are: `alike`, or `power law`."""
    into: Literal["parts", "folds"] = "parts"


def _stratified(labels: str, n_labels: int, title: str, **more: Any) -> Work:
    name = f"{labels.replace(' ', '-')}-{n_labels}"
    return Work(
        name=name, title=title, family="stratified", n_rows=10**7, n_labels=n_labels, labels=labels, **more
    )


def _grouped(name: str, n_rows: int, n_groups: int, n_labels: int, labels: str, sizes: str) -> Work:
    how = "each group of one class" if labels == "pure" else "classes mixed in groups"
    return Work(
        name=name,
        title=f"{n_groups:,} groups, sizes {sizes}, {n_rows:,} rows, {n_labels} classes, {how}",
        family="grouped",
        n_rows=n_rows,
        n_labels=n_labels,
        labels=labels,
        n_groups=n_groups,
        sizes=sizes,
        into="folds",
    )


def _multilabel(name: str, title: str, into: Literal["parts", "folds"]) -> Work:
    return Work(
        name=name, title=title, family="multilabel", n_rows=10**5, n_labels=100, labels="uint8", into=into
    )


ALL: tuple[Work, ...] = (
    _stratified("int64", 10, "int64, 10 classes"),
    _stratified("int64", 1000, "int64, 1,000 classes"),
    _stratified("uint8", 10, "uint8, 10 classes"),
    _stratified("uint16", 1000, "uint16, 1,000 classes"),
    _stratified("float64", 10, "float64, 10 classes"),
    _stratified("text", 10, "text of 12 letters, 10 classes"),
    _stratified("text", 1000, "text of 12 letters, 1,000 classes"),
    _stratified("pair", 100, "two int64 columns jointly, 10 × 10 classes"),
    _stratified("pair made one", 100, "the same, made one number by hand for scikit-learn"),
    _multilabel("labels-parts", "100,000 × 100 labels into three parts", "parts"),
    _multilabel("labels-folds", "100,000 × 100 labels into five folds", "folds"),
    _grouped("few-large", 100_000, 50, 5, "mixed", "alike"),
    _grouped("some", 100_000, 1000, 10, "mixed", "alike"),
    _grouped("many-small", 200_000, 20_000, 10, "mixed", "alike"),
    _grouped("power-law", 200_000, 5000, 10, "mixed", "power law"),
    _grouped("pure", 100_000, 2000, 5, "pure", "power law"),
)


def scaled(work: Work, scale: float) -> Work:
    """Return a workload with a share of the rows, and of the groups, for a trial."""
    if scale == 1:
        return work
    groups = max(min(work.n_groups, 50), round(work.n_groups * scale))
    return attrs.evolve(work, n_rows=max(_FEWEST_ROWS, round(work.n_rows * scale)), n_groups=groups)


def columns_of(work: Work) -> dict[str, Array]:
    """Return the columns of a workload, the same ones each time: `0/y` (and `0/z`), and `0/g` of groups."""
    rng = np.random.default_rng(0)
    if work.family == "multilabel":
        return {"0/y": label_sets(rng, work)}
    if work.family == "grouped":
        groups = group_of_rows(rng, work)
        return {"0/y": classes_in(groups, rng, work), "0/g": groups}
    drawn = rng.integers(0, work.n_labels, work.n_rows)
    if work.labels.startswith("pair"):
        return {"0/y": drawn % 10, "0/z": drawn // 10}
    if work.labels == "text":
        return {"0/y": np.array([f"type_{number:07d}" for number in range(work.n_labels)])[drawn]}
    return {"0/y": (drawn * 0.1 if work.labels == "float64" else drawn).astype(work.labels)}


def label_sets(rng: np.random.Generator, work: Work) -> Array:
    """Return 0/1 of shape `(rows, labels)`: shares from 0.2 % to 30 %, labels of one topic going together."""
    shares = np.geomspace(0.002, 0.3, work.n_labels)
    topic = rng.integers(0, 5, work.n_rows)
    favoured = np.arange(work.n_labels)[None, :] % 5 == topic[:, None]
    chance = np.where(favoured, 2.0, 0.75) * shares
    return (rng.random((work.n_rows, work.n_labels)) < chance).astype(np.uint8)


def group_of_rows(rng: np.random.Generator, work: Work) -> Array:
    """Return the group of each row; by the power law, group number k has 1 / k of the rows of the first."""
    weights = np.ones(work.n_groups) if work.sizes == "alike" else 1 / np.arange(1, work.n_groups + 1)
    groups: Array = rng.choice(work.n_groups, work.n_rows, p=weights / weights.sum())
    return groups


def classes_in(groups: Array, rng: np.random.Generator, work: Work) -> Array:
    """Return the class of each row: each class is two thirds as frequent as the one before."""
    shares = (2 / 3) ** np.arange(work.n_labels)
    if work.labels == "pure":
        own: Array = rng.choice(work.n_labels, work.n_groups, p=shares / shares.sum())
        return own[groups]
    bounds = np.cumsum(rng.dirichlet(2 * shares, work.n_groups), axis=1)
    passed: Array = rng.random(len(groups))[:, None] > bounds[groups]
    classes: Array = np.minimum(passed.sum(axis=1), work.n_labels - 1)
    return classes
