"""Names of objects: what is legal, and what was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

from h5torch.errors import RegisterError

_LONGEST = 255


def check_name(name: str, *, what: str) -> str:
    """Return `name` if HDF5 and every reader of the file can hold it.

    Raises:
        RegisterError: it is empty, `.` or `..`, longer than 255 bytes of UTF-8, or holds a slash,
            a NUL or a lone surrogate.
    """
    problem = None
    if not name or name in {".", ".."}:
        problem = "is not a name"
    elif "/" in name:
        problem = 'holds "/", which would make another group; use "_" or "-"'
    elif "\0" in name:
        problem = "holds a NUL"
    elif not name.isascii() and name.encode(errors="replace").decode() != name:
        problem = "is not valid Unicode"
    elif len(name.encode()) > _LONGEST:
        problem = f"is longer than {_LONGEST} bytes"
    if problem:
        msg = f"{what}: the name {name!r} {problem}"
        raise RegisterError(msg)
    return name


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a clause that lists what there is, the nearest first."""
    listed = sorted(known)
    near = get_close_matches(name, listed, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    shown = ", ".join(repr(item) for item in listed[:12]) + (", …" if len(listed) > 12 else "")
    return f"{hint}there {'is' if len(listed) == 1 else 'are'} {shown or 'none'}"
