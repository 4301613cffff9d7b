"""The part of each row, as a table of ids and parts tells it."""

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt

from h5torch.parts import LEFT_OUT, MAX_PARTS
from splits.errors import SplitError
from splits.interchange.found import Codes, Found, found_in
from splits.interchange.naming import chosen, in_order
from splits.interchange.sheets import Sheet
from splits.interchange.showing import SHOWN, first_few, shown
from splits.interchange.target import Target

__all__ = ["codes_of_table"]


def codes_of_table(
    sheet: Sheet,
    target: Target,
    *,
    parts: Sequence[str] | None,
    listed: Sequence[str] = (),
    missing_is_left_out: bool,
) -> Found:
    """Return the part of each row as a table tells it.

    Args:
        sheet: The table; it is read to its end.
        target: The rows that it may speak of.
        parts: The parts to take, in this order, rows of others being left out; `None` for all, those of
            `listed` first, the others as `in_order` puts them.
        listed: Parts known beforehand, in their order, whether a row has them or not.
        missing_is_left_out: Whether rows of which the table says nothing are left out, or refused.

    Raises:
        SplitError: rows are missing, unknown or there twice; a part asked for is not there, or there are more
            than 254; or a line has more or fewer cells than the first.
    """
    if len(listed) > MAX_PARTS:
        msg = f"{sheet.what}: has {len(listed)} parts, a split has at most {MAX_PARTS}"
        raise SplitError(msg)
    numbers = {part: number for number, part in enumerate(listed)}
    reading = _Reading(sheet=sheet, target=target, numbers=numbers)
    seen, codes = reading.read()
    if reading.n_unknown and not target.unknown_is_skipped:
        msg = (
            f"{sheet.what}: {reading.n_unknown} lines name no row of axis {target.axis}, which has "
            f"{target.n_rows}: {first_few(reading.unknown)}; correct the table, or pass over them with "
            "unknown='skip'"
        )
        raise SplitError(msg)
    absent = np.flatnonzero(~seen[: target.filled])
    if absent.size and not missing_is_left_out:
        msg = (
            f"{sheet.what}: says nothing of {len(absent)} of {target.filled} rows: "
            f"{first_few(target.name(int(row)) for row in absent[: SHOWN + 1])}; complete the table, or "
            "leave them out of every part with missing='leave_out'"
        )
        raise SplitError(msg)
    there = (*listed, *in_order(part for part in reading.numbers if part not in listed))
    names = chosen(parts, there, what=sheet.what)
    places = np.full(LEFT_OUT + 1, LEFT_OUT, np.uint8)
    for place, name in enumerate(names):
        places[reading.numbers[name]] = place
    return found_in({fold: places[own] for fold, own in codes.items()}, names, what=sheet.what)


@attrs.define(kw_only=True)
class _Reading:
    """Numbers parts as they come, and counts the lines of no row."""

    sheet: Sheet
    target: Target
    numbers: dict[str, int]
    n_unknown: int = 0
    unknown: list[str] = attrs.field(factory=list)

    def read(self) -> tuple[npt.NDArray[np.bool_], dict[str, Codes]]:
        """Return which rows the table names, and their provisional codes in each split."""
        key, places = self.sheet.key, list(self.sheet.splits.values())
        row_of, n_rows = self.target.row_of, self.target.n_rows
        seen = np.zeros(n_rows, np.bool_)
        codes = np.full((len(places), n_rows), LEFT_OUT, np.uint8)
        for line, record in self.sheet.records:
            row = row_of(record[key])
            if row is None:
                self._count(record[key])
                continue
            if seen[row]:
                told = f"line {line} names {shown(record[key])} a second time"
                msg = f"{self.sheet.what}: {told}; keep one of both"
                raise SplitError(msg)
            seen[row] = True
            for column, place in enumerate(places):
                if record[place]:
                    codes[column, row] = self._number(record[place], place)
        return seen, dict(zip(self.sheet.splits, codes, strict=True))

    def _count(self, key: str) -> None:
        self.n_unknown += 1
        if len(self.unknown) <= SHOWN:
            self.unknown.append(key)

    def _number(self, part: str, place: int) -> int:
        found = self.numbers.get(part)
        if found is None:
            if len(self.numbers) == MAX_PARTS:
                msg = (
                    f"{self.sheet.what}: column {shown(self.sheet.header[place])} holds more than "
                    f"{MAX_PARTS} different parts; name the column of parts with part_column="
                )
                raise SplitError(msg)
            found = self.numbers[part] = len(self.numbers)
        return found
