"""Recipes for splits, one idea a module: a frozen record and its pure function to part codes."""

from splits.recipes.protocol import Columns, SplitRecipe
from splits.recipes.stratified import Stratified

__all__ = ["Columns", "SplitRecipe", "Stratified"]
