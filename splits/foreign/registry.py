"""Functions that make splits, by name: those that this process registers, and those of installed packages.

Code comes from nowhere else: a name from a file is looked up here, never imported.
"""

import hashlib
import inspect
import tokenize
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any, TypeAlias, TypeVar

import attrs

from h5torch.parts import check_label, unknown_name
from splits.errors import SplitError

__all__ = ["GROUP", "REGISTRY", "Registered", "Registry", "check_function_version", "register"]

GROUP = "h5torch.splits"
"""The entry-point group in which a package says which split functions it has."""

Function: TypeAlias = Callable[..., Any]
F = TypeVar("F", bound=Function)


def check_function_version(version: object) -> None:
    """Refuse what cannot be the version of a function.

    Raises:
        SplitError: it is no whole number from 1 up.
    """
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        msg = f"the version of a split function must be a whole number from 1 up, got {version!r}"
        raise SplitError(msg)


@attrs.frozen(kw_only=True)
class Registered:
    """A function that makes splits.

    Attributes:
        name: What recipes call it.
        version: Which of its meanings.
        function: The function itself.
        source: SHA-256 of its source text as it is when registered, in 64 hexadecimal digits; `None` where
            Python cannot tell it. For provenance alone.

    Raises:
        SplitError: it takes no columns, number of rows and seed.
    """

    name: str
    version: int
    function: Function
    source: str | None = attrs.field(init=False)

    @source.default
    def _digest_source(self) -> str | None:
        try:
            text = inspect.getsource(self.function)
        except (OSError, TypeError, SyntaxError, tokenize.TokenError):
            return None
        return hashlib.sha256(text.encode()).hexdigest()

    def __attrs_post_init__(self) -> None:
        """Refuse a function that cannot be called as all of them are."""
        try:
            inspect.signature(self.function).bind_partial({}, 0, seed=0)
        except (TypeError, ValueError) as error:
            msg = (
                f"split function {self.name!r} must be like function(columns, n_rows, *, seed, **params), "
                f"got {self.function!r}: {error}"
            )
            raise SplitError(msg) from error

    @property
    def extends(self) -> bool:
        """Whether it can deal added rows: it takes `held`, the codes of the rows before them."""
        return "held" in inspect.signature(self.function).parameters

    def check_arguments(self, params: Mapping[str, Any]) -> None:
        """Refuse parameters that the function does not take, or lack of those that it needs.

        Raises:
            SplitError: they do not fit.
        """
        signature = inspect.signature(self.function)
        extra = {"held": None} if self.extends else {}
        try:
            signature.bind({}, 0, seed=0, **extra, **params)
        except TypeError as error:
            msg = f"split function {self.name!r} takes {signature}, params are {dict(params)!r}: {error}"
            raise SplitError(msg) from error


class Registry:
    """Functions by name and version, filled by a decorator and from installed packages.

    Args:
        group: Entry-point group in which installed packages are looked for.
    """

    def __init__(self, group: str) -> None:
        """Begin with no function."""
        self._group = group
        self._functions: dict[str, dict[int, Registered]] = {}

    def register(self, name: str, *, version: int = 1) -> Callable[[F], F]:
        """Register a function under a name, for `splits.Custom`.

        The function is called as `function(columns, n_rows, *, seed, **params)` and returns integers: the
        index of each row's part, -1 or 255 for a row left out, of shape `(n_rows,)`, or of folds
        `(n_folds, n_rows)`; with two parts bools will do. `columns` are read-only copies of arrays by key. A
        function that takes `held` as well can deal rows that were added: `held` is `None`, or the codes of
        the first rows, which must stay.

        Its codes must rest on its arguments alone, or nobody can check them.

        Args:
            name: What recipes call it.
            version: Raise it when the same arguments come to give other codes; old versions can stay
                registered beside it, as functions of their own.

        Returns:
            A decorator, which returns the function as it is.

        Raises:
            RegisterError: the name is not legal.
            ArgumentTypeError: the name is no text.
            SplitError: the version is no number from 1 up, the function does not take columns, number of
                rows and seed, or name and version belong to another function. The same function may come
                again, as it does when its module is loaded again.
        """
        check_label(name, what="split function")
        check_function_version(version)

        def enter(function: F) -> F:
            self._enter(Registered(name=name, version=version, function=function))
            return function

        return enter

    def find(self, name: str, version: int) -> Registered:
        """Return the function of this name and version, from an installed package where need be.

        Raises:
            UnknownNameError: there is none of this name.
            SplitError: there is none of this version, several packages have the name, or the package that
                has it cannot be loaded or does not register it.
        """
        if version not in self._functions.get(name, {}):
            self._load(name)
        if name not in self._functions:
            error = unknown_name("no split function is called", name, self._names())
            msg = (
                f"{error}; import the module that has @splits.register({name!r}), or install the package "
                f"that names it in the entry points {self._group!r}; stored codes can be read without it"
            )
            raise type(error)(msg)
        versions = self._functions[name]
        if version not in versions:
            msg = (
                f"split function {name!r} is registered in version {', '.join(map(str, sorted(versions)))}, "
                f"the recipe asks for {version}; register that version, too, or create the split again"
            )
            raise SplitError(msg)
        return versions[version]

    def source_of(self, name: str, version: int) -> str | None:
        """Return the SHA-256 of a function's source text; `None` where it is not registered or not known.

        Nothing is loaded for it.
        """
        registered = self._functions.get(name, {}).get(version)
        return None if registered is None else registered.source

    def _names(self) -> set[str]:
        return {*self._functions, *entry_points(group=self._group).names}

    def _enter(self, new: Registered) -> None:
        versions = self._functions.setdefault(new.name, {})
        old = versions.get(new.version)
        if old is not None and not _is_same(old.function, new.function):
            msg = (
                f"split function {new.name!r} of version {new.version} is {_place(old.function)} and cannot "
                f"be {_place(new.function)}, too; choose another name, or raise the version"
            )
            raise SplitError(msg)
        versions[new.version] = new

    def _load(self, name: str) -> None:
        """Let the installed package that names a function so, if there is one, register it."""
        named = (entry for entry in entry_points(group=self._group) if entry.name == name)
        found = {entry.value: entry for entry in named}
        if len(found) > 1:
            listed = ", ".join(sorted(found))
            msg = f"split function {name!r} is in several packages ({listed}); keep one of them"
            raise SplitError(msg)
        for place, entry in found.items():
            try:
                entry.load()
            except (ImportError, AttributeError) as error:
                msg = f"split function {name!r} cannot be loaded from entry point {place!r}: {error}"
                raise SplitError(msg) from error
            if name not in self._functions:
                msg = (
                    f"entry point {place!r} was loaded and has registered no split function {name!r}; it "
                    f"must be decorated with @splits.register({name!r})"
                )
                raise SplitError(msg)


def _is_same(old: Function, new: Function) -> bool:
    """Say whether both are one function, perhaps from two runs of its module."""
    return old is new or ("<" not in _place(old) and _place(old) == _place(new))


def _place(function: Function) -> str:
    name = getattr(function, "__qualname__", None)
    return f"{function.__module__}.{name}" if name else repr(function)


REGISTRY = Registry(GROUP)
"""The functions that `splits.Custom` knows."""

register = REGISTRY.register
