"""Splits as the file spells them."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, get_args

import h5py
import numpy as np
import numpy.typing as npt

from h5torch.errors import FormatError, H5torchError
from h5torch.folds import FIXED, Folds, Scheme, choose_fold, fold_of_path
from h5torch.parts import LEFT_OUT, LEFT_OUT_NAME, Axis, Parts, check_label
from h5torch.wire.stamps import (
    Source,
    as_text,
    delete_stamped,
    find_stamped,
    list_stamped,
    look,
    read_text,
    rename_stamped,
    stamped,
    write_text,
)

__all__ = [
    "delete_parts",
    "list_parts",
    "read_kept",
    "read_parts",
    "read_split",
    "read_story",
    "rename_parts",
    "write_parts",
]

_HOME, _MODE, _FORMAT = "splits", "split", 1
_SCHEME, _KEPT = "folds", "kept"
_SMALL, _MOST_SHRUNK = 1 << 20, 1100  # bytes; times, a little more than deflate can shrink zeros


def list_parts(source: Source) -> list[str]:
    """List the names of the stored splits, sorted."""
    return list_stamped(source, _HOME, mode=_MODE)


def read_split(source: Source, name: str) -> Parts | Folds:
    """Read which part each row belongs to, in every fold where there are folds; the recipe is not looked at.

    Args:
        source: An open file, or what `File.to_dict` gave.
        name: Name of the split.

    Raises:
        UnknownNameError: the file has no finished split of this name.
        FormatError: the split is of another version, or its codes, names or axis are not as they must be.
    """
    node = find_stamped(source, _HOME, name, mode=_MODE, version=_FORMAT)
    path = f"/{_HOME}/{name}"
    codes = look(node, "codes")
    members = _members(getattr(codes, "dtype", None))
    scheme = node.attrs.get(_SCHEME)
    if members is None or len(codes.shape) != (1 if scheme is None else 2):
        msg = f"{path}/codes: must be an enum over uint8 with one code a row; create the split again"
        raise FormatError(msg)
    _check_size(codes, path=f"{path}/codes")
    try:
        axis = _read_axis(node)
        if scheme is None:
            return Parts(name=name, axis=axis, parts=_part_names(members, path=path), codes=codes[...])
        return _read_folds(node, name, axis, codes[...], members)
    except (H5torchError, OSError) as error:
        if isinstance(error, FormatError) and str(error).startswith(path):
            raise
        msg = f"{path}: {error}; create the split again"
        raise FormatError(msg) from error


def read_parts(source: Source, path: str) -> Parts:
    """Read one split or one fold: `main`, `cv/3`, of nested folds also `cv/3/1`.

    Args:
        source: As of `read_split`.
        path: Name of the split, and numbers of a fold.

    Raises:
        UnknownNameError: the file has no such split, or the split no such fold.
        FormatError: as `read_split`.
    """
    name, numbers = fold_of_path(path)
    return choose_fold(read_split(source, name), numbers)


def delete_parts(file: h5py.Group, name: str) -> None:
    """Remove a split.

    Raises:
        ReadOnlyError: the file is open for reading only.
        UnknownNameError: the file has no finished split of this name.
    """
    delete_stamped(file, _HOME, name, mode=_MODE)


def _enum(members: dict[str, int]) -> np.dtype[np.uint8]:
    """Return the dtype that h5py stores as an HDF5 enum: it keeps the members in the metadata."""
    return np.dtype(np.uint8, metadata={"enum": members})


def _members(dtype: np.dtype[Any] | None) -> Mapping[str, int] | None:
    if dtype is None or dtype != np.uint8:
        return None
    metadata: Mapping[str, Any] = dtype.metadata or {}
    found: Mapping[str, int] | None = metadata.get("enum")
    return found


def _part_names(members: Mapping[str, int], *, path: str) -> tuple[str, ...]:
    values = {value: part for part, value in members.items() if part != LEFT_OUT_NAME}
    if sorted(values) != list(range(len(members) - (LEFT_OUT_NAME in members))):
        msg = f"{path}/codes: the enum's values must be 0, 1, ... in the parts' order, found {dict(members)}"
        raise FormatError(msg)
    return tuple(values[code] for code in range(len(values)))


def _read_folds(
    node: Any, name: str, axis: Axis, codes: npt.NDArray[np.uint8], members: Mapping[str, int]
) -> Folds:
    told = as_text(node.attrs[_SCHEME])
    schemes: tuple[Scheme, ...] = get_args(Scheme)
    scheme = next((known for known in schemes if known == told), None)
    if scheme is None:
        msg = f"the attribute {_SCHEME} is {told!r}, this h5torch reads {', '.join(schemes)}"
        raise FormatError(msg)
    roles = tuple(as_text(role) for role in np.atleast_1d(node.attrs.get("roles", [])))
    counts = np.atleast_1d(node.attrs.get("n_folds", []))
    n_folds = tuple(counts.tolist()) if counts.dtype.kind in "iu" and counts.ndim == 1 else ()
    by_code = sorted((code, part) for part, code in members.items())
    fixed = [part for _, part in reversed(by_code) if part != LEFT_OUT_NAME and not part.isdecimal()]
    return Folds(
        name=name,
        axis=axis,
        scheme=scheme,
        n_folds=n_folds,
        roles=roles,
        fixed=fixed if scheme == "rotating" else (),
        codes=codes,
    )


def read_story(source: Source, name: str) -> tuple[str, str]:
    """Read the recipe and the provenance of a split that `read_parts` could read: two JSON texts.

    Raises:
        FormatError: one is missing, or no UTF-8 text.
    """
    path = f"{_HOME}/{name}"
    return read_text(source, f"{path}/recipe"), read_text(source, f"{path}/provenance")


def _read_axis(node: Any) -> Axis:
    axis = node.attrs.get("axis")
    if isinstance(axis, str | bytes) and as_text(axis) == "coo":
        return "coo"
    if isinstance(axis, int | np.integer) and axis >= 0:
        return int(axis)
    msg = f"the attribute axis must be a number from 0 up or 'coo', found {axis!r}"
    raise FormatError(msg)


def write_parts(
    file: h5py.Group,
    table: Parts | Folds,
    *,
    recipe: str,
    provenance: str,
    kept: Mapping[str, npt.NDArray[Any]] = MappingProxyType({}),
    overwrite: bool,
) -> None:
    """Write a split whole, or not at all.

    Args:
        file: An open, writable file.
        table: The rows of each part, or of each fold.
        recipe: How the codes were made, JSON.
        provenance: What they were made from and how they came out, JSON.
        kept: Arrays that the recipe holds, by their digest.
        overwrite: Whether a split of this name is replaced.

    Raises:
        ReadOnlyError: the file is open for reading only.
        RegisterError: the name is taken and `overwrite` is false.
    """
    with stamped(file, _HOME, table.name, mode=_MODE, version=_FORMAT, overwrite=overwrite) as group:
        group.create_dataset("codes", data=table.codes, dtype=_enum(_members_of(table)))
        write_text(group, "recipe", recipe)
        write_text(group, "provenance", provenance)
        for digest, values in kept.items():
            group.create_dataset(f"{_KEPT}/{digest}", data=values)
        group.attrs["axis"] = table.axis
        if isinstance(table, Folds):
            group.attrs["roles"] = list(table.roles)
            group.attrs["n_folds"] = list(table.n_folds)
            group.attrs[_SCHEME] = table.scheme


def _members_of(table: Parts | Folds) -> dict[str, int]:
    if isinstance(table, Parts) or table.scheme == "listed":
        names = table.parts if isinstance(table, Parts) else table.roles
        members = {part: code for code, part in enumerate(names)}
    else:
        members = {str(number): number for number in range(max(table.n_folds))}
        members |= {part: FIXED - place for place, part in enumerate(table.fixed)}
    if (table.codes == LEFT_OUT).any():
        members[LEFT_OUT_NAME] = LEFT_OUT
    return members


def read_kept(source: Source, name: str, digests: Iterable[str]) -> dict[str, npt.NDArray[Any]]:
    """Read arrays that the recipe of a split holds, by their digest; those that are missing are left away.

    Raises:
        FormatError: one is no array of numbers or bools, or declares more than it stores.
    """
    found = {}
    for digest in digests:
        path = f"{_HOME}/{name}/{_KEPT}/{digest}"
        node = look(source, path)
        if node is None:
            continue
        kind = getattr(getattr(node, "dtype", None), "kind", "")
        if not kind or kind not in "biufc" or not isinstance(node.shape, tuple):
            msg = f"/{path}: must be an array of numbers or bools; create the split again"
            raise FormatError(msg)
        _check_size(node, path=f"/{path}")
        found[digest] = node[...]
    return found


def _check_size(node: Any, *, path: str) -> None:
    """Refuse a dataset that would take far more memory than it stores: no filter shrinks more than this."""
    if isinstance(node, h5py.Dataset) and node.nbytes > max(
        _SMALL, _MOST_SHRUNK * node.id.get_storage_size()
    ):
        msg = f"{path}: declares {node.nbytes} bytes and stores {node.id.get_storage_size()}; it is damaged"
        raise FormatError(msg)


def rename_parts(file: h5py.Group, name: str, new: str) -> None:
    """Give a split another name.

    Raises:
        ReadOnlyError: the file is open for reading only.
        UnknownNameError: the file has no finished split called `name`.
        RegisterError: `new` is not legal, or taken.
    """
    check_label(new, what="split")
    rename_stamped(file, _HOME, name, new, mode=_MODE)
