"""Rows by the ids of a column: each id once, compared as text."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from splits.errors import SplitError
from splits.interchange.showing import first_few, shown

__all__ = ["as_texts", "rows_by_id"]


def as_texts(values: npt.NDArray[Any], *, what: str) -> list[str]:
    """Spell ids as text: numbers in decimal, bytes as UTF-8.

    Args:
        values: Ids, shape `(n,)`: text, bytes or integers.
        what: What holds them, for messages.

    Raises:
        SplitError: they are something else.
    """
    kind = values.dtype.kind
    if values.ndim == 1 and kind in "iu":
        return [str(value) for value in values.tolist()]
    if values.ndim == 1 and (kind in "USTO" or not values.size):
        return [_as_text(value, what) for value in values.tolist()]
    msg = f"{what}: ids must be one text or whole number a row, found {values.dtype} of shape {values.shape}"
    raise SplitError(msg)


def _as_text(value: object, what: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            msg = f"{what}: the id {shown(value)} is not UTF-8 ({error.reason})"
            raise SplitError(msg) from error
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return str(value)
    msg = f"{what}: ids must be text or whole numbers, found {shown(value)} ({type(value).__name__})"
    raise SplitError(msg)


def rows_by_id(texts: Sequence[str], *, what: str) -> dict[str, int]:
    """Return the row of each id.

    Raises:
        SplitError: an id is that of several rows.
    """
    rows = {text: row for row, text in enumerate(texts)}
    if len(rows) == len(texts):
        return rows
    twice = {text: rows[text] for row, text in enumerate(texts) if rows[text] != row}
    first = next(iter(twice))
    msg = (
        f"{what}: {len(twice)} ids are those of several rows: {first_few(twice)}; rows {texts.index(first)} "
        f"and {twice[first]} are both {shown(first)}; take a column in which every row has an id of its own"
    )
    raise SplitError(msg)
