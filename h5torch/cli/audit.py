"""The command `h5torch audit FILE SPLIT`: leaks and unfairness of a stored split."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PICTURES = (".png", ".svg", ".pdf")
_SEVERAL = Parameter(consume_multiple=True, negative="")
_SEVERAL_OR_NONE = Parameter(consume_multiple=True, negative_iterable="no-")


def audit(
    file: Path,
    split: str,
    /,
    *,
    groups: Annotated[list[str] | None, _SEVERAL] = None,
    ids: Annotated[list[str] | None, _SEVERAL] = None,
    time: str | None = None,
    by: Annotated[list[str] | None, _SEVERAL_OR_NONE] = None,
    features: Annotated[list[str] | None, _SEVERAL_OR_NONE] = None,
    rows: Annotated[list[str] | None, _SEVERAL_OR_NONE] = None,
    sample: int = 5_000,
    against: int = 200_000,
    seed: int = 0,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    plot: Path | None = None,
) -> int:
    """Look over a stored split for leaks and unfairness.

    Equal rows, groups and ids in more than one part, parts that mix in time, rows that are nearly equal,
    classes and numbers that differ between parts, and parts that are empty or tiny.

    The exit status is 0 if there is nothing but notes, 3 if there is a leak or a warning, and 1 or 2 if
    the split cannot be looked at.

    Args:
        file: An HDF5 file that h5torch wrote. It is not changed.
        split: A split such as `main`, a fold such as `cv/3`, or all folds of `cv`.
        groups: Columns such as `0/donor` in which no value may be in two parts, beside those of the recipe.
        ids: The same, for names of single things.
        time: A column in which parts must not overlap.
        by: Columns that should be spread alike over parts; without it, all that can be.
        features: Columns of numbers in which to look for rows that are nearly equal; without it, those of
            the central object, or what else there is.
        rows: Columns that make a row for equal rows; chosen likewise.
        sample: Rows of each part whose nearest rows are looked for.
        against: Rows of other parts among which they are looked for.
        seed: Decides which rows these are.
        as_json: Print everything as JSON instead of a table.
        plot: Draw a picture into this file, such as `audit.png`.
    """
    from splits.auditing import audit as look_over

    if plot is not None:
        _check_picture(plot)

    found = look_over(
        file,
        split,
        groups=groups or (),
        ids=ids or (),
        time=time,
        by=by,
        features=features,
        rows=rows,
        sample=sample,
        against=against,
        seed=seed,
    )
    if plot is not None:
        _save(found.plot(), plot)
    print(found.to_json() if as_json else found.table())
    return int(found.exit_code)


def _check_picture(path: Path) -> None:
    from splits import SplitError

    if path.suffix.lower() not in _PICTURES:
        msg = f"{path}: a picture needs a name that ends in {', '.join(_PICTURES)}"
        raise SplitError(msg)


def _save(figure: "Figure", path: Path) -> None:
    from splits import SplitError

    try:
        figure.savefig(path, dpi=150)
    except ValueError as error:
        msg = f"{path}: {error}; give a name that ends in .png, .svg or .pdf"
        raise SplitError(msg) from error
