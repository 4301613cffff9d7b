"""The bytes of a file, mapped or read by position."""

import os
import threading

import numpy as np
import pytest

from h5torch.errors import StorageError
from h5torch.storage.bytes import MapBytes, PreadBytes, read_seeking

BYTES = np.arange(256, dtype=np.uint8)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "bytes"
    path.write_bytes(BYTES.tobytes())
    return path


@pytest.mark.parametrize("reader", [MapBytes, PreadBytes])
def test_any_run_of_bytes_can_be_read(path, reader):
    file = reader(str(path))

    assert (file.path, file.size) == (str(path), 256)
    assert file.identity == (path.stat().st_dev, path.stat().st_ino)
    assert file.read(3, 5).tolist() == [3, 4, 5, 6, 7]
    assert file.read(0, 256).tolist() == BYTES.tolist()


def test_a_map_cannot_be_written_to(path):
    file = MapBytes(str(path))

    assert file.array is not None
    for array in (file.array, file.read(0, 4)):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize("reader", [MapBytes, PreadBytes])
def test_a_file_that_is_not_there_is_named(tmp_path, reader):
    with pytest.raises(StorageError, match="missing: cannot be"):
        reader(str(tmp_path / "missing"))


def test_an_empty_file_cannot_be_mapped(tmp_path):
    (tmp_path / "empty").touch()
    with pytest.raises(StorageError, match=r"empty: cannot be mapped into memory .*; use reader='pread'"):
        MapBytes(str(tmp_path / "empty"))


def test_bytes_are_read_into_their_place(path):
    out = np.zeros((3, 4), dtype=np.uint8)
    PreadBytes(str(path)).read_into(8, out[1:])

    assert out.tolist() == [[0] * 4, [8, 9, 10, 11], [12, 13, 14, 15]]


def test_bytes_beyond_the_end_are_an_error_that_says_where_the_file_ends(path):
    file = PreadBytes(str(path))
    with pytest.raises(StorageError, match="260 bytes are needed, the file ends after 256; it was cut short"):
        file.read(250, 10)
    os.truncate(path, 100)
    with pytest.raises(StorageError, match="120 bytes are needed, the file ends after 100"):
        file.read(90, 30)
    assert file.read(90, 10).tolist() == list(range(90, 100))


def test_a_disk_that_fails_is_an_error_that_names_the_file(path):
    """A closed descriptor stands for it."""
    file = PreadBytes(str(path))
    taken, file._descriptor = file._descriptor, os.open(path, os.O_WRONLY)
    with pytest.raises(StorageError, match="bytes: reading 4 bytes at 0 failed"):
        file.read(0, 4)
    os.close(file._descriptor)
    file._descriptor = taken


def test_a_file_is_closed_with_its_last_reader(path):
    file = PreadBytes(str(path))
    descriptor = file._descriptor
    del file
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_where_there_is_no_positioned_read_seeking_gives_the_same(path):
    out, alone = bytearray(10), threading.Lock()
    descriptor = os.open(path, os.O_RDONLY)
    assert read_seeking(descriptor, 20, memoryview(out), alone=alone) == 10
    assert bytes(out) == BYTES[20:30].tobytes()
    assert read_seeking(descriptor, 250, memoryview(out), alone=alone) == 6
    assert read_seeking(descriptor, 300, memoryview(out), alone=alone) == 0
    os.close(descriptor)
