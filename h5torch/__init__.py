"""h5torch: a machine-learning dataset in one HDF5 file, fed to PyTorch."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from h5torch.collation import collate
    from h5torch.dataset import Dataset, apply_dtype
    from h5torch.errors import H5torchError
    from h5torch.file import File
    from h5torch.windows import SliceDataset

__version__ = "1.0.0.dev0"
__all__ = ["Dataset", "File", "H5torchError", "SliceDataset", "apply_dtype", "collate"]

_HOMES = {
    "Dataset": "h5torch.dataset",
    "File": "h5torch.file",
    "H5torchError": "h5torch.errors",
    "SliceDataset": "h5torch.windows",
    "apply_dtype": "h5torch.dataset",
    "collate": "h5torch.collation",
}
_MODULES = {"dataset", "errors", "file"}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import h5torch` costs next to nothing."""
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return import_module(f"h5torch.{name}")
    msg = f"module 'h5torch' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted([*__all__, *_MODULES, "__version__"])
