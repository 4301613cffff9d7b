"""From figures to findings: what is a leak, what a warning, and what only worth a note.

Rows, groups and ids in more than one part, and parts that mix in time, are leaks whatever their number.
A difference of distributions is a finding where it is both more than chance and large enough to matter:
its probability is below 0.001 divided by the number of tests in the whole audit (C. E. Bonferroni, 1936), and

- for classes Cohen's w of a part against the whole is at least 0.1, which he calls small
  (J. Cohen, "Statistical Power Analysis for the Behavioral Sciences", 1988);
- for numbers the two distribution functions are at least 0.1 apart, as two normal distributions are whose
  means lie a quarter of a standard deviation apart.

Where groups stay whole in parts, a difference that these explain is a note; see `splits.auditing.design`.
A class that a part lacks is a warning where that is so improbable, whatever its size.

So a random split of a million rows is not accused of a difference of 0.2 %, nor one of 50 rows of bad luck.
"""

from collections.abc import Iterator, Sequence

import attrs

from h5torch.printed import fit
from splits.auditing.assigned import Assigned
from splits.auditing.duplicates import Duplicates
from splits.auditing.groups import Whole
from splits.auditing.neighbours import Nearness
from splits.auditing.promises import Promises
from splits.auditing.records import SEVERITIES, AuditedFold, Check, Finding, PartCount, Severity
from splits.auditing.shares import ClassShares
from splits.auditing.spread import Spread
from splits.auditing.times import Late, Overlap, Times

__all__ = ["ALPHA", "LEAST_EFFECT", "TINY", "count_tests", "judge"]

ALPHA = 0.001
"""Probability that an audit of a split drawn by chance has any finding of a difference."""

LEAST_EFFECT = 0.1
"""Differences below it are too small to matter, however certain."""

TINY = 10
"""A part of fewer rows is tiny: a share measured on 10 rows has a standard error of up to 16 points."""

_NAME = 24


def count_tests(folds: Sequence[AuditedFold]) -> int:
    """Count the tests that were made in all folds."""
    return sum(
        check.n_tests
        for fold in folds
        for check in fold.checks
        if isinstance(check, ClassShares | Spread | Nearness)
    )


def judge(fold: AuditedFold, promises: Promises, *, n_tests: int) -> AuditedFold:
    """Return the fold with its findings, the worst first.

    Args:
        fold: The figures.
        promises: What the recipe says: differences between parts that are meant to differ are but notes.
        n_tests: Tests that were made in the whole audit.
    """
    alpha = ALPHA / max(1, n_tests)
    told = [("parts", "", *said) for said in _of_parts(fold.parts)]
    features: list[Spread] = []
    gaps: list[ClassShares] = []
    for check in fold.checks:
        if isinstance(check, Spread) and check.place is not None:
            features.append(check)
        elif isinstance(check, ClassShares) and check.missing and check.place is not None:
            gaps.append(check)
        else:
            told += [(check.kind, check.key, *said) for said in _of_check(check, promises, alpha)]
    told += [("spread", features[0].key, *said) for said in _of_spread(features, promises, alpha)]
    told += [("missing", gaps[0].key, *said) for said in _of_gaps(gaps, promises, alpha)]
    found = [
        Finding(severity=severity, check=kind, key=key, fold=fold.name, message=message)
        for kind, key, severity, message in told
    ]
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return attrs.evolve(fold, findings=tuple(found))


Said = Iterator[tuple[Severity, str]]


def _of_check(check: Check, promises: Promises, alpha: float) -> Said:
    match check:
        case Duplicates():
            return _of_duplicates(check)
        case Whole():
            return _of_groups(check)
        case Assigned():
            return _of_assigned(check)
        case Times():
            return _of_times(check, promises)
        case ClassShares():
            if check.missing:
                return _of_gaps([check], promises, alpha)
            return _of_classes(check, promises, alpha)
        case Spread():
            return _of_spread([check], promises, alpha)
        case Nearness():
            return _of_nearness(check, alpha)


def _of_parts(parts: Sequence[PartCount]) -> Said:
    for part in parts:
        if part.n_rows == 0:
            yield "warning", f"part {_name(part.name)} is empty"
        elif part.n_rows < TINY:
            yield "warning", f"part {_name(part.name)} is tiny: {_count(part.n_rows, 'row')}"


def _of_duplicates(check: Duplicates) -> Said:
    found = check.found
    if not found.n_values:
        return
    shown = "; ".join(
        " = ".join(f"row {place.row} of {_name(place.part)}" for place in places[:3])
        for places in found.examples[:3]
    )
    more = f" ({shown}{'; …' if found.n_values > 3 else ''})" if shown else ""
    yield "leak", f"{_count(found.n_rows, 'row')} have an equal in another part{more}"


def _of_groups(check: Whole) -> Said:
    found = check.found
    if found.n_values:
        shown = "; ".join(
            f"{fit(name, _NAME)} in "
            + " and ".join(f"{_name(place.part)} ({place.n_rows:,})" for place in places[:3])
            for name, places in zip(check.names[:3], found.examples[:3], strict=True)
        )
        more = "; …" if found.n_values > 3 else ""
        told = f"{found.n_values:,} of {_count(check.n_values, check.what)} in more than one part"
        yield "leak", f"{told}, {_count(found.n_rows, 'row')}: {shown}{more}"
    if check.n_missing:
        yield "note", f"{_count(check.n_missing, 'row')} without {_article(check.what)}; they count as none"


def _of_assigned(check: Assigned) -> Said:
    if check.n_unlike:
        shown = "; ".join(f"row {place.row} of {_name(place.part)}" for place in check.examples[:3])
        told = "in a later part than their rows on the axes can have"
        yield "leak", f"{_count(check.n_unlike, 'element')} {told} ({shown})"


def _of_times(check: Times, promises: Promises) -> Said:
    for overlap in check.overlaps:
        if overlap.mixed:
            yield "leak", f"parts mix in time: {_inside(overlap)}"
        else:
            severity: Severity = "note" if check.key in promises.times else "warning"
            yield severity, f"one part lies before and after another: {_inside(overlap)}"
    for late in check.late:
        yield "leak", f"{check.until} of {_late(late)}"
    if check.n_missing:
        yield "note", f"{_count(check.n_missing, 'row')} without a time"


def _late(late: Late) -> str:
    rows = f"{_count(late.n_rows, 'row')} of {_name(late.part)} (first row {late.row})"
    return f"{rows} is not before {_name(late.later)} begins"


def _inside(overlap: Overlap) -> str:
    return (
        f"{_count(overlap.n_first, 'row')} of {_name(overlap.first)} in the time of {_name(overlap.second)}, "
        f"{_count(overlap.n_second, 'row')} of {_name(overlap.second)} in that of {_name(overlap.first)}"
    )


def _of_classes(check: ClassShares, promises: Promises, alpha: float) -> Said:
    if check.p is not None and check.p < alpha and check.effect >= LEAST_EFFECT and check.largest:
        worst = check.largest
        shares = f"{worst.share:.1%} of {_name(worst.part)}, {worst.overall:.1%} overall"
        tested = f"χ² = {check.chi2:.4g}, {check.dof} df, p = {check.p:.2g}, w = {check.effect:.2f}"
        severity = _severity(check.p_grouped, promises, alpha)
        yield severity, f"class shares differ: {fit(worst.label, _NAME)} is {shares} ({tested})"
    if check.absent:
        first = check.absent[0]
        more = f", and {len(check.absent) - 1} more such" if len(check.absent) > 1 else ""
        expected = f"{first.n_expected:,.3g} expected, p = {first.p:.2g}"
        in_doubt = first.p * len(check.classes) * len(check.effects) >= alpha
        severity = "note" if promises.differs or in_doubt else "warning"
        yield (
            severity,
            f"{_name(first.part)} has no row of class {fit(first.label, _NAME)} ({expected}){more}",
        )


def _of_gaps(checks: Sequence[ClassShares], promises: Promises, alpha: float) -> Said:
    apart = [check for check in checks if check.p is not None and check.p < alpha]
    apart = [check for check in apart if check.effect >= LEAST_EFFECT]
    if not apart:
        return
    worst = max(apart, key=lambda check: (check.effect, -(check.place or 0)))
    where = ""
    if worst.place is not None:
        where = f" at {len({check.place for check in apart})} values of a row, most at {worst.place}"
    found = worst.largest
    if found is not None:
        share, overall = found.share, found.overall
        if found.label == worst.classes[0]:
            share, overall = 1 - share, 1 - overall
        shares = f"{share:.1%} of {_name(found.part)}, {overall:.1%} overall"
        tested = f"χ² = {worst.chi2:.4g}, p = {worst.p:.2g}, w = {worst.effect:.2f}"
        yield _severity(worst.p_grouped, promises, alpha), f"rows lack a value{where}: {shares} ({tested})"


def _of_spread(checks: Sequence[Spread], promises: Promises, alpha: float) -> Said:
    apart = []
    for check in checks:
        found = [part for part in check.parts if part.p is not None and part.p < alpha]
        found = [part for part in found if (part.distance or 0.0) >= LEAST_EFFECT]
        apart += [(part.distance or 0.0, -part.n_rows, -(check.place or 0), part, check) for part in found]
    if not apart:
        return
    distance, _, _, part, check = max(apart, key=lambda one: one[:3])
    places = len({one[-1].place for one in apart})
    where, medians = "numbers differ", ""
    if check.place is not None:
        where = f"{places} of {len(checks)} values of a row differ, most that at {check.place}"
    if part.median is not None and part.median_others is not None:
        medians = f", median {part.median:.4g} against {part.median_others:.4g}"
    apart_by = f"{_name(part.part)} is {distance:.2f} from the other parts (KS, p = {part.p:.2g}{medians})"
    yield _severity(part.p_grouped, promises, alpha), f"{where}: {apart_by}"


def _of_nearness(check: Nearness, alpha: float) -> Said:
    if check.p is not None and check.p < alpha and check.limit is not None:
        pair = check.pairs[0]
        what = "row" if check.n_distinct == check.n_rows else "different row"
        rows = f"{check.n_close:,} of {_count(check.n_distinct, what)} of {_name(check.part)}"
        where = f"within {check.limit:.3g} of a row of another part, a tenth of the usual distance"
        closest = f"closest: row {pair.row} to row {pair.other}, {pair.distance:.3g}"
        yield "warning", f"{rows} {where}; {check.n_expected:.2g} expected ({closest})"


def _severity(p_grouped: float | None, promises: Promises, alpha: float) -> Severity:
    as_meant = promises.differs or p_grouped is None or p_grouped >= alpha
    return "note" if as_meant else "warning"


def _name(part: str) -> str:
    return fit(part, _NAME)


def _article(what: str) -> str:
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
