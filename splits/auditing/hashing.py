"""A 64-bit hash of each row of a column: rows of equal values have equal hashes, whatever they hold.

Values count as samples show them: -0 is 0, every NaN is the same, text counts by its UTF-8 bytes, a sparse
row by what is not zero in it in any order, a ragged row by its shape and values. Hashes of different columns,
or of one column read as another dtype, have nothing to do with each other.

The hash of a row is the wrapping sum of the hashes of its 8-byte words, each mixed with its place first. Two
different rows of `n` share one by chance with probability about `n**2 / 2**65`: 3e-8 for a million rows.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from h5torch.batch import CategoryColumn, Column, DenseColumn, SparseColumn, TextColumn
from h5torch.keyed import derive, hash_ids, hash_rows
from splits.errors import SplitError

__all__ = ["Words", "find_missing", "hash_column"]

Words: TypeAlias = npt.NDArray[np.uint64]

_BLOCK = 1 << 15  # words mixed at a time, so that the working arrays stay in the cache


def hash_column(column: Column, *, key: int) -> Words:
    """Hash every row of a column.

    Args:
        column: Rows of any kind.
        key: From `h5torch.keyed.derive`.

    Returns:
        uint64 of shape `(n,)`.

    Raises:
        SplitError: the values have a dtype that has no such form, such as long doubles.
    """
    match column:
        case SparseColumn():
            return _hash_sparse(column, key)
        case CategoryColumn():
            return _hash_dense(column.codes, key)
        case TextColumn():
            return _hash_texts(column.texts, key)
        case DenseColumn() if column.values.dtype.kind == "O":
            return _hash_texts(column.values.ravel().tolist(), key)
        case DenseColumn():
            return _hash_dense(column.values, key)
        case _:
            return _hash_ragged([np.asarray(column.row(place)) for place in range(len(column))], key)


def find_missing(column: Column) -> npt.NDArray[np.bool_]:
    """Return one bool a row, True where a single value is NaN, NaT or an empty text.

    Rows of several values are never missing.
    """
    match column:
        case CategoryColumn():
            return find_missing(DenseColumn(values=column.stack()))
        case TextColumn():
            return np.array([not text for text in column.texts], np.bool_)
        case DenseColumn(values=values) if values.ndim == 1:
            if values.dtype.kind == "O":
                return np.array([not text for text in values.tolist()], np.bool_)
            if values.dtype.kind in "US":
                return np.asarray(np.strings.str_len(values) == 0)
            return np.asarray(values != values)  # NaN and NaT alone differ from themselves
        case _:
            return np.zeros(len(column), np.bool_)


def _hash_dense(values: npt.NDArray[Any], key: int) -> Words:
    flat = values.reshape(len(values), -1) if values.size else np.zeros((len(values), 0), np.uint8)
    if flat.dtype.kind in "US":
        words = hash_ids(flat.ravel(), key=derive(key, "text")).reshape(flat.shape)
    else:
        words = _packed(flat)
    places = hash_rows(np.arange(words.shape[1]), key=derive(key, "place"))
    hashes = np.empty(len(words), np.uint64)
    step = max(1, _BLOCK // max(1, words.shape[1]))
    for first in range(0, len(words), step):
        mixed = hash_rows(words[first : first + step] ^ places, key=key)
        hashes[first : first + step] = mixed.sum(axis=1, dtype=np.uint64)
    return hashes


def _plain(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return numbers as little-endian unsigned integers of their own width, one spelling a value."""
    kind = values.dtype.kind
    if kind not in "biufcmM" or values.dtype.itemsize > (16 if kind == "c" else 8):
        msg = (
            f"values of dtype {values.dtype} cannot be compared row by row; use numbers up to 64 bits or text"
        )
        raise SplitError(msg)
    values = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False)
    if kind == "c":
        values = values.view(f"<f{values.dtype.itemsize // 2}")
    if values.dtype.kind == "f":
        with np.errstate(invalid="ignore"):  # a signalling NaN
            values = values + values.dtype.type(0)  # -0.0 + 0.0 is 0.0
        values[np.isnan(values)] = np.nan
    return values.view(f"<u{values.dtype.itemsize}")


def _packed(flat: npt.NDArray[Any]) -> Words:
    """Lay the bytes of each row into whole 8-byte words, filled up with zeros."""
    plain = _plain(flat)
    if plain.dtype.itemsize == 8:
        return plain
    n_bytes = plain.shape[1] * plain.dtype.itemsize
    room = np.zeros((len(plain), -(-n_bytes // 8) * 8), np.uint8)
    room[:, :n_bytes] = plain.view(np.uint8).reshape(len(plain), n_bytes)
    return room.view("<u8")


def _sums(hashes: Words, bounds: npt.NDArray[Any]) -> Words:
    """Add up `hashes[bounds[i]:bounds[i + 1]]`, wrapping round."""
    running = np.zeros(len(hashes) + 1, np.uint64)
    np.cumsum(hashes, out=running[1:])
    total: Words = running[bounds[1:]] - running[bounds[:-1]]
    return total


def _hash_flat(words: Words, lengths: npt.NDArray[np.int64], key: int) -> Words:
    """Hash rows of different length that lie one after the other, by their words in order."""
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    place = np.arange(len(words)) - np.repeat(bounds[:-1], lengths)
    mixed = hash_rows(words ^ hash_rows(place, key=derive(key, "place")), key=key)
    return _sums(mixed, bounds)


def _hash_ragged(rows: Sequence[npt.NDArray[Any]], key: int) -> Words:
    sizes = np.array([row.size for row in rows], np.int64)
    filled = [row.ravel() for row in rows if row.size]
    values = np.concatenate(filled) if filled else np.zeros(0, np.uint8)
    if values.dtype.kind in "US":
        words, per_value = hash_ids(values, key=derive(key, "text")), 1
    else:
        plain = _plain(values)
        words, per_value = plain.astype(np.uint64), len(plain) // max(1, len(values)) or 1
    hashes = _hash_flat(words, sizes * per_value, key) + hash_rows(sizes, key=derive(key, "size"))
    shaped = [place for place, row in enumerate(rows) if row.ndim != 1]
    if shaped:
        shapes = np.array([str(rows[place].shape) for place in shaped])
        hashes[shaped] += hash_ids(shapes, key=derive(key, "shape"))
    return hashes


def _hash_texts(texts: Sequence[str | bytes], key: int) -> Words:
    encoded = [text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass") for text in texts]
    sizes = np.array([len(text) for text in encoded], np.int64)
    blob = b"".join(text + bytes(-len(text) % 8) for text in encoded)
    words = np.frombuffer(blob, "<u8").astype(np.uint64)
    return _hash_flat(words, -(-sizes // 8), key) + hash_rows(sizes, key=derive(key, "size"))


def _hash_sparse(column: SparseColumn, key: int) -> Words:
    indptr, indices, data = column.indptr, column.indices, column.data
    if not column.ordered:
        from scipy.sparse import csr_array

        known = data.astype(np.float32) if data.dtype == np.float16 else data  # SciPy has no float16
        whole = csr_array((known, indices, indptr), shape=(len(column), column.n_cols), copy=True)
        whole.sum_duplicates()
        indptr, indices, data = whole.indptr, whole.indices, whole.data
    plain = _plain(data).reshape(len(data), 2 if data.dtype.kind == "c" else 1)
    words = hash_rows(plain[:, 0].astype(np.uint64), key=key)
    for part in range(1, plain.shape[1]):  # the imaginary part of complex numbers
        words = hash_rows(words ^ plain[:, part].astype(np.uint64), key=key)
    mixed = hash_rows(words ^ hash_rows(indices, key=derive(key, "place")), key=key)
    mixed[data == 0] = 0  # a zero that is stored is no other than one that is not
    return _sums(mixed, np.asarray(indptr))
