"""A file as one dataset reads it: which columns, in which form, by which reader."""

from collections.abc import Callable
from functools import partial
from typing import Any

import attrs
import h5py

from h5torch.batch import Column, Form
from h5torch.errors import ArgumentTypeError
from h5torch.layouts import RaggedLayout
from h5torch.readers import Gate
from h5torch.rows import Rows
from h5torch.sampling import Sampling
from h5torch.schema import CENTRAL, Schema
from h5torch.shortcut import Put, by_row, cell_reader, columns_of, row_putter
from h5torch.storage.opening import Opener, ReaderName, check_reader
from h5torch.view import Fetch, View
from h5torch.wire.stamps import can_change

FORMS = ("pad", "packed", "nested", "list")


def keep_sample(f: Any, sample: Any) -> Any:
    """Return a sample as it is: what a dataset without `sample_processor` does."""
    del f
    return sample


def check_transform(transform: Any) -> None:
    """Refuse what cannot be called with a batch.

    Raises:
        ArgumentTypeError: it cannot.
    """
    if transform is not None and not callable(transform):
        msg = f"transform={transform!r} cannot be called as transform(batch)"
        raise ArgumentTypeError(msg)


def _is_form(_: Any, __: Any, form: object) -> None:
    if form not in FORMS:
        msg = f"ragged={form!r}: give one of {', '.join(map(repr, FORMS))}"
        raise ArgumentTypeError(msg)


@attrs.frozen(kw_only=True)
class Wanted:
    """What a dataset reads of every row, and how.

    Attributes:
        keys: The columns.
        sampling: The axis that rows are of, or `"coo"`.
        form: What ragged rows become in tensors.
        padded: Whether they are read into one padded array where that is what they become.
        whole: Whether batches become tensors as they are, with no sample made of them.
        reader: The reader asked for.
    """

    keys: tuple[str, ...]
    sampling: Sampling
    form: Form = attrs.field(validator=_is_form)
    padded: bool
    whole: bool
    reader: ReaderName = attrs.field(converter=check_reader)


class Look:
    """One open file, and a function for each column that reads rows of it.

    A file that nobody can change while it is open is read by many threads at once; `enter` says
    whether that is so, and `leave` that the batch is read. Otherwise h5py's lock has to be held.

    Attributes:
        shortcut: Makes a whole batch of tensors at once, where every column is of that kind.
        columns_of: Shows the tensors that it made as columns.
    """

    def __init__(self, root: Any, schema: Schema, wanted: Wanted) -> None:
        """Look at `root`, an open file or what stands in its place, through its schema."""
        self.root = root
        self.fixed = not can_change(root)
        self.opener = Opener(wanted.reader if self.fixed else "h5py")
        self.view = View(root, schema, source_of=self.opener)
        self._gate = Gate(root) if self.fixed and isinstance(root, h5py.File) else None
        self._wanted = wanted
        self._fetches: tuple[tuple[str, Fetch], ...] = ()
        self._of_axis: dict[str, Fetch] = {}
        if wanted.sampling == "coo":
            self._of_axis = {key: self._fetch(key) for key in wanted.keys if key != CENTRAL}
        else:
            self._fetches = self._by_row(wanted.sampling)
        self.shortcut = self._shortcut()
        self.columns_of = partial(columns_of, {key: schema.layout(key) for key in wanted.keys})
        apart = any(not schema.layout(key).parts for key in wanted.keys)  # rows that are opened one by one
        self._needs_file = self.opener.by_h5py or apart

    def _fetch(self, key: str, axis: int = 0) -> Fetch:
        wanted = self._wanted
        return self.view.fetch(key, axis=axis, form=wanted.form, padded=wanted.padded)

    def _by_row(self, sampled: int) -> tuple[tuple[str, Fetch], ...]:
        axes = ((key, sampled if key == CENTRAL else 0) for key in self._wanted.keys)
        return tuple((key, self._fetch(key, axis)) for key, axis in axes)

    def _shortcut(self) -> Callable[[Rows], dict[str, Any]] | None:
        """Return what makes a whole batch of tensors at once, where every column is of that kind."""
        wanted, schema, view = self._wanted, self.view.schema, self.view
        rows_of = [key for key in wanted.keys if key != CENTRAL or wanted.sampling != "coo"]
        if not (self.fixed and wanted.whole) or (
            wanted.sampling != "coo" and wanted.sampling > 0 and CENTRAL in wanted.keys
        ):
            return None
        puts: list[tuple[str, Put]] = []
        for key in rows_of:
            layout = schema.layout(key)
            put = row_putter(key, layout, view.opened(key))
            apart = isinstance(layout, RaggedLayout) and not (wanted.padded and wanted.form == "pad")
            if put is None or apart:
                return None
            puts.append((key, put))
        if wanted.sampling != "coo":
            return partial(by_row, [put for _, put in puts])
        aligned = [(int(key.partition("/")[0]), put) for key, put in puts]
        shown = CENTRAL in wanted.keys
        return cell_reader(CENTRAL, schema.central, view.opened(CENTRAL), aligned, shown=shown)

    @property
    def is_current(self) -> bool:
        """Whether the file is still as it was looked at."""
        return self.fixed and (self._gate is None or not self._gate.shut)

    def enter(self) -> bool:
        """Begin to read a batch without h5py's lock, if that can be done."""
        gate = self._gate
        if gate is None:
            return self.fixed
        if self._needs_file and not self.root:
            return False
        return gate.enter()

    def leave(self) -> None:
        """End what `enter` began."""
        if self._gate is not None:
            self._gate.leave()

    def read(self, rows: Rows) -> dict[str, Column]:
        """Read whole columns of a batch: of rows of the sampled axis, or of elements."""
        if self._fetches:
            return {key: fetch(rows) for key, fetch in self._fetches}
        index, central = self.view.gather_cells(CENTRAL, rows)
        columns: dict[str, Column] = {}
        for key in self._wanted.keys:
            if key == CENTRAL:
                columns[key] = central
            else:
                axis, _, _ = key.partition("/")
                columns[key] = self._of_axis[key](index[int(axis)])
        return columns
