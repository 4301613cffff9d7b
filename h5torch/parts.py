"""The record of a stored split: which part of its axis each row belongs to."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, TypeAlias

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.errors import ArgumentTypeError, RegisterError, SubsetError, UnknownNameError
from h5torch.names import check_name, did_you_mean

__all__ = [
    "LEFT_OUT",
    "LEFT_OUT_NAME",
    "MAX_PARTS",
    "Axis",
    "Parts",
    "check_label",
    "check_part_names",
    "unknown_name",
]

Axis: TypeAlias = int | Literal["coo"]
"""An axis of the central object, or `"coo"` where rows are its elements."""

LEFT_OUT = 255
"""The code of a row that belongs to no part."""

LEFT_OUT_NAME = "-"
"""What such a row is called where a name is wanted."""

MAX_PARTS = 254
"""The most parts that one split can have."""


def check_label(name: object, *, what: str) -> str:
    """Return `name` if a split, a part or a sampler can be called so.

    Raises:
        ArgumentTypeError: it is no text.
        RegisterError: HDF5 cannot hold it, it begins with a dot (unfinished writes do), or it is `-`
            (which marks rows that are left out).
    """
    if not isinstance(name, str):
        msg = f"{what}: a name must be text, got {name!r} ({type(name).__name__})"
        raise ArgumentTypeError(msg)
    if name.startswith(".") or name == LEFT_OUT_NAME:
        use = (
            "marks rows left out" if name == LEFT_OUT_NAME else "begins like the name of an unfinished write"
        )
        msg = f"{what}: the name {name!r} {use}; choose another"
        raise RegisterError(msg)
    return check_name(name, what=what)


def check_part_names(names: Sequence[str], *, what: str) -> None:
    """Refuse part names that one split cannot have together.

    Raises:
        ArgumentTypeError: one is no text.
        RegisterError: one is no legal name or comes twice, or there are none or more than 254.
    """
    if not 1 <= len(names) <= MAX_PARTS:
        msg = f"{what}: must have 1 to {MAX_PARTS} parts, has {len(names)}"
        raise RegisterError(msg)
    for name in names:
        check_label(name, what=f"{what}: part")
    if len(set(names)) < len(names):
        twice = sorted(name for name in set(names) if names.count(name) > 1)
        msg = f"{what}: part names must differ, {', '.join(map(repr, twice))} comes twice"
        raise RegisterError(msg)


def unknown_name(what: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """Build the error for a name that is not there: what was asked, the nearest one, all there are.

    Args:
        what: What was looked for and where, as in `split 'main' has no part`.
        name: The name asked for.
        known: The names there are.
    """
    return UnknownNameError(f"{what} {name!r}; {did_you_mean(str(name), known)}")


def _as_names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(names)


def _as_codes(codes: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    given = np.asarray(codes)
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
        msg = f"codes must be one-dimensional integers, got {given.dtype} of shape {given.shape}"
        raise ArgumentTypeError(msg)
    if given.size and not 0 <= int(given.min()) <= int(given.max()) <= LEFT_OUT:
        msg = f"codes must lie in [0, {LEFT_OUT}], got [{given.min()}, {given.max()}]"
        raise SubsetError(msg)
    copy = given.astype(np.uint8)
    copy.flags.writeable = False
    return copy


@attrs.frozen(kw_only=True)
class Parts:
    """Rows of one axis shared out among named parts: disjoint by construction.

    Attributes:
        name: Name of the split in its file, or of one fold of it such as `cv/3`.
        axis: Axis whose rows are shared out, or `"coo"` for the elements of the central object.
        parts: Names of the parts in their order, at most 254.
        codes: uint8 of shape `(n_rows,)`, read-only: the index in `parts`, or 255 for a row left out.
    """

    name: str = attrs.field()
    axis: Axis
    parts: tuple[str, ...] = attrs.field(converter=_as_names)
    codes: npt.NDArray[np.uint8] = attrs.field(
        converter=_as_codes, eq=attrs.cmp_using(eq=np.array_equal), repr=False
    )

    def __attrs_post_init__(self) -> None:
        """Check the names first, then the codes by them."""
        for step in str(self.name).split("/"):
            check_label(step, what="split")
        check_part_names(self.parts, what=f"split {self.name!r}")
        stray = np.flatnonzero((self.codes >= len(self.parts)) & (self.codes != LEFT_OUT))
        if stray.size:
            msg = (
                f"split {self.name!r}: row {stray[0]} has code {self.codes[stray[0]]}, which is neither one "
                f"of its {len(self.parts)} parts nor {LEFT_OUT} (left out)"
            )
            raise SubsetError(msg)

    @property
    def n_rows(self) -> int:
        """Number of rows of the axis, those left out included."""
        return len(self.codes)

    @property
    def counts(self) -> Mapping[str, int]:
        """Number of rows in each part, in the parts' order; rows left out are in none."""
        counted = np.bincount(self.codes, minlength=LEFT_OUT + 1)
        return MappingProxyType({part: int(counted[code]) for code, part in enumerate(self.parts)})

    @property
    def n_left_out(self) -> int:
        """Number of rows that belong to no part."""
        return int(np.count_nonzero(self.codes == LEFT_OUT))

    def mask(self, part: str) -> npt.NDArray[np.bool_]:
        """Return one bool a row, True where the row belongs to `part`.

        Raises:
            UnknownNameError: the split has no such part.
        """
        if part not in self.parts:
            what = f"split {self.name!r} has no part"
            raise unknown_name(what, part, self.parts)
        mask: npt.NDArray[np.bool_] = self.codes == self.parts.index(part)
        return mask

    def rows(self, part: str) -> npt.NDArray[np.intp]:
        """Return the row numbers of `part`, ascending.

        Raises:
            UnknownNameError: the split has no such part.
        """
        return np.flatnonzero(self.mask(part))
