"""Regular expressions that may come from a file, kept to those that cannot run for ages."""

import re

from splits.errors import SplitError

__all__ = ["checked_pattern"]

_LITERAL = re.compile(r"\(\?#[^)]*\)|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
"""Comments, escapes and sets of characters: what is in them repeats nothing."""

_VERBOSE = re.compile(r"\(\?[a-zA-Z]*x")  # then comments can hide anything
_REPEATED_GROUP = re.compile(r"\)[*+{]")
_REPEAT = re.compile(r"(?<!\()(?:[*+?]|\{\d*,\d*\})[+?]?")
_MOST = 8


def checked_pattern(pattern: str) -> str:
    """Return a regular expression for which matching takes no longer than a power of the text's length.

    Python's `re` tries every way to share out a text among repeats, and has no limit of time. Where a repeat
    holds others, or branches, these ways are exponential in number; so no group may be repeated, unless by
    `?`, and there are at most 8 repeats and 8 groups.

    Raises:
        SplitError: it is no regular expression, has more of these, or the flag `x`.
    """
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        msg = f"{pattern!r} is not a regular expression ({error}); for the text as it is, write [{pattern!r}]"
        raise SplitError(msg) from error
    bare = _LITERAL.sub(".", pattern)
    if _VERBOSE.search(bare):
        msg = f"{pattern!r} has the flag x, with which it cannot be checked; write it without"
        raise SplitError(msg)
    n_repeats, n_groups = len(_REPEAT.findall(bare)), bare.count("(")
    if _REPEATED_GROUP.search(bare) or n_repeats > _MOST or n_groups > _MOST:
        what = f"{n_repeats} repeats and {n_groups} groups"
        msg = (
            f"{pattern!r} has {'a repeated group' if _REPEATED_GROUP.search(bare) else what}, with which a "
            f"match can take for ages; repeat no group, have at most {_MOST} repeats and {_MOST} groups, or "
            "list the values"
        )
        raise SplitError(msg)
    return pattern
