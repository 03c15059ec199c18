"""Experiments with `sklearn_wbn`: run ``python -m benchmarks --help``."""
