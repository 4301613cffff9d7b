"""The schema of a whole file, read object by object."""

from collections.abc import Iterable, Iterator
from typing import Any

from h5torch.errors import FormatError
from h5torch.layouts import Layout
from h5torch.schema import CENTRAL, UNSTRUCTURED, Schema, alignment_problem, is_axis
from h5torch.wire.objects import is_stamped, read_layout


def keys_of(root: Any) -> Iterator[str]:
    """Go over the keys of the objects in a file or in what `File.to_dict` gave."""
    for group in root:
        if group == CENTRAL:
            yield CENTRAL
        elif is_axis(group) or group == UNSTRUCTURED:
            members = root[group]
            if hasattr(members, "keys"):
                yield from (f"{group}/{name}" for name in members)


def _present(root: Any, keys: Iterable[str]) -> Iterator[str]:
    for key in sorted(keys):
        group, _, name = key.partition("/")
        is_key = key == CENTRAL or ((is_axis(group) or group == UNSTRUCTURED) and name and "/" not in name)
        if is_key and key in root:
            yield key


def read_schema(root: Any, keys: Iterable[str] | None = None) -> Schema:
    """Read what a file holds; problems are gathered, not raised.

    Args:
        root: An open file, or what `File.to_dict` gave.
        keys: The objects to look at, beside the central one; all of them where this is `None`.
    """
    objects: dict[str, Layout] = {}
    problems: dict[str, str] = {}
    unfinished = []
    # Members that are asked for are looked up: another thread may be adding some beside them.
    for key in keys_of(root) if keys is None else _present(root, {CENTRAL, *keys}):
        try:
            if is_stamped(root[key]):
                objects[key] = read_layout(root, key)
            else:
                unfinished.append(key)
        except FormatError as error:
            problems[key] = str(error)
        except (KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
            problems[key] = f"HDF5 cannot read it, it is damaged or a link that leads nowhere ({error})"
    if CENTRAL in objects:
        for key, layout in list(objects.items()):
            problem = alignment_problem(key, layout, objects[CENTRAL].shape)
            if problem:
                problems[key] = problem
                del objects[key]
    return Schema(objects=objects, problems=problems, unfinished=tuple(unfinished))
