"""From a file to the record of its contents."""

from collections.abc import Iterator
from pathlib import Path

import h5py

import h5torch
from h5torch.cli import text
from h5torch.cli.contents import Contents, Entry, Section
from h5torch.cli.disk import stored_bytes
from h5torch.cli.recipes import read_recipes
from h5torch.errors import StorageError
from h5torch.layouts import Layout
from h5torch.layouts.coo import CooLayout
from h5torch.layouts.csr import CsrLayout
from h5torch.layouts.dense import DenseLayout
from h5torch.layouts.ragged import RaggedLayout
from h5torch.layouts.separate import SeparateLayout
from h5torch.layouts.vlen import VlenLayout
from h5torch.schema import CENTRAL, UNSTRUCTURED, Schema


def read_contents(path: Path) -> Contents:
    """Read what the file at `path` holds; only attributes and small objects are read, whatever its size.

    Raises:
        StorageError: there is no such file, or it is not HDF5.
    """
    with _opened(path) as f:
        schema = f.schema
        keys = list(dict.fromkeys([*schema.objects, *schema.problems, *schema.unfinished]))
        entries = {key: _entry(f, schema, key) for key in keys}
        sections = [
            Section(title=title, entries=tuple(entries[key] for key in members))
            for title, members in _sections(schema, keys)
        ]
        return Contents(
            name=path.name,
            n_bytes=path.stat().st_size,
            central=entries.get(CENTRAL),
            sections=(*sections, *read_recipes(f)),
        )


def _opened(path: Path) -> h5torch.File:
    if not path.is_file():
        msg = f"{path}: no such file"
        raise StorageError(msg)
    try:
        return h5torch.File(path, warn=False)  # of objects not filled: the tree shows them
    except StorageError:
        raise
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise StorageError(msg) from error


def _sections(schema: Schema, keys: list[str]) -> Iterator[tuple[str, list[str]]]:
    axes = sorted({int(key.partition("/")[0]) for key in keys if key.partition("/")[0].isdecimal()})
    central = schema.objects.get(CENTRAL)
    for axis in axes:
        known = central is not None and axis < len(central.shape)
        rows = f", {central.shape[axis]:,} rows" if central is not None and known else ""
        yield f"axis {axis}{rows}", [key for key in keys if key.startswith(f"{axis}/")]
    beside = [key for key in keys if key.startswith(f"{UNSTRUCTURED}/")]
    if beside:
        yield UNSTRUCTURED, beside


def _entry(f: h5py.File, schema: Schema, key: str) -> Entry:
    name = key.partition("/")[2] or key
    if key in schema.problems:
        return Entry(name=name, kind="damaged", notes=(schema.problems[key],))
    if key in schema.unfinished:
        return Entry(name=name, kind="unfinished", notes=("writing it was cut short; it counts as absent",))
    layout = schema.objects[key]
    return Entry(
        name=name,
        kind=layout.mode,
        shape=_shape(layout),
        values=_values(layout),
        n_bytes=stored_bytes(f[key]),
        bytes_are_all=not isinstance(layout, VlenLayout),
        notes=tuple(_notes(layout)),
    )


def _shape(layout: Layout) -> str:
    match layout:
        case RaggedLayout(row_rank=rank) if layout.value.kind != "text":
            return text.shape([layout.n_rows, *[None] * rank])
        case VlenLayout() | SeparateLayout():
            return text.shape([layout.n_rows, None])
    return text.shape(layout.shape)


def _values(layout: Layout) -> str:
    if isinstance(layout, DenseLayout) and layout.names is not None:
        return f"{len(layout.names):,} categories"
    value = layout.value
    if value.kind in {"text", "bytes"}:
        return value.kind
    load = "bfloat16" if value.bfloat16 else value.load.name
    return load if load == value.save.name else f"{value.save.name} → {load}"


def _notes(layout: Layout) -> Iterator[str]:
    if isinstance(layout, CooLayout | CsrLayout):
        yield f"{layout.n_stored:,} values stored"
    if layout.filled_to < layout.n_rows:
        yield f"filled {layout.filled_to:,} of {layout.n_rows:,} rows"
