"""Splits given to other tools, and taken from them."""

from splits.interchange.exporting import export
from splits.interchange.importing import import_

__all__ = ["export", "import_"]
