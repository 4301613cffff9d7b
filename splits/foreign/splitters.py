"""Splitters of scikit-learn: held by name and parameters, built from the installed version, run to codes.

No import path is taken from a file: a name is looked up in `SPLITTERS`, and then in scikit-learn. Parameters
are read back from the attributes in which scikit-learn's splitters hold them.
"""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from reprlib import repr as shortened
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.kept import Kept, keep
from h5torch.names import did_you_mean
from h5torch.parts import LEFT_OUT
from splits.errors import SplitError
from splits.foreign.parameters import Params, as_params, thawed
from splits.frame import Codes

__all__ = ["SPLITTERS", "Splitter", "as_splitter", "run"]

_BY_LABEL = {"RepeatedStratifiedKFold", "StratifiedGroupKFold", "StratifiedKFold", "StratifiedShuffleSplit"}
_BY_GROUP = {"GroupKFold", "GroupShuffleSplit", "LeaveOneGroupOut", "LeavePGroupsOut", "StratifiedGroupKFold"}
_ALWAYS_RANDOM = {
    "GroupShuffleSplit",
    "RepeatedKFold",
    "RepeatedStratifiedKFold",
    "ShuffleSplit",
    "StratifiedShuffleSplit",
}
_PREDEFINED = "PredefinedSplit"

SPLITTERS = frozenset(
    {
        *_BY_LABEL,
        *_BY_GROUP,
        *_ALWAYS_RANDOM,
        "KFold",
        "LeaveOneOut",
        "LeavePOut",
        "TimeSeriesSplit",
        _PREDEFINED,
    }
)
"""Names of the classes of `sklearn.model_selection` that a recipe may name."""

_MOST_SPLITS = 10_000
_MOST_BYTES = 2 << 30


def _as_params(given: Any) -> Params:
    return as_params(given, what="splitter")


@attrs.frozen(kw_only=True)
class Splitter:
    """A splitter of scikit-learn, which need not be at hand to hold or to read one.

    Attributes:
        name: Name of its class, one of `SPLITTERS`.
        params: Arguments of its constructor by name, as a mapping or as pairs.
        test_fold: The array of `PredefinedSplit`, in place of parameters.

    Raises:
        SplitError: there is no such class, a parameter is no plain value, an array stands where there is
            none, or the splitter draws at random and has no integer as `random_state`.
    """

    name: str
    params: Params = attrs.field(converter=_as_params, default=(), eq=repr)
    test_fold: Kept | None = None

    def __attrs_post_init__(self) -> None:
        """Check the name, then what belongs to it."""
        if self.name not in SPLITTERS:
            msg = (
                f"scikit-learn has no splitter {self.name!r} that a recipe can name; "
                f"{did_you_mean(self.name, SPLITTERS)}; for one of your own use splits.Custom"
            )
            raise SplitError(msg)
        has_array = self.test_fold is not None
        if has_array != (self.name == _PREDEFINED) or (has_array and self.params):
            msg = (
                f"{self.name}: test_fold is what PredefinedSplit needs, alone, and no other splitter knows it"
            )
            raise SplitError(msg)
        _check_seed(self.name, dict(self.params))

    @property
    def needs_labels(self) -> bool:
        """Whether it looks at a label of each row."""
        return self.name in _BY_LABEL

    @property
    def needs_groups(self) -> bool:
        """Whether it looks at a group of each row."""
        return self.name in _BY_GROUP

    def __str__(self) -> str:
        """Spell it as in Python."""
        return f"{self.name}({', '.join(f'{name}={value!r}' for name, value in thawed(self.params).items())})"


def as_splitter(given: object) -> Splitter:
    """Read name and parameters of a splitter of scikit-learn; a `Splitter` is taken as it is.

    Raises:
        SplitError: it is none of `SPLITTERS`, or cannot be held; see `Splitter`.
    """
    if isinstance(given, Splitter):
        return given
    if isinstance(given, type):
        msg = f"give the splitter itself and not its class, as in FromSklearn({given.__name__}(...))"
        raise SplitError(msg)
    name = type(given).__name__
    if name not in SPLITTERS or type(given) is not _class(name):
        msg = (
            f"{shortened(given)} of class {type(given).__module__}.{name} is no splitter of scikit-learn, so "
            "a file cannot tell how to make it again; register what it does and use splits.Custom, or store "
            f"its indices with splits.Predefined; of scikit-learn's {did_you_mean(name, SPLITTERS)}"
        )
        raise SplitError(msg)
    attributes = vars(given)
    if name == _PREDEFINED:
        return Splitter(name=name, test_fold=keep(attributes["test_fold"]))
    known = {**attributes.get("cvargs", {}), **attributes}
    params = {key: known[key] for key in inspect.signature(type(given)).parameters}
    _check_seed(name, params)
    return Splitter(name=name, params=params)


def run(
    splitter: Splitter, n_rows: int, labels: npt.NDArray[Any] | None, groups: npt.NDArray[Any] | None
) -> Codes:
    """Run a splitter over all rows.

    Args:
        splitter: Which one.
        n_rows: Number of rows.
        labels: Label of each row, shape `(n_rows,)`, for those that look at labels.
        groups: Group of each row, shape `(n_rows,)`, for those that look at groups.

    Returns:
        uint8 of shape `(n_splits, n_rows)`: 0 where the row trains, 1 where it tests, 255 where neither.

    Raises:
        SplitError: scikit-learn refuses, or there are more than 10,000 splits or 2 GiB of codes.
        FormatError: `test_fold` of a splitter read from a file is not at hand.
    """
    built, rows = _build(splitter, n_rows), np.zeros(n_rows, np.int8)
    with _told(splitter, n_rows):
        n_splits = int(built.get_n_splits(rows, labels, groups))
    if n_splits > _MOST_SPLITS or n_splits * n_rows > _MOST_BYTES:
        figure = f"{n_splits:,}" if n_splits < 1 << 63 else "more than 2**63"
        msg = (
            f"{splitter} makes {figure} splits of {n_rows:,} rows; at most {_MOST_SPLITS:,} can be kept, and "
            "2 GiB of codes, a byte for each row of each; ask for fewer"
        )
        raise SplitError(msg)
    codes = np.full((n_splits, n_rows), LEFT_OUT, np.uint8)
    with _told(splitter, n_rows):
        for fold, (train, test) in zip(codes, built.split(rows, labels, groups), strict=True):
            fold[train] = 0
            fold[test] = 1
    return codes


def _check_seed(name: str, params: dict[str, Any]) -> None:
    state = params.get("random_state")
    is_number = isinstance(state, int | np.integer) and not isinstance(state, bool)
    if (name in _ALWAYS_RANDOM or params.get("shuffle")) and not is_number:
        msg = (
            f"seed missing: {name} with random_state={shortened(state)} draws other rows each time; give an "
            "integer, as in random_state=0"
        )
        raise SplitError(msg)


def _class(name: str) -> Any:
    from sklearn import model_selection

    return getattr(model_selection, name)


def _build(splitter: Splitter, n_rows: int) -> Any:
    made = _class(splitter.name)
    if splitter.test_fold is not None:
        test_fold = splitter.test_fold.array
        if test_fold.shape != (n_rows,):
            msg = f"test_fold of PredefinedSplit has shape {test_fold.shape}, the axis has {n_rows} rows"
            raise SplitError(msg)
        return made(test_fold)
    known = inspect.signature(made).parameters
    wanted = {key: value for key, value in thawed(splitter.params).items() if key in known or _matters(value)}
    if unknown := [key for key in wanted if key not in known]:
        from sklearn import __version__

        msg = (
            f"{splitter}: {splitter.name} of scikit-learn {__version__} has no {unknown[0]!r}; install the "
            "version of scikit-learn that the split was made with"
        )
        raise SplitError(msg)
    with _told(splitter, n_rows):
        return made(**wanted)


def _matters(value: object) -> bool:
    """Say whether an argument asks for something: older versions lack some of which the default is no."""
    return value is not None and value is not False


@contextmanager
def _told(splitter: Splitter, n_rows: int) -> Iterator[None]:
    """Say what was asked where scikit-learn refuses it."""
    try:
        yield
    except (ValueError, TypeError) as error:
        msg = f"{splitter} cannot split {n_rows} rows: {error}"
        raise SplitError(msg) from error
