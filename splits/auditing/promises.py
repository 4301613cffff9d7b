"""What a stored recipe promises, which an audit then looks after."""

from typing import Any

import attrs

from h5torch.errors import H5torchError
from h5torch.wire.parts import read_story
from splits.book import BOOK
from splits.keys import COO

__all__ = ["Promises", "plain_keys", "promises_of", "read_promises"]

_BY_IS_WHOLE = {"grouped", "clustered", "hashed", "leave_out"}
_MEANT_TO_DIFFER = {"time_ordered", "leave_out", "clustered"}


@attrs.frozen(kw_only=True)
class Promises:
    """What a recipe says of the columns of its file.

    Attributes:
        groups: Columns in which no value may be in more than one part.
        axes: For each axis held out the columns in which no value may be in more than one part of the axis,
            where elements whose rows are in different parts are in parts of both.
        mixed: Which these are: `own`, parts named after both such as `train+test`, or `assign`, the last of
            both; empty where there are no such elements.
        times: Columns by which parts follow one another.
        ends: Of these, with the column of when each row becomes known, which must be before the next part.
        unchecked: What the recipe promises beside and no check looks at; empty if it is nothing.
        differs: Tag of the recipe, or of one in it, whose parts are meant to differ; empty if there is none.
        problem: Why the recipe cannot be read; empty if it can.
    """

    groups: tuple[str, ...] = ()
    axes: tuple[tuple[str, ...], ...] = ()
    mixed: str = ""
    times: tuple[str, ...] = ()
    ends: tuple[tuple[str, str], ...] = ()
    unchecked: str = ""
    differs: str = ""
    problem: str = ""

    def renamed(self) -> "Promises":
        """Return the same with `coo/central`, as recipes call the values of elements, as `central`."""
        return attrs.evolve(self, groups=plain_keys(self.groups), times=plain_keys(self.times))


def plain_keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return keys of elements with `coo/central` as `central`, each once."""
    return tuple(dict.fromkeys("central" if key == f"{COO}central" else key for key in keys))


def read_promises(root: Any, name: str) -> Promises:
    """Read what the recipe of a stored split promises; a split of an unknown recipe promises nothing."""
    try:
        recipe, _ = read_story(root, name)
        return promises_of(BOOK.loads(recipe, path=f"/splits/{name}/recipe"))
    except H5torchError as error:
        return Promises(problem=str(error))


def promises_of(recipe: object) -> Promises:
    """Return what a recipe, and those that it is made of, say of columns.

    A field `groups` names columns whose values stay whole, whatever the recipe; a field `by` does so in
    recipes that group, cluster, hash or leave out, if it is one column, and names the order in one that goes
    by time. Of elements held out by axes, no index and no group of an axis is in two parts if there is one
    axis, or mixed elements are dropped; else none is in two parts of its axis.
    """
    tag = str(getattr(recipe, "tag", ""))
    if tag == "cold":
        return _of_cold(recipe)
    by = _keys(getattr(recipe, "by", ()))
    found = Promises(
        groups=_keys(getattr(recipe, "groups", ())) + (by if tag in _BY_IS_WHOLE and len(by) == 1 else ()),
        times=by if tag == "time_ordered" else (),
        ends=_ends(recipe) if tag == "time_ordered" else (),
        unchecked=_unchecked(recipe) if tag == "time_ordered" else "",
        differs=tag if tag in _MEANT_TO_DIFFER else "",
    )
    for inner in _inner(recipe):
        more = promises_of(inner)
        found = Promises(
            groups=found.groups + more.groups,
            axes=found.axes or more.axes,
            mixed=found.mixed or more.mixed,
            times=found.times + more.times,
            ends=found.ends + more.ends,
            unchecked=found.unchecked or more.unchecked,
            differs=found.differs or more.differs,
        )
    return attrs.evolve(
        found, groups=tuple(dict.fromkeys(found.groups)), times=tuple(dict.fromkeys(found.times))
    )


def _of_cold(recipe: Any) -> Promises:
    axes = tuple(
        tuple(f"{COO}{key}" for key in (str(axis), *promises_of(inner).groups) if key != "central")
        for axis, inner in recipe.axes
    )
    if len(axes) > 1 and recipe.mixed != "drop":
        return Promises(axes=axes, mixed=str(recipe.mixed), differs="cold")
    return Promises(groups=tuple(dict.fromkeys(key for keys in axes for key in keys)), differs="cold")


def _ends(recipe: Any) -> tuple[tuple[str, str], ...]:
    until = getattr(recipe, "until", None)
    return ((recipe.by, until),) if isinstance(until, str) else ()


def _unchecked(recipe: Any) -> str:
    named = [name for name in ("gap", "purge", "embargo") if getattr(recipe, name, None)]
    return f"no check looks at its {', '.join(named)} between parts" if named else ""


def _keys(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(key for key in value if isinstance(key, str)) if isinstance(value, tuple | list) else ()


def _inner(recipe: object) -> list[Any]:
    """Return the recipes among the fields of a recipe, and among the members of these."""
    kind = type(recipe)
    values = [getattr(recipe, field.name) for field in attrs.fields(kind)] if attrs.has(kind) else []
    members = [item for value in values if isinstance(value, tuple) for item in value]
    nested = [item for value in members if isinstance(value, tuple) for item in value]
    return [value for value in (*values, *members, *nested) if hasattr(value, "tag")]
