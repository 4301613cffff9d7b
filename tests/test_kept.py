"""Arrays in recipes: digests in text, values beside it."""

import attrs
import numpy as np
import pytest

from h5torch.errors import ArgumentTypeError, FormatError
from h5torch.kept import Kept, attach, find_kept, keep


@attrs.frozen(kw_only=True)
class Inner:
    array: Kept
    name: str = "x"


@attrs.frozen(kw_only=True)
class Outer:
    inner: tuple[tuple[int, Inner], ...]
    other: Kept | None = None


def test_a_kept_array_is_a_read_only_copy_known_by_its_values():
    given = np.array([3, 1, 2])
    kept = keep(given)
    given[0] = 9

    assert kept.array.tolist() == [3, 1, 2]
    assert kept == keep(np.array([3, 1, 2], np.uint8))
    assert kept != keep([3, 1])
    assert hash(kept) == hash(keep([3, 1, 2]))
    with pytest.raises(ValueError, match="read-only"):
        kept.array[0] = 1


def test_arrays_of_records_within_records_are_found_and_attached():
    recipe = Outer(inner=((0, Inner(array=keep([1]))), (1, Inner(array=keep([2, 3])))), other=keep([4]))
    arrays = {kept.sha256: kept.array for kept in find_kept(recipe)}
    bare = Outer(
        inner=tuple((axis, Inner(array=Kept(sha256=one.array.sha256))) for axis, one in recipe.inner),
        other=Kept(sha256=recipe.other.sha256),
    )
    found = attach(bare, arrays, path="/x")

    assert found == recipe
    assert [kept.array.tolist() for kept in find_kept(found)] == [[1], [2, 3], [4]]


def test_an_array_that_is_missing_or_changed_is_an_error():
    recipe = Outer(inner=(), other=Kept(sha256=keep([1, 2]).sha256))

    with pytest.raises(FormatError, match=r"/x: the array .{8}… is missing; create the split again"):
        attach(recipe, {}, path="/x")
    with pytest.raises(FormatError, match="has been changed"):
        attach(recipe, {recipe.other.sha256: np.array([1, 3])}, path="/x")
    with pytest.raises(FormatError, match="is not at hand; load the split from its file"):
        _ = recipe.other.array


def test_what_has_no_digest_is_not_kept():
    for values in ([{}], ["a"], np.array(["2020"], "M8[D]")):
        with pytest.raises(ArgumentTypeError, match="keeps arrays of numbers or bools, got"):
            keep(values)
