"""A real text corpus that every Python ships: the docstrings of its standard library.

Sources are parsed, never imported, so that looking at a module runs none of it.
"""

import ast
import re
import sysconfig
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import attrs
import numpy as np
from numpy.typing import NDArray

from h5torch.errors import H5torchError

MODULES = (
    "argparse", "asyncio", "collections", "concurrent", "configparser", "datetime", "email", "enum",
    "http", "imaplib", "importlib", "inspect", "ipaddress", "logging", "mailbox", "multiprocessing",
    "pathlib", "statistics", "tarfile", "threading", "typing", "unittest", "urllib", "wsgiref", "xml",
    "zipfile",
)  # fmt: skip
"""The modules whose docstrings are read: the ones with many of them, in every installation."""

_WORD = re.compile(r"[a-z]+|[0-9]+|[^\w\s]")
_Documented: TypeAlias = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@attrs.frozen(kw_only=True)
class Docstring:
    """The documentation of one module, class or function."""

    module: str  # the top-level module, one of `MODULES`
    name: str  # the qualified name: `email.message.Message.as_string`
    text: str


@attrs.frozen(kw_only=True)
class Tokens:
    """Docstrings as token numbers: `ids[i]` holds row `i`, and `vocabulary[id]` is the token's text."""

    ids: list[NDArray[np.int32]]
    vocabulary: tuple[str, ...]


def read_docstrings() -> list[Docstring]:
    """Parse the standard library's sources into docstrings, in the order of modules, files and lines.

    Raises:
        H5torchError: this Python comes without the sources of its standard library.
    """
    library = Path(sysconfig.get_path("stdlib"))
    found = [
        d for module in MODULES for path in _sources(library, module) for d in _parsed(library, path, module)
    ]
    if not found:
        msg = f"demo: no sources of the standard library below {library}; use a Python that ships them"
        raise H5torchError(msg)
    return found


def tokenize(texts: list[str], *, n_tokens: int) -> Tokens:
    """Number the words of `texts`: token 0 is padding, 1 a rare word, then the most frequent first.

    Args:
        texts: One text a row.
        n_tokens: Size of the vocabulary, padding and the rare word included; at least 2.
    """
    words = [_WORD.findall(text.lower()) for text in texts]
    counts = Counter(word for row in words for word in row)
    frequent = sorted(counts, key=lambda word: (-counts[word], word))[: n_tokens - 2]
    vocabulary = ("<pad>", "<rare>", *frequent)
    number = {word: i for i, word in enumerate(vocabulary)}
    ids = [np.array([number.get(word, 1) for word in row], dtype=np.int32) for row in words]
    return Tokens(ids=ids, vocabulary=vocabulary)


def _sources(library: Path, module: str) -> list[Path]:
    if (library / module).is_dir():
        return sorted((library / module).rglob("*.py"))
    return [path for path in [library / f"{module}.py"] if path.is_file()]


def _parsed(library: Path, path: Path, module: str) -> Iterator[Docstring]:
    parts = path.relative_to(library).with_suffix("").parts
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        tree = ast.parse(path.read_bytes())
    for name, node in _documented(tree, ".".join(p for p in parts if p != "__init__")):
        text = ast.get_docstring(node)
        if text and text.strip():
            yield Docstring(module=module, name=name, text=text)


def _documented(node: _Documented, name: str) -> Iterator[tuple[str, _Documented]]:
    yield name, node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _documented(child, f"{name}.{child.name}")
