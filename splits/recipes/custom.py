"""`Custom`: a split that a registered function makes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from types import MappingProxyType
from typing import Any, ClassVar

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.parts import LEFT_OUT, Axis, check_label
from splits.dealing.picking import pick
from splits.errors import SplitError
from splits.fields import (
    NO_SEED,
    OWN_AXIS,
    as_keys,
    as_names,
    check_flag,
    check_own_axis,
    check_roles,
    needed_seed,
)
from splits.foreign.parameters import Params, as_params, thawed
from splits.foreign.registry import REGISTRY, check_function_version
from splits.frame import Codes, Columns, Frame
from splits.keys import check_keys

__all__ = ["Custom"]

_PAIR = 2
_RESERVED = {"columns", "held", "n_rows", "seed"}


def _as_params(given: Any) -> Params:
    return as_params(given, what="params of a custom split")


def _check_name(_: object, __: object, value: str) -> None:
    check_label(value, what="split function")


def _check_version(_: object, __: object, value: object) -> None:
    check_function_version(value)


@attrs.frozen(kw_only=True)
class Custom:
    """Split rows as a function does that `splits.register` knows by name.

    The file holds the name and the arguments, never code. Where nothing has registered the name, and no
    installed package names it in the entry points `h5torch.splits`, the recipe can be read and the codes
    used; only to compute them again is refused. `splits.register` says what the function is given and what it
    returns: integers, or with two parts bools, of which `True` is the second part.

    Attributes:
        name: The name under which the function is registered.
        function_version: The version under which it is.
        keys: Keys of the columns that it is given; all of one axis. A string is taken too.
        parts: Names of the parts, which its codes index.
        params: Further keyword arguments, as a mapping or as pairs: numbers, text, bools, `None`, or lists of
            these.
        seed: In `[0, 2**64)`, for the function to use.
        folds: Whether it makes folds, each with these parts.
        axis: Axis whose rows are split, or `"coo"` for the elements of the central object; that of the
            columns where there are any, else 0 unless said.

    Raises:
        SplitError: a column is of no axis or of another, or a parameter or number is not as described.
        RegisterError: a name is not legal, or a part name comes twice.
        ArgumentTypeError: the seed is missing or no integer in its range, or a name no text.
    """

    tag: ClassVar[str] = "custom"
    version: ClassVar[int] = 1

    name: str = attrs.field(validator=_check_name)
    function_version: int = attrs.field(default=1, validator=_check_version)
    keys: tuple[str, ...] = attrs.field(converter=as_keys, default=())
    parts: tuple[str, ...] = attrs.field(converter=as_names)
    params: Params = attrs.field(converter=_as_params, default=(), eq=repr)
    seed: int = attrs.field(converter=needed_seed, default=NO_SEED)
    folds: bool = attrs.field(default=False, validator=check_flag)
    axis: Axis = attrs.field(default=OWN_AXIS)

    def __attrs_post_init__(self) -> None:
        """Check the columns, then the names of parts and parameters."""
        if self.keys:
            check_keys(self.keys)
        check_own_axis(self.keys, self.axis)
        check_roles(self.parts, folds=self.folds)
        if clash := sorted(_RESERVED & dict(self.params).keys()):
            msg = f"params: {clash[0]!r} is an argument that every split function has; leave it away"
            raise SplitError(msg)

    @property
    def frame(self) -> Frame:
        """The parts; of folds one array each."""
        return Frame(scheme="listed" if self.folds else "parts", roles=self.parts)

    @property
    def provenance(self) -> Mapping[str, str]:
        """SHA-256 of the function's source text, as `sha256:...` by `function <name>`.

        To be kept beside versions of libraries, and only ever compared. Empty where nothing is registered so
        far, or the text is not at hand.
        """
        source = REGISTRY.source_of(self.name, self.function_version)
        return {} if source is None else {f"function {self.name}": f"sha256:{source}"}

    def codes(self, columns: Columns, n_rows: int, held: Codes | None = None) -> Codes:
        """Call the function and return the part of each row; see `SplitRecipe.codes`.

        What the function itself raises is passed on, with a note of which function of which recipe it was.
        Columns are copies, so that nothing the function does to them reaches others.

        Raises:
            UnknownNameError: nothing has registered the name.
            SplitError: another version is registered; the function does not take these parameters, cannot
                deal added rows, moves rows that have a part, or returns anything but such codes; a column is
                missing or has another length.
        """
        registered = REGISTRY.find(self.name, self.function_version)
        arguments = thawed(self.params)
        registered.check_arguments(arguments)
        if registered.extends:
            arguments["held"] = None if held is None else _own_copy(held)
        elif held is not None:
            msg = (
                f"split function {self.name!r} takes no held=, so it cannot deal added rows; create it again"
            )
            raise SplitError(msg)
        given = MappingProxyType({key: self._column(columns, key, n_rows) for key in self.keys})
        with self._noted(n_rows):
            returned = registered.function(given, n_rows, seed=self.seed, **arguments)
        codes = self._checked(returned, n_rows)
        if held is not None:
            self._check_held(codes, held)
        return codes

    @contextmanager
    def _noted(self, n_rows: int) -> Iterator[None]:
        """Add to an error of the function what was asked of it."""
        try:
            yield
        except BaseException as error:
            function = f"split function {self.name!r} of version {self.function_version}"
            error.add_note(f"raised by {function}, given {n_rows} rows of axis {self.axis}, for {self!r}")
            raise

    @staticmethod
    def _column(columns: Columns, key: str, n_rows: int) -> npt.NDArray[Any]:
        column = pick(columns, key)
        if len(column) != n_rows:
            msg = f"column {key!r} has {len(column)} rows, the axis has {n_rows}; fill or register it anew"
            raise SplitError(msg)
        return _own_copy(column)

    def _checked(self, returned: Any, n_rows: int) -> Codes:
        """Return the codes that a function returned as they are stored, or refuse them."""
        found = self._as_array(returned)
        is_shaped = found.ndim == 1 + self.folds and found.shape[-1] == n_rows and len(found) >= self.folds
        if found.dtype.kind not in ("iub" if len(self.parts) == _PAIR else "iu") or not is_shaped:
            shape = f"(n_folds, {n_rows})" if self.folds else f"({n_rows},)"
            msg = (
                f"split function {self.name!r} must return integers of shape {shape}, got {found.dtype} of "
                f"shape {found.shape}; with two parts bools will do"
            )
            raise SplitError(msg)
        found = found.view(np.uint8) if found.dtype.kind == "b" else found
        left_out = (found == -1) | (found == LEFT_OUT)
        stray = np.argwhere(~left_out & ((found < 0) | (found >= len(self.parts))))
        if stray.size:
            where = f"row {stray[0][-1]}" + (f" of fold {stray[0][0]}" if self.folds else "")
            msg = (
                f"split function {self.name!r} gave {where} the code {found[tuple(stray[0])]}, none of the "
                f"parts 0 to {len(self.parts) - 1}, nor -1 or {LEFT_OUT} for a row left out"
            )
            raise SplitError(msg)
        return np.where(left_out, LEFT_OUT, found).astype(np.uint8)

    def _as_array(self, returned: Any) -> npt.NDArray[Any]:
        rows = returned if isinstance(returned, list | tuple) else (returned,)
        if any(isinstance(row, np.ma.MaskedArray) for row in rows):
            msg = (
                f"split function {self.name!r} returned a masked array, and a code has no mask; return "
                "codes.filled(-1) to leave the masked rows out"
            )
            raise SplitError(msg)
        try:
            return np.asarray(returned)
        except (ValueError, TypeError) as error:
            msg = f"split function {self.name!r} returned no array of integers: {error}"
            raise SplitError(msg) from error

    def _check_held(self, codes: Codes, held: Codes) -> None:
        if codes.shape[:-1] != held.shape[:-1]:
            msg = (
                f"split function {self.name!r} made {len(codes)} folds, and the split has {len(held)} of them"
            )
            raise SplitError(msg)
        moved = np.argwhere(codes[..., : held.shape[-1]] != held)
        if moved.size:
            msg = (
                f"split function {self.name!r} moved row {moved[0][-1]} to another part; it must return the "
                "codes in held= as they are for the first rows"
            )
            raise SplitError(msg)


def _own_copy(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a read-only copy, also of the objects in it: a view, or a base, could be made writable again."""
    copy: npt.NDArray[Any] = deepcopy(array)
    copy.flags.writeable = False
    return copy
