"""Recipes to JSON and back, and what hostile JSON is answered."""

import json
from typing import ClassVar, Protocol

import attrs
import h5py
import pytest
from hypothesis import given
from hypothesis import strategies as st

from h5torch.errors import ArgumentTypeError, FormatError, RegisterError, UnknownNameError
from h5torch.wire.recipes import RecipeBook, canonical_json, parse_json
from h5torch.wire.samplers import delete_sampler, list_samplers, read_sampler, write_sampler


class Kind(Protocol):
    tag: ClassVar[str]
    version: ClassVar[int]


@attrs.frozen(kw_only=True)
class Leaf:
    tag: ClassVar[str] = "leaf"
    version: ClassVar[int] = 2
    seed: int
    share: float = 0.5
    keys: tuple[str, ...] = ()
    pairs: tuple[tuple[str, float], ...] = ()
    is_on: bool = False


@attrs.frozen(kw_only=True)
class Nest:
    tag: ClassVar[str] = "nest"
    version: ClassVar[int] = 1
    inner: Kind
    others: tuple[Kind, ...] = ()


BOOK: RecipeBook[Kind] = RecipeBook("toy", Kind)
BOOK.add(Leaf)
BOOK.add(Nest)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
FINITE = st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.builds(
    Leaf,
    seed=st.integers(0, 2**64 - 1),
    share=FINITE,
    keys=st.lists(TEXT).map(tuple),
    pairs=st.lists(st.tuples(TEXT, FINITE)).map(tuple),
    is_on=st.booleans(),
)
RECIPES = st.recursive(
    LEAVES,
    lambda inner: st.builds(Nest, inner=inner, others=st.lists(inner, max_size=2).map(tuple)),
    max_leaves=5,
)


@given(recipe=RECIPES)
def test_a_recipe_comes_back_from_its_json_however_deep_it_nests(recipe):
    text = BOOK.dumps(recipe)

    assert BOOK.loads(text, path="/x") == recipe
    assert BOOK.dumps(BOOK.loads(text, path="/x")) == text


def test_the_json_is_pinned():
    nest = Nest(inner=Leaf(seed=2**64 - 1, keys=("0/é",), pairs=(("train", 0.1),)))

    assert BOOK.dumps(nest) == (
        '{"inner":{"is_on":false,"keys":["0/é"],"pairs":[["train",0.1]],"recipe":"leaf",'
        '"seed":18446744073709551615,"share":0.5,"version":2},"others":[],"recipe":"nest","version":1}'
    )


def leaf(**changes):
    return json.dumps({"recipe": "leaf", "version": 2, "seed": 0, **changes})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        (leaf(share=float("nan")), "NaN is no JSON number"),
        (leaf(share=float("-inf")), "-Infinity is no JSON number"),
        ('{"recipe":"leaf","recipe":"nest"}', "a key comes twice"),
        ("3", "a recipe is a JSON object with the text 'recipe', got 3"),
        ("{}", "a recipe is a JSON object with the text 'recipe'"),
        ('{"recipe":["leaf"]}', "a recipe is a JSON object with the text 'recipe'"),
        (leaf(version=3), "recipe 'leaf' of version 3, this h5torch reads 2; install the h5torch"),
        (leaf(version=True), "recipe 'leaf' of version True"),
        (leaf(version=2.0), "recipe 'leaf' of version 2.0"),
        ('{"recipe":"leaf","version":2}', "'seed' is missing @ /x"),
        (leaf(extra=1), "extra"),
        (leaf(seed="7"), "expected int, got '7' @ /x.seed"),
        (leaf(seed=2.9), "expected int, got 2.9"),
        (leaf(seed=True), "expected int, got True"),
        (leaf(seed=None), "expected int, got None"),
        (leaf(share="0.5"), "expected float, got '0.5'"),
        (leaf(share=True), "expected float, got True"),
        (leaf(share=10**400), "int too large to convert to float @ /x.share"),
        ('{"recipe":"leaf","version":2,"seed":0,"share":1e999}', "expected a finite number"),
        (leaf(is_on=1), "expected bool, got 1"),
        (leaf(keys="abc"), "expected a list, got 'abc'"),
        (leaf(keys=[1]), "expected str, got 1"),
        (leaf(keys={"a": 1}), "expected a list, got {'a': 1}"),
        (leaf(pairs=[["a"]]), r"expected a list of 2, got \['a'\]"),
        (leaf(pairs=["ab"]), "expected a list of 2, got 'ab'"),
        ('{"recipe":"nest","version":1,"inner":' * 900 + "{}" + "}" * 900, "recursion"),
        ('{"recipe":"nest","version":1,"inner":3}', "a recipe is a JSON object"),
        ('{"recipe":"nest","version":1,"inner":{"recipe":"leaf","version":2,"seed":"x"}}', "@ /x.inner.seed"),
    ],
)
def test_hostile_json_is_refused_with_its_path_and_the_reason(text, problem):
    with pytest.raises(FormatError, match=problem) as caught:
        BOOK.loads(text, path="/x")
    assert "/x" in str(caught.value)


@pytest.mark.parametrize("tag", ["laef", "os.system", "h5torch.file:File", "tests.test_recipes.Leaf"])
def test_a_tag_is_looked_up_and_never_imported(tag):
    with pytest.raises(UnknownNameError, match=f"knows no toy recipe '{tag}'.*'leaf', 'nest'"):
        BOOK.loads(json.dumps({"recipe": tag, "version": 1}), path="/x")


def test_an_unknown_tag_inside_a_recipe_is_named():
    with pytest.raises(FormatError, match=r"knows no toy recipe 'laef'; did you mean 'leaf'.* @ /x.inner"):
        BOOK.loads('{"recipe":"nest","version":1,"inner":{"recipe":"laef"}}', path="/x")


@attrs.frozen
class Tagless:
    seed: int


@attrs.frozen
class Clashing:
    tag: ClassVar[str] = "clashing"
    version: int = 1


@attrs.frozen
class Reserved:
    tag: ClassVar[str] = "reserved"
    version: ClassVar[int] = 1
    recipe: str = ""


@attrs.frozen
class OtherLeaf:
    tag: ClassVar[str] = "leaf"
    version: ClassVar[int] = 1


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (int, "int: a recipe is an attrs record"),
        (Tagless, "Tagless: a recipe is an attrs record"),
        (Clashing, "Clashing: a recipe is an attrs record"),
        (Reserved, "must not be named 'recipe' or 'version'"),
        (OtherLeaf, "the tag 'leaf' belongs to Leaf"),
    ],
)
def test_a_record_that_cannot_be_told_apart_is_no_recipe(record, problem):
    with pytest.raises(RegisterError, match=problem):
        BOOK.add(record)
    assert BOOK.tags == ("leaf", "nest")


def test_entering_a_record_twice_changes_nothing():
    assert BOOK.add(Leaf) is Leaf


@pytest.mark.parametrize("stranger", [3, OtherLeaf(), Nest])
def test_only_records_of_the_book_are_spelled(stranger):
    with pytest.raises(ArgumentTypeError, match="is no toy recipe; there are leaf, nest"):
        BOOK.dumps(stranger)


def test_json_keeps_text_readable_and_refuses_nan():
    assert canonical_json({"b": "é", "a": [1.0]}) == '{"a":[1.0],"b":"é"}'
    with pytest.raises(ValueError, match="Out of range float"):
        canonical_json(float("nan"))


def test_a_long_text_is_cut_in_the_message():
    with pytest.raises(FormatError, match=r"'x{60}\.\.\.'; delete it"):
        parse_json("x" * 1000, path="/x")


def test_a_sampler_is_written_whole_read_listed_and_deleted(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as f:
        write_sampler(f, "main", "{}", overwrite=False)

        assert read_sampler(f, "main") == ("{}", "/samplers/main/recipe")
        assert list_samplers(f) == ["main"]
        assert dict(f["samplers/main"].attrs) == {"version": 1, "mode": "sampler"}
        assert f["samplers/main/recipe"].asstr()[()] == "{}"
        with pytest.raises(RegisterError, match="/samplers/main exists"):
            write_sampler(f, "main", "{}", overwrite=False)

        delete_sampler(f, "main")
        assert list_samplers(f) == []
        with pytest.raises(UnknownNameError, match="the file has no sampler 'main'; there are none"):
            read_sampler(f, "main")
