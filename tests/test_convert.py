"""Conversion between every pair of dtypes, against exact rational arithmetic."""

import itertools
import re
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from h5torch.errors import ArgumentTypeError, ConversionError
from h5torch.values.convert import convert
from h5torch.values.kinds import decide_value, decode_values, encode_values, parse_dtype

NUMBERS = [np.dtype(code) for code in "?bBhHiIlLefdgFD"]
PAIRS = list(itertools.product(NUMBERS, NUMBERS))

# Where conversions break: at the ends of dtypes and of mantissas.
POWERS = (7, 8, 11, 15, 16, 24, 31, 32, 53, 63)
EDGES = [
    *(sign * 2**power + off for power in POWERS for sign in (-1, 1) for off in (-1, 0, 1)),
    2**64 - 1, 0, 1, -1, 3,
]  # fmt: skip
FLOAT_EDGES = [
    *map(float, EDGES), -0.0, 0.5, 2.5, 65504.0, 65520.0, 3.4e38, 3.5e38, 1e300, 1e-300, 5e-324,
    float("inf"), float("-inf"), float("nan"),
]  # fmt: skip


def exact(number) -> Fraction | str:
    """Return a real NumPy number as a fraction, or the name of what is none."""
    if np.isfinite(number):
        return (
            Fraction(*number.as_integer_ratio()) if isinstance(number, np.floating) else Fraction(int(number))
        )
    return "nan" if np.isnan(number) else str(float(number))


def parts(number) -> list[Fraction | str]:
    return [exact(number.real), exact(number.imag)]


def plain(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    with np.errstate(all="ignore"):
        return (values.real if values.dtype.kind == "c" and dtype.kind in "iuf" else values).astype(dtype)


def passes(value, dtype: np.dtype) -> bool:
    """Whether a value means the same number in `dtype`, float to float being rounded, never to infinity."""
    found = plain(np.asarray(value), dtype)[()]
    real, imag = parts(value)
    if dtype.kind in "biu":
        limits = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
        return (
            imag == 0
            and isinstance(real, Fraction)
            and real.denominator == 1
            and limits[0] <= real <= limits[1]
        )
    if dtype.kind == "f" and imag != 0:
        return False
    if value.dtype.kind in "biu":
        return parts(found) == [real, imag]
    return all(
        isinstance(new, Fraction) or not isinstance(old, Fraction)
        for old, new in zip([real, imag], parts(found), strict=True)
    )


def edges(dtype: np.dtype) -> np.ndarray:
    """Return values of a dtype near the ends of all the others."""
    if dtype.kind == "b":
        return np.array([False, True])
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return np.array([edge for edge in EDGES if limits.min <= edge <= limits.max], dtype=dtype)
    with np.errstate(all="ignore"):
        real = np.array(FLOAT_EDGES, dtype=np.longdouble).astype(np.empty(0, dtype).real.dtype)
    if dtype.kind == "f":
        return real
    both = np.concatenate([real, np.zeros_like(real), real]).astype(dtype)
    both.imag = np.concatenate([np.zeros_like(real), real, real])
    return both


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=str)
def test_at_the_edges_a_value_passes_exactly_if_it_means_the_same_number(source, target):
    """The oracle computes in exact fractions; what passes is what `astype` gives."""
    values = edges(source)
    expected = np.array([passes(value, target) for value in values])
    kept, lost = values[expected], values[~expected]
    np.testing.assert_array_equal(convert(kept, target, casting="checked", what="x"), plain(kept, target))
    np.testing.assert_array_equal(convert(values, target, casting="unsafe", what="x"), plain(values, target))
    for value in lost:
        with pytest.raises(ConversionError, match="^x: .* in row 0 cannot be held in"):
            convert(np.array([value]), target, casting="checked", what="x")


@given(data=st.data(), source=st.sampled_from(NUMBERS), target=st.sampled_from(NUMBERS))
def test_the_first_value_that_would_be_lost_is_named(data, source, target):
    """Object, value, row and number of losses are in the message."""
    elements = hnp.from_dtype(source) | st.sampled_from(list(edges(source)))
    values = data.draw(hnp.arrays(source, (2, 3), elements=elements))
    expected = [passes(value, target) for value in values.ravel()]
    if all(expected):
        np.testing.assert_array_equal(
            convert(values, target, casting="checked", what="0/x"), plain(values, target)
        )
        return
    first = expected.index(False)
    with pytest.raises(ConversionError) as caught:
        convert(values, target, casting="checked", what="0/x", first_row=10)
    said = str(caught.value)
    assert said.startswith(f"0/x: {values.ravel()[first]!s} in row {10 + first // 3} ")
    assert f"{expected.count(False)} of 6 values of {source} would change" in said


@pytest.mark.parametrize(
    ("value", "target"),
    [
        (np.nan, "int32"), (np.inf, "int64"), (2.0**63, "int64"), (2.0**64, "uint64"), (-1, "uint8"),
        (np.uint64(2**64 - 1), "int64"), (2.5, "int8"), (3, "bool"), (np.nan, "bool"), (1 + 2j, "float64"),
        (2**24 + 1, "float32"), (2**53 + 1, "float64"), (2**53 + 1, "complex128"),
        (np.uint64(2**64 - 1), "float64"),
        (1e39, "float32"), (65520.0, "float16"), (2**16, "float16"), (complex(1e39, 0), "complex64"),
    ],
)  # fmt: skip
def test_named_losses_are_refused(value, target):
    with pytest.raises(ConversionError, match=r"^central: .* in row 1 cannot be held in"):
        convert(
            np.array([0, value], dtype=np.asarray(value).dtype),
            np.dtype(target),
            casting="checked",
            what="central",
        )


def test_the_row_of_a_flat_value_is_found_through_the_ends_of_rows():
    """Empty rows own nothing: position 3 lies in row 4 of ends 2, 2, 3, 3, 5."""
    flat = np.array([1, 2, 3, 300, 5])
    with pytest.raises(ConversionError, match=r"300 in row 14 "):
        convert(
            flat,
            np.dtype("uint8"),
            casting="checked",
            what="x",
            first_row=10,
            row_ends=np.array([2, 2, 3, 3, 5]),
        )


def test_big_endian_values_become_native_ones():
    for dtype in NUMBERS:
        values = np.arange(3).astype(dtype)
        swapped = values.astype(dtype.newbyteorder(">"))
        value = decide_value(swapped.dtype, dtype_save=None, dtype_load=None, bfloat16=False, what="x")
        stored = encode_values(swapped, value, casting="checked", what="x")
        assert stored.dtype == dtype
        np.testing.assert_array_equal(stored, values)


@pytest.mark.parametrize(
    ("source", "save", "load", "match"),
    [
        ("M8", None, None, "without a unit"),
        ("int64", None, "M8", "without a unit"),
        ("M8[s]", "float64", None, "ask for one unit"),
        ("M8[s]", "int32", None, "ask for one unit"),
        ("M8[s]", None, "int64", "ask for one unit"),
        ("M8[s]", "M8[s]", "M8[ns]", "ask for one unit"),
        ("int64", "no such", None, "is not a dtype"),
        ("V3", None, None, "cannot be stored"),
        ("O", None, None, "Python objects"),
        ("int64", None, "O", "Python objects"),
        ("U3", None, "bool", "do not load as bool"),
    ],
)
def test_dtypes_that_cannot_be_kept_are_refused(source, save, load, match):
    with pytest.raises(ArgumentTypeError, match=match):
        decide_value(np.dtype(source), dtype_save=save, dtype_load=load, bfloat16=False, what="x")


@pytest.mark.parametrize(("save", "load"), PAIRS, ids=str)
def test_what_is_stored_also_loads(save, load):
    """A value has to survive both ways: the oracle applies itself twice."""
    values = np.array([0, 1, 2**24 + 1, 2**53 + 1, -1])
    expected = all(passes(value, save) for value in values)
    if expected:
        expected = all(passes(value, load) for value in [*values.astype(save), *values])
    value = decide_value(values.dtype, dtype_save=save, dtype_load=load, bfloat16=False, what="x")
    if expected:
        stored = encode_values(values, value, casting="checked", what="x")
        back = decode_values(stored, value, what="x")
        assert (stored.dtype, back.dtype) == (save, load)
        assert [parts(number)[0] for number in back] == [Fraction(int(number)) for number in values]
    else:
        with pytest.raises(ConversionError, match=re.compile("in row . cannot be held")):
            encode_values(values, value, casting="checked", what="x")


def test_torch_and_python_spell_dtypes_too():
    assert parse_dtype(torch.float16, what="x") == np.float16
    assert parse_dtype(torch.bfloat16, what="x") == np.float32
    assert parse_dtype(float, what="x") == np.float64
    assert decide_value(
        np.dtype("f8"), dtype_save=None, dtype_load="bfloat16", bfloat16=False, what="x"
    ).bfloat16
