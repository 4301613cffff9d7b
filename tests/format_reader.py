"""A reader of the file format: it knows the sentences of `docs/format.md` and h5py, and no line of ours."""

import math
import re
from itertools import pairwise

import numpy as np

MODES = {"N-D", "csr", "coo", "ragged", "vlen", "separate"}


class RefusedError(Exception):
    """An object that must not be read (section 9)."""


def need(condition, why):
    if not condition:
        raise RefusedError(why)


def as_str(value):
    return value.decode() if isinstance(value, bytes) else str(value)  # F206


def keys_of(f):
    """F102, F103, F109, F202: the finished objects of a file."""
    keys = ["central"] if "central" in f else []
    for group in f:
        if re.fullmatch("0|[1-9][0-9]*", group, re.ASCII) or group == "unstructured":
            keys += [f"{group}/{name}" for name in f[group]]
    return [key for key in keys if "mode" in f[key].attrs]


def read(f, key):
    """The rows of an object; of `coo` the indices and the values of its entries."""
    node = f[key]
    mode, version = as_str(node.attrs["mode"]), node.attrs.get("version")
    need(mode in MODES, f"F203: mode {mode}")
    need(version is None or version <= 1, f"F204: version {version}")
    shape = [int(length) for length in node.attrs["shape"]]
    need(shape and min(shape) >= 0, "F208")
    filled = int(node.attrs.get("filled_to", shape[0]))  # F803
    need(0 <= filled <= shape[0], "F209")
    if key[0].isdecimal():
        axis = int(key.split("/")[0])
        need(mode != "coo" and shape[0] == f["central"].attrs["shape"][axis], "F106")
    return READERS[mode](f, node, shape, filled)


def show(f, node, stored):
    """Section 3: values as the file has them to values as samples have them."""
    names = node.attrs.get("dtypes", [stored.dtype.str] * 2)  # F803
    load = as_str(names[1])
    if "categories" in node.attrs:
        listed = decode(f[as_str(node.attrs["categories"])][()])  # F316
        need(not stored.size or stored.max() < len(listed), "F317")
        return listed[stored]
    if load == "object" and stored.ndim == 1:
        return np.array([as_str(text) for text in stored])  # F804
    if re.fullmatch("[<>]?U[0-9]*", load):
        text = decode(stored) if stored.dtype.kind == "S" else stored.astype(str)  # F315, F320
        return text if load[-2:] == "U0" else text.astype(load)
    if load.startswith(("datetime64", "timedelta64")):
        return stored.astype("int64").view(load)  # F311
    if re.fullmatch(r"\|?S0", load):
        return stored
    return stored.astype(load)  # F302, F304, F319


def decode(stored):
    texts = [text.rstrip(b"\0").decode() for text in stored.ravel().tolist()]
    return np.array(texts, dtype=str).reshape(stored.shape)


def read_dense(f, node, shape, _):
    need(list(node.shape) == shape, "F401")
    return show(f, node, node[()])


def offsets_of(node, name, n_rows, filled, length):
    """F412, F415, F432, F805, F806: where each row begins and ends; unfilled rows are empty."""
    offsets = node[name][()]
    need(offsets.shape == (n_rows + 1,), "F412: length")
    offsets = offsets.astype("int64")
    used = offsets[: filled + 1]
    need(used[0] == 0 and (np.diff(used) >= 0).all() and used[-1] <= length, "F412")
    need(node.attrs.get("stored") == used[-1] or used[-1] == length, "F211, F806")
    return [(int(a), int(b)) for a, b in pairwise(used)] + [(0, 0)] * (n_rows - filled)  # F210


def read_csr(f, node, shape, filled):
    n_rows, n_cols = shape
    columns, data = node["indices"][()], show(f, node, node["data"][()])
    rows = offsets_of(node, "indptr", n_rows, filled, min(len(columns), len(data)))
    dense = np.zeros((n_rows, n_cols), dtype=data.dtype)
    for row, (start, stop) in enumerate(rows):
        for column, value in zip(columns[start:stop], data[start:stop], strict=True):  # F413
            need(0 <= column < n_cols, "F414")
            dense[row, column] += value  # F414: for bools NumPy's + is "or"
    return dense


def read_coo(f, node, shape, _):
    indices, data = node["indices"][()], show(f, node, node["data"][()])
    need("stored" in node.attrs or indices.shape[1] == len(data), "F423")
    count = int(node.attrs.get("stored", len(data)))
    need(len(indices) == len(shape) and count <= min(indices.shape[1], len(data)), "F421, F423")
    need(all(0 <= i < n for axis, n in zip(indices, shape, strict=True) for i in axis), "F422")
    return indices[:, :count], data[:count]


def read_ragged(f, node, shape, filled):
    stored, text = node["values"][()], as_str(node.attrs["dtypes"][1]).lstrip("<>")[0] == "U"
    rows = offsets_of(node, "offsets", shape[0], filled, len(stored))
    if text:
        return [stored[start:stop].tobytes().decode() for start, stop in rows]  # F435
    values = show(f, node, stored)
    flat = [values[start:stop] for start, stop in rows]  # F433
    if "shapes" not in node:
        return flat
    sizes = node["shapes"][()].tolist()
    need(all(math.prod(size) == len(row) for size, row in zip(sizes, flat, strict=True)), "F434")
    return [row.reshape(size) for size, row in zip(sizes, flat, strict=True)]


def read_vlen(f, node, shape, _):
    need(list(node.shape) == shape, "F441")
    return [show(f, node, row) for row in node[()]]


def read_separate(f, node, shape, _):
    need(all(str(row) in node for row in range(shape[0])), "F210: a row that was never filled")
    return [show(f, node, node[str(row)][()]) for row in range(shape[0])]  # F451


READERS = {
    "N-D": read_dense,
    "csr": read_csr,
    "coo": read_coo,
    "ragged": read_ragged,
    "vlen": read_vlen,
    "separate": read_separate,
}


# docs/keyed.md, in integers that do not wrap by themselves

WORD, STEP = 2**64, 0x9E3779B97F4A7C15


def mix(z):
    z %= WORD
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % WORD
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % WORD
    return z ^ (z >> 31)


def hash_word(word, key):
    return mix(key + STEP * (word + 1))


def hash_text(text, key):
    raw, state = text.encode(), key
    for first in range(0, len(raw), 8):
        state = mix(((state + STEP) % WORD) ^ int.from_bytes(raw[first : first + 8], "little"))
    return mix(((state + STEP) % WORD) ^ len(raw))


def derive(seed, *words):
    key = hash_word(0, seed)
    for word in words:
        key = hash_word(hash_text(word, 0) if isinstance(word, str) else word, key)
    return key


def hash_id(value, key):
    if isinstance(value, str):
        return hash_text(value, derive(key, "text"))
    return hash_word(value % WORD, derive(key, "integer"))


def row_at(position, n, key):
    root = math.isqrt(n)
    a = max(2, root + root % 2)
    b = (n + a - 1) // a
    keys = [derive(key, number) for number in range(24 if n < 1024 else 12)]
    x = position
    while True:
        low, high = x % a, x // a
        for number, k in enumerate(keys):
            if number % 2 == 0:
                low = (low + hash_word(high, k) % a) % a
            else:
                high = (high + hash_word(low, k) % b) % b
        x = high * a + low
        if x < n:
            return x


# What the reader finds, and what h5torch says
