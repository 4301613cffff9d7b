"""Write the golden files of the installed release, with the samples that must come back.

Run once for each release, with a Python that has it: `python make_old_releases.py OUT_FOLDER`.
The files go into a folder of OUT_FOLDER that is named after the release.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import h5torch

sys.path.append(str(Path(__file__).parents[2]))  # last: `h5torch` is the installed release

from tests.golden.codec import Raises, difference
from tests.golden.old_files import FILES, GAPPY, WHOLE, OldFile, source
from tests.golden.recording import attempt, describe_objects, observe, record, save, spell_case
from tests.golden.torn_files import REASON, VIEWS, append_zeros, tear, write_whole

RELEASE = version("h5torch")
NUMBER = tuple(map(int, RELEASE.split(".")))
NEWEST = "0.3.1"


def main(folder: Path) -> None:
    """Write every file that the release knows how to write, and its record."""
    folder = folder / RELEASE
    folder.mkdir(parents=True, exist_ok=True)
    for name, old in FILES.items():
        if old.known_to(NUMBER):
            write_old(folder / f"{name}.h5t", old)
    if RELEASE == NEWEST:
        write_half_done(folder)
    print(f"{RELEASE}: {len(list(folder.glob('*.h5t')))} files")


def write_old(path: Path, old: OldFile) -> None:
    """Write one file and record what the release returns, or what its source arrays say."""
    with h5torch.File(str(path), "w") as f:
        old.write(f)
    if old.damaged:
        expected = bare(path, damaged=old.damaged)
    elif old.source is None or not observed_wrong(path, old.source):
        later = [view for since, views in old.later.items() if since <= NUMBER for view in views]
        expected = record(path, [*old.views, *later], package=h5torch)
    else:
        case = spell_case(WHOLE[0], source_rows(old.source))
        expected = bare(path, expected_from="source", cases=[case])
    save({"written_by": f"h5torch {RELEASE}", **expected}, path.with_suffix(".json"))


def observed_wrong(path: Path, arrays: dict[str, Any]) -> str:
    """Say how the release's samples of its own file differ from the arrays given to it."""
    return difference(source_rows(arrays), observe(path, WHOLE[0], package=h5torch))


def source_rows(arrays: dict[str, Any]) -> dict[str, Any]:
    """Arrange the arrays that were registered as what `observe` sees of all rows in order."""
    length = len(arrays["central"])
    return {
        "length": length,
        "indices": np.arange(length),
        "positions": np.arange(length),
        "samples": [{key: rows[at] for key, rows in arrays.items()} for at in range(length)],
    }


def write_half_done(folder: Path) -> None:
    """Write the files in which a call raised half-way."""
    for name, views in VIEWS.items():
        path = folder / f"{name}.h5t"
        with h5torch.File(str(path), "w") as f:
            write_whole(f, name)
        cases = record(path, views, package=h5torch)["cases"]
        with h5torch.File(str(path), "a") as f:
            torn = tear(f, name)
        opened = attempt(h5torch.Dataset, str(path))
        said = {
            "torn": REASON.format(torn),
            "torn_object": torn,
            "published_raises": opened.error if isinstance(opened, Raises) else None,
        }
        expected = bare(path, **said, expected_from="release", cases=cases)
        save({"written_by": f"h5torch {RELEASE}", **expected}, path.with_suffix(".json"))
    path = folder / "csr-append-of-zeros-raised.h5t"
    write_old(path, OldFile(write=append_zeros, source=source(GAPPY, 4)))


def bare(path: Path, **fields: object) -> dict[str, Any]:
    """Describe a file of which the release gives no samples now."""
    return {"file": path.name, **fields, "objects": describe_objects(path)}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
