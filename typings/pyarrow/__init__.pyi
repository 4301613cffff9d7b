"""pyarrow ships no types of its own; tests build its arrays and look at none of its values."""

from typing import Any

def __getattr__(name: str) -> Any: ...
