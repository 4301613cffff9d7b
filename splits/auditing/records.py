"""The record of an audit: what was looked at, what was found, and how bad it is."""

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import attrs

from h5torch.parts import Axis
from splits.auditing.assigned import Assigned
from splits.auditing.duplicates import Duplicates
from splits.auditing.groups import Whole
from splits.auditing.neighbours import Nearness
from splits.auditing.shares import ClassShares
from splits.auditing.spread import Spread
from splits.auditing.times import Times

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "FOUND",
    "SEVERITIES",
    "Audit",
    "AuditedFold",
    "Check",
    "Finding",
    "PartCount",
    "Severity",
    "Skipped",
]

Severity: TypeAlias = Literal["leak", "warning", "note"]
"""`leak`: what is learnt from one part is told by another. `warning`: parts differ, or are too small, and
scores will mislead. `note`: worth knowing, and as it was meant."""

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The worst first."""

Check: TypeAlias = Duplicates | Whole | Assigned | Times | ClassShares | Spread | Nearness

FOUND = 3
"""Exit code of an audit that found a leak or a warning."""


@attrs.frozen(kw_only=True)
class PartCount:
    """One part of a split.

    Attributes:
        name: Its name.
        n_rows: Its rows.
        share: Its share of all rows of the axis.
    """

    name: str
    n_rows: int
    share: float


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        severity: How bad it is.
        check: The check that found it: `parts`, `duplicates`, `groups`, `assigned`, `times`,
            `classes`, `missing`, `spread` or `near`.
        key: The column or columns that it is about; empty where it is about none.
        fold: Name of the split or of its fold.
        message: What was found, in a sentence.
    """

    severity: Severity
    check: str
    key: str
    fold: str
    message: str


@attrs.frozen(kw_only=True)
class Skipped:
    """Something that was not looked at, and why."""

    key: str
    why: str


@attrs.frozen(kw_only=True)
class AuditedFold:
    """What was found in one split, or in one fold of it.

    Of nested folds the inner ones follow their outer one, as `ne/0`, `ne/0/0`, `ne/0/1`.

    Attributes:
        name: `main`, or `cv/3`.
        parts: Its parts.
        n_left_out: Rows in none of them.
        checks: The figures of every check.
        findings: What is not as it should be, the worst first.
        skipped: What could not be told, and why.
    """

    name: str
    parts: tuple[PartCount, ...]
    n_left_out: int
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()


@attrs.frozen(kw_only=True, repr=False)
class Audit:
    """What an audit of a stored split found; `print` shows it as a table.

    Attributes:
        name: What was audited: a split, a fold of it, or all its folds.
        axis: The axis that it shares out.
        n_rows: Length of that axis.
        folds: One for a split or a single fold, else one a fold.
        skipped: What was not looked at, and why.
    """

    name: str
    axis: Axis
    n_rows: int
    folds: tuple[AuditedFold, ...]
    skipped: tuple[Skipped, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is not as it should be in any fold, fold by fold, the worst first."""
        return tuple(finding for fold in self.folds for finding in fold.findings)

    @property
    def checks(self) -> tuple[Check, ...]:
        """The figures of every check, fold by fold."""
        return tuple(check for fold in self.folds for check in fold.checks)

    @property
    def ok(self) -> bool:
        """Whether there is neither a leak nor a warning; notes do not count."""
        return all(finding.severity == "note" for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """0 if `ok`, else 3."""
        return 0 if self.ok else FOUND

    def table(self) -> str:
        """Return what was looked at and found as text of at most 80 columns, printable and escaped."""
        from splits.auditing.table import draw

        return "\n".join(draw(self))

    def to_json(self) -> str:
        """Return everything as strict JSON in ASCII: no NaN and no infinity, `null` in their place."""
        from splits.auditing.spelled import spell

        return spell(self)

    def plot(self) -> "Figure":
        """Draw shares of classes, distances to nearest rows, and numbers that differ between parts.

        Of many folds the one with the worst findings is drawn.

        Returns:
            A figure that belongs to no window: `figure.savefig("audit.png")`.

        Raises:
            SplitError: matplotlib is not installed, or the split has more than 8 parts.
        """
        from splits.auditing.picture import picture

        return picture(self)

    def __str__(self) -> str:
        """Show the table."""
        return self.table()

    def __repr__(self) -> str:
        """Say what was audited and how it came out."""
        n_leaks, n_warnings, n_notes = (
            sum(finding.severity == severity for finding in self.findings) for severity in SEVERITIES
        )
        found = f"{n_leaks} leaks, {n_warnings} warnings, {n_notes} notes; print it for a table"
        return f"<Audit of split {self.name!r}, {len(self.folds)} folds: {found}>"
