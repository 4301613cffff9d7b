"""Categories: samples show names, the file keeps codes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import h5torch
from h5torch.errors import ConversionError, RegisterError
from h5torch.values.categories import check_names, code_dtype, encode

NAMES = st.lists(
    st.text(st.characters(codec="utf-8"), max_size=5).map(lambda text: text.rstrip("\0")),
    min_size=1, max_size=6, unique=True,
)  # fmt: skip


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("categories") / "x.h5t"


@given(names=NAMES, data=st.data())
def test_a_code_is_the_place_of_its_name(names, data):
    """The oracle is `list.index`; codes given as such stay."""
    values = data.draw(st.lists(st.sampled_from(names), max_size=8))
    expected = [names.index(value) for value in values]
    stored = check_names(names, what="x")
    for given_as in (np.array(values, dtype=np.str_), np.array(expected, dtype=np.int64)):
        found = encode(given_as, stored, what="x")
        assert found.dtype == np.uint8
        assert found.tolist() == expected


@given(names=NAMES, data=st.data())
@settings(max_examples=30)
def test_names_come_back_from_the_file(path, names, data):
    """Listed, found in the data, as a pandas categorical, or as codes: the same names in samples."""
    values = data.draw(st.lists(st.sampled_from(names), min_size=2, max_size=8))
    codes = np.array([names.index(value) for value in values])
    with h5torch.File(path, "w") as f:
        f.register(values, "central", categories=names)
        f.register(values, 0, name="found", categories=True)
        f.register(codes, 0, name="codes", categories=names)
        f.register(pd.Categorical(values, categories=names), 0, name="pandas")
        f.register(
            pd.Series(pd.Categorical(values, categories=names)), 0, name="again", categories=names[::-1]
        )
        f.register(values[:1], 0, name="appended", categories=names, length=len(values))
        f.append(values[1:2], "0/appended")
        f.append(codes[2:], "0/appended")
    ds = h5torch.Dataset(path)
    assert [sample["central"] for sample in ds] == values
    for key in ("found", "codes", "pandas", "again", "appended"):
        assert [str(sample[f"0/{key}"]) for sample in ds] == values
        assert isinstance(ds[0][f"0/{key}"], np.str_)
    batch = h5torch.collate(ds.__getitems__(range(len(ds))))
    assert batch["0/codes"].tolist() == codes.tolist()
    assert batch["0/again"].tolist() == [len(names) - 1 - code for code in codes]


@pytest.mark.parametrize(
    ("n_names", "dtype"), [(1, "u1"), (256, "u1"), (257, "u2"), (65536, "u2"), (65537, "u4")]
)
def test_codes_take_the_narrowest_integer(n_names, dtype):
    assert code_dtype(n_names) == np.dtype(dtype)


@pytest.mark.parametrize(
    ("names", "match"),
    [
        ([], "categories= is empty"),
        (["a", 1], "category names are text, found 1 of type int"),
        (["a", "b", "a"], "'a' stands twice"),
        (["a", "a\0"], "ends in NUL"),
    ],
)
def test_names_that_are_none_are_refused(path, names, match):
    with h5torch.File(path, "w") as f, pytest.raises(RegisterError, match=match):
        f.register(["a", "b"], "central", categories=names)


def test_what_is_no_category_is_named_by_its_row(path):
    with h5torch.File(path, "w") as f:
        f.register(["a"], "central", categories=["a", "b"], length=4)
        with pytest.raises(
            ConversionError, match=r"'c' in row 2 is not one of the 2 categories \('a', 'b'\)"
        ):
            f.append(["b", "c"], "central")
        for wrong in (2, -1):
            with pytest.raises(ConversionError, match=f"{wrong} in row 1 is not one of"):
                f.append(np.array([wrong]), "central")
        for data in (np.array([0.0]), np.array([True]), [b"a"]):
            with pytest.raises(ConversionError, match="categories are text, or integer codes"):
                f.append(data, "central")
        assert f.schema.central.filled_to == 1


@pytest.mark.parametrize("mode", ["csr", "coo", "ragged", "vlen", "separate"])
def test_only_dense_objects_keep_categories(path, mode):
    with h5torch.File(path, "w") as f, pytest.raises(RegisterError, match="cannot hold categories"):
        f.register(pd.Categorical(["a", "b"]), "central", mode=mode)


def test_tables_of_categories_keep_their_shape(path):
    values = np.array([["a", "b"], ["b", "b"]])
    with h5torch.File(path, "w") as f:
        f.register(values, "central", categories=True)
        assert f["central"][:].tolist() == [[0, 1], [1, 1]]
        np.testing.assert_array_equal(f.column("central"), values)
