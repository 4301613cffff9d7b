"""A file looked at through its schema: whole batches of any object."""

from typing import Any

import numpy as np

from h5torch.batch import Column
from h5torch.errors import FormatError
from h5torch.layouts import LAYOUTS, CooLayout, DenseLayout, coo, dense
from h5torch.rows import Array, Rows
from h5torch.schema import Schema
from h5torch.storage.sources import NodeSources
from h5torch.values.kinds import decode_values


class View:
    """An open file, or its copy in memory, with the sources of every object at hand."""

    def __init__(self, root: Any, schema: Schema) -> None:
        """Look at `root`, which is open, through `schema`, which describes it."""
        self.root = root
        self.schema = schema
        self._sources: dict[str, NodeSources] = {}

    def sources(self, key: str) -> NodeSources:
        """Return the arrays of one object."""
        if key not in self._sources:
            self._sources[key] = NodeSources(self.root[key])
        return self._sources[key]

    def gather(self, key: str, rows: Rows, *, axis: int = 0) -> Column:
        """Read rows of one object; `axis` other than 0 is for a dense central object."""
        layout = self.schema.layout(key)
        if isinstance(layout, DenseLayout):
            return dense.gather(self.sources(key), layout, rows, what=key, axis=axis)
        gather = LAYOUTS[layout.mode].gather
        if gather is None:
            msg = f"/{key}: mode={layout.mode!r} has no rows to read; sample it with sampling='coo'"
            raise FormatError(msg)
        return gather(self.sources(key), layout, rows, what=key)

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
            stored = self.sources(key)["data"].ranges(np.array([0]), np.array([layout.n_stored]))
            return decode_values(stored, layout.value, what=key)
        column = self.gather(key, np.arange(layout.n_rows))
        return column.stack()

    def labels(self, key: str) -> Array:
        """Read one object as text, `U` or objects, that a regular expression can match."""
        values = self.column(key)
        is_text = values.dtype.kind == "O" and all(isinstance(text, str) for text in values.flat)
        return values if is_text else values.astype(np.str_)
