"""Arrow tables of the source arrays, and batches from them: what HF datasets and Lance take and give."""

import numpy as np
import pyarrow as pa
import torch

from benchmarks.peers.parts import padded_batch, sparse_batch


def fixed(array):
    """Return rows of one shape as an Arrow array of lists of fixed size."""
    return pa.FixedSizeListArray.from_arrays(pa.array(array.reshape(-1)), int(np.prod(array.shape[1:])))


def lists(offsets, values):
    """Return rows of different length as an Arrow array of lists."""
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), pa.array(values))


def tables(work, arrays):
    """Return the source as tables by name, `rows` being the one that is drawn from."""
    match work.source:
        case "images":
            return {"rows": pa.table({"image": fixed(arrays["image"]), "label": arrays["label"]})}
        case "csr":
            columns = {name: lists(arrays["indptr"], arrays[name]) for name in ("indices", "data")}
            return {"rows": pa.table(columns)}
        case "ragged":
            return {"rows": pa.table({"x": lists(arrays["offsets"], arrays["values"])})}
        case "coo":
            i, j = arrays["indices"]
            return {
                "rows": pa.table({"i": i, "j": j, "value": arrays["value"]}),
                "row": pa.table({"row": fixed(arrays["row"])}),
                "col": pa.table({"col": fixed(arrays["col"])}),
            }
        case _:
            return {"rows": pa.table({"x": fixed(arrays["x"])})}


def plain(column):
    """Return a column as one Arrow array."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def dense(column, shape):
    """Return a column of numbers, or of lists of fixed size, as a tensor."""
    array = plain(column)
    if len(shape):
        array = array.flatten()
    values = array.to_numpy(zero_copy_only=True)
    return torch.from_numpy(owned(values).reshape(-1, *shape))


def owned(values):
    """Return values that may be written to: torch warns of others."""
    return values if values.flags.writeable else values.copy()


def flat(column):
    """Return lengths and values of a column of lists."""
    array = plain(column)
    lengths = np.diff(array.offsets.to_numpy()).astype(np.int64)
    return lengths, owned(array.flatten().to_numpy())


def batch_of(work, table, features):
    """Return a batch of tensors.

    Args:
        work: The workload.
        table: The drawn rows.
        features: Given a name and row numbers, the table of the features of an axis.
    """
    match work.source:
        case "images":
            shape = (3, 64, 64)
            return {"image": dense(table["image"], shape), "label": dense(table["label"], ())}
        case "csr":
            lengths, indices = flat(table["indices"])
            return sparse_batch(lengths, indices, flat(table["data"])[1], sparse=work.sparse)
        case "ragged":
            return padded_batch(*flat(table["x"]))
        case "coo":
            i, j = (plain(table[name]).to_numpy() for name in "ij")
            return {
                "value": dense(table["value"], ()),
                "row": dense(features("row", i)["row"], (16,)),
                "col": dense(features("col", j)["col"], (16,)),
            }
        case _:
            return {"x": dense(table["x"], (256,))}
