"""Dicts that are filled when somebody first looks into them."""

import functools
from collections.abc import Callable
from typing import Any


class Settling(dict[str, Any]):
    """A dict that every method of a dict makes complete first; making one costs next to nothing.

    Code in C that takes a dict apart without its methods, as `json.dumps` does, finds what was put in so far.
    """

    def settle(self) -> None:
        """Fill the dict, with the methods of dict itself; called before each look."""
        raise NotImplementedError


def _settled(name: str) -> Callable[..., Any]:
    """Return the method of the next class in line, which finds the dict complete."""

    @functools.wraps(getattr(dict, name))
    def method(self: Settling, *arguments: Any, **named: Any) -> Any:
        self.settle()
        return getattr(super(Settling, self), name)(*arguments, **named)

    return method


for _name in (
    *("__getitem__", "__setitem__", "__delitem__", "__contains__", "__iter__", "__len__", "__reversed__"),
    *("__eq__", "__ne__", "__or__", "__ror__", "__ior__", "__repr__"),
    *("clear", "copy", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values"),
):
    setattr(Settling, _name, _settled(_name))
