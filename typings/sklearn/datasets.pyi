# What we use of scikit-learn, which has no types of its own.
import numpy as np
from numpy.typing import NDArray

class Bunch:
    data: NDArray[np.float64]
    target_names: NDArray[np.str_]
    images: NDArray[np.float64]
    target: NDArray[np.int_]

def load_breast_cancer() -> Bunch: ...
def load_digits() -> Bunch: ...
def load_iris() -> Bunch: ...
def load_wine() -> Bunch: ...
