"""The checks of one split, or of one fold of it."""

from collections.abc import Iterator, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.parts import LEFT_OUT, Parts
from splits.auditing.assigned import find_unlike
from splits.auditing.choosing import Plan
from splits.auditing.crossing import Place
from splits.auditing.design import Groups
from splits.auditing.duplicates import find_duplicates
from splits.auditing.facts import Facts
from splits.auditing.groups import Whole, find_crossing
from splits.auditing.promises import Promises
from splits.auditing.reading import Reader
from splits.auditing.records import AuditedFold, Check, PartCount, Skipped
from splits.auditing.sampling import Budget, look_closely
from splits.auditing.shares import compare_missing, compare_shares
from splits.auditing.spread import compare_spread
from splits.auditing.times import find_late, find_overlaps

__all__ = ["look_over"]

_MOST_EXAMPLES = 10
_NEARLY_WHOLE = 0.1  # of rows may be in groups that a leak parts


def look_over(
    reader: Reader,
    table: Parts,
    plan: Plan,
    facts: Facts,
    promises: Promises,
    budget: Budget,
    *,
    n_folds: int,
) -> AuditedFold:
    """Make all checks of one split or fold.

    Raises:
        StorageError: bytes cannot be read.
    """
    checks: list[Check] = list(_exact(reader, table, plan, facts, promises))
    groups = list(_whole(table, facts, checks))
    checks += _columns(table, facts, groups)
    skipped = []
    if plan.features:
        for found in look_closely(reader, plan.features, table, budget, n_folds=n_folds, groups=groups):
            if isinstance(found, Skipped):
                skipped.append(found)
            else:
                checks.append(found)
    return AuditedFold(
        name=table.name,
        parts=tuple(
            PartCount(name=part, n_rows=count, share=count / max(1, table.n_rows))
            for part, count in table.counts.items()
        ),
        n_left_out=table.n_left_out,
        checks=tuple(checks),
        skipped=tuple(skipped),
    )


def _whole(table: Parts, facts: Facts, checks: Sequence[Check]) -> Iterator[npt.NDArray[np.intp]]:
    """Yield the groups that stay whole; of those that nearly all do, what lies in one part is a group."""
    n_crossing = {check.key: check.found.n_rows for check in checks if isinstance(check, Whole)}
    for key, numbers in facts.groups:
        if not n_crossing[key]:
            yield numbers
        elif n_crossing[key] < _NEARLY_WHOLE * (table.n_rows - table.n_left_out):
            yield np.unique(numbers * (LEFT_OUT + 1) + table.codes, return_inverse=True)[1].ravel()


def _exact(reader: Reader, table: Parts, plan: Plan, facts: Facts, promises: Promises) -> Iterator[Check]:
    """Look for what must not be at all: equal rows, groups, ids and times in two parts."""

    def same(places: tuple[Place, ...]) -> bool:
        return all(reader.same(plan.rows, places[0].row, place.row) for place in places[1:])

    if facts.rows is not None:
        yield find_duplicates(plan.rows, facts.rows, table, most=_MOST_EXAMPLES, same=same)
    for what, key, recurring in facts.whole:
        yield find_crossing(what, key, recurring, table, most=_MOST_EXAMPLES, name_of=reader.text)
    if promises.mixed == "assign" and facts.axes:
        yield find_unlike(facts.axes, table, most=_MOST_EXAMPLES)
    elif promises.mixed == "own":
        for place, columns in enumerate(facts.axes):
            seen = _parts_of_axis(table, place, n_axes=len(facts.axes))
            for key, recurring in columns:
                yield find_crossing("group", key, recurring, seen, most=_MOST_EXAMPLES, name_of=reader.text)
    for key, moments in facts.times:
        overlaps = find_overlaps(key, moments, moments != moments, table)
        for until, ends in facts.ends.get(key, ()):
            overlaps = attrs.evolve(overlaps, until=until, late=find_late(moments, ends, table))
        yield overlaps


def _parts_of_axis(table: Parts, place: int, *, n_axes: int) -> Parts:
    """Return the part that each element's row has on one axis: that of `a+b` on the second is `b`."""
    pieces = [part.split("+") for part in table.parts]
    names = [one[place] if len(one) == n_axes else "+".join(one) for one in pieces]
    parts = tuple(dict.fromkeys(names))
    code_of = np.full(LEFT_OUT + 1, LEFT_OUT, np.uint8)
    code_of[: len(names)] = [parts.index(name) for name in names]
    return Parts(name=table.name, axis=table.axis, parts=parts, codes=code_of[table.codes])


def _columns(table: Parts, facts: Facts, groups: Groups) -> Iterator[Check]:
    """Compare classes, numbers, and rows that have neither."""
    for one in facts.classes:
        shares = compare_shares(one.key, one.of_row, one.names, table, groups=groups)
        yield attrs.evolve(shares, place=one.place)
        gaps = compare_missing(one.key, one.of_row < 0, table, groups=groups)
        if gaps is not None:
            yield attrs.evolve(gaps, place=one.place)
    for key, values in facts.numbers:
        yield compare_spread(key, values, table.codes, table.parts, groups=groups)
        gaps = compare_missing(key, np.isnan(values), table, groups=groups)
        if gaps is not None:
            yield gaps
