"""A file looked at through its schema: whole batches of any object."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import attrs
import numpy as np

from h5torch.batch import Column, Form, RaggedColumn
from h5torch.errors import FormatError
from h5torch.layouts import (
    LAYOUTS,
    CooLayout,
    DenseLayout,
    RaggedLayout,
    SeparateLayout,
    VlenLayout,
    coo,
    dense,
)
from h5torch.rows import Array, Rows
from h5torch.schema import Schema
from h5torch.storage.ports import Source, Sources
from h5torch.storage.sources import NodeSources
from h5torch.values.kinds import decode_values

Fetch: TypeAlias = Callable[[Rows], Column]
"""Reads rows of one object."""


class View:
    """An open file, or its copy in memory, with the sources of every object at hand."""

    def __init__(
        self, root: Any, schema: Schema, *, source_of: Callable[[Any], Source] | None = None
    ) -> None:
        """Look at `root`, which is open, through `schema`, which describes it.

        Args:
            root: An open file, or what `File.to_dict` gave.
            schema: What it holds.
            source_of: How its datasets are read; through h5py if it does not say.
        """
        self.root = root
        self.schema = schema
        self._source_of = source_of
        self._sources: dict[str, NodeSources] = {}

    def sources(self, key: str) -> NodeSources:
        """Return the arrays of one object."""
        if key not in self._sources:
            self._sources[key] = NodeSources(self.root[key], self._source_of)
        return self._sources[key]

    def opened(self, key: str) -> Sources:
        """Return the arrays of one object, opened, and refused where they are damaged."""
        node = self.sources(key)
        return {part: node[part] for part in self.schema.layout(key).parts} or node

    def fetch(self, key: str, *, axis: int = 0, form: Form = "pad", padded: bool = False) -> Fetch:
        """Return a function that reads rows of one object.

        Args:
            key: The object.
            axis: The axis that rows are of; other than 0 for a dense central object alone.
            form: What ragged rows become in tensors.
            padded: Whether to read them into one padded array where that is what they become.

        Raises:
            FormatError: the object has no rows.
        """
        layout, sources = self.schema.layout(key), self.opened(key)
        if isinstance(layout, DenseLayout):
            return partial(dense.gather, sources, layout, what=key, axis=axis)
        gather = LAYOUTS[layout.mode].gather
        if gather is None:
            msg = f"/{key}: mode={layout.mode!r} has no rows to read; sample it with sampling='coo'"
            raise FormatError(msg)
        if not isinstance(layout, RaggedLayout | VlenLayout | SeparateLayout):
            return partial(gather, sources, layout, what=key)
        read = partial(gather, sources, layout, what=key, padded=padded and form == "pad")
        return read if form == "pad" else partial(_formed, read, form)

    def gather(self, key: str, rows: Rows, *, axis: int = 0) -> Column:
        """Read rows of one object; `axis` other than 0 is for a dense central object."""
        return self.fetch(key, axis=axis)(rows)

    def gather_cells(self, key: str, positions: Rows) -> tuple[tuple[Rows, ...], Column]:
        """Read elements of a `coo` or dense object: their index on every axis, and their values."""
        layout = self.schema.layout(key)
        if isinstance(layout, CooLayout):
            return coo.gather_cells(self.sources(key), layout, positions, what=key)
        if not isinstance(layout, DenseLayout):
            msg = f"/{key}: mode={layout.mode!r} cannot be sampled by element"
            raise FormatError(msg)
        index = np.unravel_index(positions, layout.shape)
        return index, dense.pick(self.sources(key), layout, positions, what=key)

    def column(self, key: str) -> Array:
        """Read all rows of one object as samples show them."""
        layout = self.schema.layout(key)
        if isinstance(layout, CooLayout):
            (stored,) = self.sources(key)["data"].slices([0], [layout.n_stored])
            return np.array(decode_values(stored, layout.value, what=key))
        column = self.gather(key, np.arange(layout.n_rows))
        return column.stack()

    def labels(self, key: str) -> Array:
        """Read one object as text, `U` or objects, that a regular expression can match."""
        values = self.column(key)
        is_text = values.dtype.kind == "O" and all(isinstance(text, str) for text in values.flat)
        return values if is_text else values.astype(np.str_)


def _formed(read: Fetch, form: Form, rows: Rows) -> Column:
    column = read(rows)
    return attrs.evolve(column, form=form) if isinstance(column, RaggedColumn) else column
