"""Filters."""

from typing import Any

FLAG_OPTIONAL: int
FILTER_DEFLATE: int

def __getattr__(name: str) -> Any: ...
