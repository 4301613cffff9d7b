"""Filter 3, Fletcher's checksum: four bytes after the data, always verified."""

import numpy as np

from h5torch.rows import Array
from h5torch.storage.filters.records import DamageError, Parameters

BASE = 65535
WORDS = 1024  # of a row, when the words are summed as a matrix


def verify(data: Array, _out: Array, _parameters: Parameters) -> Array:
    """Return the data without its checksum: a view.

    Raises:
        DamageError: the bytes are not those that were written.
    """
    if data.size < 4:
        msg = f"{data.size} bytes, too few for a checksum"
        raise DamageError(msg)
    body = data[:-4]
    stored = int.from_bytes(data[-4:].tobytes(), "little")
    computed = fletcher32(body)
    # HDF5 before 1.6.3 swapped the bytes of each half on little-endian machines; HDF5 accepts both since.
    swapped = (computed & 0x00FF00FF) << 8 | (computed & 0xFF00FF00) >> 8
    if stored not in (computed, swapped):
        msg = f"the checksum is {computed:#010x}, stored is {stored:#010x}"
        raise DamageError(msg)
    return body


def fletcher32(data: Array) -> int:
    """Return HDF5's Fletcher-32 of some bytes, uint8 `(n,)`, taken as big-endian words of 16 bits.

    Sums are modulo 65535, and there multiplying by 256 swaps the bytes of a word: words are summed as they
    lie, and the sums are turned at the end. The second sum, of word `i` times `n - i`, comes from the sums of
    the rows and of the columns of a matrix, which NumPy takes at the speed of memory.
    """
    n_words = (data.size + 1) // 2
    n_rows = data.size // 2 // WORDS
    matrix = data[: n_rows * WORDS * 2].view("<u2").reshape(n_rows, WORDS)
    wide = np.uint32 if n_rows <= BASE else np.uint64
    rows = matrix.sum(axis=1, dtype=np.uint32).astype(np.uint64)
    columns = matrix.sum(axis=0, dtype=wide).astype(np.uint64)
    rest = data[n_rows * WORDS * 2 :]
    tail = np.append(rest, np.zeros(data.size % 2, np.uint8)).view("<u2").astype(np.uint64)

    to_end = np.arange(n_words, n_words - n_rows * WORDS, -WORDS, dtype=np.int64).astype(np.uint64)
    total = int(rows.sum()) + int(tail.sum())
    weighted = (
        int((to_end % BASE * (rows % BASE)).sum())
        - int((np.arange(WORDS, dtype=np.uint64) * (columns % BASE)).sum())
        + int((np.arange(tail.size, 0, -1).astype(np.uint64) * tail).sum())
    )
    if not total:
        return 0
    # HDF5 folds sums until they fit: one that is no zero folds to 65535, never to 0.
    first, second = ((256 * part - 1) % BASE + 1 for part in (total, weighted))
    return second << 16 | first
