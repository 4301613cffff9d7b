"""What goes into a recipe and comes out of it: columns, and codes of parts or of folds."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.folds import FIXED, Folds, Scheme
from h5torch.parts import LEFT_OUT, Axis, Parts

__all__ = ["Codes", "Columns", "Frame", "frame_like", "parts_frame"]

Columns: TypeAlias = Mapping[str, npt.NDArray[Any]]
"""Whole columns by key, as samples would show them; rows of different length come as an array of objects."""

Codes: TypeAlias = npt.NDArray[np.uint8]
"""Of parts: shape `(n_rows,)`. Of folds: shape `(arrays, n_rows)`. 255 is a row left out."""


@attrs.frozen(kw_only=True)
class Frame:
    """How the codes that a recipe returns are read.

    Attributes:
        scheme: `"parts"` for codes of one split, else as in `h5torch.folds.Folds`.
        roles: Names of the parts in the order of their codes; of folds as in `Folds`.
        fixed: Names of parts outside all folds, with the codes 254, 253, …
    """

    scheme: Literal["parts"] | Scheme
    roles: tuple[str, ...]
    fixed: tuple[str, ...] = ()

    def table(self, name: str, axis: Axis, codes: npt.NDArray[Any]) -> Parts | Folds:
        """Return the record of a split with these codes.

        Raises:
            RegisterError, SubsetError: names or codes are not what the scheme asks for.
        """
        if self.scheme == "parts":
            return Parts(name=name, axis=axis, parts=self.roles, codes=codes)
        return Folds(
            name=name,
            axis=axis,
            scheme=self.scheme,
            n_folds=self._n_folds(codes),
            roles=self.roles,
            fixed=self.fixed,
            codes=codes,
        )

    def _n_folds(self, codes: npt.NDArray[Any]) -> tuple[int, ...]:
        if self.scheme == "listed":
            return (len(codes),)
        if self.scheme == "nested":
            return (len(codes) - 1, _highest(codes[1:]) + 1)
        return (_highest(codes[codes <= FIXED - len(self.fixed)]) + 1,)


def _highest(codes: npt.NDArray[Any]) -> int:
    return int(codes[codes != LEFT_OUT].max(initial=0))


def frame_like(table: Parts | Folds) -> Frame:
    """Return the frame that a stored table has."""
    if isinstance(table, Parts):
        return parts_frame(*table.parts)
    return Frame(scheme=table.scheme, roles=table.roles, fixed=table.fixed)


def parts_frame(*names: str) -> Frame:
    """Return the frame of a split into parts of these names."""
    return Frame(scheme="parts", roles=names)
