# What we use of scikit-learn, which has no types of its own.
import numpy as np
from numpy.typing import NDArray

class Bunch:
    images: NDArray[np.float64]
    target: NDArray[np.int_]

def load_digits() -> Bunch: ...
