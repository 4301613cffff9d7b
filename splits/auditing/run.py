"""`audit`: a stored split looked over for leaks and unfairness. This module holds the file open."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from h5torch.errors import ArgumentTypeError
from h5torch.file import File, opened
from h5torch.folds import Folds
from h5torch.keyed import checked_seed
from h5torch.parts import Parts
from h5torch.wire.parts import read_parts, read_split
from h5torch.wire.stamps import Source
from splits.auditing.choosing import Asked, Plan, choose
from splits.auditing.crossing import Place
from splits.auditing.duplicates import find_duplicates
from splits.auditing.facts import Facts, gather_facts
from splits.auditing.groups import find_crossing
from splits.auditing.judging import count_tests, judge
from splits.auditing.promises import Promises, read_promises
from splits.auditing.reading import Reader
from splits.auditing.records import Audit, AuditedFold, Check, PartCount, Skipped
from splits.auditing.sampling import Budget, look_closely
from splits.auditing.shares import compare_shares
from splits.auditing.spread import compare_spread
from splits.auditing.times import find_overlaps

__all__ = ["audit"]

_MOST_EXAMPLES = 10


def audit(
    f: File | Source | str | os.PathLike[str],
    name: str,
    *,
    groups: str | Iterable[str] = (),
    ids: str | Iterable[str] = (),
    time: str | None = None,
    by: str | Iterable[str] | None = None,
    features: str | Iterable[str] | None = None,
    rows: str | Iterable[str] | None = None,
    sample: int = 5_000,
    against: int = 200_000,
    seed: int = 0,
) -> Audit:
    """Look over a stored split for leaks and unfairness; nothing in the file is changed.

    Columns are read block by block, each once for all folds; memory is about 24 bytes a row of the axis for
    one column at a time, 4 to 8 more for each column of classes or numbers, the block, and the rows drawn.
    What the columns are found to say is in the records of `Audit.checks`; what is judged to be wrong, and by
    which thresholds, in `splits.auditing.judging`.

    Args:
        f: An open file, the path of one, or what `File.to_dict` gave.
        name: A split (`"main"`), one fold of it (`"cv/3"`), or all folds (`"cv"`).
        groups: Columns in which no value may be in more than one part, beside those that the stored recipe
            keeps whole. For a split of elements, `"coo/0"` is their index on axis 0 and `"coo/0/user"` a
            column of it.
        ids: The same, for columns that name single things.
        time: A column of numbers or times in which parts must not overlap, beside that of a recipe that goes
            by time.
        by: Columns whose distribution the parts should share: classes (text, categories, bools, integers), a
            number a row, or a yes or no for each of several labels. `None` takes all columns of one value a
            row that are no group, id or time, of integers and text those of at most 256 different values with
            5 rows each on average, and all columns of bools.
        features: Columns of numbers that together make a row for distances and for comparing each place of
            a row; `()` leaves that out. `None` takes the central object if its rows hold several numbers,
            else all aligned columns whose rows do, if a row has at most 4,096 in all.
        rows: Columns that together make a row for exact duplicates; `()` leaves that out. `None` takes the
            central object if its rows hold several values, else all aligned columns whose rows do, else all
            columns of one float a row if there are two.
        sample: Rows of each part but the largest whose nearest rows are looked for, at most; all folds
            together.
        against: Rows of other parts among which they are looked for, at most; fewer where rows are long.
        seed: Decides which rows are drawn; the same seed draws the same rows everywhere.

    Raises:
        UnknownNameError: the file has no such split, fold or column.
        SplitError: a column is of other rows or of a kind that its check cannot look at, or the file has
            more or fewer rows than the split.
        FormatError: the split or a column that was named is damaged.
        ArgumentTypeError: `f` is no file or path, or an argument is of another type.
    """
    asked = Asked(
        groups=_keys(groups, "groups"),
        ids=_keys(ids, "ids"),
        time=time,
        by=None if by is None else _keys(by, "by"),
        features=None if features is None else _keys(features, "features"),
        rows=None if rows is None else _keys(rows, "rows"),
    )
    budget = Budget(
        sample=_number(sample, "sample"), against=_number(against, "against"), seed=checked_seed(seed)
    )
    with opened(f, "r") as file:
        tables = _tables(file, name)
        reader = Reader(file, tables[0].axis, tables[0].n_rows, split=name)
        promises = read_promises(file, name.partition("/")[0])
        plan = choose(reader, asked, promises)
        facts = gather_facts(reader, plan)
        looked = [
            _look_over(reader, table, plan, facts, promises, budget, n_folds=len(tables)) for table in tables
        ]
    n_tests = count_tests(looked)
    told = [Skipped(key="recipe", why=promises.problem)] if promises.problem else []
    return Audit(
        name=name,
        axis=reader.axis,
        n_rows=reader.n_rows,
        folds=tuple(judge(fold, promises, n_tests=n_tests) for fold in looked),
        skipped=(*told, *plan.skipped, *facts.skipped),
    )


def _keys(keys: str | Iterable[Any], what: str) -> tuple[str, ...]:
    found = (keys,) if isinstance(keys, str) else tuple(keys)
    for key in found:
        if not isinstance(key, str):
            msg = f"{what} must name columns such as '0/type', got {key!r} ({type(key).__name__})"
            raise ArgumentTypeError(msg)
    return tuple(dict.fromkeys(found))


def _number(value: object, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        msg = f"{what} must be a number of rows from 1 up, got {value!r}"
        raise ArgumentTypeError(msg)
    return value


def _tables(file: Source, name: str) -> list[Parts]:
    found = read_parts(file, name) if "/" in name else read_split(file, name)
    return list(found.all_folds()) if isinstance(found, Folds) else [found]


def _look_over(
    reader: Reader,
    table: Parts,
    plan: Plan,
    facts: Facts,
    promises: Promises,
    budget: Budget,
    *,
    n_folds: int,
) -> AuditedFold:
    design = facts.design(promises.groups)
    checks: list[Check] = list(_exact(reader, table, plan, facts))
    for one in facts.classes:
        shares = compare_shares(one.key, one.of_row, one.names, table, design=design)
        checks.append(attrs.evolve(shares, place=one.place))
    for key, values in facts.numbers:
        checks.append(compare_spread(key, values, table.codes, table.parts, design=design))
    if plan.features:
        checks += look_closely(reader, plan.features, table, budget, n_folds=n_folds, design=design)
    return AuditedFold(
        name=table.name,
        parts=tuple(
            PartCount(name=part, n_rows=count, share=count / max(1, table.n_rows))
            for part, count in table.counts.items()
        ),
        n_left_out=table.n_left_out,
        checks=tuple(checks),
    )


def _exact(reader: Reader, table: Parts, plan: Plan, facts: Facts) -> Iterator[Check]:
    """Look for what must not be at all: equal rows, groups, ids and times in two parts."""

    def same(places: tuple[Place, ...]) -> bool:
        return all(reader.same(plan.rows, places[0].row, place.row) for place in places[1:])

    if facts.rows is not None:
        yield find_duplicates(plan.rows, facts.rows, table, most=_MOST_EXAMPLES, same=same)
    for what, key, recurring in facts.whole:
        yield find_crossing(what, key, recurring, table, most=_MOST_EXAMPLES, name_of=reader.text)
    for key, moments, missing in facts.times:
        yield find_overlaps(key, moments, missing, table)
