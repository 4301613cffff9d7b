"""Which split a column, a mask or a member is of, and in which order parts come that are found unordered."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from h5torch.folds import Folds
from h5torch.names import did_you_mean
from h5torch.parts import Parts
from splits.errors import SplitError
from splits.interchange.showing import shown

__all__ = ["ROLES", "by_fold", "chosen", "each_split", "in_order", "is_fold"]

V = TypeVar("V")

ROLES: Mapping[str, str] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}
"""Names that say what a part is for; the keys come in the order in which such parts are put."""


def each_split(table: Parts | Folds) -> Iterator[tuple[str, Parts]]:
    """Yield every split that a record holds, with what its columns are called.

    Parts are one split, called `""`. Folds are called `0`, `1`, and so on; where they are nested, the inner
    folds follow their outer one and are called `0/0`, `0/1`.
    """
    if isinstance(table, Parts):
        yield "", table
        return
    for number, fold in enumerate(table.all_folds()):
        yield str(number), fold
        if table.scheme == "nested":
            for inner, inner_fold in enumerate(table.all_folds(number)):
                yield f"{number}/{inner}", inner_fold


def is_fold(name: str) -> bool:
    """Whether a name is that of a fold, such as `3` or `3/1`."""
    return all(_is_number(step) for step in name.split("/"))


def _is_number(text: str) -> bool:
    return text.isdecimal() and text.isascii() and str(int(text[:9])) == text


def by_fold(members: Mapping[str, V], *, what: str) -> dict[str, dict[str, V]]:
    """Sort what is called `train` or `3/train` by fold.

    Args:
        members: By name; the last step is the part.
        what: Where they come from, for messages.

    Returns:
        By fold, `""` where there are none, then by part, each in the order given.

    Raises:
        SplitError: there is none, or some are of folds and some are not.
    """
    found: dict[str, dict[str, V]] = {}
    for name, value in members.items():
        fold, _, part = name.rpartition("/")
        if fold and not is_fold(fold):
            msg = (
                f"{what}: {shown(name)} is neither a part such as 'train' nor one of a fold such as '3/train'"
            )
            raise SplitError(msg)
        found.setdefault(fold, {})[part] = value
    if not found:
        msg = f"{what}: holds no parts"
        raise SplitError(msg)
    if "" in found and len(found) > 1:
        parts, folds = list(found.pop("")), [f"{fold}/{part}" for fold in found for part in found[fold]]
        told = f"{shown(parts[0])} is a part of no fold, {shown(folds[0])} is one of a fold"
        msg = f"{what}: {told}; give one kind"
        raise SplitError(msg)
    return found


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Put names of parts that were found in no order of their own into one.

    Those that train come first, then those that validate, those that test, and the others by their letters.
    """
    known = list(ROLES)
    return tuple(sorted(names, key=lambda name: (known.index(name) if name in ROLES else len(known), name)))


def chosen(parts: Sequence[str] | None, found: Iterable[str], *, what: str) -> tuple[str, ...]:
    """Return the parts to take, in order: those asked for, or all that were found.

    Raises:
        SplitError: there is none, one that is asked for was not found, or names are blank, too long, or
            differ by blanks at their ends alone.
    """
    known = tuple(found)
    if not known:
        msg = f"{what}: puts no row in any part"
        raise SplitError(msg)
    _check_spelling(known, what)
    if parts is None:
        return known
    for part in parts:
        if part not in known:
            msg = f"{what}: holds no part {shown(part)}; {did_you_mean(part[:_SHORT], known)}"
            raise SplitError(msg)
    return tuple(parts)


_SHORT = 200  # characters that a name may have, so that messages can show it whole


def _check_spelling(names: Sequence[str], what: str) -> None:
    """Refuse names of parts that are a slip: a row of ` train` would silently be in no `train`."""
    seen: dict[str, str] = {}
    for name in names:
        if len(name) > _SHORT:
            msg = f"{what}: {shown(name)} has {len(name)} characters, a part at most {_SHORT}; is it one?"
            raise SplitError(msg)
        other = seen.setdefault(name.strip(), name)
        if not name.strip() or other != name:
            told = f"differs from {shown(other)} by blanks alone" if name.strip() else "is blank"
            msg = (
                f"{what}: the part {shown(name)} {told}; spell each part one way, leave out rows without any"
            )
            raise SplitError(msg)
