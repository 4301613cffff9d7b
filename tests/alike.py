"""When batches of tensors, or samples of NumPy values, count as the same: bytes, dtypes, shapes and keys."""

import numpy as np
import torch


def alike(a, b):
    """Whether two values, or structures of values, are the same to the last byte."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(alike(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, torch.Tensor):
        return _same_tensors(a, b)
    if isinstance(a, np.ndarray | np.generic):
        return (a.dtype, a.shape) == (b.dtype, b.shape) and (
            alike(a.tolist(), b.tolist()) if a.dtype.hasobject else a.tobytes() == b.tobytes()
        )
    return a == b


def _same_tensors(a, b):
    if (a.dtype, a.layout, a.is_nested) != (b.dtype, b.layout, b.is_nested):
        return False
    if a.is_nested:
        return all(map(_same_tensors, a.unbind(), b.unbind()))
    return a.shape == b.shape and torch.equal(a.to_dense(), b.to_dense())


def plain(sample):
    """A sample as a bare dict."""
    return dict(sample)
