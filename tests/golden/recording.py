"""What a release of the package returns for a file, recorded as JSON or compared with a record.

The release comes in as the `package` argument (a module with `File`, `Dataset`, `SliceDataset`),
so the same code records the published package and replays its records on any other.
"""

from __future__ import annotations

import inspect
import json
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from tests.golden.codec import Raises, decode, difference, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import ModuleType

    from numpy.typing import NDArray

MOST_SAMPLES = 24  # recorded per case; a longer case is recorded at evenly spaced positions
PublishedFile = Any  # `File` of the installed release, whose signatures are not our own
ERRORS = (AttributeError, IndexError, KeyError, OSError, TypeError, ValueError)


@dataclass(frozen=True, kw_only=True)
class View:
    """One way to sample a file: a class of the package and its keyword arguments."""

    arguments: dict[str, Any]
    kind: str = "Dataset"


def record(path: Path, views: Sequence[View], *, package: ModuleType) -> dict[str, Any]:
    """Describe a file and every sample that the package returns for each view of it.

    Raises:
        ValueError: the package's samples from disk and from memory differ.
    """
    return {
        "file": path.name,
        "expected_from": "release",
        "warnings": opening_warnings(path, package=package),
        "objects": describe_objects(path),
        "unstructured": record_unstructured(path, package=package),
        "cases": [record_case(path, view, package=package) for view in views],
    }


def record_case(path: Path, view: View, *, package: ModuleType) -> dict[str, Any]:
    """Spell what `observe` sees, once for the two places the samples can come from.

    Raises:
        ValueError: the package's samples from disk and from memory differ.
    """
    seen = observe(path, view, package=package)
    if "in_memory" in inspect.signature(getattr(package, view.kind)).parameters:
        in_memory = View(arguments={**view.arguments, "in_memory": True}, kind=view.kind)
        differs = difference(seen, observe(path, in_memory, package=package), "in memory")
        if differs:
            msg = f"{path.name}, {view}: {differs}"
            raise ValueError(msg)
    return spell_case(view, seen)


def spell_case(view: View, seen: dict[str, Any]) -> dict[str, Any]:
    """Put a view and what was seen through it in the form that `replay` reads."""
    arguments = {name: encode(value) for name, value in view.arguments.items()}
    return {"class": view.kind, "arguments": arguments, "seen": encode(seen)}


def replay(path: Path, case: dict[str, Any], *, package: ModuleType) -> str:
    """Sample the file as a recorded case says and compare strictly.

    Returns:
        The first difference in one line, or the empty string when all is the same.
    """
    arguments = {name: decode(spelled) for name, spelled in case["arguments"].items()}
    view = View(arguments=arguments, kind=case["class"])
    return difference(decode(case["seen"]), observe(path, view, package=package), str(view))


def observe(path: Path, view: View, *, package: ModuleType) -> dict[str, Any]:
    """Open the file and take its samples.

    Returns:
        `length`, `indices`, the `positions` sampled, and the `samples` there (a `Raises` where one
        raised); or `raises` alone, when the class refuses the view.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = getattr(package, view.kind)(str(path), **view.arguments)
        except ERRORS as error:
            return {"raises": type(error).__name__}
    length = len(dataset)
    positions = positions_of(length)
    seen = {
        "length": length,
        "indices": getattr(dataset, "indices", np.arange(length)),  # 0.1.0 keeps none
        "positions": positions,
        "samples": [attempt(dataset.__getitem__, at) for at in positions.tolist()],
    }
    dataset.f.close()
    return seen


def positions_of(length: int) -> NDArray[np.int64]:
    """Choose the positions to record: all, or evenly spaced ones."""
    return np.linspace(0, length - 1, min(length, MOST_SAMPLES)).round().astype(np.int64)


def attempt(read: Callable[..., object], *arguments: object) -> object:
    """Return what a call returns, or a `Raises` with the name of its error."""
    try:
        return read(*arguments)
    except ERRORS as error:
        return Raises(error=type(error).__name__)


def opening_warnings(path: Path, *, package: ModuleType) -> list[str]:
    """Collect what the package warns of when it opens the file."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        package.File(str(path)).close()
    return [str(warning.message) for warning in caught]


def describe_objects(path: Path) -> dict[str, Any]:
    """List attributes, dtypes and shapes of everything in the file, by HDF5 path."""
    with h5py.File(path, "r") as f:
        return dict(described(f, ""))


def described(group: h5py.Group, prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Go through the group, each item before the items in it."""
    for name, item in group.items():
        said: dict[str, Any] = {}
        if isinstance(item, h5py.Dataset):
            said = {"dtype": stored_dtype(item), "shape": list(item.shape)}
        if len(item.attrs):
            said["attrs"] = {key: encode(value) for key, value in item.attrs.items()}
        yield f"{prefix}{name}", said
        if isinstance(item, h5py.Group):
            yield from described(item, f"{prefix}{name}/")


def stored_dtype(dataset: h5py.Dataset) -> str:
    """Spell the dtype of the dataset; one of variable length as `vlen:` and what it repeats."""
    repeated = h5py.check_vlen_dtype(dataset.dtype)
    return str(dataset.dtype.str) if repeated is None else f"vlen:{np.dtype(repeated).str}"


def record_unstructured(path: Path, *, package: ModuleType) -> dict[str, Any]:
    """Record every row of the unstructured objects (every entry, where the mode is `coo`)."""
    samplers = package.dataset.mode_to_sampler
    with h5py.File(path, "r") as f:
        return {
            name: [encode(attempt(samplers[item.attrs["mode"]], item, at)) for at in range(rows(item))]
            for name, item in f.get("unstructured", {}).items()
        }


def rows(item: h5py.Dataset | h5py.Group) -> int:
    """Count what can be sampled from an object: its rows, or the entries of a `coo` one."""
    return item["data"].shape[0] if item.attrs["mode"] == "coo" else int(item.attrs["shape"][0])


def save(expected: dict[str, Any], path: Path) -> None:
    """Write the record as JSON, one line to each field, object and case."""
    fields = [f"{json.dumps(name)}: {_lined(value)}" for name, value in expected.items()]
    path.write_text("{\n" + ",\n".join(fields) + "\n}\n", encoding="utf-8")


def _lined(value: object) -> str:
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(map(_packed, value)) + "\n]"
    if isinstance(value, dict) and value:
        lines = [f"{json.dumps(name)}: {_packed(item)}" for name, item in value.items()]
        return "{\n" + ",\n".join(lines) + "\n}"
    return _packed(value)


def _packed(value: object) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))
