"""Which columns an audit looks at: those named, or those that a careful person would name."""

from collections.abc import Collection, Iterator, Mapping
from typing import Literal, TypeAlias

import attrs

from h5torch.errors import H5torchError
from h5torch.layouts import CooLayout, Layout, RaggedLayout, VlenLayout
from h5torch.schema import CENTRAL
from splits.auditing.promises import Promises, plain_keys
from splits.auditing.reading import Reader
from splits.auditing.records import Skipped
from splits.errors import SplitError

__all__ = ["MOST_LABELS", "Asked", "Plan", "Role", "choose", "role_of"]

Role: TypeAlias = Literal["class", "number", "time", "labels", "features", "ragged", "other"]
"""What a column can be by its layout: one value a row that may name a class, or that measures, or a moment; a
yes or no for each of several labels; several numbers; rows of different length; or none of these."""

MOST_LABELS = 128
"""Columns of more labels a row are not looked at."""

LARGEST_ROW = 4096
"""Rows of more values are not searched for near duplicates unless they are named."""

_ONE_VALUE: dict[str, Role] = {"b": "class", "i": "class", "u": "class", "f": "number"}

_WHY: Mapping[Role, str] = {
    "time": "times; name it in time= to see whether parts overlap",
    "labels": "labels",
    "features": "rows of several numbers; name it in rows= or features=",
    "ragged": "rows of different length; name it in rows=",
    "other": "values of a kind that no check compares; name it in rows=",
}


@attrs.frozen(kw_only=True)
class Asked:
    """What the caller of an audit named; `None` leaves the choice to `choose`."""

    groups: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    time: str | None = None
    by: tuple[str, ...] | None = None
    features: tuple[str, ...] | None = None
    rows: tuple[str, ...] | None = None

    def renamed(self) -> "Asked":
        """Return the same with `coo/central`, as recipes call the values of elements, as `central`."""
        return Asked(
            groups=plain_keys(self.groups),
            ids=plain_keys(self.ids),
            time=None if self.time is None else plain_keys((self.time,))[0],
            by=None if self.by is None else plain_keys(self.by),
            features=None if self.features is None else plain_keys(self.features),
            rows=None if self.rows is None else plain_keys(self.rows),
        )


@attrs.frozen(kw_only=True)
class Plan:
    """The columns of each check.

    Attributes:
        rows: Those whose values together make a row for exact duplicates.
        features: Those whose numbers together make a row for distances.
        groups: Those in which no group may be in two parts.
        axes: For each axis held out those in which no value may be in two parts of the axis.
        ids: Those in which no id may.
        times: Those by which parts must follow one another.
        ends: Of these, with the column of when each row becomes known.
        classes: Those whose values are classes if they are few.
        numbers: Those whose values are numbers.
        labels: Those of several yes-or-no labels a row.
        named: Whether the caller named the last three.
        skipped: What is not looked at, and why.
    """

    rows: tuple[str, ...]
    features: tuple[str, ...]
    groups: tuple[str, ...]
    axes: tuple[tuple[str, ...], ...]
    ids: tuple[str, ...]
    times: tuple[str, ...]
    ends: tuple[tuple[str, str], ...]
    classes: tuple[str, ...]
    numbers: tuple[str, ...]
    labels: tuple[str, ...]
    named: bool
    skipped: tuple[Skipped, ...]


def role_of(layout: Layout, width: int | None) -> Role:
    """Say what a column can be.

    Args:
        layout: Its layout.
        width: Values in each row, 0 where rows have no axis of their own, `None` where rows differ.
    """
    kind, dtype = layout.value.kind, layout.value.load.kind
    if width is None:
        return "class" if kind == "text" and isinstance(layout, RaggedLayout | VlenLayout) else "ragged"
    if width == 0:
        if kind in ("text", "bytes", "category"):
            return "class"
        return "time" if dtype in "mM" else _ONE_VALUE.get(dtype, "other")
    if kind != "number" or dtype not in "biuf":
        return "other"
    return "labels" if dtype == "b" else "features"


def choose(reader: Reader, asked: Asked, promises: Promises) -> Plan:
    """Decide which columns each check looks at.

    Raises:
        UnknownNameError: a column that was named is not in the file.
        SplitError: one is of other rows, or of a kind that the check cannot look at.
    """
    keys, skipped = _readable(reader)
    roles = {key: role_of(reader.layout(key), reader.width(key)) for key in keys}
    _check_named(reader, asked)
    by_axis = [key for keys in promises.axes for key in keys]
    ends = [until for _, until in promises.ends]
    promised = {key: _lacks(reader, key) for key in (*promises.groups, *by_axis, *promises.times, *ends)}
    skipped += [Skipped(key=key, why=f"the recipe goes by it: {why}") for key, why in promised.items() if why]
    groups = _once(*asked.groups, *(key for key in promises.groups if not promised[key]))
    times = _once(*filter(None, [asked.time]), *(key for key in promises.times if not promised[key]))
    spoken_for = {*groups, *by_axis, *asked.ids, *times, *ends}
    roles |= dict.fromkeys(_flags(reader, roles), "labels")
    by = [key for key in roles if key not in spoken_for] if asked.by is None else list(asked.by)
    if asked.by is not None:
        roles |= {key: _role_named(reader, key) for key in by}
    plan = Plan(
        rows=_default_rows(reader, roles) if asked.rows is None else asked.rows,
        features=_default_features(reader, roles) if asked.features is None else asked.features,
        groups=groups,
        axes=tuple(tuple(key for key in keys if not promised[key]) for keys in promises.axes),
        ids=asked.ids,
        times=times,
        ends=tuple(one for one in promises.ends if one[0] in times and not promised[one[1]]),
        classes=tuple(key for key in by if roles[key] == "class"),
        numbers=tuple(key for key in by if roles[key] == "number"),
        labels=tuple(key for key in by if roles[key] == "labels"),
        named=asked.by is not None,
        skipped=(),
    )
    if not plan.rows and asked.rows is None:
        skipped.append(Skipped(key="duplicates", why="no column holds rows of several values; name rows="))
    return attrs.evolve(plan, skipped=(*skipped, *_unused(plan, roles)))


def _once(*keys: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(keys))


def _readable(reader: Reader) -> tuple[list[str], list[Skipped]]:
    keys, skipped = [], []
    for key in reader.candidates():
        why = _lacks(reader, key)
        if why:
            skipped.append(Skipped(key=key, why=why))
        else:
            keys.append(key)
    return keys, skipped


def _lacks(reader: Reader, key: str) -> str:
    """Say why a column cannot be read; empty if it can."""
    try:
        reader.layout(key)
    except H5torchError as error:
        return str(error)
    return ""


def _check_named(reader: Reader, asked: Asked) -> None:
    """Refuse columns that a check cannot look at."""
    for key in (*asked.groups, *asked.ids, *(asked.rows or ())):
        reader.layout(key)
    if asked.time is not None:
        layout, width = reader.layout(asked.time), reader.width(asked.time)
        if width != 0 or layout.value.kind == "category" or layout.value.load.kind not in "iufmM":
            msg = f"time={asked.time!r} must hold one number or time a row, it holds {_spoken(layout, width)}"
            raise SplitError(msg)
    for key in asked.features or ():
        layout, width = reader.layout(key), reader.width(key)
        if width is None or layout.value.kind != "number" or layout.value.load.kind not in "biuf":
            held = _spoken(layout, width)
            msg = f"features: {key!r} must hold as many real numbers in every row, it holds {held}"
            raise SplitError(msg)


def _role_named(reader: Reader, key: str) -> Role:
    layout, width = reader.layout(key), reader.width(key)
    role = role_of(layout, width)
    if role == "time":
        return "number"
    if role == "features" and layout.value.load.kind in "iu":
        return "labels"
    if role not in ("class", "number", "labels"):
        msg = (
            f"by: {key!r} must hold a class or a number a row, or a yes or no for each of several labels; it "
            f"holds {_spoken(layout, width)}"
        )
        raise SplitError(msg)
    return role


def _spoken(layout: Layout, width: int | None) -> str:
    values = "category" if layout.value.kind == "category" else str(layout.value.load)
    many = {None: "rows of different length", 0: "one value a row"}.get(width, f"{width} values a row")
    return f"{many}, {values} (mode {layout.mode!r})"


def _flags(reader: Reader, roles: Mapping[str, Role]) -> list[str]:
    """Return columns of integers that are all 0 or 1, if other columns hold rows: these are labels."""
    several = [key for key, role in roles.items() if _is_long(reader, key, role)]
    narrow = [key for key in several if roles[key] == "features" and (reader.width(key) or 0) <= MOST_LABELS]
    whole = [key for key in narrow if reader.layout(key).value.load.kind in "iu"]
    flags = [key for key in whole if reader.is_flags(key)]
    return flags if len(flags) < len(several) else []


def _default_rows(reader: Reader, roles: Mapping[str, Role]) -> tuple[str, ...]:
    """Choose the central object if its rows hold several values, else all columns whose rows do.

    Of a table of single columns those that measure make a row, if there are two.
    """
    if reader.axis == "coo":
        central = reader.view.schema.central
        return (
            tuple(f"coo/{axis}" for axis in range(len(central.shape)))
            if isinstance(central, CooLayout)
            else ()
        )
    several = [key for key, role in roles.items() if _is_long(reader, key, role)]
    numbers = [key for key, role in roles.items() if role == "number"]
    if CENTRAL in several:
        return (CENTRAL,)
    return tuple(several or (numbers if len(numbers) > 1 else ()))


def _is_long(reader: Reader, key: str, role: Role) -> bool:
    text = role == "class" and reader.width(key) is None  # text of any length is the sample, or its name
    return text or role == "ragged" or (role == "features" and (reader.width(key) or 0) > 1)


def _default_features(reader: Reader, roles: Mapping[str, Role]) -> tuple[str, ...]:
    several = [key for key, role in roles.items() if role == "features"]
    chosen = [CENTRAL] if CENTRAL in several else several
    total = sum(reader.width(key) or 0 for key in chosen)
    return tuple(chosen) if 2 <= total <= LARGEST_ROW and reader.axis != "coo" else ()


def _unused(plan: Plan, roles: Mapping[str, Role]) -> Iterator[Skipped]:
    """Name the columns that no check looks at, unless the caller said which to look at."""
    axes = (key for keys in plan.axes for key in keys)
    kept = (*plan.groups, *axes, *plan.ids, *plan.times, *(until for _, until in plan.ends))
    used: Collection[str] = {*plan.rows, *plan.features, *kept, *plan.classes, *plan.numbers, *plan.labels}
    for key, role in roles.items():
        if key not in used and not plan.named:
            yield Skipped(key=key, why=_WHY.get(role, "no check looks at it; name it in by="))
