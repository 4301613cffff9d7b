"""Functions of the published package that scripts call by name."""

from typing import Any

import numpy as np

from h5torch.errors import FormatError
from h5torch.layouts import CsrLayout, csr
from h5torch.rows import as_rows
from h5torch.storage.sources import NodeSources
from h5torch.values.kinds import decode_values, value_of
from h5torch.wire.objects import read_layout


def apply_dtype(h5object: Any, data: Any) -> Any:
    """Convert values read from `h5object` to the dtype that its samples have.

    Args:
        h5object: An object of a `File`, or of what `File.to_dict` gave.
        data: A NumPy scalar or array read from it.

    Returns:
        A scalar for a scalar, otherwise a plain array.
    """
    values = np.asarray(data)
    dtypes = h5object.attrs.get("dtypes", [values.dtype, values.dtype])  # release 0.1.0 wrote none
    load = np.dtype(str(dtypes[1]))
    value = value_of(values.dtype, load, category=False, bfloat16=False)
    return decode_values(values, value, what="apply_dtype")[()]


def sample_csr(h5object: Any, index: Any) -> Any:
    """Read rows of a `csr` object by hand.

    Args:
        h5object: The object, `f["central"]` or `f["0/name"]`, open or from `File.to_dict`.
        index: One row number, or a list of them.

    Returns:
        For one row what a sample holds: dense values `(n_cols,)`, or `(indices, data)` where the
        object was registered with `csr_load_sparse=True`. For a list dense values `(n, n_cols)`.

    Raises:
        FormatError: the object is not of mode `csr`, or damaged.
        RowError: an index out of range.
    """
    layout = read_layout({"object": h5object}, "object")
    if not isinstance(layout, CsrLayout):
        msg = f"sample_csr: the object has mode {layout.mode!r}; use File.column, or a Dataset"
        raise FormatError(msg)
    rows = as_rows(index, n_rows=layout.n_rows, what="sample_csr")
    column = csr.gather(NodeSources(h5object), layout, rows, what="csr")
    return column.row(0) if np.ndim(index) == 0 else column.stack()
