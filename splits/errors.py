"""The error of the `splits` package."""

from h5torch.errors import H5torchError

__all__ = ["SplitError"]


class SplitError(H5torchError, ValueError):
    """A split cannot be made as asked: of these columns, these shares or these rows."""
