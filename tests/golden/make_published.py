"""Write the golden files of the published package, and beside each the samples it returns.

Run with a Python that has the published package: `python make_published.py OUT_FOLDER`.
The same package and libraries give the same JSON each time.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from zlib import crc32

import numpy as np

import h5torch

sys.path.append(str(Path(__file__).parents[2]))  # last: `h5torch` is the installed release

from tests.golden import published_layouts, published_options
from tests.golden.recording import record, save

RELEASE = "0.3.1"
SEED = 20250701


def main(folder: Path) -> None:
    """Write every file and its record into the folder.

    Raises:
        SystemExit: the package imported here is not the published release.
    """
    if version("h5torch") != RELEASE:
        msg = f"make_published: needs h5torch {RELEASE}, found {version('h5torch')}"
        raise SystemExit(msg)
    folder.mkdir(parents=True, exist_ok=True)
    for name, (write, views) in {**published_layouts.FILES, **published_options.FILES}.items():
        path = folder / f"{name}.h5t"
        with h5torch.File(str(path), "w") as f:
            write(f, np.random.default_rng([SEED, crc32(name.encode())]))
        expected = record(path, views, package=h5torch)
        save({"written_by": f"h5torch {RELEASE}", **expected}, path.with_suffix(".json"))
        print(f"{path.name}: {len(views)} cases")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
