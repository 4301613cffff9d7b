"""An audit as text: lines of at most 80 columns, whatever names say."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from h5torch.printed import columns, fit, pad, printable
from splits.auditing.assigned import Assigned
from splits.auditing.duplicates import Duplicates
from splits.auditing.groups import Whole
from splits.auditing.neighbours import Nearness
from splits.auditing.records import SEVERITIES, Audit, AuditedFold, Check, Finding
from splits.auditing.shares import ClassShares
from splits.auditing.spread import Spread
from splits.auditing.times import Times

__all__ = ["WIDTH", "draw", "wrap"]

WIDTH = 80
_KIND, _KEY, _NAME = 10, 20, 24
_MOST_PARTS = 12
_MOST_SKIPPED = 12


def draw(audit: Audit) -> Iterator[str]:
    """Yield the lines: the parts, a line a check, what was not looked at, and what was found."""
    folds = f", {len(audit.folds)} folds" if len(audit.folds) > 1 else ""
    yield fit(f"audit of split '{audit.name}': {audit.n_rows:,} rows of axis {audit.axis}{folds}", WIDTH)
    yield from _parts(audit.folds)
    yield ""
    for _, same in groupby(sorted(_numbered(audit), key=lambda one: one[:2]), key=lambda one: one[:2]):
        yield from _check([one[2:] for one in same], n_folds=len(audit.folds))
    for skipped in audit.skipped[:_MOST_SKIPPED]:
        yield from wrap(skipped.why, first=f"{pad('not read', _KIND)} {pad(skipped.key, _KEY)} ")
    if len(audit.skipped) > _MOST_SKIPPED:
        yield f"{pad('not read', _KIND)} {len(audit.skipped) - _MOST_SKIPPED:,} more"
    yield ""
    yield from _findings(audit)


def wrap(text: str, *, first: str) -> Iterator[str]:
    """Break text at blanks into lines of at most 80 columns, the later ones indented as far as `first`."""
    indent = columns(first)
    line, empty = first, True
    for word in printable(text).split(" "):
        if not empty and columns(line) + 1 + columns(word) > WIDTH:
            yield line.rstrip()
            line, empty = " " * indent, True
        line += ("" if empty else " ") + fit(word, WIDTH - indent)
        empty = False
    yield line.rstrip()


def _parts(folds: Sequence[AuditedFold]) -> Iterator[str]:
    """One line a part; of several folds the least and the most rows that a part has."""
    rows: dict[str, list[tuple[int, float]]] = {}
    for fold in folds:
        for part in fold.parts:
            rows.setdefault(part.name, []).append((part.n_rows, part.share))
    for name, found in list(rows.items())[:_MOST_PARTS]:
        low, high = min(found), max(found)
        counts = f"{low[0]:,}" if low == high else f"{low[0]:,} – {high[0]:,}"
        shares = f"{low[1]:.1%}" if low == high else f"{low[1]:.1%} – {high[1]:.1%}"
        yield f"  {pad(name, _NAME)} {counts:>23} rows {shares:>18}"
    if len(rows) > _MOST_PARTS:
        yield f"  {len(rows) - _MOST_PARTS} more parts"
    left_out = [fold.n_left_out for fold in folds]
    if max(left_out, default=0):
        counts = (
            f"{min(left_out):,}"
            if min(left_out) == max(left_out)
            else f"{min(left_out):,} – {max(left_out):,}"
        )
        yield f"  {pad('(left out)', _NAME)} {counts:>23} rows"


def _numbered(audit: Audit) -> Iterator[tuple[int, str, AuditedFold, Check]]:
    """Go over the checks with a number and a key that those of one kind on one column share."""
    order: dict[str, int] = {}
    for fold in audit.folds:
        for check in fold.checks:
            key = check.key
            number = order.setdefault(f"{check.kind} {key}", len(order))
            yield number, key, fold, check


def _check(found: Sequence[tuple[AuditedFold, Check]], *, n_folds: int) -> Iterator[str]:
    """Tell the worst of the checks of one kind on one column; of distances all parts of the worst fold."""
    fold, worst = max(found, key=lambda one: one[1].weight)
    told = _told(worst)
    if isinstance(worst, Nearness):
        beside = [check for other, check in found if other is fold and isinstance(check, Nearness)]
        told = "; ".join(map(_of_nearness, beside))
    if isinstance(worst, Spread | ClassShares) and worst.place is not None:
        places = {check.place for other, check in found if other is fold and isinstance(check, type(worst))}
        told = f"{len(places)} values of a row, most at {worst.place}: {told}"
    if n_folds > 1:
        told = f"{told} (the worst: {printable(fold.name)})"
    yield from wrap(told, first=f"{pad(worst.kind, _KIND)} {pad(worst.key, _KEY)} ")


def _told(check: Check) -> str:
    match check:
        case Duplicates():
            within = check.n_repeated - check.found.n_rows
            return (
                f"{check.found.n_rows:,} of {check.n_rows:,} rows have an equal in another part, "
                f"{within:,} in their own alone"
            )
        case Whole():
            missing = f", {check.n_missing:,} rows without one" if check.n_missing else ""
            return (
                f"{check.found.n_values:,} of {check.n_values:,} {check.what}s in more than one part{missing}"
            )
        case Times():
            spans = "; ".join(
                f"{fit(span.part, _NAME)} {printable(span.first)} – {printable(span.last)}"
                for span in check.spans
                if span.n_rows
            )
            n_pairs = len(check.overlaps)
            late = f"; {sum(late.n_rows for late in check.late):,} rows with {check.until} too late"
            told = f"{n_pairs} pair{'' if n_pairs == 1 else 's'} overlap{late if check.until else ''}"
            return f"{spans or 'no part has a time'}; {told}"
        case Assigned():
            return f"{check.n_unlike:,} of {check.n_rows:,} elements in a later part than their rows"
        case ClassShares():
            return _of_classes(check)
        case Spread():
            return _of_spread(check)
        case Nearness():
            return _of_nearness(check)


def _of_classes(check: ClassShares) -> str:
    told = f"{len(check.classes)} classes"
    if check.missing:
        present, missing = map(sum, check.counts)
        told = f"{missing:,} of {present + missing:,} rows without a value"
    if check.largest is not None:
        part, label = fit(check.largest.part, _NAME), fit(check.largest.label, _NAME)
        told += f", largest deviation {check.largest.points:+.2f} points ({label} in {part})"
    if check.chi2 is None or check.p is None:
        return f"{told}; too few rows for a test"
    return f"{told}; χ² = {check.chi2:.4g}, {check.dof} df, p = {check.p:.2g}, w = {check.effect:.3f}"


def _of_spread(check: Spread) -> str:
    worst = check.worst
    if worst is None or worst.distance is None or worst.p is None:
        return "too few numbers for a test"
    return f"KS {worst.distance:.3f} at most, {fit(worst.part, _NAME)} against the others, p = {worst.p:.2g}"


def _of_nearness(check: Nearness) -> str:
    rows = f"{fit(check.part, _NAME)}, {check.n_rows:,} of {check.n_in_part:,} rows"
    rows += f" against {check.n_others:,} of {check.n_in_others:,}"
    pairs, looked_at = check.n_in_part * check.n_in_others, check.n_rows * check.n_others
    if looked_at < pairs:
        rows += f" (about {100 * looked_at / pairs:.2g} % of pairs)"
    if check.n_skipped:
        rows += f", {check.n_skipped:,} rows with NaN or infinity left out"
    if check.limit is None:
        return f"{rows}: too few to tell"
    middle = len(check.across) // 2
    return (
        f"{rows}: median {check.across[middle]:.3g}, among these {check.within[middle]:.3g}; "
        f"{check.n_close:,} within {check.limit:.3g}, {check.n_expected:.2g} expected"
    )


def _findings(audit: Audit) -> Iterator[str]:
    if not audit.findings:
        yield "nothing found"
        return
    found: dict[tuple[int, str, str], list[Finding]] = {}
    for finding in audit.findings:
        found.setdefault((SEVERITIES.index(finding.severity), finding.check, finding.key), []).append(finding)
    for _, same in sorted(found.items(), key=lambda item: item[0][0]):
        yield from _finding(same, n_folds=len(audit.folds))
    yield _total(audit.findings)


def _finding(same: Sequence[Finding], *, n_folds: int) -> Iterator[str]:
    """Tell findings of one kind on one column: each of a single split, the first of several folds."""
    if n_folds == 1:
        for one in same:
            yield from wrap(_sentence(one), first=f"{pad(one.severity.upper(), _KIND)} ")
        return
    folds = dict.fromkeys(one.fold for one in same)
    where = f"{len(folds)} folds, first" if len(folds) > 1 else "fold"
    told = f"[{where} {printable(same[0].fold)}] {_sentence(same[0])}"
    yield from wrap(told, first=f"{pad(same[0].severity.upper(), _KIND)} ")


def _sentence(finding: Finding) -> str:
    return f"{fit(finding.key, 2 * _NAME)}: {finding.message}" if finding.key else finding.message


def _total(findings: Iterable[Finding]) -> str:
    counts = dict.fromkeys(SEVERITIES, 0)
    for finding in findings:
        counts[finding.severity] += 1
    return ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for name, count in counts.items())
