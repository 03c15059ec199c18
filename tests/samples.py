"""Small imbalanced data and small networks for the tests of the classifier."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from sklearn_wbn import WBNMLPClassifier

Table = tuple[NDArray[Any], NDArray[Any]]


def quick(**params: Any) -> WBNMLPClassifier:
    """A small network that trains for three epochs; `params` replace its own."""
    small = {"hidden_layer_sizes": (8,), "max_iter": 3, "random_state": 0}
    return WBNMLPClassifier(**(small | params))


def imbalanced(n_rows: int = 120, n_classes: int = 2, seed: int = 0) -> Table:
    """Four features; every class but the first has a tenth of the rows."""
    rng = np.random.default_rng(seed)
    y = np.where(np.arange(n_rows) % 10 < n_classes, np.arange(n_rows) % 10, 0)
    centres = rng.normal(size=(n_classes, 4))
    return 2 * centres[y] + rng.normal(size=(n_rows, 4)), y


def real_table(name: str) -> tuple[NDArray[Any], ...]:
    """X_train, X_test, y_train, y_test; a few training rows in all classes but one."""
    X, y = {"cancer": load_breast_cancer, "digits": load_digits}[name](return_X_y=True)
    if name == "digits":
        X, y = X[y < 4], y[y < 4]
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, stratify=y, test_size=0.4, random_state=0
    )
    most = y_train.max()
    few = [np.flatnonzero(y_train == label)[:8] for label in range(most)]
    kept = np.concatenate([np.flatnonzero(y_train == most), *few])
    scaler = StandardScaler().fit(X_train[kept])
    return (
        scaler.transform(X_train[kept]),
        scaler.transform(X_test),
        y_train[kept],
        y_test,
    )
