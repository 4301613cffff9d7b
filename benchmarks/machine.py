"""What the figures were measured on, without a word of where."""

import importlib
import os
import platform
from importlib import metadata
from pathlib import Path

from benchmarks import roster

_OURS = ("numpy", "scipy", "torch", "h5py")


def facts() -> dict[str, str]:
    """Return cores, memory, and the versions of what was measured."""
    h5py = importlib.import_module("h5py")
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": processor(Path("/proc/cpuinfo")),
        "cores": str(os.cpu_count()),
        "memory": f"{pages / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        **{name: metadata.version(name) for name in _OURS},
        "HDF5": h5py.version.hdf5_version,
        **pinned(),
    }


def processor(cpuinfo: Path) -> str:
    """Return what the processor calls itself."""
    if not cpuinfo.exists():
        return platform.processor() or "unknown"
    named = [
        line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line
    ]
    return named[0] if named else "unknown"


def pinned() -> dict[str, str]:
    """Return the versions of the peers, as their requirements pin them."""
    distributions = {
        "datasets": "HF datasets",
        "tensordict": "tensordict",
        "zarr": "zarr",
        "pylance": "Lance",
        "scDataset": "scDataset",
        "webdataset": "WebDataset",
        "litdata": "LitData",
        "hdf5plugin": "hdf5plugin",
    }
    lines = [
        line for path in sorted(roster.REQUIREMENTS.glob("*.txt")) for line in path.read_text().splitlines()
    ]
    pins = dict(line.split("==") for line in lines if "==" in line)
    return {label: pins[name] for name, label in distributions.items()}
