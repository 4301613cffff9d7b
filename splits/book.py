"""The recipes that a stored split may name."""

from h5torch.wire.recipes import RecipeBook
from splits.recipes import SplitRecipe, Stratified

__all__ = ["BOOK"]

BOOK: RecipeBook[SplitRecipe] = RecipeBook("split", SplitRecipe)
for _record in (Stratified,):
    BOOK.add(_record)
