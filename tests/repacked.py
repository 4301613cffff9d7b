"""A file to be repacked, and all that a file holds whatever its storage."""

import h5py
import numpy as np
import scipy.sparse

import h5torch
import samplers
import splits

N = 60
RAGGED = [np.arange(n % 50, dtype=np.int32) for n in range(N)]
BOXES = [np.full((n % 30, 3), n, np.float32) for n in range(N)]


def write_source(path):
    """Write a file of which nothing is stored as `repack` would store it."""
    rng = np.random.default_rng(0)
    counts = scipy.sparse.random(N, 40, density=0.3, format="csr", random_state=0)
    with h5torch.File(path, "w") as f:
        f.register(counts, "central", mode="csr", csr_load_sparse=True, chunks=50, compression="gzip")
        f.register(rng.normal(size=(N, 30)), 0, name="wide", dtype_load="float32", chunks=(7, 11))
        f.register(RAGGED, 0, name="tokens", mode="vlen")
        f.register(BOXES, 0, name="boxes", mode="separate")
        f.register(RAGGED, 0, name="ragged", chunks=True, compression="lzf")
        f.register(["a", "b", "ć"] * 20, 0, name="kind", categories=True)
        f.register(rng.normal(size=N) > 0, 0, name="flag", chunks=True)
        f.register(["x" * n for n in range(40)], 1, name="gene")
        f.register(scipy.sparse.random(9, 9, density=0.2), "unstructured", name="coo", chunks=True)
        splits.create(f, "main", splits.Stratified(by="0/kind", parts={"train": 0.7, "test": 0.2}, seed=3))
        samplers.save(f, "drawn", samplers.Shuffled(seed=4))
        f.attrs["source"] = "https://example.org/ź"
        f["0"].attrs["matrix"] = np.arange(6.0).reshape(2, 3)
        f["0/wide"].attrs["unit"] = "mV"
        f["0/tokens"].attrs["vocabulary"] = ["a", "bc"]
        f["0/boxes"].attrs["count"] = np.int16(7)


def contents(path):
    """Every attribute of a file, and every value, bit by bit, by path; the storage does not count."""
    found = {}

    def add(name, node):
        for key, value in node.attrs.items():
            found[name, key] = np.asarray(value).tolist(), str(node.attrs.get_id(key).dtype)
        if isinstance(node, h5py.Dataset):
            values = np.asarray(node[()])
            bits = values.tobytes() if values.dtype.kind != "O" else repr(values.tolist())
            found[name] = bits, node.shape, node.dtype, h5py.check_enum_dtype(node.dtype)

    with h5py.File(path) as f:
        add("/", f)
        f.visititems(add)
    return found
