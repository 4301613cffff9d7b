"""`Stratified`: every class has the same shares in every part."""

from collections.abc import Iterable
from typing import ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.keyed import checked_seed, derive, hash_rows
from h5torch.parts import LEFT_OUT
from splits.apportion import apportion
from splits.errors import SplitError
from splits.keys import axis_of, check_keys
from splits.recipes.protocol import Columns
from splits.shares import Shares, as_shares, check_shares, exact_shares
from splits.strata import find_strata

__all__ = ["Stratified"]


def _as_keys(by: str | Iterable[str]) -> tuple[str, ...]:
    try:
        return (by,) if isinstance(by, str) else tuple(by)
    except TypeError as error:
        msg = f"by must be the key of a column such as '0/type', or several, got {by!r}"
        raise SplitError(msg) from error


@attrs.frozen(kw_only=True)
class Stratified:
    """Share out rows at random so that every class has its share in every part.

    Rows that agree in all columns of `by` are a stratum. Each stratum gives each part the floor or the
    ceiling of `rows * share`, and so do all rows together. Where a share of a stratum is less than one row
    though the stratum has a row for every part (and one to leave out, where the shares leave some out), it
    is raised to one row and the stratum's other shares give way, so that no class is missing from a part.

    Which rows go where depends on the seed, the row numbers and which rows share a label, not on the
    labels' names, the platform or any library's version.

    Attributes:
        by: Key of the label column, or several that count jointly; all of one axis. A string is taken too.
        parts: Part names with their shares, as a mapping or as pairs. Shares that sum to less than 1 leave
            the other rows out of every part.
        seed: In `[0, 2**64)`; the same seed gives the same split everywhere.

    Raises:
        SplitError: no key, a key twice, keys of different axes, or shares that are no shares of a whole.
        RegisterError: a part name is not legal or comes twice.
        ArgumentTypeError: the seed is no integer in its range.
    """

    tag: ClassVar[str] = "stratified"
    version: ClassVar[int] = 1

    by: tuple[str, ...] = attrs.field(converter=_as_keys)
    parts: Shares = attrs.field(converter=as_shares)
    seed: int = attrs.field(converter=checked_seed)

    def __attrs_post_init__(self) -> None:
        """Check the keys together and the shares together."""
        check_keys(self.by)
        check_shares(self.parts)

    @property
    def axis(self) -> int:
        """The axis that the columns of `by` belong to."""
        return axis_of(self.by[0])

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that decide: those of `by`."""
        return self.by

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of the parts, in the order of their codes."""
        return tuple(name for name, _ in self.parts)

    def codes(self, columns: Columns, n_rows: int) -> npt.NDArray[np.uint8]:
        """Return the part of each row.

        Args:
            columns: Label columns by key, each of shape `(n_rows,)`: numbers, bools, text or times.
            n_rows: Length of the axis.

        Returns:
            uint8 of shape `(n_rows,)`: the index in `parts`, or 255 for a row left out.

        Raises:
            SplitError: fewer rows than parts; a column is missing, has another shape, or holds NaN, NaT or
                empty labels.
        """
        if n_rows < len(self.parts):
            msg = f"{len(self.parts)} parts need at least as many rows, the axis has {n_rows}"
            raise SplitError(msg)
        strata = find_strata(columns, self.by, n_rows)
        mixed = np.argsort(hash_rows(strata.first, key=derive(self.seed, self.tag, "strata")))
        counts = np.empty((len(mixed), len(self.parts) + 1), np.int64)
        counts[mixed] = apportion(strata.sizes[mixed], exact_shares(self.parts))
        shuffled = np.argsort(hash_rows(np.arange(n_rows), key=derive(self.seed, self.tag, "rows")))
        kind = np.min_scalar_type(len(mixed))  # few strata sort by radix, several times faster
        order = shuffled[np.argsort(strata.of_row[shuffled].astype(kind), kind="stable")]
        names = np.array([*range(len(self.parts)), LEFT_OUT], np.uint8)
        codes = np.empty(n_rows, np.uint8)
        codes[order] = np.repeat(np.tile(names, len(mixed)), counts.ravel())
        return codes
