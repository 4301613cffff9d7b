"""How much less rows tell where groups stay whole: the design effect of a column."""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

__all__ = ["Groups", "of_classes", "of_numbers"]

_DOUBT = 0.01
"""Probability that rows of a group are more alike than they are taken for."""

Groups = Sequence[npt.NDArray[np.intp]]
"""For each column whose values stay whole in parts: the number of each row's group."""


@attrs.frozen(kw_only=True, eq=False)
class _Clusters:
    """Groups of those rows that have a value; no group is in two parts."""

    of_row: npt.NDArray[np.intp]
    sizes: npt.NDArray[np.float64]
    part: npt.NDArray[np.intp]
    part_sizes: npt.NDArray[np.float64]

    @property
    def mean_size(self) -> float:
        """The mean size of the group of a row."""
        return float((self.sizes**2).sum() / self.sizes.sum())

    def effects(
        self,
        squares: npt.NDArray[np.float64],
        of_groups: npt.NDArray[np.float64],
        of_parts: npt.NDArray[np.float64],
    ) -> npt.NDArray[np.float64]:
        """Return the design effect from sums of squares: of rows, of groups' and of parts' means."""
        from scipy.stats import f as law

        n_rows, n_groups = self.sizes.sum(), len(self.sizes)
        free, inside = n_groups - len(self.part_sizes), n_rows - n_groups
        if inside <= 0:
            return np.ones(len(squares))
        if free <= 0:
            return np.full(len(squares), self.mean_size)
        shared = (np.bincount(self.part, self.sizes**2) / self.part_sizes).sum()
        typical = (n_rows - shared) / free
        between = (of_groups - of_parts) / free / law.ppf(_DOUBT, free, inside)
        within = np.maximum(squares - of_groups, 0) / inside
        rho = np.ones(len(squares))
        np.divide(between - within, between + (typical - 1) * within, out=rho, where=between + within > 1e-12)
        effects: npt.NDArray[np.float64] = 1 + (self.mean_size - 1) * np.clip(rho, 0, 1)
        return effects


def of_classes(
    groups: Groups, class_of: npt.NDArray[Any], part_of: npt.NDArray[Any], n_classes: int
) -> npt.NDArray[np.float64]:
    """Return by how much groups lessen what rows tell of each class.

    The effect is `1 + (m - 1) * rho` (L. Kish, "Survey Sampling", 1965), `m` being the mean size of the group
    of a row, and `rho` how alike rows of a group are, by analysis of variance (A. Donner, "A Review of
    Inference Procedures for the Intraclass Correlation Coefficient in the One-Way Random Effects Model",
    1986): of groups within parts, so that a difference between parts is not taken for one between groups, and
    at its upper limit of 99 %, so that few groups do not seem unlike by chance.

    Args:
        groups: Numbers of groups of the rows, one array a column; of several the largest effect counts.
        class_of: Number of the class of each row, shape `(n,)`, at least 0.
        part_of: Number of the part of each row, same shape.
        n_classes: Number of classes.

    Returns:
        At least 1, shape `(n_classes,)`.
    """
    found = np.ones(n_classes)
    for clusters in _clusters(groups, part_of):
        cells, counts = np.unique(clusters.of_row * n_classes + class_of, return_counts=True)
        group, label = np.divmod(cells, n_classes)
        of_groups: npt.NDArray[Any] = np.bincount(label, counts**2 / clusters.sizes[group], n_classes)
        in_part = np.bincount(clusters.part[group] * n_classes + label, counts)
        table = np.zeros((len(clusters.part_sizes), n_classes))
        table.ravel()[: len(in_part)] = in_part
        of_parts = (table**2 / clusters.part_sizes[:, None]).sum(axis=0)
        found = np.maximum(found, clusters.effects(table.sum(axis=0), of_groups, of_parts))
    return found


def of_numbers(groups: Groups, values: npt.NDArray[np.float64], part_of: npt.NDArray[Any]) -> float:
    """Return by how much groups lessen what rows tell of numbers; see `of_classes`.

    Args:
        groups: Numbers of groups of the rows, one array a column.
        values: Finite numbers, such as ranks, shape `(n,)`.
        part_of: Number of the part of each row, same shape.
    """
    found = 1.0
    centred = values - values.mean() if len(values) else values
    for clusters in _clusters(groups, part_of):
        of_group = np.bincount(clusters.of_row, centred)
        of_part = np.bincount(clusters.part, of_group)
        effects = clusters.effects(
            np.array([(centred**2).sum()]),
            np.array([(of_group**2 / clusters.sizes).sum()]),
            np.array([(of_part**2 / clusters.part_sizes).sum()]),
        )
        found = max(found, float(effects[0]))
    return found


def _clusters(groups: Groups, part_of: npt.NDArray[Any]) -> list[_Clusters]:
    found = []
    for numbers in groups:
        if not len(numbers):
            continue
        counts = np.bincount(numbers)
        kept = np.flatnonzero(counts)
        rank = np.zeros(len(counts), np.intp)
        rank[kept] = np.arange(len(kept))
        of_row = rank[numbers]
        part = np.zeros(len(kept), np.intp)
        part[of_row] = np.unique(part_of, return_inverse=True)[1].ravel()
        sizes = counts[kept].astype(np.float64)
        part_sizes: npt.NDArray[Any] = np.bincount(part, sizes)
        found.append(_Clusters(of_row=of_row, sizes=sizes, part=part, part_sizes=part_sizes))
    return found
