"""The recipes that a stored sampler may name."""

from h5torch.wire.recipes import RecipeBook
from samplers.recipes import SamplerRecipe, Shuffled

__all__ = ["BOOK"]

BOOK: RecipeBook[SamplerRecipe] = RecipeBook("sampler", SamplerRecipe)
for _record in (Shuffled,):
    BOOK.add(_record)
