"""Time: rows ordered by it, stretches and windows, and spans of its units; all exact."""
