"""Check that the published package reads what our library wrote, sample by sample.

Run with a Python that has the published package: `python check_published_reads_ours.py FOLDER`.
The folder holds `.h5t` files, each with a `.json` record in the form that README.md describes.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

import h5torch

sys.path.append(str(Path(__file__).parents[2]))  # last: `h5torch` is the installed release

from tests.golden.codec import decode, difference
from tests.golden.recording import record_unstructured, replay

RELEASE = "0.3.1"


def check(path: Path) -> list[str]:
    """List how the published package's samples of the file differ from the record beside it."""
    beside = path.with_suffix(".json")
    if not beside.is_file():
        return [f"no record {beside.name} beside it"]
    record = json.loads(beside.read_text(encoding="utf-8"))
    if not record["cases"]:
        return [f"{beside.name} holds no cases"]
    told = [replay(path, case, package=h5torch) for case in record["cases"]]
    for name, rows in record.get("unstructured", {}).items():
        found = record_unstructured(path, package=h5torch).get(name, [])
        told.append(difference([*map(decode, rows)], [*map(decode, found)], name))
    return [line for line in told if line]


def main(folder: Path) -> int:
    """Print one line to each file, and what differs under it.

    Returns:
        0 when files were found and every sample is the same, else 1.

    Raises:
        SystemExit: the package imported here is not the published release.
    """
    if version("h5torch") != RELEASE:
        msg = f"check: needs h5torch {RELEASE}, found {version('h5torch')}"
        raise SystemExit(msg)
    found = {path.name: check(path) for path in sorted(folder.glob("*.h5t"))}
    for name, differences in found.items():
        print(f"{name}: {'differs' if differences else 'same'}", *differences, sep="\n    ")
    if not found:
        print(f"no .h5t file in {folder}")
    return int(not found or any(found.values()))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
