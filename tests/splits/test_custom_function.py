"""`Custom` beside the function it calls: what may come back, what is guarded and what is told of it."""

# ruff: noqa: ARG001 - split functions have these arguments, used or not

import hashlib
import inspect

import numpy as np
import pytest

from splits.errors import SplitError
from splits.foreign.registry import register
from splits.recipes.cold import Cold
from splits.recipes.custom import Custom


@register("test-masked")
def masked(columns, n_rows, *, seed, nested):
    codes = np.ma.masked_equal([0, 1, 0], 1)
    return [codes] if nested else codes


@register("test-bools")
def bools(columns, n_rows, *, seed, nested=False):
    return [[True, False, True]] if nested else np.array([True, False, True])


@register("test-told")
def told(columns, n_rows, *, seed, longest=1):
    return [0] * n_rows


def custom(**changes):
    return Custom(**{"name": "test-told", "parts": ("train", "test"), "seed": 0, **changes})


def test_bools_are_codes_of_two_parts():
    assert custom(name="test-bools").codes({}, 3).tolist() == [1, 0, 1]
    assert custom(name="test-bools", folds=True, params={"nested": True}).codes({}, 3).tolist() == [[1, 0, 1]]


@pytest.mark.parametrize("nested", [False, True])
def test_masked_arrays_are_refused(nested):
    with pytest.raises(SplitError, match=r"'test-masked' returned a masked array.*filled\(-1\)"):
        custom(name="test-masked", params={"nested": nested}).codes({}, 3)


def test_an_error_of_the_function_says_whose_it_is():
    @register("test-broken", version=4)
    def broken(columns, n_rows, *, seed):
        return {}[seed]

    recipe = custom(name="test-broken", function_version=4)
    with pytest.raises(KeyError) as caught:
        recipe.codes({}, 3)
    (note,) = caught.value.__notes__
    assert "split function 'test-broken' of version 4, given 3 rows of axis 0" in note
    assert repr(recipe) in note


def test_columns_and_held_codes_stay_as_they_are_whatever_the_function_does():
    @register("test-forcing")
    def forcing(columns, n_rows, *, seed, held=None):
        for array in (*columns.values(), *([] if held is None else [held])):
            while isinstance(array.base, np.ndarray):
                array = array.base
            array.flags.writeable = True
            if array.dtype == object:
                array[0][:] = 9
            array[0] = 1
        return [0] * n_rows

    x, ragged, held = np.zeros(3, int), np.empty(3, object), np.zeros(2, np.uint8)
    ragged[:] = [np.zeros(1), np.zeros(2), np.zeros(3)]
    inner = ragged[0]
    recipe = custom(name="test-forcing", keys=("0/x", "0/ragged"))
    recipe.codes({"0/x": x[:], "0/ragged": ragged}, 3, held=held)

    assert [*x, *held, *inner] == [0, 0, 0, 0, 0, 0]
    assert ragged[0] is inner


def test_the_source_of_the_function_is_told_for_the_record():
    digest = hashlib.sha256(inspect.getsource(told).encode()).hexdigest()
    cold = Cold(axes={0: custom()})

    assert custom().provenance == {"function test-told": f"sha256:{digest}"} == cold.provenance
    assert custom(name="test-tolt").provenance == {}
    assert custom(function_version=7).provenance == {}


def test_parameters_that_a_function_can_tell_apart_make_other_recipes():
    one, same, other, third = (custom(params={"longest": value}) for value in (1, np.int64(1), True, 1.0))

    assert one == same
    assert hash(one) == hash(same)
    assert one not in (other, third)
