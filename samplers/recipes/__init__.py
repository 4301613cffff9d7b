"""Recipes for samplers, one idea a module: a frozen record and its pure order of rows."""

from samplers.recipes.protocol import SamplerRecipe
from samplers.recipes.shuffled import Shuffled

__all__ = ["SamplerRecipe", "Shuffled"]
