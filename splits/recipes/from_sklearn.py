"""`FromSklearn`: the splits of a scikit-learn splitter."""

from typing import Any, ClassVar

import attrs
import numpy as np

from h5torch.parts import Axis
from splits.dealing.strata import find_strata
from splits.errors import SplitError
from splits.fields import OWN_AXIS, as_names, check_own_axis, check_roles
from splits.foreign.splitters import Splitter, as_splitter, run
from splits.frame import Codes, Columns, Frame

__all__ = ["FromSklearn"]

_TWO = 2


@attrs.frozen
class FromSklearn:
    """Split rows as a splitter of scikit-learn does, into as many folds as it makes.

    `FromSklearn(StratifiedKFold(5, shuffle=True, random_state=0), by="0/type")` has the folds `0` to `4`,
    each with the parts `train` and `test`, and exactly the rows that `splitter.split` gives.

    The splitter is held by the name of its class and its parameters. One that draws at random needs an
    integer as `random_state`. What it draws is for scikit-learn to decide: another version, or another
    NumPy beneath it, may draw otherwise, so `libraries` names it for the provenance.

    Attributes:
        splitter: Any of `splits.foreign.splitters.SPLITTERS`; an instance of scikit-learn's class is taken,
            too.
        by: Key of the label column, for splitters that stratify and only for these.
        groups: Key of the group column, for splitters that look at groups and only for these.
        axis: Axis whose rows are split, or `"coo"` for the elements of the central object; that of the
            columns where there are any, else 0 unless said.
        parts: What the rows that train and those that test are called.

    Raises:
        SplitError: it is no such splitter, it lacks an integer as `random_state`, it needs a column or looks
            at none, columns are of another axis, or there are not two parts.
        RegisterError: a part name is not legal or comes twice.
    """

    tag: ClassVar[str] = "from_sklearn"
    version: ClassVar[int] = 1

    splitter: Splitter = attrs.field(converter=as_splitter)
    by: str | None = attrs.field(default=None, kw_only=True)
    groups: str | None = attrs.field(default=None, kw_only=True)
    axis: Axis = attrs.field(default=OWN_AXIS, kw_only=True)
    parts: tuple[str, ...] = attrs.field(converter=as_names, default=("train", "test"), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check that the splitter has the columns that it looks at, and no others."""
        self._check_column("by", self.by, needs=self.splitter.needs_labels)
        self._check_column("groups", self.groups, needs=self.splitter.needs_groups)
        check_own_axis(self.keys, self.axis)
        check_roles(self.parts, folds=True)
        if len(self.parts) != _TWO:
            msg = f"parts must be two names, of rows that train and of rows that test, got {self.parts!r}"
            raise SplitError(msg)

    def _check_column(self, field: str, key: str | None, *, needs: bool) -> None:
        if needs and key is None:
            msg = f"{self.splitter.name} looks at a column; name it, as in {field}='0/name'"
            raise SplitError(msg)
        if key is not None and not needs:
            msg = f"{self.splitter.name} does not look at {field}={key!r}; leave it away, or take another"
            raise SplitError(msg)

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns of labels and of groups, as far as the splitter looks at them."""
        return tuple(dict.fromkeys(key for key in (self.by, self.groups) if key is not None))

    @property
    def frame(self) -> Frame:
        """One array a fold, of rows that train and rows that test."""
        return Frame(scheme="listed", roles=self.parts)

    @property
    def libraries(self) -> tuple[str, ...]:
        """The libraries besides NumPy whose version decides."""
        return ("scikit-learn",)

    def codes(self, columns: Columns, n_rows: int, held: Codes | None = None) -> Codes:
        """Return the part of each row in each fold; see `SplitRecipe.codes`.

        Raises:
            SplitError: scikit-learn refuses, there are too many splits to keep, a column is missing, has
                another shape, or holds NaN, NaT or empty labels, or there are rows to add.
            FormatError: the array of `PredefinedSplit` is not at hand.
        """
        if held is not None:
            msg = (
                f"{self.splitter} deals all rows at once and cannot place those added; create the split again"
            )
            raise SplitError(msg)
        for key in self.keys:
            find_strata(columns, (key,), n_rows)
        labels, groups = (self._column(columns, key) for key in (self.by, self.groups))
        return run(self.splitter, n_rows, labels, groups)

    @staticmethod
    def _column(columns: Columns, key: str | None) -> Any:
        return None if key is None else np.asarray(columns[key])
