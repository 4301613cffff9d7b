"""HF datasets, tuned: whole batches as Arrow tables, which become tensors without a Python object a value."""

from functools import partial

import datasets

from benchmarks.peers.arrow_tables import batch_of, tables
from benchmarks.readers import RowReader


def write(work, arrays, folder):
    """Save each table as a dataset on disk."""
    datasets.disable_progress_bars()
    for name, table in tables(work, arrays).items():
        datasets.Dataset(datasets.table.InMemoryTable(table)).save_to_disk(str(folder / name))


class Reader(RowReader):
    """Datasets in the format `arrow`, asked for whole batches."""

    def __init__(self, work, folder):
        """Map the datasets."""
        super().__init__(work, folder)
        loaded = {path.name: datasets.load_from_disk(str(path)) for path in sorted(folder.iterdir())}
        self._tables = {name: table.with_format("arrow") for name, table in loaded.items()}

    def batch(self, rows):
        """Return a batch."""
        return batch_of(self.work, self._tables["rows"][rows.tolist()], self._features)

    def _features(self, name, rows):
        return self._tables[name][rows.tolist()]

    def close(self):
        """Let go of the maps."""
        self._tables = {}


def openers(work, folder, source):
    """Return how the reader is opened."""
    del source
    return {"datasets": partial(Reader, work, folder)}
