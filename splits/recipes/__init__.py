"""Recipes for splits, one idea a module: a frozen record and its pure function to part codes."""

from splits.dealing.folds import Folding, KFold, Nested, RepeatedKFold
from splits.recipes.clustered import Clustered
from splits.recipes.cold import Cold
from splits.recipes.custom import Custom
from splits.recipes.from_sklearn import FromSklearn
from splits.recipes.given_folds import GivenFolds
from splits.recipes.grouped import Grouped
from splits.recipes.hashed import Hashed
from splits.recipes.leave_out import LeaveOut
from splits.recipes.predefined import Predefined
from splits.recipes.protocol import SplitRecipe
from splits.recipes.random import Random
from splits.recipes.stratified import Stratified
from splits.recipes.time_ordered import TimeOrdered

__all__ = [
    "Clustered",
    "Cold",
    "Custom",
    "Folding",
    "FromSklearn",
    "GivenFolds",
    "Grouped",
    "Hashed",
    "KFold",
    "LeaveOut",
    "Nested",
    "Predefined",
    "Random",
    "RepeatedKFold",
    "SplitRecipe",
    "Stratified",
    "TimeOrdered",
]
