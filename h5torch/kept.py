"""Arrays that recipes hold: spelled in JSON as their digest, stored beside it, never copied into text."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.digests import digest
from h5torch.errors import ArgumentTypeError, FormatError

__all__ = ["Kept", "attach", "find_kept", "keep"]

R = TypeVar("R")


@attrs.frozen(kw_only=True)
class Kept:
    """An array that a recipe holds; two are equal when their values are.

    Attributes:
        sha256: Digest of the values, see `h5torch.digests`.
        values: The array, read-only; `None` in a recipe that was read without the arrays beside it.
    """

    sha256: str
    values: npt.NDArray[Any] | None = attrs.field(default=None, eq=False, repr=False)

    @property
    def array(self) -> npt.NDArray[Any]:
        """The values.

        Raises:
            FormatError: they were not read.
        """
        if self.values is None:
            msg = f"the array {self.sha256[:8]}… of this recipe is not at hand; load the split from its file"
            raise FormatError(msg)
        return self.values


def keep(values: npt.ArrayLike) -> Kept:
    """Hold a copy of an array of numbers or bools.

    Raises:
        ArgumentTypeError: it holds something else.
    """
    copy = np.array(values)
    if copy.dtype.kind not in "biufc":
        msg = f"a recipe keeps arrays of numbers or bools, got {copy.dtype}; number the values first"
        raise ArgumentTypeError(msg)
    copy.flags.writeable = False
    return Kept(sha256=digest(copy), values=copy)


def find_kept(recipe: Any) -> Iterator[Kept]:
    """Yield the arrays that a record holds, those of records within it too."""
    if isinstance(recipe, Kept):
        yield recipe
    elif isinstance(recipe, tuple):
        for item in recipe:
            yield from find_kept(item)
    elif attrs.has(type(recipe)):
        for field in attrs.fields(type(recipe)):
            yield from find_kept(getattr(recipe, field.name))


def attach(recipe: R, arrays: Mapping[str, npt.NDArray[Any]], *, path: str) -> R:
    """Return a record with the arrays it holds, of which it knew the digests.

    Args:
        recipe: A record that `RecipeBook.loads` built.
        arrays: Arrays by digest.
        path: Where they come from, for messages.

    Raises:
        FormatError: an array is missing, or its values have another digest.
    """
    attached: R = _attached(recipe, arrays, path)
    return attached


def _attached(value: Any, arrays: Mapping[str, npt.NDArray[Any]], path: str) -> Any:
    if isinstance(value, Kept):
        found = arrays.get(value.sha256)
        if found is None or digest(found) != value.sha256:
            what = "is missing" if found is None else "has been changed"
            msg = f"{path}: the array {value.sha256[:8]}… {what}; create the split again"
            raise FormatError(msg)
        return attrs.evolve(value, values=found)
    if isinstance(value, tuple):
        return tuple(_attached(item, arrays, path) for item in value)
    if attrs.has(type(value)) and any(find_kept(value)):
        fields = (field for field in attrs.fields(type(value)) if field.init)
        return attrs.evolve(
            value, **{field.alias: _attached(getattr(value, field.name), arrays, path) for field in fields}
        )
    return value
