"""Datasets whose values lie elsewhere: which rows lie in which other dataset or file."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

import h5py
from h5py import h5d, h5f, h5fd, h5i, h5p, h5s

from h5torch.errors import StorageError
from h5torch.storage.extents import Opaque, Part, Parts

# Each file that is read takes a descriptor, of which a process has about a thousand.
_MOST_FILES = 256


def virtual_parts(dataset: h5py.Dataset, plist: h5p.PropDCID) -> Parts | Opaque:
    """Return the datasets whose rows a virtual dataset shows.

    Raises:
        StorageError: a file that it names is not there; HDF5 would show the fill value instead.
    """
    files = _source_files(dataset, plist)
    parts = []
    for at, file in enumerate(files):
        rows = _rows(plist.get_virtual_vspace(at), dataset.shape)
        source = plist.get_virtual_srcspace(at)
        whole = source.get_select_type() == h5s.SEL_ALL
        first = 0 if whole else _first(source, dataset.shape, rows)
        if file is None or rows is None or first is None:
            return Opaque(reason="it is virtual, and not made of whole rows of other datasets")
        name = plist.get_virtual_dsetname(at)
        start, stop = rows
        parts.append(Part(start=start, stop=stop, file=file, dataset=name, first=first, whole=whole))
    parts.sort(key=lambda part: part.start)
    ends = [0, *(part.stop for part in parts)]
    if [part.start for part in parts] != ends[:-1] or ends[-1] != dataset.shape[0]:
        return Opaque(reason="it is virtual, and some of its rows have no source, or two")
    if len({part.file for part in parts}) > _MOST_FILES:
        return Opaque(reason=f"it is virtual, and lies in more than {_MOST_FILES} files")
    return Parts(parts=tuple(parts))


def check_sources(dataset: h5py.Dataset) -> None:
    """Refuse a virtual dataset where a source is missing: HDF5 shows the fill value for its rows.

    Raises:
        StorageError: a file or dataset that it names is not there.
    """
    plist = dataset.id.get_create_plist()
    driver = h5i.get_file_id(dataset.id).get_access_plist().get_driver()
    if plist.get_layout() != h5d.VIRTUAL or driver != h5fd.SEC2:  # another driver looks in other places
        return
    for at, path in enumerate(_source_files(dataset, plist)):
        if path is not None:
            with opened(path) as file:
                found_in(file, plist.get_virtual_dsetname(at))


def opened(path: str) -> h5py.File:
    """Open a file that a virtual dataset names.

    Raises:
        StorageError: HDF5 cannot open it.
    """
    try:
        return h5py.File(path, "r")
    except OSError as error:
        msg = f"{path}: a virtual dataset has rows of this file, and it cannot be opened ({error})"
        raise StorageError(msg) from error


def found_in(file: h5py.File, name: str) -> h5py.Dataset:
    """Return a dataset that a virtual dataset names.

    Raises:
        StorageError: the file has no dataset of this name.
    """
    found = file.get(name)
    if not isinstance(found, h5py.Dataset):
        msg = f"{file.filename}: a virtual dataset has rows of its dataset {name!r}, which is not there"
        raise StorageError(msg)
    return found


def _source_files(dataset: h5py.Dataset, plist: h5p.PropDCID) -> list[str | None]:
    """Return the path of the file of each mapping; `None` for a pattern of names.

    Raises:
        StorageError: one is not there.
    """
    main = os.fsdecode(h5i.get_file_id(dataset.id).name)
    prefix = os.fsdecode(dataset.id.get_access_plist().get_virtual_prefix())
    known: dict[str, str] = {".": main}
    files: list[str | None] = []
    for at in range(plist.get_virtual_count()):
        name = plist.get_virtual_filename(at)
        if "%" in name or "%" in plist.get_virtual_dsetname(at):
            files.append(None)
            continue
        if name not in known:
            tried = list(dict.fromkeys(_places(name, main, prefix)))
            there = [place for place in tried if Path(place).is_file()]
            if not there:
                msg = (
                    f"{main}: {dataset.name} is virtual and has rows of {name}, which is not there (looked "
                    f"for {', '.join(tried)}); HDF5 would show its fill value instead; bring the file, or "
                    "set HDF5_VDS_PREFIX to its folder"
                )
                raise StorageError(msg)
            known[name] = there[0]
        files.append(known[name])
    return files


def _places(name: str, main: str, prefix: str) -> Iterator[str]:
    """Yield where HDF5 looks for the file of a source, in its order."""
    folder = Path(main).absolute().parent
    if Path(name).is_absolute():
        yield name
        name = Path(name).name
    for place in os.environ.get("HDF5_VDS_PREFIX", "").split(os.pathsep):
        if place:
            yield str(Path(place) / name)
    if prefix:
        yield str(Path(prefix) / name)
    yield str(folder / name)
    yield name
    yield str(Path(main).resolve().parent / name)


def _rows(space: h5s.SpaceID, shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Return the rows `[start, stop)` selected, or `None` where it is something else than whole rows."""
    try:
        (start, *starts), (last, *lasts) = space.get_select_bounds()
        n_points = space.get_select_npoints()
    except (RuntimeError, ValueError):  # there is no bound where a selection grows with its sources
        return None
    widths = [last - first + 1 for first, last in zip(starts, lasts, strict=True)]
    if widths != list(shape[1:]) or n_points != (last - start + 1) * math.prod(widths):
        return None
    return start, last + 1


def _first(space: h5s.SpaceID, shape: tuple[int, ...], rows: tuple[int, int] | None) -> int | None:
    """Return the first row selected of a source, or `None` where it is not as many whole rows."""
    found = _rows(space, shape)
    if found is None or rows is None or found[1] - found[0] != rows[1] - rows[0]:
        return None
    return found[0]


def external_parts(
    dataset: h5d.DatasetID, plist: h5p.PropDCID, shape: tuple[int, ...], itemsize: int
) -> Parts | Opaque:
    """Return the runs of other files in which the values of a dataset lie.

    HDF5 opens no dataset whose values take more room than these runs.
    """
    width = math.prod(shape[1:]) * itemsize
    prefix = Path(os.fsdecode(dataset.get_access_plist().get_efile_prefix()))
    parts: list[Part] = []
    start, n_rows = 0, (shape or (1,))[0]
    for at in range(plist.get_external_count()):
        name, offset, size = plist.get_external(at)
        rows = n_rows - start if size == h5f.UNLIMITED else min(size // width, n_rows - start)
        if size != h5f.UNLIMITED and size % width and start + rows < n_rows:
            return Opaque(reason="a row of it lies in two external files")
        if rows:
            file = str(prefix / os.fsdecode(name))
            parts.append(Part(start=start, stop=start + rows, file=file, offset=offset))
            start += rows
    return Parts(parts=tuple(parts))
