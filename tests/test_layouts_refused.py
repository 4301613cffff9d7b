"""What a layout cannot hold is refused before it is written, and damage before it is sampled."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch

import h5torch
from h5torch.errors import ConversionError, FormatError, RegisterError, UnknownNameError


@pytest.fixture
def path(tmp_path):
    """Return where a file may be written."""
    return tmp_path / "x.h5t"


@pytest.mark.parametrize(
    ("mode", "first", "block", "match"),
    [
        ("N-D", np.ones((2, 3)), np.ones((2, 4)), r"rows have shape \(3,\), the block's have \(4,\)"),
        ("csr", sp.eye_array(2, 3), sp.eye_array(2, 4), "has 3 columns, the block 4"),
        ("ragged", [np.ones(2)], [np.ones((2, 2))], "rows of rank 1"),
        ("ragged", [np.ones(2), np.ones((2, 2))], None, r"rows have ranks \[1, 2\]"),
        ("ragged", ["a", "b"], [np.ones(2)], "cannot take float64"),
        ("ragged", [np.array(1.0), np.array(2.0)], None, "mode='ragged' cannot hold"),
        ("vlen", [np.ones(2)], [np.ones((2, 2))], "row 0 has 2; use mode='ragged'"),
        ("vlen", [np.ones(2), np.ones((2, 2))], None, "row 1 has 2; use mode='ragged'"),
        ("N-D", [np.ones(2), np.ones(3)], None, "rows differ in shape"),
        ("N-D", sp.eye_array(3), None, "call .toarray"),
        ("csr", np.ones(3), None, "mode='csr' cannot hold"),
        ("csr", np.ones((2, 2), "M8[s]"), None, "mode='csr' cannot hold"),
        ("coo", ([[0]], [1.0], (3,)), ([[0]], [1.0], (4,)), r"shape \(3,\), the block \(4,\)"),
        ("coo", ["a"], None, "mode='coo' cannot hold"),
        ("separate", ["a", "b"], None, "mode='separate' cannot hold"),
    ],
)  # fmt: skip
def test_rows_that_do_not_fit_are_refused(path, mode, first, block, match):
    with h5torch.File(path, "w") as f:
        if block is None:
            with pytest.raises(RegisterError, match=match):
                f.register(first, "central", mode=mode)
            assert "central" not in f
            return
        f.register(first, "central", mode=mode, **({"chunks": True} if mode == "coo" else {"length": 9}))
        before = f.schema.central
        with pytest.raises(RegisterError, match=match):
            f.append(block, "central")
        assert f.schema.central == before


@pytest.mark.parametrize("mode", ["N-D", "csr", "ragged", "vlen", "separate"])
def test_a_value_that_would_be_lost_is_named_by_its_row_in_every_layout(path, mode):
    values = np.array([[1, 2], [3, 4], [5, 600]])
    with h5torch.File(path, "w") as f:
        f.register(values[:1], "central", mode=mode, length=4, dtype_save="uint8")
        with pytest.raises(ConversionError, match="600 in row 3 "):
            f.append(values, "central")
        f.append(values, "central", casting="unsafe")
        assert np.asarray(f.column("central")[3]).tolist() == [5, 88]


@pytest.mark.parametrize("mode", ["ragged", "vlen", "separate"])
def test_rows_of_numbers_are_not_spelled_as_text(path, mode):
    with h5torch.File(path, "w") as f, pytest.raises(RegisterError, match="drop dtype_save"):
        f.register([np.ones(2), np.ones(3)], "central", mode=mode, dtype_save="bytes", dtype_load="str")


@pytest.mark.parametrize(
    ("mode", "options", "match"),
    [
        ("coo", {"length": 3}, "length= has no meaning for mode='coo'; register it with chunks=True"),
        ("coo", {"dtype_load": "M8[s]"}, "mode='coo' stores numbers, found time"),
        ("csr", {"dtype_load": "M8[s]"}, "mode='csr' stores numbers, found time"),
        ("csr", {"dtype_save": "bytes", "dtype_load": "bytes"}, "mode='csr' stores numbers, found bytes"),
    ],
)
def test_sparse_objects_hold_numbers(path, mode, options, match):
    with h5torch.File(path, "w") as f, pytest.raises(RegisterError, match=match):
        f.register(np.eye(3, dtype=int), "central", mode=mode, **options)


@pytest.mark.parametrize("mode", ["csr", "coo"])
def test_bfloat16_is_never_forgotten_in_silence(path, mode):
    with h5torch.File(path, "w") as f:
        if mode == "csr":
            with pytest.raises(RegisterError, match="does not load bfloat16"):
                f.register(np.eye(3), "central", mode=mode, dtype_load="bfloat16")
        else:
            f.register(torch.eye(3, dtype=torch.bfloat16), "central", mode=mode)
            batch = h5torch.collate(h5torch.Dataset(f, "coo").__getitems__([0, 1]))
            assert batch["central"].dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("part", "change", "match"),
    [
        ("csr/indptr", [0, 2, 1, 3], "row 1 is said to hold entries 2 to 1"),
        ("csr/indptr", [0, 1, 9, 3], "row 1 is said to hold entries 1 to 9 of 3"),
        ("csr/indices", [0, 5, 2], "found columns 5 to 5 of 3"),
        ("csr/indices", [0, -1, 2], "found columns -1 to -1 of 3"),
        ("ragged/offsets", [0, 2, 1, 3], "row 1 is said to hold"),
        ("blocks/shapes", [[1, 1], [1, 9], [1, 1]], "row 1 has shape"),
        ("blocks/shapes", [[1, 1], [-1, -2], [1, 1]], "row 1 has shape"),
        ("text/values", [97, 255, 97], "row 1 holds bytes that are not UTF-8"),
    ],
)
def test_damage_is_named_and_never_sampled(path, part, change, match):
    """Row 1 is damaged; row 0 still reads."""
    with h5torch.File(path, "w") as f:
        f.register(np.arange(3), "central")
        f.register(sp.eye_array(3, format="csr"), 0, name="csr")
        f.register([np.ones(1), np.ones(1), np.ones(1)], 0, name="ragged", mode="ragged")
        f.register([np.ones((1, n)) for n in (1, 2, 1)], 0, name="blocks", mode="ragged")
        f.register(["a", "b", "c"], 0, name="text", mode="ragged")
        f[f"0/{part}"][...] = change
    key = f"0/{part.partition('/')[0]}"
    ds = h5torch.Dataset(path, columns=[key])
    _ = ds[0]
    with pytest.raises(FormatError, match=match):
        ds[1]


def test_codes_without_a_name_and_nonzeros_outside_are_damage(path):
    with h5torch.File(path, "w") as f:
        f.register(["a", "b"], "central", categories=True)
        f["central"][1] = 7
        with pytest.raises(FormatError, match=r"codes lie in \[7, 7\], names in \[0, 2\)"):
            h5torch.Dataset(f)[1]
    with h5torch.File(path, "w") as f:
        f.register(sp.eye_array(2), "central", mode="coo")
        f["central/indices"][:, 1] = [0, 5]
        with pytest.raises(FormatError, match=r"nonzero 1 lies at .*outside \(2, 2\)"):
            h5torch.Dataset(f, "coo")[1]


def test_a_row_of_its_own_dataset_that_is_missing_is_named(path):
    with h5torch.File(path, "w") as f:
        f.register([np.ones(2), np.ones(3)], "central", mode="separate", length=3)
        with pytest.raises(UnknownNameError, match="row 2 was never filled .2 of 3 are.; append it"):
            h5torch.Dataset(f)[2]
