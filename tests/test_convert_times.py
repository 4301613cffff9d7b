"""Times: one unit a file, changed exactly or not at all."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from h5torch.errors import ConversionError
from h5torch.values.convert import convert
from h5torch.values.kinds import decide_value, decode_values, encode_values

UNITS = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"]
NANOSECONDS = {
    "W": 604800 * 10**9, "D": 86400 * 10**9, "h": 3600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6,
    "us": 10**3, "ns": 1,
}  # fmt: skip
NAT = -(2**63)
# Nearer to the ends NumPy's own division of negative times overflows; such a time is refused, not changed.
COUNTS = st.integers(-(2**62), 2**62) | st.integers(-1000, 1000) | st.just(NAT)


@pytest.mark.parametrize("kind", ["M8", "m8"])
@given(
    counts=st.lists(COUNTS, min_size=1),
    source=st.sampled_from(sorted(NANOSECONDS)),
    target=st.sampled_from(sorted(NANOSECONDS)),
)
@example(counts=[2**62], source="s", target="ns")
@example(counts=[NAT], source="s", target="ns")
def test_a_time_changes_its_unit_exactly_or_not_at_all(kind, counts, source, target):
    """The oracle multiplies Python integers; NaT, the least int64, stays NaT."""
    wanted = [Fraction(count) * NANOSECONDS[source] / NANOSECONDS[target] for count in counts]
    fits = [
        count == NAT or (new.denominator == 1 and abs(new) < 2**63)
        for count, new in zip(counts, wanted, strict=True)
    ]
    values = np.array(counts, dtype=np.int64).view(f"{kind}[{source}]")
    if all(fits):
        converted = convert(values, np.dtype(f"{kind}[{target}]"), casting="checked", what="t")
        expected = [NAT if count == NAT else int(new) for count, new in zip(counts, wanted, strict=True)]
        assert converted.view(np.int64).tolist() == expected
    else:
        with pytest.raises(ConversionError, match=rf"in row {fits.index(False)} "):
            convert(values, np.dtype(f"{kind}[{target}]"), casting="checked", what="t")


def test_units_too_far_apart_are_refused():
    with pytest.raises(
        ConversionError, match=r"^t: datetime64\[D\] does not become datetime64\[as\] .*nearer"
    ):
        convert(np.zeros(1, "M8[D]"), np.dtype("M8[as]"), casting="checked", what="t")


@pytest.mark.parametrize("unit", UNITS)
def test_times_of_every_unit_are_stored_as_counts_and_come_back(unit):
    for kind in ("M8", "m8"):
        values = np.array([0, 1, -5, -(2**63)]).view(f"{kind}[{unit}]")
        value = decide_value(values.dtype, dtype_save=None, dtype_load=None, bfloat16=False, what="t")
        stored = encode_values(values, value, casting="checked", what="t")
        assert (value.kind, stored.dtype) == ("time", np.int64)
        back = decode_values(stored, value, what="t")
        assert back.dtype == values.dtype
        np.testing.assert_array_equal(back, values)


def test_times_keep_the_one_unit_that_was_asked_for():
    seconds = np.array(["2020-01-01T00:00:01"], dtype="M8[s]")
    for asked in (
        {"dtype_save": "M8[ms]"},
        {"dtype_load": "M8[ms]"},
        {"dtype_save": "M8[ms]", "dtype_load": "M8[ms]"},
    ):
        value = decide_value(
            seconds.dtype, **{"dtype_save": None, "dtype_load": None, **asked}, bfloat16=False, what="t"
        )
        stored = encode_values(seconds, value, casting="checked", what="t")
        assert stored.tolist() == [1577836801000]
        assert decode_values(stored, value, what="t").dtype == "M8[ms]"
    days = decide_value(seconds.dtype, dtype_save="M8[D]", dtype_load=None, bfloat16=False, what="t")
    with pytest.raises(ConversionError, match="2020-01-01T00:00:01 in row 0 cannot be held"):
        encode_values(seconds, days, casting="checked", what="t")


@pytest.mark.parametrize("values", [np.array([1.5]), np.array(["2020"]), np.array([True])], ids=str)
def test_only_times_and_counts_are_times(values):
    value = decide_value(values.dtype, dtype_save="M8[s]", dtype_load=None, bfloat16=False, what="x")
    with pytest.raises(ConversionError, match="are no times"):
        encode_values(values, value, casting="checked", what="x")
    assert encode_values(np.array([5]), value, casting="checked", what="x").tolist() == [5]


def test_times_do_not_slip_into_an_object_of_numbers():
    value = decide_value(np.dtype("int64"), dtype_save=None, dtype_load=None, bfloat16=False, what="x")
    with pytest.raises(ConversionError, match="times cannot be stored as int64"):
        encode_values(np.array([1], "M8[s]"), value, casting="checked", what="x")


def test_a_span_is_no_moment():
    value = decide_value(np.dtype("m8[s]"), dtype_save="M8[s]", dtype_load=None, bfloat16=False, what="t")
    with pytest.raises(ConversionError, match=r"^t: 5 seconds in row 0 cannot be held in datetime64\[s\]"):
        encode_values(np.array([5], "m8[s]"), value, casting="checked", what="t")
