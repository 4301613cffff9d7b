"""What a chunk went through when it was written, as HDF5 keeps it."""

from typing import TypeAlias

import attrs
from attrs.validators import ge

Parameters: TypeAlias = tuple[int, ...]


class DamageError(ValueError):
    """Bytes that no encoder wrote; `decoding` says of which chunk and tells the user."""


@attrs.frozen(kw_only=True)
class Filter:
    """One step of a pipeline."""

    number: int
    """Id in HDF5's register of filters."""
    parameters: Parameters
    """Client data: what the filter was told when the dataset was made."""
    name: str
    """For messages."""


@attrs.frozen(kw_only=True)
class Pipeline:
    """The filters of one dataset, in the order of writing; decoding goes backwards."""

    filters: tuple[Filter, ...]
    itemsize: int = attrs.field(validator=ge(1))
    """Bytes of one element."""
    n_bytes: int = attrs.field(validator=ge(1))
    """Bytes of one decoded chunk, exactly."""
