"""The recipes that a stored split may name."""

from h5torch.wire.recipes import RecipeBook
from splits.recipes import (
    Clustered,
    Cold,
    Custom,
    Folding,
    FromSklearn,
    GivenFolds,
    Grouped,
    Hashed,
    KFold,
    LeaveOut,
    Nested,
    Predefined,
    Random,
    RepeatedKFold,
    SplitRecipe,
    Stratified,
    TimeOrdered,
)

__all__ = ["BOOK"]

BOOK: RecipeBook[SplitRecipe] = RecipeBook("split", SplitRecipe, Folding)
for _recipe in (
    Clustered,
    Cold,
    Custom,
    FromSklearn,
    GivenFolds,
    Grouped,
    Hashed,
    LeaveOut,
    Predefined,
    Random,
    Stratified,
    TimeOrdered,
):
    BOOK.add(_recipe)
for _folding in (KFold, Nested, RepeatedKFold):
    BOOK.add(_folding)
