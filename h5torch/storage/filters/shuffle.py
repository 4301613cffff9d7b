"""Filter 2, shuffle: the first bytes of all elements, then the second bytes, and so on."""

from h5torch.rows import Array
from h5torch.storage.filters.records import Parameters

# Elements at a time: the part of the result being filled stays in the cache while all its bytes come in.
BLOCK = 1 << 16


def refuses(parameters: Parameters) -> str | None:
    """Say why there is no element size in the parameters, or None."""
    return None if parameters and parameters[0] > 0 else "no element size among its parameters"


def unshuffle(data: Array, out: Array, parameters: Parameters) -> Array:
    """Return elements whole again, in `out`; bytes after the last whole element were never moved.

    Args:
        data: Shuffled bytes, uint8 `(n,)`.
        out: Room, uint8 `(n,)`; where `data` has another length, it comes back as it is, to be refused.
        parameters: The element size in bytes, first.
    """
    itemsize = parameters[0]
    n_items = data.size // itemsize
    if itemsize == 1 or n_items <= 1 or data.size != out.size:
        return data
    whole = n_items * itemsize
    planes = data[:whole].reshape(itemsize, n_items)
    elements = out[:whole].reshape(n_items, itemsize)
    if itemsize > n_items:
        elements[:] = planes.T
    else:
        for start in range(0, n_items, BLOCK):
            for place in range(itemsize):
                elements[start : start + BLOCK, place] = planes[place, start : start + BLOCK]
    out[whole:] = data[whole:]
    return out
