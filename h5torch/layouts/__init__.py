"""The layouts, one module each, and the table that says which is which."""

from collections.abc import Callable
from typing import TypeAlias

import attrs

from h5torch.batch import Column
from h5torch.layouts import coo, csr, dense, ragged, separate, vlen
from h5torch.layouts.coo import CooLayout
from h5torch.layouts.csr import CsrLayout
from h5torch.layouts.dense import DenseLayout
from h5torch.layouts.ragged import RaggedLayout
from h5torch.layouts.separate import SeparateLayout
from h5torch.layouts.vlen import VlenLayout
from h5torch.values.data import Data, DenseData, RaggedRows, SparseCells, SparseRows

__all__ = [
    "LAYOUTS",
    "MODES",
    "CooLayout",
    "CsrLayout",
    "DenseLayout",
    "Layout",
    "LayoutKind",
    "RaggedLayout",
    "SeparateLayout",
    "VlenLayout",
    "mode_for",
]

Layout: TypeAlias = DenseLayout | CsrLayout | CooLayout | RaggedLayout | VlenLayout | SeparateLayout


@attrs.frozen
class LayoutKind:
    """The functions of one layout: `plan`, `write`, `append`, and `gather` rows of axis 0."""

    plan: Callable[..., Layout]
    write: Callable[..., Layout]
    append: Callable[..., Layout]
    gather: Callable[..., Column] | None


LAYOUTS = {
    "N-D": LayoutKind(dense.plan, dense.write, dense.append, dense.gather),
    "csr": LayoutKind(csr.plan, csr.write, csr.append, csr.gather),
    "coo": LayoutKind(coo.plan, coo.write, coo.append, None),
    "ragged": LayoutKind(ragged.plan, ragged.write, ragged.append, ragged.gather),
    "vlen": LayoutKind(vlen.plan, vlen.write, vlen.append, vlen.gather),
    "separate": LayoutKind(separate.plan, separate.write, separate.append, separate.gather),
}
MODES = ("auto", *LAYOUTS)


def mode_for(data: Data) -> str:
    """Return the mode that data of this shape are stored in when nobody says."""
    match data:
        case DenseData():
            return "N-D"
        case SparseRows():
            return "csr"
        case SparseCells():
            return "coo"
        case RaggedRows():
            return "ragged"
