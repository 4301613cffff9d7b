"""A whole explanation, and how it prints: lines of at most a hundred columns."""

import textwrap
from collections.abc import Iterator

import attrs

from h5torch.explaining.records import Cost, ExplainedColumn, ExplainedPart, total
from h5torch.printed import fit, pad, printable, size
from h5torch.sampling import Sampling

WIDTH = 100
_NAME, _READER, _STORAGE, _ASKED, _COST = 18, 6, 35, 8, 13
"""Widths of the columns, with a blank between each two and one more before costs."""


@attrs.frozen(kw_only=True, repr=False)
class Explanation:
    """How a dataset is read, and what a batch of it costs; `print` shows it as a table.

    Attributes:
        batch_size: Samples in a batch: as many as were asked about, or all there are.
        n_samples: Samples there are.
        sampling: The axis that samples are rows of, or `"coo"`.
        shortcut: Whether a whole batch is made in one step, since every column lies open as torch takes it.
        columns: The columns, in the order of a sample.
    """

    batch_size: int
    n_samples: int
    sampling: Sampling
    shortcut: bool
    columns: tuple[ExplainedColumn, ...]

    @property
    def good(self) -> bool:
        """Whether there is nothing to do about any column."""
        return all(column.good for column in self.columns)

    @property
    def random(self) -> Cost:
        """What a batch of samples drawn at random costs."""
        return total(column.random for column in self.columns)

    @property
    def sequential(self) -> Cost:
        """What a batch of samples one after the other costs."""
        return total(column.sequential for column in self.columns)

    def __repr__(self) -> str:
        """Say what is explained."""
        good = "nothing to do" if self.good else "print it for advice"
        return f"<Explanation of {len(self.columns)} columns, batches of {self.batch_size}: {good}>"

    def __str__(self) -> str:
        """Show a table: a line for each stored array, and advice for each column."""
        return "\n".join(_lines(self))


def _lines(explanation: Explanation) -> Iterator[str]:
    steps = "in one step" if explanation.shortcut else "column by column"
    yield (
        f"{explanation.n_samples:,} samples, sampling={explanation.sampling!r}, in batches of "
        f"{explanation.batch_size:,}, made {steps}"
    )
    yield " " * (_NAME + _READER + _STORAGE + 3) + "   bytes  bytes read; chunks decoded"
    yield _line("column", "reader", "where its bytes lie", "asked", "random", "in order")
    for column in explanation.columns:
        yield from _of_column(column)


def _of_column(column: ExplainedColumn) -> Iterator[str]:
    (first, *others) = column.parts
    whole = not others and not first.name and len(printable(column.key)) <= _NAME
    if not whole:
        yield fit(f"{column.key} ({column.mode})", WIDTH)
    for part in column.parts:
        yield _of_part(part, column.key if whole else f"  {part.name}")
    mark = "ok" if column.good else "!!"
    yield from textwrap.wrap(
        f"{mark} {printable(column.advice)}", WIDTH, initial_indent="    ", subsequent_indent="       "
    )


def _of_part(part: ExplainedPart, name: str) -> str:
    asked = "?" if part.random.asked is None else size(part.random.asked)
    return _line(name, part.reader, part.storage, asked, _read(part.random), _read(part.sequential))


def _read(cost: Cost) -> str:
    if cost.asked is None:
        return "?"
    return f"{size(cost.touched)}; {count(cost.decoded)}" if cost.decoded else size(cost.touched)


def _line(name: str, reader: str, storage: str, asked: str, random: str, ordered: str = "") -> str:
    cells = [pad(name, _NAME), pad(reader, _READER), pad(storage, _STORAGE), asked.rjust(_ASKED)]
    return fit(f"{' '.join(cells)}  {pad(random, _COST)}  {ordered}", WIDTH).rstrip()


def count(number: float) -> str:
    """Write a mean: whole from ten on, with two digits that count below."""
    return f"{number:,.0f}" if number >= 9.95 or number == round(number) else f"{number:.2g}"
