"""Splits and samplers of a file, as far as the file itself tells: also of recipes not known here."""

from collections.abc import Callable, Iterator
from typing import Any

import h5torch
from h5torch.cli import text
from h5torch.cli.contents import Entry, Section
from h5torch.errors import FormatError
from h5torch.folds import Folds
from h5torch.wire.parts import list_parts, read_split, read_story
from h5torch.wire.recipes import parse_json
from h5torch.wire.samplers import list_samplers, read_sampler
from h5torch.wire.stamps import look

_SHOWN_ELSEWHERE = {"parts", "recipe", "version"}


def read_recipes(f: h5torch.File) -> Iterator[Section]:
    """Yield a section each for the stored splits and samplers, where there are any."""
    for title, names, read in (
        ("splits", list_parts(f), _split),
        ("samplers", list_samplers(f), _sampler),
    ):
        if names:
            yield Section(title=title, entries=tuple(_entry(f, name, read) for name in names))


def _entry(f: h5torch.File, name: str, read: Callable[[h5torch.File, str], Entry]) -> Entry:
    try:
        return read(f, name)
    except FormatError as error:
        return Entry(name=name, kind="damaged", notes=(str(error),))


def _split(f: h5torch.File, name: str) -> Entry:
    table = read_split(f, name)
    story = read_story(f, name)
    recipe, provenance = (parse_json(part, path=f"/splits/{name}") for part in story)
    if isinstance(table, Folds):
        counts, values = [f"{len(table):,} folds"], f"{len(table):,} folds"
    else:
        counts = [f"{part} {count:,}" for part, count in table.counts.items()]
        values = f"{len(table.parts):,} part{'' if len(table.parts) == 1 else 's'}"
    left_out = [f"left out {table.n_left_out:,}"] if table.n_left_out else []
    place = f"splits/{name}/kept"
    kept = sum(getattr(look(f, f"{place}/{digest}"), "nbytes", 0) for digest in look(f, place) or ())
    mark = provenance.get("fingerprint", "") if isinstance(provenance, dict) else ""
    return Entry(
        name=name,
        kind=_tag(recipe),
        shape=text.shape([table.n_rows]),
        values=values,
        n_bytes=table.codes.nbytes + sum(len(part.encode()) for part in story) + kept,
        notes=(", ".join([*counts, *left_out]), _parameters(recipe), f"fingerprint {mark}"),
    )


def _sampler(f: h5torch.File, name: str) -> Entry:
    spelled, path = read_sampler(f, name)
    recipe = parse_json(spelled, path=path)
    n_bytes = len(spelled.encode())
    return Entry(name=name, kind=_tag(recipe), n_bytes=n_bytes, notes=(_parameters(recipe),))


def _tag(recipe: Any) -> str:
    return str(recipe.get("recipe", "?")) if isinstance(recipe, dict) else "?"


def _parameters(recipe: Any) -> str:
    """Spell a recipe's parameters in a line: `by 0/label, seed 0`."""
    if not isinstance(recipe, dict):
        return str(recipe)
    return ", ".join(
        f"{key} {_spelled(value)}"
        for key, value in recipe.items()
        if key not in _SHOWN_ELSEWHERE and value not in (None, [], "")
    )


def _spelled(value: Any) -> str:
    if isinstance(value, dict):
        is_array = set(value) == {"sha256"}
        return f"array {value['sha256']:.8}…" if is_array else f"({_tag(value)} {_parameters(value)})"
    return " + ".join(map(_spelled, value)) if isinstance(value, list) else str(value)
