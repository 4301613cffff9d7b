"""Types of values in a file."""

from typing import Any

import numpy as np

class TypeID:
    def __getattr__(self, name: str) -> Any: ...
    dtype: np.dtype[Any]
    def get_size(self) -> int: ...

IEEE_F32LE: TypeID
STD_I32LE: TypeID
C_S1: TypeID

def py_create(dtype: np.dtype[Any], logical: bool = ..., aligned: bool = ...) -> TypeID: ...

def __getattr__(name: str) -> Any: ...
