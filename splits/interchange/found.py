"""What was read from elsewhere: a part for each row, in one split or in each of several."""

from collections.abc import Mapping

import attrs
import numpy as np
import numpy.typing as npt

from splits.errors import SplitError

__all__ = ["Codes", "Found", "found_in"]

Codes = npt.NDArray[np.uint8]


@attrs.frozen(kw_only=True)
class Found:
    """Codes by split.

    Parts are one split called `""`. Folds are called `0`, `1`, …, and inner folds `0/0`, `0/1`, ….

    Attributes:
        parts: Names of the parts in the order of codes.
        codes: By name of the split, each uint8 of shape `(n_rows,)`, 255 for a row left out.
    """

    parts: tuple[str, ...]
    codes: Mapping[str, Codes] = attrs.field(eq=False, repr=False)


def found_in(codes: Mapping[str, Codes], parts: tuple[str, ...], *, what: str) -> Found:
    """Return folds in their order, none missing.

    Args:
        codes: By name of the split, in any order.
        parts: Names of the parts.
        what: Where they come from, for messages.

    Raises:
        SplitError: a number of a fold is missing.
    """
    if "" in codes:
        return Found(parts=parts, codes=codes)
    order = sorted(codes, key=lambda name: tuple(map(int, name.split("/"))))
    outer = [name for name in order if "/" not in name]
    inner = [name for name in order if "/" in name]
    per_outer = max((int(name.split("/")[1]) + 1 for name in inner), default=0)
    wanted = [str(number) for number in range(len(outer))]
    if outer != wanted or inner != [f"{fold}/{number}" for fold in wanted for number in range(per_outer)]:
        shown = ", ".join(order[:12]) + (", …" if len(order) > 12 else "")
        msg = f"{what}: folds must be numbered from 0 up without a gap, found {shown}"
        raise SplitError(msg)
    return Found(parts=parts, codes={name: codes[name] for name in order})
