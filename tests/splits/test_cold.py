"""`Cold`: elements follow their rows, on any number of axes, and no held-out row leaks."""

import hashlib
from itertools import combinations, product
from typing import ClassVar

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from h5torch.errors import FormatError
from h5torch.keyed import hash_rows
from h5torch.wire.recipes import RecipeBook
from splits.dealing.crossing import crossed_names
from splits.dealing.folds import Folding, KFold, RepeatedKFold
from splits.errors import SplitError
from splits.frame import Frame, parts_frame
from splits.keys import SHAPE
from splits.recipes.cold import Cold
from splits.recipes.grouped import Grouped
from splits.recipes.protocol import SplitRecipe
from splits.recipes.random import Random
from splits.recipes.stratified import Stratified

PARTS = {"train": 0.6, "val": 0.2, "test": 0.2}
NAMES = ("train", "val", "test")


@attrs.frozen(kw_only=True)
class Dealt:
    """Rows of an axis dealt as a test wants them; several arrays are folds that are listed."""

    tag: ClassVar[str] = "dealt"
    version: ClassVar[int] = 1

    axis: int
    parts: tuple[str, ...]
    arrays: tuple[tuple[int, ...], ...]

    @property
    def keys(self):
        """None: it knows the codes."""
        return (f"{self.axis}/name",)

    @property
    def frame(self):
        """Parts, or folds of them."""
        if len(self.arrays) == 1:
            return parts_frame(*self.parts)
        return Frame(scheme="listed", roles=self.parts)

    def codes(self, columns, n_rows, held=None):
        """Return the codes it was given."""
        assert columns[f"{self.axis}/name"].shape == (n_rows,)
        assert held is None
        codes = np.array(self.arrays, np.uint8)
        return codes[0] if len(codes) == 1 else codes


@st.composite
def worlds(draw):
    """Return the codes of the rows of each axis, and elements among which every combination occurs."""
    n_parts, n_axes = draw(st.integers(2, 3)), draw(st.integers(2, 4))
    extra = st.lists(st.sampled_from([*range(n_parts), 255]), max_size=4)
    axes = [[*range(n_parts), *draw(extra)] for _ in range(n_axes)]
    all_rows = st.tuples(*(st.integers(0, len(rows) - 1) for rows in axes))
    elements = [*product(range(n_parts), repeat=n_axes), *draw(st.lists(all_rows, max_size=20))]
    order = np.random.default_rng(draw(st.integers(0, 99))).permutation(len(elements))
    return [np.array(rows, np.uint8) for rows in axes], np.array(elements)[order], NAMES[:n_parts]


def columns_of(lengths, elements, **more):
    indices = {f"coo/{axis}": index for axis, index in enumerate(np.asarray(elements).T)}
    names = {f"{axis}/name": np.arange(length) for axis, length in enumerate(lengths)}
    return {**indices, SHAPE: np.array(lengths, np.int64), **names, **more}


def cold(axes, names, mixed):
    given = {axis: Dealt(axis=axis, parts=names, arrays=(tuple(rows),)) for axis, rows in enumerate(axes)}
    return Cold(axes=given, mixed=mixed)


def named_parts(axes, elements, names, mixed):
    """Return each element's part by name, `None` where left out."""
    recipe = cold(axes, names, mixed)
    found = recipe.codes(columns_of([len(rows) for rows in axes], elements), len(elements))
    assert found.dtype == np.uint8
    return [None if code == 255 else recipe.frame.roles[code] for code in found]


def rows_of(part, parts, elements, axis):
    return {int(element[axis]) for element, own in zip(elements, parts, strict=True) if own == part}


def expected(codes, names, mixed):
    if 255 in codes:
        return None
    if len(set(codes)) == 1:
        return names[codes[0]]
    joined = "+".join(names[code] for code in codes)
    return {"own": joined, "drop": None, "assign": names[max(codes)]}[mixed]


@given(world=worlds(), mixed=st.sampled_from(["own", "drop", "assign"]))
def test_each_element_has_the_part_that_its_rows_call_for(world, mixed):
    axes, elements, names = world
    of_rows = [[int(rows[row]) for rows, row in zip(axes, element, strict=True)] for element in elements]

    assert named_parts(*world, mixed) == [expected(codes, names, mixed) for codes in of_rows]


@given(world=worlds())
def test_where_mixed_elements_are_dropped_no_row_of_any_axis_is_in_two_parts(world):
    axes, elements, names = world
    parts = named_parts(*world, "drop")

    for axis, part in product(range(len(axes)), names):
        others = set().union(*(rows_of(other, parts, elements, axis) for other in names if other != part))
        assert rows_of(part, parts, elements, axis).isdisjoint(others)


@given(world=worlds())
def test_mixed_parts_share_rows_only_where_their_names_agree(world):
    axes, elements, names = world
    parts = named_parts(*world, "own")
    by_axis = {name: name.split("+") * (1 if "+" in name else len(axes)) for name in set(parts) - {None}}

    assert len(by_axis) == len(names) ** len(axes)
    for axis in range(len(axes)):
        rows = {name: rows_of(name, parts, elements, axis) for name in by_axis}
        for one, other in combinations(by_axis, 2):
            assert rows[one].isdisjoint(rows[other]) or by_axis[one][axis] == by_axis[other][axis]


@given(world=worlds())
def test_where_mixed_elements_are_assigned_no_held_out_row_is_in_an_earlier_part(world):
    axes, elements, names = world
    parts = named_parts(*world, "assign")

    for element, part in zip(elements, parts, strict=True):
        if part is not None:
            own = names.index(part)
            codes = [rows[row] for rows, row in zip(axes, element, strict=True)]
            assert max(codes) == own
    for axis, (early, late) in product(range(len(axes)), combinations(names, 2)):
        held_out = set(np.flatnonzero(axes[axis] == names.index(late)).tolist())
        assert rows_of(early, parts, elements, axis).isdisjoint(held_out)


@given(world=worlds(), axis=st.integers(0, 1))
def test_one_axis_alone_is_looked_up_and_asks_for_no_policy(world, axis):
    axes, elements, names = world
    recipe = Cold(axes={axis: Dealt(axis=axis, parts=names, arrays=(tuple(axes[axis]),))})
    found = recipe.codes(columns_of([len(rows) for rows in axes], elements), len(elements))

    assert recipe.frame == parts_frame(*names)
    assert found.tolist() == axes[axis][elements[:, axis]].tolist()


def cells(*lengths):
    """Return the columns of a dense central object, element by element in the order of its memory."""
    return columns_of(lengths, np.indices(lengths).reshape(len(lengths), -1).T)


def test_the_settings_of_drug_target_prediction_have_the_sizes_of_their_blocks():
    """30 drugs of which 6 are new, 20 targets of which 5 are."""
    recipe = Cold(
        axes={
            1: Random(parts={"train": 0.75, "test": 0.25}, seed=1, axis=1),
            0: Random(parts={"train": 0.8, "test": 0.2}, seed=0),
        },
        mixed="own",
    )
    found = np.bincount(recipe.codes(cells(30, 20), 600))

    assert dict(zip(recipe.frame.roles, found.tolist(), strict=True)) == {
        "train": 24 * 15,
        "train+test": 24 * 5,
        "test+train": 6 * 15,
        "test": 6 * 5,
    }


def test_any_recipe_holds_out_an_axis_and_its_groups_stay_whole():
    lengths = (60, 40, 12)
    hashed = [hash_rows(np.arange(4000), key=key) % length for key, length in enumerate(lengths)]
    elements = np.stack(hashed).astype(np.int64).T
    families, kinds = np.arange(60) % 15, np.arange(40) % 3
    columns = columns_of(lengths, elements, **{"0/family": families, "1/kind": kinds})
    recipe = Cold(
        axes={
            0: Grouped(by="0/family", parts=PARTS, seed=0),
            1: Stratified(by="1/kind", parts=PARTS, seed=0),
            2: Random(parts=PARTS, seed=0, axis=2),
        },
        mixed="drop",
    )
    found = recipe.codes(columns, 4000)

    assert recipe.keys == ("coo/0", "coo/1", "coo/2", "shape", "0/family", "1/kind")
    assert hashlib.sha256(found.tobytes()).hexdigest()[:16] == "353f7a662ef72c8e"
    for part in range(3):
        own, others = elements[found == part], elements[(found != part) & (found != 255)]
        assert own.size
        assert not set(families[own[:, 0]]) & set(families[others[:, 0]])
        assert set(kinds[own[:, 1]]) == {0, 1, 2}
        assert not set(own[:, 2]) & set(others[:, 2])


@pytest.mark.parametrize("mixed", ["own", "drop", "assign"])
def test_fold_i_holds_out_fold_i_of_every_axis(mixed):
    inner = {
        0: Random(parts={"train": 0.8, "test": 0.2}, folds=RepeatedKFold(3, 2), seed=0),
        1: Random(parts={"train": 0.8, "test": 0.2}, folds=RepeatedKFold(2, 3), seed=0, axis=1),
    }
    recipe, columns = Cold(axes=inner, mixed=mixed), cells(40, 30)
    found = recipe.codes(columns, 1200)
    rows = (inner[0].codes(columns, 40), inner[1].codes(columns, 30))
    tables = [one.frame.table("x", axis, rows[axis]) for axis, one in inner.items()]

    assert found.shape == (6, 1200)
    assert recipe.frame == Frame(scheme="listed", roles=crossed_names(("train", "val", "test"), 2, mixed))
    for number, codes in enumerate(found):
        dealt = [table.fold(number).codes for table in tables]
        assert codes.tolist() == cold(dealt, ("train", "val", "test"), mixed).codes(columns, 1200).tolist()


def test_folds_of_one_axis_go_on_rotating():
    inner = Random(parts={"train": 0.8, "val": 0.2}, folds=RepeatedKFold(4, 2), seed=0, axis=1)
    recipe, columns = Cold(axes={1: inner}), cells(3, 25, 2)
    found, rows = recipe.codes(columns, 150), inner.codes(columns, 25)

    assert recipe.frame == inner.frame
    assert np.array_equal(found, rows[:, columns["coo/1"]])
    assert len(recipe.frame.table("cv", "coo", found)) == 8


def test_codes_of_old_elements_stay_where_rows_keep_their_parts():
    recipe = cold([[0, 0, 1], [0, 1]], ("train", "test"), "assign")
    columns = cells(3, 2)
    old = recipe.codes(columns, 6)

    assert recipe.codes(columns, 6, held=old[:4]).tolist() == old.tolist()
    moved = old[:4].copy()
    moved[[1, 2]] = 0, 1
    with pytest.raises(SplitError, match=r"element 1 \(row 0 on axis 0, 1 on axis 1\) and 1 more would move"):
        recipe.codes(columns, 6, held=moved)
    with pytest.raises(SplitError, match=r"codes of shape \(2, 4\) are held, and now would be \(1, 6\)"):
        recipe.codes(columns, 6, held=np.stack([moved, moved]))


@given(
    seed=st.integers(0, 2**64 - 1),
    mixed=st.sampled_from(["own", "drop", "assign"]),
    folds=st.sampled_from([KFold(3), RepeatedKFold(2, 2)]),
)
def test_a_recipe_comes_back_from_its_json_with_those_inside(seed, mixed, folds):
    book = RecipeBook("split", SplitRecipe, Folding)
    for record in (Cold, Grouped, Random, KFold, RepeatedKFold):
        book.add(record)
    inner = {0: Grouped(by="0/family", folds=folds, seed=seed), 3: Random(axis=3, folds=folds, seed=0)}
    made = Cold(axes=inner, mixed=mixed)
    back = book.loads(book.dumps(made), path="/x")

    assert back == made == Cold(axes=dict(reversed(inner.items())), mixed=mixed)
    assert hash(back) == hash(made)
    one = Cold(axes=[(0, inner[0])])
    assert book.loads(book.dumps(one), path="/x") == one
    with pytest.raises(FormatError, match="expected int, got '3'"):
        book.loads(book.dumps(made).replace("[3,", '["3",'), path="/x")


@attrs.frozen(kw_only=True)
class Unsettled(Dealt):
    """Rows whose codes are computed once, by a library, and then kept."""

    tag: ClassVar[str] = "unsettled"
    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn",)

    arrays: tuple[tuple[int, ...], ...] = ((),)

    def settled(self, columns, n_rows):
        """Return the recipe with its codes."""
        return attrs.evolve(self, arrays=(tuple(columns[f"{self.axis}/name"] % n_rows % 2),))


def test_what_a_recipe_of_an_axis_computes_once_is_kept_in_the_whole():
    plain = Dealt(axis=0, parts=("a", "b"), arrays=((0, 1, 1),))
    made = Cold(axes={0: plain, 1: Unsettled(axis=1, parts=("a", "b"))}, mixed="drop")
    settled = made.settled(cells(3, 4), 12)

    assert made.libraries == ("scikit-learn",)
    assert settled.axes == ((0, plain), (1, Unsettled(axis=1, parts=("a", "b"), arrays=((0, 1, 0, 1),))))
    assert settled.mixed == "drop"
    assert Cold(axes={0: plain}).settled(cells(3, 4), 12) == Cold(axes={0: plain})
