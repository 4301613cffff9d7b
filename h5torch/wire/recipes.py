"""Recipes to JSON text and back.

A recipe is a frozen attrs record with two class variables: `tag`, its name in files, and `version`. A
`RecipeBook` knows which record a tag means; no import path is ever taken from a file.
"""

import json
import math
from collections.abc import Callable
from typing import Any, ClassVar, Generic, Protocol, TypeVar, get_args, get_origin

import attrs
import cattrs
from cattrs.gen import make_dict_unstructure_fn

from h5torch.errors import ArgumentTypeError, FormatError, RegisterError
from h5torch.kept import Kept
from h5torch.parts import Axis, unknown_name

__all__ = [
    "Recipe",
    "RecipeBook",
    "canonical_json",
    "parse_json",
    "strict_converter",
]


_TAG, _VERSION = "recipe", "version"


class Recipe(Protocol):
    """What a record must have to go into a book; the rest of its fields are its parameters."""

    tag: ClassVar[str]
    version: ClassVar[int]


R = TypeVar("R", bound=Recipe)
C = TypeVar("C", bound=type[Any])


def canonical_json(value: object) -> str:
    """Spell a value as JSON: keys sorted, no spaces, no escapes beyond JSON's own, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def parse_json(text: str, *, path: str) -> Any:
    """Parse JSON strictly: no NaN or infinity, no key twice in one object.

    Raises:
        FormatError: the text is not such JSON; the message names `path`.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        shown = text if len(text) <= 60 else f"{text[:60]}..."
        msg = f"{path}: not JSON as h5torch writes it ({error}): {shown!r}; delete it and create it again"
        raise FormatError(msg) from error


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        msg = f"a key comes twice among {[key for key, _ in pairs]}"
        raise ValueError(msg)
    return found


def _refuse_constant(name: str) -> None:
    msg = f"{name} is no JSON number"
    raise ValueError(msg)


def _exactly(kind: type[Any], *also: type[Any]) -> Callable[[object, object], Any]:
    def structure(value: object, _: object) -> Any:
        if type(value) is not kind and type(value) not in also:
            msg = f"expected {kind.__name__}, got {value!r}"
            raise TypeError(msg)
        result = kind(value)
        if kind is float and not math.isfinite(result):
            msg = f"expected a finite number, got {value!r}"
            raise TypeError(msg)
        return result

    return structure


def _is_tuple(target: Any) -> bool:
    return get_origin(target) is tuple


def strict_converter() -> cattrs.Converter:
    """Make a converter that takes JSON at its word: left alone, cattrs takes "7" and 2.9 for an int.

    Extra keys are errors, `int`, `str` and `bool` take exactly themselves, `float` also an integer, and a
    tuple takes a list alone (a string would pass as a list of letters).
    """
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind in (int, str, bool):
        converter.register_structure_hook(kind, _exactly(kind))
    converter.register_structure_hook(float, _exactly(float, int))

    def make_tuple(target: Any) -> Callable[[object, object], tuple[Any, ...]]:
        kinds = get_args(target)

        def structure(value: object, _: object) -> tuple[Any, ...]:
            wanted = kinds
            if kinds[-1] is ... and isinstance(value, list):
                wanted = kinds[:1] * len(value)
            if not isinstance(value, list) or len(value) != len(wanted):
                size = "" if kinds[-1] is ... else f" of {len(kinds)}"
                msg = f"expected a list{size}, got {value!r}"
                raise TypeError(msg)
            return tuple(converter.structure(item, kind) for item, kind in zip(value, wanted, strict=True))

        return structure

    converter.register_structure_hook_factory(_is_tuple, make_tuple)
    converter.register_unstructure_hook(Kept, lambda kept: {"sha256": kept.sha256})
    converter.register_structure_hook(Kept, _kept)
    converter.register_structure_hook_func(lambda target: target == Axis, _axis)
    return converter


def _axis(value: object, _: object) -> Axis:
    if value == "coo":
        return "coo"
    if type(value) is not int or value < 0:
        msg = f"an axis is a number from 0 up or 'coo', got {value!r}"
        raise TypeError(msg)
    return value


def _kept(value: object, _: object) -> Kept:
    if not (isinstance(value, dict) and set(value) == {"sha256"} and isinstance(value["sha256"], str)):
        msg = f"an array is spelled by its sha256, got {value!r}"
        raise TypeError(msg)
    return Kept(sha256=value["sha256"])


class RecipeBook(Generic[R]):
    """The records that a package's stored recipes may mean, by tag.

    A field annotated with one of the book's `kinds`, or with it or `None`, holds another record of the book:
    recipes nest.

    Args:
        what: What the recipes make, for messages: `split` or `sampler`.
        kinds: Protocols or classes that records of this book fulfil, that of whole recipes first.
    """

    def __init__(self, what: str, *kinds: object) -> None:
        """Open an empty book."""
        self._what = what
        self._records: dict[str, type[Any]] = {}
        self._fields: dict[type[Any], Callable[[Any], dict[str, Any]]] = {}
        self._converter = strict_converter()

        def is_kind(target: object) -> bool:
            return any(target is kind for kind in kinds)

        self._converter.register_structure_hook_func(is_kind, lambda value, _: self._structure(value))
        self._converter.register_unstructure_hook_func(is_kind, self._unstructure)

    def add(self, record: C) -> C:
        """Enter a record class under its `tag` and return it: usable as a decorator.

        Raises:
            RegisterError: it is no attrs class with `tag` and `version`, a field is named like one of
                them, or another class has the tag.
        """
        tag, version = getattr(record, "tag", None), getattr(record, "version", None)
        if not attrs.has(record) or not isinstance(tag, str) or type(version) is not int:
            msg = f"{record.__name__}: a recipe is an attrs record with a text `tag` and an int `version`"
            raise RegisterError(msg)
        if {_TAG, _VERSION} & {field.name for field in attrs.fields(record)}:
            msg = f"{record.__name__}: a recipe's fields must not be named {_TAG!r} or {_VERSION!r}"
            raise RegisterError(msg)
        if self._records.setdefault(tag, record) is not record:
            msg = f"{record.__name__}: the tag {tag!r} belongs to {self._records[tag].__name__}"
            raise RegisterError(msg)
        self._fields[record] = make_dict_unstructure_fn(record, self._converter)
        self._converter.register_unstructure_hook(record, self._unstructure)
        return record

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of all records, sorted."""
        return tuple(sorted(self._records))

    def dumps(self, recipe: R) -> str:
        """Spell a recipe as canonical JSON: its fields, `recipe` (the tag) and `version`.

        Raises:
            ArgumentTypeError: it is no record of this book.
        """
        return canonical_json(self._unstructure(recipe))

    def loads(self, text: str, *, path: str) -> R:
        """Build the recipe that the JSON text spells.

        Args:
            text: From `dumps`, or anything at all.
            path: Where the text comes from, for messages.

        Raises:
            FormatError: the text is not JSON, lacks or exceeds the record's fields, or has values of
                other types or ranges, or another version than this package knows.
            UnknownNameError: no record of this book has the tag.
        """
        value = parse_json(text, path=path)
        try:
            recipe: R = self._structure(value)
        except cattrs.BaseValidationError as error:
            problems = cattrs.transform_error(error, path, format_exception=_say)
            msg = f"{'; '.join(problems)}; delete it and create it again"
            raise FormatError(msg) from error
        except FormatError as error:
            msg = f"{path}: {error}"
            raise FormatError(msg) from error
        return recipe

    def _unstructure(self, recipe: R) -> dict[str, Any]:
        record = type(recipe)
        if self._records.get(getattr(record, "tag", "")) is not record:
            msg = f"{recipe!r} is no {self._what} recipe; there are {', '.join(self.tags) or 'none'}"
            raise ArgumentTypeError(msg)
        return {**self._fields[record](recipe), _TAG: recipe.tag, _VERSION: recipe.version}

    def _structure(self, value: object) -> Any:
        if not isinstance(value, dict) or type(value.get(_TAG)) is not str:
            msg = f"a recipe is a JSON object with the text {_TAG!r}, got {value!r}"
            raise FormatError(msg)
        fields = dict(value)
        tag, version = fields.pop(_TAG), fields.pop(_VERSION, None)
        if tag not in self._records:
            what = f"this h5torch knows no {self._what} recipe"
            raise unknown_name(what, tag, self._records)
        record = self._records[tag]
        if type(version) is not int or version != record.version:
            msg = (
                f"recipe {tag!r} of version {version!r}, this h5torch reads {record.version}; install the "
                f"h5torch that wrote it, or create the {self._what} again"
            )
            raise FormatError(msg)
        return self._converter.structure(fields, record)


def _say(error: BaseException, _: type[Any] | None) -> str:
    return f"{error} is missing" if type(error) is KeyError else str(error)
