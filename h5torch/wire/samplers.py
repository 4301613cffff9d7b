"""Samplers as the file spells them."""

import h5py

from h5torch.wire.stamps import (
    Source,
    delete_stamped,
    find_stamped,
    list_stamped,
    read_text,
    stamped,
    write_text,
)

_HOME, _MODE, _FORMAT = "samplers", "sampler", 1


def write_sampler(file: h5py.Group, name: str, recipe: str, *, overwrite: bool) -> None:
    """Write a sampler's recipe, JSON, whole or not at all.

    Raises:
        ReadOnlyError: the file is open for reading only.
        RegisterError: the name is taken and `overwrite` is false.
    """
    with stamped(file, _HOME, name, mode=_MODE, version=_FORMAT, overwrite=overwrite) as group:
        write_text(group, "recipe", recipe)


def read_sampler(source: Source, name: str) -> tuple[str, str]:
    """Read a sampler's recipe, JSON, and the path where it lies.

    Raises:
        UnknownNameError: the file has no finished sampler of this name.
        FormatError: it is of another version, or its recipe no UTF-8 text.
    """
    find_stamped(source, _HOME, name, mode=_MODE, version=_FORMAT)
    path = f"{_HOME}/{name}/recipe"
    return read_text(source, path), f"/{path}"


def list_samplers(source: Source) -> list[str]:
    """List the names of the stored samplers, sorted."""
    return list_stamped(source, _HOME, mode=_MODE)


def delete_sampler(file: h5py.Group, name: str) -> None:
    """Remove a sampler.

    Raises:
        ReadOnlyError: the file is open for reading only.
        UnknownNameError: the file has no finished sampler of this name.
    """
    delete_stamped(file, _HOME, name, mode=_MODE)
