"""Text: any Unicode goes in and comes out, or is refused with a reason."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import h5torch
from h5torch.errors import ArgumentTypeError, ConversionError, RegisterError
from h5torch.values.kinds import decide_value, decode_values, encode_values
from h5torch.values.text import SLACK, decode, fixed_width, wastes_space

UNICODE = st.text(st.characters(codec="utf-8"), max_size=12)
STRIPPED = UNICODE.map(lambda text: text.rstrip("\0"))


class Label(str):
    """Text of a class of its own, as many libraries give it."""

    __slots__ = ()


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("text") / "x.h5t"


def stored(path, data: Any, **options: Any) -> list[Any]:
    """Register data, reopen the file, and return what samples hold."""
    with h5torch.File(path, "w") as f:
        f.register(data, "central", **options)
    ds = h5torch.Dataset(path)
    return [ds[row]["central"] for row in range(len(ds))]


@given(
    texts=st.lists(STRIPPED, min_size=1, max_size=8),
    mode=st.sampled_from(["auto", "N-D", "ragged"]),
    data=st.data(),
)
@settings(max_examples=60)
def test_any_unicode_comes_back(path, texts, mode, data):
    """However the caller holds it: NULs within, empty texts, any script."""
    holders = {
        "list": texts,
        "tuple": tuple(texts),
        "np.str_": [np.str_(text) for text in texts],
        "subclass": [Label(text) for text in texts],
        "U": np.array(texts, dtype=np.str_),
        "object": np.array(texts, dtype=object),
        "StringDType": np.array(texts, dtype=np.dtypes.StringDType()),
    }
    found = stored(path, holders[data.draw(st.sampled_from(sorted(holders)))], mode=mode)
    assert [str(text) for text in found] == texts
    assert {type(text) for text in found} == {np.str_}


@given(texts=st.lists(STRIPPED, min_size=1, max_size=8))
@settings(max_examples=30)
def test_bytes_in_the_file_and_text_in_samples_as_the_published_package_spells_it(path, texts):
    for data in (np.array(texts), np.array(texts, object), np.array([text.encode() for text in texts])):
        assert [str(text) for text in stored(path, data, dtype_save="bytes", dtype_load="str")] == texts
    assert stored(path, np.array(texts), dtype_save="bytes", dtype_load="bytes", mode="N-D") == [
        text.encode() for text in texts
    ]


@given(texts=st.lists(st.lists(STRIPPED, min_size=2, max_size=2), min_size=1, max_size=5))
@settings(max_examples=30)
def test_tables_of_text_come_back(path, texts):
    for data in (texts, np.array(texts), np.array(texts, dtype=object)):
        assert [row.tolist() for row in stored(path, data)] == texts


@given(texts=st.lists(STRIPPED, max_size=6), width=st.integers(1, 8))
def test_text_fits_its_width_or_is_named(texts, width):
    """The width counts bytes of UTF-8; `unsafe` cuts between characters, never within one."""
    array = np.array(texts, dtype=np.str_)
    too_long = [row for row, text in enumerate(texts) if len(text.encode()) > width]
    if too_long:
        with pytest.raises(
            ConversionError, match=rf"text in row {5 + too_long[0]} takes .* the object holds {width}; "
        ):
            fixed_width(array, width=width, what="0/x", first_row=5)
    else:
        assert decode(fixed_width(array, width=width, what="x"), what="x").tolist() == texts
    cut = decode(fixed_width(array, width=width, casting="unsafe", what="x"), what="x").tolist()
    assert all(text.startswith(short) for text, short in zip(texts, cut, strict=True))
    assert all(len(short.encode()) <= width for short in cut)


@pytest.mark.parametrize(
    ("data", "options", "match"),
    [
        (["a", "b\0"], {}, r"'b\\x00' in row 1 ends in NUL"),
        ([b"a", b"b\0"], {}, r"in row 1 ends in NUL"),
        ([["a", "b\0"]], {}, "ends in NUL"),
        (["a", "\ud800"], {}, "the text in row 1 is not valid Unicode"),
        ([["a", "b"], ["c", "\ud800"]], {}, "the text in row 1 is not valid Unicode"),
        (["a", "\ud800"], {"mode": "ragged"}, "the text in row 1 is not valid Unicode"),
        (["a", "sechse"], {"dtype_save": "S5"}, "row 1 takes 6 bytes of UTF-8, the object holds 5; .*S6"),
        (["a", "ééé"], {"dtype_save": "S5"}, "row 1 takes 6 bytes"),
        ([b"a", b"sechse"], {"dtype_save": "S5"}, "b'sechse' in row 1 does not fit .*S5"),
        (["a", "sechse"], {"dtype_load": "U5"}, "'sechse' in row 1 does not fit <U5"),
        (["a", "sechse"], {"dtype_load": "S5"}, "does not fit"),
        ([b"a", b"\xff"], {"dtype_load": "str"}, "bytes in row 1 are no UTF-8"),
        (["1", "x"], {"dtype_load": "int64"}, r"b'x' in row 1 is no int64"),
        (["1", "x"], {"dtype_save": "int64"}, r"'x' in row 1 is no int64"),
        (["1", "300"], {"dtype_save": "int8"}, "'300' in row 1 is no int8"),
        (["1", "1e39"], {"dtype_save": "float32"}, "'1e39' in row 1 is no float32"),
        (["1", "2"], {"dtype_save": "bool"}, "'1' in row 0 is no bool"),
        (np.array([1, 12345]), {"dtype_save": "S3"}, "b'12345' in row 1 does not fit .*S3"),
        (np.array([1, 12345]), {"dtype_load": "U3"}, "'12345' in row 1 does not fit <U3"),
    ],
)  # fmt: skip
def test_text_that_would_not_come_back_is_refused(path, data, options, match):
    with h5torch.File(path, "w") as f:
        with pytest.raises(ConversionError, match=match):
            f.register(data, "central", **options)
        assert list(f) == []


@pytest.mark.parametrize("options", [{"dtype_save": "S9000"}, {"dtype_load": "bytes"}, {"dtype_load": "U9"}])
def test_ragged_text_has_no_width(path, options):
    with h5torch.File(path, "w") as f, pytest.raises(RegisterError, match="keeps text whole"):
        f.register(["a", "b" * 9], "central", mode="ragged", **options)


def test_appended_text_fits_or_is_refused(path):
    with h5torch.File(path, "w") as f:
        f.register(["abc"], "central", length=3)
        with pytest.raises(
            ConversionError, match="the text in row 1 takes 4 bytes of UTF-8, the object holds 3"
        ):
            f.append(["abcd"], "central")
        f.append(["abcd"], "central", casting="unsafe")
        f.append(["é"], "central")
        assert f.column("central").tolist() == ["abc", "abc", "é"]


@pytest.mark.parametrize(
    "values",
    [np.array([1, -20]), np.array([0.1, np.nan, -1e300]), np.array([0.1, 3e38], np.float32)],
    ids=str,
)
def test_numbers_spelled_as_bytes_come_back(path, values):
    with h5torch.File(path, "w") as f:
        f.register(values, "central", dtype_save="bytes")
        assert f["central"].dtype.kind == "S"
        np.testing.assert_array_equal(f.column("central"), values)
        assert f.column("central").dtype == values.dtype


def test_times_spelled_as_bytes_come_back(path):
    times = np.array(["2020-01-01T00:00:01", "NaT"], "M8[s]")
    with h5torch.File(path, "w") as f:
        f.register(times, "central", dtype_save="bytes")
        np.testing.assert_array_equal(f.column("central"), times)


def test_numbers_given_as_text_are_read_exactly(path):
    assert stored(path, ["9007199254740993", "-1"], dtype_save="int64") == [9007199254740993, -1]
    assert stored(path, [b"0.5", b"-1"], dtype_save="float16") == [0.5, -1]
    assert stored(path, ["1+2j"], dtype_save="complex64") == [1 + 2j]
    assert stored(path, ["1", "2"], dtype_load="int16") == [1, 2]


def test_text_is_no_bool():
    with pytest.raises(ArgumentTypeError, match="do not load as bool"):
        decide_value(np.dtype(bool), dtype_save="bytes", dtype_load=None, bfloat16=False, what="x")


@given(texts=st.lists(UNICODE, max_size=6))
def test_decoding_undoes_encoding_for_any_shape(texts):
    array = np.array(texts, dtype=np.str_).reshape(1, -1, 1)
    value = decide_value(array.dtype, dtype_save=None, dtype_load=None, bfloat16=False, what="x")
    found = decode_values(encode_values(array, value, casting="checked", what="x"), value, what="x")
    assert found.shape == array.shape
    assert found.tolist() == array.tolist()


def test_bytes_that_are_not_utf8_are_not_text():
    with pytest.raises(ConversionError, match="x: holds bytes that are not UTF-8"):
        decode(np.array([b"\xff"]), what="x")
    assert decode(np.array([b"a", "\xe9"], dtype=object), what="x").tolist() == ["a", "é"]


@given(lengths=st.lists(st.integers(0, 2000), max_size=9))
def test_text_is_ragged_only_where_padding_costs_much(lengths):
    """More than the text itself again, and over 64 bytes a row: the oracle adds up the padding."""
    padding = sum(max(lengths) - length for length in lengths) if lengths else 0
    assert wastes_space(lengths) == (padding > sum(lengths) + SLACK * len(lengths))


def test_auto_keeps_very_unequal_text_ragged_and_the_rest_fixed(path):
    unequal = ["x" * 5000, *["y"] * 20]
    with h5torch.File(path, "w") as f:
        f.register(unequal, "central")
        f.register(["x", "yy"] * 10 + ["z"], 0, name="near")
        assert f.schema.layout("central").mode == "ragged"
        assert f.schema.layout("0/near").mode == "N-D"
        assert f.column("central").tolist() == unequal


def test_numbers_whose_spelling_means_another_number_are_refused(path):
    """The shortest spelling of a float32 is that of another float64."""
    with (
        h5torch.File(path, "w") as f,
        pytest.raises(ConversionError, match=r"0\.1 in row 1 would come back as 0\.1;"),
    ):
        f.register(np.array([0, 0.1], np.float32), "central", dtype_save="bytes", dtype_load="float64")


def test_bytes_are_cut_where_that_is_asked_for(path):
    assert stored(path, [b"abc", b"d"], dtype_save="S2", casting="unsafe") == [b"ab", b"d"]
    assert stored(path, np.array([123, 4]), dtype_load="U2", casting="unsafe") == ["12", "4"]
