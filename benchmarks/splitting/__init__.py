"""Splitting, beside scikit-learn and iterative-stratification: `python -m benchmarks.splitting`."""
