"""Lance: tables on disk, `take` of whole batches."""

from functools import partial

import lance

from benchmarks.peers.arrow_tables import batch_of, tables
from benchmarks.readers import RowReader


def write(work, arrays, folder):
    """Write each table as a Lance dataset."""
    for name, table in tables(work, arrays).items():
        lance.write_dataset(table, str(folder / name))


class Reader(RowReader):
    """Open Lance datasets."""

    context = "spawn"

    def __init__(self, work, folder):
        """Open the datasets."""
        super().__init__(work, folder)
        self._tables = {path.name: lance.dataset(str(path)) for path in sorted(folder.iterdir())}

    def batch(self, rows):
        """Return a batch."""
        return batch_of(self.work, self._tables["rows"].take(rows), self._features)

    def _features(self, name, rows):
        return self._tables[name].take(rows)

    def close(self):
        """Let go of the datasets."""
        self._tables = {}


def openers(work, folder, source):
    """Return how the reader is opened."""
    del source
    return {"lance": partial(Reader, work, folder)}
