"""The library of the codecs that are an extra: imported at first use, and its errors made ours."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

from h5torch.rows import Array
from h5torch.storage.filters.records import DamageError

LibraryDecoder: TypeAlias = Callable[..., Any]
"""How imagecodecs decodes, without the interpreter's lock: takes bytes, `out=` and options; returns `out`, or
the filled part of it."""


@cache
def missing(codec: str) -> str | None:
    """Return how to install a codec that is not here, or None where it is."""
    try:
        import imagecodecs  # an extra, and only files that need it pay for it
    except ImportError:
        return "needs imagecodecs; install it by: pip install 'h5torch[compression]'"
    if getattr(imagecodecs, codec).available:
        return None
    return (
        f"the imagecodecs that is installed was built without {codec}; install it anew by: "
        "pip install --force-reinstall --only-binary imagecodecs 'h5torch[compression]'"
    )


def fill(out: Array, decoder: LibraryDecoder, data: Array, **options: int) -> Array:
    """Fill `out` with decoded `data`, to the last byte, and return it.

    Args:
        out: Room, contiguous uint8; nothing is written outside it.
        decoder: Function of imagecodecs.
        data: Encoded bytes, uint8, of any length.
        options: What else the function is told.

    Raises:
        DamageError: the library refuses the bytes, or they decode to less or more than fits.
    """
    if not data.size:
        msg = "no bytes are stored"
        raise DamageError(msg)
    try:
        got = decoder(data.data, out=out, **options)
    except (RuntimeError, ValueError) as error:  # every codec has an error of its own, all of them these
        msg = f"not {out.size} encoded bytes ({error})"
        raise DamageError(msg) from error
    if len(got) != out.size:
        msg = f"decodes to {len(got)} bytes, not to {out.size}"
        raise DamageError(msg)
    return out
