"""Digests of columns: by value, not by how they lie in memory."""

import hashlib
import struct

import numpy as np
import pytest

from h5torch.digests import digest
from h5torch.errors import ArgumentTypeError


def spelled(header, payload):
    return hashlib.sha256(f"h5torch-column 1 {header}\n".encode() + payload).hexdigest()


def test_numbers_are_digested_as_the_documentation_spells_them():
    assert digest(np.array([1, -2, 3], np.int16)) == spelled("int 3", struct.pack("<3q", 1, -2, 3))
    assert digest(np.array([[0.5, -0.0]], ">f4")) == spelled("float 1x2", struct.pack("<2d", 0.5, 0.0))
    assert digest(np.array([2**63], np.uint64)) == spelled("uint 1", struct.pack("<Q", 2**63))
    assert digest(np.array([1 - 2j], np.complex64)) == spelled("complex 1", struct.pack("<2d", 1, -2))
    assert digest(np.array([7], "datetime64[ms]")) == spelled("time[ms] 1", struct.pack("<q", 7))
    assert digest(np.array([7], "timedelta64[10s]")) == spelled("span[10s] 1", struct.pack("<q", 7))


def test_text_is_digested_as_the_documentation_spells_it():
    wanted = spelled("text 3", struct.pack("<3Q", 2, 0, 1) + "hé𝄞".encode())

    assert digest(np.array(["hé", "", "𝄞"])) == wanted
    assert digest(np.array(["hé".encode(), b"", "𝄞".encode()])) == wanted
    assert digest(np.array(["hé", "", "𝄞", "long"])[:3]) == wanted


def test_width_order_and_layout_in_memory_do_not_count():
    numbers = np.arange(-50, 50)
    table = np.arange(12).reshape(3, 4)

    assert digest(numbers.astype(np.int8)) == digest(numbers) == digest(numbers.astype(">i4"))
    assert digest(np.array([True, False])) == digest(np.array([1, 0], np.uint64))
    assert digest(np.asfortranarray(table)) == digest(table) == digest(np.tile(table, 2)[:, :4])
    assert digest(np.array([np.nan])) == digest(-np.array([np.nan], np.float32))
    assert digest(np.array([1 - 0j])) == digest(np.array([1 + 0j]))


def test_other_values_shapes_and_kinds_have_other_digests():
    columns = [[0, 1], [1, 0], [0, 1, 0], [[0, 1]], [0.0, 1.0], ["0", "1"], ["01", ""], ["", "01"], [0j, 1]]

    assert len({digest(np.array(column)) for column in columns}) == len(columns)


def test_columns_longer_than_a_block_are_digested_whole():
    texts = np.array(["x", "yy"])[np.arange(70_000) % 2]
    lengths = (np.arange(70_000) % 2 + 1).astype("<u8").tobytes()

    assert digest(texts) == spelled("text 70000", lengths + b"xyy" * 35_000)
    assert digest(np.arange(70_000)) == spelled("int 70000", np.arange(70_000, dtype="<i8").tobytes())


@pytest.mark.parametrize("dtype", [object, np.longdouble])
def test_dtypes_without_one_form_are_refused(dtype):
    with pytest.raises(ArgumentTypeError, match="has no digest; use numbers up to 64 bits, text or times"):
        digest(np.zeros(2, dtype))


def test_rows_of_different_length_are_digested_by_their_lengths_and_values():
    rows = np.empty(3, object)
    rows[:] = [np.array([1, 2]), np.array([], np.int64), np.array([3], np.uint8)]
    inner = b"h5torch-column 1 int 3\n" + struct.pack("<3q", 1, 2, 3)

    assert digest(rows) == spelled("list 3", struct.pack("<3Q", 2, 0, 1) + inner)
    assert digest(np.array(["a", "é"], object)) == digest(np.array(["a", "é"]))
    rows[1] = np.zeros((1, 1))
    with pytest.raises(ArgumentTypeError, match="such objects has no digest"):
        digest(rows)
