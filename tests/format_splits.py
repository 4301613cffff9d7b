"""A reader of splits: it knows section 6 of `docs/format.md` and h5py, and no line of ours."""

import hashlib
import json
import re
import struct

import h5py
import numpy as np

from tests.format_reader import as_str, need


def read_split(f, name):
    """Names of the parts, of folds of roles and fixed parts; codes, recipe and provenance."""
    group = f["splits"][name]
    need(as_str(group.attrs["mode"]) == "split" and group.attrs["version"] == 1, "F602, F603")
    members = h5py.check_enum_dtype(group["codes"].dtype)
    codes, parts = group["codes"][()], {value: part for part, value in members.items() if part != "-"}
    need(set(codes.ravel().tolist()) <= {*parts, 255}, "F606")
    recipe, provenance = (json.loads(group[part][()]) for part in ("recipe", "provenance"))
    dealt = provenance["rows"][-1]
    need((codes[..., dealt:] == 255).all(), "F611")
    return names_of(group.attrs, codes, parts), codes, recipe, provenance


def names_of(attrs, codes, parts):
    if "folds" not in attrs:
        need(codes.ndim == 1 and sorted(parts) == list(range(len(parts))), "F605")
        return [parts[code] for code in range(len(parts))]
    need(codes.ndim == 2 and len(codes), "F612")
    roles, scheme = [as_str(role) for role in attrs["roles"]], as_str(attrs["folds"])
    if scheme == "listed":
        need([parts.get(code) for code in range(len(parts))] == roles, "F616")
        return roles
    need(scheme in {"rotating", "nested"}, "F612")
    numbered = [code for code, part in sorted(parts.items()) if part.isdecimal()]
    need(numbered == list(range(max(attrs["n_folds"]))), "F613")
    need(all(parts[code] == str(code) for code in numbered), "F613")
    fixed = [part for _, part in sorted(parts.items(), reverse=True) if not part.isdecimal()]
    need([parts.get(254 - place) for place in range(len(fixed))] == fixed, "F615")
    return roles + fixed


def read_folds(f, name):
    """The rows of each part of each fold, by names such as `3/train`."""
    names, codes, _, _ = read_split(f, name)
    scheme = as_str(f["splits"][name].attrs["folds"])
    return SCHEMES[scheme](names, codes, f["splits"][name].attrs["n_folds"].tolist())


def read_listed(names, codes, n_folds):
    """F616."""
    need(n_folds == [len(codes)], "F616")
    return {
        f"{fold}/{part}": np.flatnonzero(array == code)
        for fold, array in enumerate(codes)
        for code, part in enumerate(names)
    }


def read_rotating(names, codes, n_folds):
    """F614, F615: repeats, and the fixed parts in each fold and around all of them."""
    (per_array,) = n_folds
    fixed = {part: np.flatnonzero(codes[0] == 254 - place) for place, part in enumerate(names[2:])}
    rows = {names[0]: np.flatnonzero(codes[0] < per_array), **fixed} if fixed else {}
    for repeat, array in enumerate(codes):
        rows |= rotate(array, per_array, names[:2], first=repeat * per_array)
    for fold in range(len(codes) * per_array):
        rows |= {f"{fold}/{part}": own for part, own in fixed.items()}
    return rows


def read_nested(names, codes, n_folds):
    """F617."""
    n_outer, n_inner = n_folds
    need(n_outer == len(codes) - 1, "F617")
    rows = rotate(codes[0], n_outer, names[:2])
    for outer, array in enumerate(codes[1:]):
        need(np.array_equal(array != 255, (codes[0] != outer) & (codes[0] != 255)), "F617")
        inner = rotate(array, n_inner, names[2:])
        rows |= {f"{outer}/{part}": own for part, own in inner.items()}
    return rows


def rotate(array, n_folds, roles, first=0):
    """F613: what trains and what is held out in each fold of one array."""
    rows = {}
    for fold in range(n_folds):
        rows[f"{first + fold}/{roles[0]}"] = np.flatnonzero((array < n_folds) & (array != fold))
        rows[f"{first + fold}/{roles[1]}"] = np.flatnonzero(array == fold)
    return rows


SCHEMES = {"rotating": read_rotating, "listed": read_listed, "nested": read_nested}


def read_kept(f, name):
    """F618: the arrays that a recipe holds, by digest."""
    arrays = {told: node[()] for told, node in f["splits"][name].get("kept", {}).items()}
    need(all(digest(array) == told for told, array in arrays.items()), "F618")
    return arrays


def fingerprint(axis, names, codes, scheme=None):
    """F621, F622."""
    first = f"h5torch-split 1 {axis} {len(codes)}"
    if scheme is not None:
        first = f"h5torch-folds 1 {scheme} {axis} {len(codes)} {codes.shape[1]}"
    head = b"".join(text.encode() + b"\0" for text in [first, *names])
    digits = hashlib.sha256(head + codes.tobytes()).hexdigest()
    return "-".join(re.findall("....", digits[:16]))


def digest(column):
    """F631 to F634."""
    told = list_bytes(column) if isinstance(column, list) else column_bytes(column)
    return hashlib.sha256(told).hexdigest()


def list_bytes(rows):
    """F634."""
    flat = np.concatenate([row for row in rows if len(row)] or [np.zeros(0, int)])
    lengths = struct.pack(f"<{len(rows)}Q", *map(len, rows))
    return f"h5torch-column 1 list {len(rows)}\n".encode() + lengths + column_bytes(flat)


def column_bytes(column):
    """F632, F633."""
    kind = {"b": "int", "i": "int", "u": "int", "f": "float", "c": "complex", "U": "text"}
    values = column.ravel().tolist()
    if column.dtype.kind in "mM":
        unit = column.dtype.name.partition("[")[2]
        name = f"{'time' if column.dtype.kind == 'M' else 'span'}[{unit}"
        values = column.ravel().view("int64").tolist()
    else:
        name = kind[column.dtype.kind]
    if name == "int" and max(values, default=0) >= 2**63:
        name = "uint"
    header = f"h5torch-column 1 {name} {'x'.join(map(str, column.shape))}\n".encode()
    if name == "text":
        return header + struct.pack(f"<{len(values)}Q", *map(len, values)) + "".join(values).encode()
    if name in {"float", "complex"}:
        parts = [part for value in values for part in ([value.real, value.imag][: 1 + (name == "complex")])]
        return header + b"".join(
            struct.pack("<Q", 0x7FF8 << 48) if part != part else struct.pack("<d", part + 0.0)
            for part in parts
        )
    return header + struct.pack(f"<{len(values)}{'Q' if name == 'uint' else 'q'}", *values)
