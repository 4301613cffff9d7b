"""What cannot be repacked is named, and nothing is left behind."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from h5py import h5d, h5p, h5z

import h5torch
from h5torch.errors import FormatError, RegisterError, StorageError
from h5torch.repack import repack
from tests.repacked import contents
from tests.test_golden import GOLDEN


@pytest.mark.parametrize(
    "name", ["releases/0.2.12/damaged-beside.h5t", "releases/0.2.13/damaged-one-append.h5t"]
)
def test_a_damaged_object_is_named_and_nothing_is_written(tmp_path, name):
    with pytest.raises(FormatError, match=r"/(0/csr|central): .*a row boundary is missing"):
        repack(GOLDEN / name, tmp_path / "new.h5t")
    assert list(tmp_path.iterdir()) == []


def test_bytes_that_do_not_decode_are_named_and_nothing_is_left(tmp_path):
    with h5torch.File(tmp_path / "old.h5t", "w") as f:
        f.register(np.arange(3), "central")
        f.register(np.arange(3000).reshape(3, 1000), 0, name="hurt", compression="gzip", fletcher32=True)
        offset = f["0/hurt"].id.get_chunk_info(0).byte_offset
    with Path(tmp_path / "old.h5t").open("r+b") as raw:
        raw.seek(offset + 20)
        raw.write(b"\xff" * 40)

    with pytest.raises(StorageError, match=r"/0/hurt: HDF5 cannot read it .* is the file damaged\?"):
        repack(tmp_path / "old.h5t", tmp_path / "new.h5t")
    assert [path.name for path in tmp_path.iterdir()] == ["old.h5t"]


@pytest.mark.parametrize("mode", ["N-D", "ragged"])
def test_a_codec_that_is_not_installed_is_named(tmp_path, mode):
    with h5torch.File(tmp_path / "old.h5t", "w") as f:
        f.register([[1, 2], [3, 4]], "central", mode=mode)
        path = {"N-D": "central", "ragged": "central/offsets"}[mode]
        attributes = dict(f[path].attrs)
        how = h5p.create(h5p.DATASET_CREATE)
        how.set_chunk(f[path].shape)
        how.set_filter(40_000, h5z.FLAG_OPTIONAL)
        space, kind = f[path].id.get_space(), f[path].id.get_type()
        del f[path]
        h5d.create(f.id, path.encode(), kind, space, how).write_direct_chunk((0,) * len(space.shape), b"?", 0)
        f[path].attrs.update(attributes)

    with pytest.raises(StorageError, match=f"/{path}: needs an unknown codec, HDF5 filter 40000, to be read"):
        repack(tmp_path / "old.h5t", tmp_path / "new.h5t")


def test_a_row_that_is_missing_is_named(tmp_path):
    with h5torch.File(tmp_path / "old.h5t", "w") as f:
        f.register([np.ones(2), np.ones(3)], "central", mode="separate")
        del f["central/1"]
    with pytest.raises(FormatError, match="/central: row 1 of 2 is missing"):
        repack(tmp_path / "old.h5t", tmp_path / "new.h5t")


def test_a_target_that_is_taken_is_refused_unless_it_may_be_replaced(source, tmp_path):
    new = tmp_path / "new.h5t"
    new.write_text("mine", encoding="utf-8")
    with pytest.raises(RegisterError, match="exists; choose another name, or overwrite it"):
        repack(source, new)
    assert new.read_text(encoding="utf-8") == "mine"

    repack(source, new, overwrite=True)
    assert contents(new)["/", "source"] == contents(source)["/", "source"]
    assert list(tmp_path.iterdir()) == [new]


@pytest.mark.parametrize("link", ["symlink_to", "hardlink_to"])
def test_a_file_is_not_repacked_onto_itself(source, tmp_path, link):
    same = tmp_path / "same.h5t"
    getattr(same, link)(source)
    before = source.read_bytes()
    for target in (source, same):
        with pytest.raises(RegisterError, match="is the file to be repacked; give another name"):
            repack(source, target, overwrite=True)
    assert source.read_bytes() == before


def test_places_that_cannot_be_are_named(source, tmp_path):
    with pytest.raises(StorageError, match=r"absent\.h5t: no such file"):
        repack(tmp_path / "absent.h5t", tmp_path / "new.h5t")
    with pytest.raises(RegisterError, match="there is no such folder; give the name of a new file"):
        repack(source, tmp_path / "no" / "new.h5t")
    with pytest.raises(RegisterError, match="is a folder; give the name of a new file"):
        repack(source, tmp_path, overwrite=True)
    with h5py.File(tmp_path / "other.h5", "w") as f:
        f["x"] = 1
    with pytest.raises(FormatError, match="holds no object of h5torch"):
        repack(tmp_path / "other.h5", tmp_path / "new.h5t")


def test_a_disk_that_is_too_small_is_refused_before_the_first_byte(tmp_path):
    with h5py.File(tmp_path / "old.h5t", "w") as f:
        huge = f.create_dataset("central", (10**9, 10**6), "f8", chunks=(1, 1000))
        huge.attrs.update({"mode": "N-D", "shape": [10**9, 10**6], "dtypes": ["float64", "float64"]})

    with pytest.raises(StorageError, match=r"needs 8,000,000,000,000,000 bytes, the disk has [\d,]+ free"):
        repack(tmp_path / "old.h5t", tmp_path / "new.h5t")
    assert [path.name for path in tmp_path.iterdir()] == ["old.h5t"]
