"""The recipes that a stored split may name."""

import attrs

from h5torch.wire.recipes import RecipeBook
from splits import recipes
from splits.recipes import Folding, SplitRecipe

__all__ = ["BOOK"]

BOOK: RecipeBook[SplitRecipe] = RecipeBook("split", SplitRecipe, Folding)
for _record in (getattr(recipes, name) for name in recipes.__all__):
    if attrs.has(_record):  # all but the protocols
        BOOK.add(_record)
