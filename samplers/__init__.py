"""Ways to draw from a dataset, stored in its file, each a function of seed, epoch and position.

>>> samplers.save(f, "main", samplers.Shuffled(seed=0))
>>> for batch in samplers.loader(train, "main", batch_size=256):
...     ...
"""

from samplers.batches import Batches
from samplers.errors import SamplerError
from samplers.loader import loader
from samplers.order import order
from samplers.recipes import SamplerRecipe, Shuffled
from samplers.store import delete, load, save
from samplers.store import list_names as list  # noqa: A004 - `samplers.list(f)` reads as what it does

__all__ = [
    "Batches",
    "SamplerError",
    "SamplerRecipe",
    "Shuffled",
    "delete",
    "list",
    "load",
    "loader",
    "order",
    "save",
]
