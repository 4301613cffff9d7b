"""Files that do not hold what they promise: each problem is named with its path, and nothing is guessed."""

import h5py
import numpy as np
import pytest

import h5torch
import samplers
import splits
from h5torch.errors import ArgumentTypeError, FormatError, StorageError


@pytest.fixture
def damaged(f):
    """A file with an object of several layouts, a split and a sampler."""
    f.register(["a", "b"] * 3, 0, name="kind", categories=True)
    f.register([np.arange(row) for row in range(6)], 0, name="rag")
    f.register((np.array([[0, 1], [1, 0]]), np.ones(2), (2, 2)), "unstructured", name="cells", mode="coo")
    splits.create(f, "main", splits.Stratified(by="0/kind", parts={"x": 0.5, "y": 0.5}, seed=0))
    samplers.save(f, "shuffled", samplers.Shuffled(seed=0))
    return f


def replace(f, path, values):
    del f[path]
    f[path] = values


DAMAGE = [
    (
        "0/kind",
        lambda f: replace(f, "categories/0/kind", np.arange(2)),
        "must be a list of text, found int64",
    ),
    ("0/kind", lambda f: f["0/kind"].attrs.__setitem__("categories", "/none"), "category names, /none, are"),
    ("0/kind", lambda f: f["0/kind"].attrs.__setitem__("shape", "six"), "make no sense|lacks a part"),
    ("0/rag", lambda f: f["0/rag"].__delitem__("values"), "lacks a part or attribute"),
    (
        "unstructured/cells",
        lambda f: replace(f, "unstructured/cells/data", np.ones(1)),
        "2 nonzeros of shape",
    ),
    ("unstructured/cells", lambda f: replace(f, "unstructured/cells/indices", np.ones(2)), "number of axes"),
]


@pytest.mark.parametrize(("key", "damage", "message"), DAMAGE)
def test_an_object_that_does_not_fit_together_is_refused(damaged, key, damage, message):
    damage(damaged)

    with pytest.raises(FormatError, match=f"/{key}: .*{message}"):
        damaged.schema.layout(key)
    assert "central" in damaged.schema.objects


def test_an_object_aligned_to_another_length_is_refused(damaged):
    del damaged["central"]
    damaged.create_dataset("central", data=np.zeros((5, 4)))
    for name, value in {"shape": [5, 4], "dtypes": ["float64"] * 2, "filled_to": 5, "mode": "N-D"}.items():
        damaged["central"].attrs[name] = value

    with pytest.raises(FormatError, match="/0/kind: has 6 rows, axis 0 of the central object has 5"):
        h5torch.Dataset(damaged)


def test_a_link_that_leads_nowhere_is_named(damaged):
    damaged["0/gone"] = h5py.SoftLink("/nowhere")

    with pytest.raises(FormatError, match="/0/gone: HDF5 cannot read it, it is damaged or a link"):
        damaged.schema.check()
    assert h5torch.Dataset(damaged, columns=["0/kind"])[1]["0/kind"] == "b"


def test_a_group_that_is_no_axis_is_none_of_ours(damaged):
    damaged["01"] = np.arange(3)
    damaged["1"] = np.arange(3)

    assert [key for key in damaged.schema.objects if key[0] in "01"] == ["0/kind", "0/rag"]


def test_a_chunk_that_cannot_be_decoded_is_an_error_that_names_it(tmp_path):
    path = tmp_path / "zipped.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.arange(4000).reshape(1000, 4), "central", compression="gzip")
        chunk = f["central"].id.get_chunk_info(0)
    content = bytearray(path.read_bytes())
    start = chunk.byte_offset + 16
    content[start : start + 64] = bytes(64)
    path.write_bytes(content)

    with pytest.raises(StorageError, match="/central: HDF5 cannot read .*; is the file damaged"):
        h5torch.Dataset(path, reader="h5py")[0]
    with pytest.raises(StorageError, match="/central.*chunk"):
        h5torch.Dataset(path)[0]


def test_a_mode_cannot_be_read_as_another(damaged):
    view = h5torch.view.View(damaged, damaged.schema)

    with pytest.raises(FormatError, match="has no rows to read; sample it with sampling='coo'"):
        view.gather("unstructured/cells", np.array([0]))
    with pytest.raises(FormatError, match="mode='ragged' cannot be sampled by element"):
        view.gather_cells("0/rag", np.array([0]))


def test_a_split_whose_codes_were_changed_is_refused(damaged):
    codes = damaged["splits/main/codes"]
    codes[:] = codes[:][::-1]

    with pytest.raises(FormatError, match="/splits/main: the codes have fingerprint .* as recorded"):
        splits.load(damaged, "main")


def test_a_split_whose_recipe_makes_other_parts_is_refused(damaged):
    recipe = damaged["splits/main/recipe"]
    recipe[()] = recipe[()].decode().replace('"x"', '"z"')

    with pytest.raises(
        FormatError, match=r"its recipe makes .*\('z', 'y'\).* of axis 0, its codes are .*\('x', 'y'\)"
    ):
        splits.load(damaged, "main")


@pytest.mark.parametrize("place", [5, None, b"bytes.h5t"])
def test_what_is_no_file_holds_no_split_and_no_sampler(place):
    for ask in (lambda: splits.load(place, "main"), lambda: samplers.load(place, "shuffled")):
        with pytest.raises(ArgumentTypeError, match="needs an h5torch.File or a path, got"):
            ask()


def test_a_copy_in_memory_takes_no_split_and_no_sampler(damaged):
    copy = damaged.to_dict()

    assert splits.load(copy, "main").parts == ("x", "y")
    assert samplers.load(copy, "shuffled") == samplers.Shuffled(seed=0)
    with pytest.raises(
        ArgumentTypeError, match=r"splits.create needs an h5torch.File or a path, got h5pyDict"
    ):
        splits.create(copy, "more", splits.Stratified(by="0/kind", parts={"x": 1.0}, seed=0))
    with pytest.raises(
        ArgumentTypeError, match=r"samplers.save needs an h5torch.File or a path, got h5pyDict"
    ):
        samplers.save(copy, "more", samplers.Shuffled(seed=0))


def test_a_column_of_bytes_that_are_no_text_makes_no_split(damaged):
    damaged.register(np.array([b"\xff", b"a"] * 3), 0, name="raw")

    with pytest.raises(ArgumentTypeError, match="bytes that are not UTF-8 has no digest"):
        splits.create(damaged, "raw", splits.Stratified(by="0/raw", parts={"x": 0.5}, seed=0))


@pytest.mark.parametrize("part", ["indices", "data"])
def test_flat_parts_of_two_axes_are_refused(tmp_path, part):
    path = tmp_path / "x.h5t"
    with h5torch.File(path, "w") as f:
        f.register(np.eye(4, dtype=np.float32), "central", mode="csr")
        values = f["central"][part][:]
        del f["central"][part]
        f["central"][part] = values[:, None]

    with pytest.raises(FormatError, match=f"/central: the number of axes of {part} is 2, should be 1"):
        h5torch.Dataset(path)
