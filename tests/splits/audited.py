"""Files with a stored split of given codes, for tests of audits."""

import numpy as np

import h5torch
from h5torch.parts import Parts
from h5torch.wire.parts import write_parts
from splits.book import BOOK

PARTS = ("train", "val", "test")


def store(path, columns, codes, *, parts=PARTS, axis=0, recipe=None):
    """Write columns by key, the central one first, and a split `main` of these codes."""
    with h5torch.File(path, "w") as f:
        for key, values in columns.items():
            place, _, name = key.partition("/")
            mode = "coo" if isinstance(values, tuple) else "auto"
            f.register(values, place if place == "central" else int(place), name=name or None, mode=mode)
        table = Parts(name="main", axis=axis, parts=parts, codes=np.asarray(codes, np.uint8))
        write_parts(f, table, recipe=spelled(recipe), provenance="{}", overwrite=False)
    return path


def sheets(labels):
    """Find which sheet each digit of scikit-learn's was written on.

    People wrote the ten digits in order, over and over at the beginning of a sheet: the labels show it.
    """
    counting = np.arange(14) % 10
    starts = [row for row in range(len(labels) - 14) if np.array_equal(labels[row : row + 14], counting)]
    first = [row for row in starts if row - 10 not in starts]
    return np.searchsorted(first, np.arange(len(labels)), side="right") - 1


def spelled(recipe):
    """Spell a recipe as the file does; without one, as a recipe that nobody knows."""
    return BOOK.dumps(recipe) if recipe is not None else '{"recipe": "by-hand", "version": 1}'


def of_kind(report, kind, key=None):
    """Return the checks of one kind, on one column if it is named."""
    return [
        check for check in report.checks if check.kind == kind and key in (None, getattr(check, "key", None))
    ]


def found(report):
    """Return severity, check and column of what was found."""
    return [(finding.severity, finding.check, finding.key) for finding in report.findings]
