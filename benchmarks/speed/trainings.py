"""The trainings that the parts of the speed benchmark time, and their data."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier

from sklearn_wbn import WBNMLPClassifier


class FitConfig(NamedTuple):
    """Size of a training."""

    n_samples: int
    n_features: int
    hidden: tuple[int, ...]
    batch_size: int
    epochs: int

    def __str__(self) -> str:
        return (
            f"{self.n_samples} x {self.n_features}, hidden {self.hidden}, "
            f"batch {self.batch_size}"
        )


def make_data(n_samples: int, n_features: int) -> tuple[NDArray, NDArray]:
    """Draw two overlapping classes, the second with one row in twenty; float32."""
    rng = np.random.default_rng(0)
    y = (rng.random(n_samples) < 0.05).astype(np.int64)
    X = rng.standard_normal((n_samples, n_features), dtype=np.float32)
    X[y == 1] += 0.5
    return X, y


def make_ours(
    hidden: Sequence[int], batch_size: int, epochs: int, solver: str = "adamax"
) -> WBNMLPClassifier:
    """Make our classifier, with its own defaults for all else."""
    return WBNMLPClassifier(
        hidden,
        solver=solver,
        batch_size=batch_size,
        max_iter=epochs,
        random_state=0,
        device="cpu",
    )


def make_mlp(hidden: Sequence[int], batch_size: int, epochs: int) -> MLPClassifier:
    """Make scikit-learn's network of the same size; it runs all epochs."""
    return MLPClassifier(
        hidden,
        activation="tanh",
        batch_size=batch_size,
        learning_rate_init=0.002,
        max_iter=epochs,
        n_iter_no_change=epochs,
        random_state=0,
    )


def fit_ours(config: FitConfig, X: NDArray, y: NDArray, solver: str = "adamax") -> None:
    """Train our classifier."""
    make_ours(config.hidden, config.batch_size, config.epochs, solver).fit(X, y)


def fit_mlp(config: FitConfig, X: NDArray, y: NDArray) -> None:
    """Train scikit-learn's network."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that it has not converged
        make_mlp(config.hidden, config.batch_size, config.epochs).fit(X, y)
