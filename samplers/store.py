"""Samplers in a file: kept, brought back, listed, deleted."""

import os
from typing import TypeAlias

import h5py

from h5torch.errors import ArgumentTypeError
from h5torch.file import opened
from h5torch.parts import check_label
from h5torch.wire.samplers import delete_sampler, list_samplers, read_sampler, write_sampler
from h5torch.wire.stamps import Source
from samplers.book import BOOK
from samplers.recipes import SamplerRecipe

__all__ = ["delete", "list_names", "load", "save"]

Place: TypeAlias = str | os.PathLike[str]


def save(f: h5py.File | Place, name: str, recipe: SamplerRecipe, *, overwrite: bool = False) -> None:
    """Store a way to draw rows, whole or not at all.

    Args:
        f: A writable file, or the path of one, which is opened and closed.
        name: What the sampler is called: `samplers.loader(dataset, "<name>", ...)`.
        recipe: How rows are drawn, such as `Shuffled`.
        overwrite: Whether a sampler of this name is replaced.

    Raises:
        RegisterError: the name is not legal, or taken and `overwrite` is false.
        ReadOnlyError: the file is open for reading only.
        ArgumentTypeError: `f` is no file or path, or `recipe` no recipe.
    """
    text = BOOK.dumps(recipe)
    check_label(name, what="sampler")
    with opened(f, "r+") as file:
        if not isinstance(file, h5py.File):
            msg = f"samplers.save needs an h5torch.File or a path, got {type(file).__name__}"
            raise ArgumentTypeError(msg)
        write_sampler(file, name, text, overwrite=overwrite)


def load(f: Source | Place, name: str) -> SamplerRecipe:
    """Read the recipe of a stored sampler.

    Args:
        f: An open file, the path of one, or what `File.to_dict` gave.
        name: Name of the sampler.

    Raises:
        UnknownNameError: the file has no such sampler, or its recipe is of a kind not known here.
        FormatError: the sampler does not hold what it must.
    """
    with opened(f, "r") as file:
        text, path = read_sampler(file, name)
    return BOOK.loads(text, path=path)


def list_names(f: Source | Place) -> list[str]:
    """List the names of the stored samplers, sorted.

    Args:
        f: An open file, the path of one, or what `File.to_dict` gave.
    """
    with opened(f, "r") as file:
        return list_samplers(file)


def delete(f: h5py.File | Place, name: str) -> None:
    """Remove a stored sampler.

    Args:
        f: A writable file, or the path of one, which is opened and closed.
        name: Name of the sampler.

    Raises:
        UnknownNameError: the file has no such sampler.
        ReadOnlyError: the file is open for reading only.
    """
    with opened(f, "r+") as file:
        delete_sampler(file, name)
