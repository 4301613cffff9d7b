"""Rewriting a file: the same data, laid out for reading in any order, in order, or to be small."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import h5py
from tqdm import tqdm

from h5torch.errors import FormatError
from h5torch.file import File
from h5torch.layouts import SeparateLayout, VlenLayout
from h5torch.repacking.deciding import decide
from h5torch.repacking.packings import choose_packing
from h5torch.repacking.placing import check_disk, check_places, new_file
from h5torch.repacking.records import Found, Plan, Repacked, Report, Use
from h5torch.repacking.survey import (
    cut_short,
    hdf5plugin,
    survey_beside,
    survey_objects,
    survey_part,
)
from h5torch.repacking.walking import Walk
from h5torch.schema import Schema

__all__ = ["Repacked", "Report", "repack"]


def repack(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    use: Use = "random",
    compression: str | None = None,
    overwrite: bool = False,
    progress: bool = True,
) -> Report:
    """Write a file anew, with its bytes laid out for one use; `target` is there whole, or not at all.

    Rows of `vlen` and `separate` objects become `ragged`. Values are copied bit by bit, with splits,
    samplers, attributes, links, and whatever else the file holds; what was not written to its end
    is left out. Memory stays bounded, whatever the size of the file.

    Args:
        source: The file as it is.
        target: The new file, another one than `source`.
        use: `"random"` stores arrays contiguous and uncompressed, which reads fastest in any order;
            `"sequential"` compresses them in chunks of about a mebibyte, for reading in order;
            `"size"` does so as strongly as the codec can.
        compression: `"gzip"` (unless you say otherwise) or `"lzf"`; `"lz4"`, `"zstd"` or `"blosc"`
            where `hdf5plugin` is installed. Not for `use="random"`.
        overwrite: Whether a file at `target` is replaced.
        progress: Whether a terminal shows how far it is.

    Returns:
        What became of every object, what was left out, and what was kept as it was.

    Raises:
        RegisterError: the target is the source or exists, or a codec that cannot be had.
        FormatError: an object of the source is damaged, or it holds none.
        StorageError: there is no such file, it cannot be read, or the disk is too small.
    """
    packing = choose_packing(use, compression, plugin=hdf5plugin())
    old_path, new_path = Path(source), Path(target)
    check_places(old_path, new_path, overwrite=overwrite)
    with File(old_path, warn=False) as old:
        schema = old.schema
        _check_content(old_path, schema)
        found = list(survey_objects(old, schema, partial(_bar, unit=" rows", progress=progress)))
        left_out = tuple(cut_short(old, schema))
        plan = decide(found, survey_beside(old, schema), left_out, packing)
        if packing.codec is None:
            check_disk(new_path.absolute(), plan.n_bytes)
        ordered = bool(old["/"].id.get_create_plist().get_link_creation_order())
        with new_file(new_path, overwrite=overwrite, aligned=use != "size", ordered=ordered) as new:
            with _bar(new_path.name, plan.n_bytes, unit="B", progress=progress) as done:
                walk = Walk(source=old, target=new, plan=plan, done=done)
                walk.run()
            new.flush()
            objects = tuple(_told(one, plan, new) for one in found)
        beside_hdf5 = int(old.id.get_create_plist().get_userblock())
        if beside_hdf5:
            walk.notes.append(f"the first {beside_hdf5} bytes, which HDF5 leaves to others, are left out")
    return Report(
        source=old_path,
        target=new_path,
        use=use,
        bytes_before=old_path.stat().st_size,
        bytes_after=new_path.stat().st_size,
        objects=objects,
        left_out=left_out,
        notes=tuple(walk.notes),
    )


def _check_content(path: Path, schema: Schema) -> None:
    if not (schema.objects or schema.problems or schema.unfinished):
        msg = f"{path}: holds no object of h5torch, so there is nothing to repack"
        raise FormatError(msg)


@contextmanager
def _bar(what: str, total: int, *, unit: str, progress: bool) -> Iterator[Callable[[int], object]]:
    """Show on a terminal how much of `total` is done."""
    disable = None if progress else True
    with tqdm(desc=what, total=total, unit=unit, unit_scale=True, disable=disable, leave=False) as bar:
        yield bar.update


def _told(one: Found, plan: Plan, new: h5py.File) -> Repacked:
    """Tell what became of one object."""
    before = next(
        part for name, part in one.parts.items() if name not in {"indptr", "indices", "offsets", "shapes"}
    )
    becomes_ragged = one.key in plan.ragged
    node = new[one.key]
    names = ["values", "offsets", "shapes"] if becomes_ragged else list(one.parts)
    heap = one.rows.n_bytes if one.rows is not None and isinstance(one.layout, VlenLayout) else 0
    bytes_before = sum(part.n_bytes for part in one.parts.values()) + heap
    if one.key in plan.kept:
        stored, bytes_after = before.stored, bytes_before
    else:
        parts = {
            name: survey_part(node[name] if name else node, name)
            for name in names
            if not name or name in node
        }
        stored = next(part.stored for name, part in parts.items() if name in {"", "data", "values"})
        bytes_after = sum(part.n_bytes for part in parts.values())
    return Repacked(
        key=one.key,
        mode_before=one.layout.mode,
        mode_after="ragged" if becomes_ragged else one.layout.mode,
        stored_before="heap" if isinstance(one.layout, VlenLayout) else before.stored,
        stored_after="heap" if one.key in plan.kept and isinstance(one.layout, VlenLayout) else stored,
        bytes_before=bytes_before,
        bytes_after=bytes_after,
        note=_note(one, plan),
    )


def _note(one: Found, plan: Plan) -> str:
    if one.key in plan.kept:
        return f"stays as it was: {plan.kept[one.key]}"
    layout = one.layout
    if layout.mode == "coo" and plan.packing.codec is None and one.parts["data"].growable:
        return "takes no more nonzeros: contiguous arrays cannot grow"
    if layout.filled_to < layout.n_rows and one.key in plan.ragged and isinstance(layout, SeparateLayout):
        return "rows that are not filled yet now read as empty, not as an error"
    return ""
