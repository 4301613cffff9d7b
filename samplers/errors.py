"""The error of the `samplers` package."""

from h5torch.errors import H5torchError

__all__ = ["SamplerError"]


class SamplerError(H5torchError, ValueError):
    """Rows cannot be drawn as asked: from this dataset, in such batches, or from this state."""
