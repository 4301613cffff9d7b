"""One raw chunk of a file, decoded through its filters outside libhdf5 and its lock, and within bounds."""

from h5torch.storage.filters.decoding import decode, decode_into, unsupported
from h5torch.storage.filters.records import Filter, Pipeline

__all__ = ["Filter", "Pipeline", "decode", "decode_into", "unsupported"]
