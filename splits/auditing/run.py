"""`audit`: a stored split looked over for leaks and unfairness. This module holds the file open."""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from h5torch.errors import ArgumentTypeError
from h5torch.file import File, opened
from h5torch.folds import Folds, choose_fold, fold_of_path
from h5torch.keyed import checked_seed
from h5torch.parts import Parts
from h5torch.wire.parts import read_split, read_story
from h5torch.wire.recipes import parse_json
from h5torch.wire.stamps import Source
from splits.auditing.checking import look_over
from splits.auditing.choosing import Asked, choose
from splits.auditing.facts import gather_facts
from splits.auditing.judging import count_tests, judge
from splits.auditing.promises import read_promises
from splits.auditing.reading import Reader
from splits.auditing.records import Audit, AuditedFold, Skipped
from splits.auditing.sampling import Budget
from splits.record import fingerprint

__all__ = ["audit"]


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

    Columns are read block by block, each once for all folds. Memory is 50 to 110 bytes a row of the axis at
    its peak, as measured on three million rows; of these stay 4 for each column of classes, 1 for each label,
    and 8 for each column of numbers, moments or groups. The rows drawn come on top.
    What the columns are found to say is in the records of `Audit.checks`; what is judged to be wrong, and by
    which thresholds, in `splits.auditing.judging`.

    Args:
        f: An open file, the path of one, or what `File.to_dict` gave.
        name: A split (`"main"`), one fold of it (`"cv/3"`), or all folds (`"cv"`); of nested folds the inner
            ones too, of `"ne"` all and of `"ne/0"` those in that outer fold.
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
        time=None if time is None else _keys(time, "time")[0],
        by=None if by is None else _keys(by, "by"),
        features=None if features is None else _keys(features, "features"),
        rows=None if rows is None else _keys(rows, "rows"),
    )
    budget = Budget(
        sample=_number(sample, "sample"), against=_number(against, "against"), seed=checked_seed(seed)
    )
    with opened(f, "r") as file:
        tables = _tables(file, name)
        altered = _altered(file, name)
        reader = Reader(file, tables[0].axis, tables[0].n_rows, split=name)
        promises = read_promises(file, name.partition("/")[0])
        if reader.axis == "coo":
            asked, promises = asked.renamed(), promises.renamed()
        plan = choose(reader, asked, promises)
        facts = gather_facts(reader, plan)
        looked = [
            look_over(reader, table, plan, facts, promises, budget, n_folds=len(tables)) for table in tables
        ]
    n_tests = count_tests(looked)
    told = [Skipped(key="recipe", why=why) for why in (promises.problem, promises.unchecked) if why]
    told += [Skipped(key="codes", why=altered)] if altered else []
    return Audit(
        name=name,
        axis=reader.axis,
        n_rows=reader.n_rows,
        folds=tuple(judge(fold, promises, n_tests=n_tests) for fold in looked),
        skipped=(*told, *plan.skipped, *facts.skipped, *_untold(looked)),
    )


def _keys(keys: str | Iterable[Any], what: str) -> tuple[str, ...]:
    found = (keys,) if isinstance(keys, str) or not isinstance(keys, Iterable) else tuple(keys)
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
    """Return a split, or its folds; inner folds follow their outer one."""
    split, numbers = fold_of_path(name)
    stored = read_split(file, split)
    if not isinstance(stored, Folds):
        return [choose_fold(stored, numbers)]
    if stored.scheme != "nested" or len(numbers) > 1:
        return [stored.fold(*numbers)] if numbers else list(stored.all_folds())
    outer = numbers or tuple(range(len(stored)))
    return [fold for number in outer for fold in (stored.fold(number), *stored.all_folds(number))]


def _altered(file: Source, name: str) -> str | None:
    """Say that the codes are not those whose fingerprint is recorded: they are audited as they are."""
    split, _ = fold_of_path(name)
    story = parse_json(read_story(file, split)[1], path=f"/splits/{split}/provenance")
    told = story.get("fingerprint") if isinstance(story, dict) else None
    found = fingerprint(read_split(file, split))
    return None if told == found else f"fingerprint {found} is not the one recorded; see splits.verify"


def _untold(folds: Sequence[AuditedFold]) -> Iterator[Skipped]:
    """Yield what could not be told in the first fold of which this is so, and in how many folds."""
    found: dict[str, list[AuditedFold]] = {}
    for fold in folds:
        for key in dict.fromkeys(one.key for one in fold.skipped):
            found.setdefault(key, []).append(fold)
    for key, where in found.items():
        many = f" ({len(where)} of {len(folds)} folds, first {where[0].name})" if len(folds) > 1 else ""
        for one in where[0].skipped:
            if one.key == key:
                yield Skipped(key=key, why=one.why + many)
