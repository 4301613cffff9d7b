"""Other people's code that a split may rest on: scikit-learn, and functions that somebody registered."""
