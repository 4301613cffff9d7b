"""HDF5 as h5py hands it through, function by function; used where types and bytes must not change."""

from typing import Any

def __getattr__(name: str) -> Any: ...
