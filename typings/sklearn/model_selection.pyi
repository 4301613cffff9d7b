# Splitters of scikit-learn are looked up by name here and so have no types.
from typing import Any

def __getattr__(name: str) -> Any: ...
