"""What a stored recipe promises, which an audit then looks after."""

from typing import Any

import attrs

from h5torch.errors import H5torchError
from h5torch.wire.parts import read_story
from splits.book import BOOK

__all__ = ["Promises", "promises_of", "read_promises"]

_BY_IS_WHOLE = {"grouped", "clustered", "hashed", "leave_out"}
_MEANT_TO_DIFFER = {"time_ordered", "leave_out", "clustered"}


@attrs.frozen(kw_only=True)
class Promises:
    """What a recipe says of the columns of its file.

    Attributes:
        groups: Columns in which no value may be in more than one part.
        times: Columns by which parts follow one another.
        differs: Tag of the recipe, or of one in it, whose parts are meant to differ; empty if there is none.
        problem: Why the recipe cannot be read; empty if it can.
    """

    groups: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    differs: str = ""
    problem: str = ""


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
    axis, or mixed elements are dropped.
    """
    tag = str(getattr(recipe, "tag", ""))
    if tag == "cold":
        return _of_cold(recipe)
    by = _keys(getattr(recipe, "by", ()))
    found = Promises(
        groups=_keys(getattr(recipe, "groups", ())) + (by if tag in _BY_IS_WHOLE and len(by) == 1 else ()),
        times=by if tag == "time_ordered" else (),
        differs=tag if tag in _MEANT_TO_DIFFER else "",
    )
    for inner in _inner(recipe):
        more = promises_of(inner)
        found = Promises(
            groups=found.groups + more.groups,
            times=found.times + more.times,
            differs=found.differs or more.differs,
        )
    return attrs.evolve(
        found, groups=tuple(dict.fromkeys(found.groups)), times=tuple(dict.fromkeys(found.times))
    )


def _of_cold(recipe: Any) -> Promises:
    whole = len(recipe.axes) == 1 or recipe.mixed == "drop"
    groups = [
        f"coo/{key}"
        for axis, inner in recipe.axes
        for key in (str(axis), *promises_of(inner).groups)
        if whole and key != "central"
    ]
    return Promises(groups=tuple(dict.fromkeys(groups)), differs="cold")


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
