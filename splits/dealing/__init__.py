"""How rows are dealt in shares: alone, by strata, by labels, in whole groups, into parts or folds."""
