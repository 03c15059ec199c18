"""What needs no network: classifiers that count all classes alike."""

from __future__ import annotations

import warnings
from typing import Any

from imblearn.ensemble import BalancedRandomForestClassifier
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestCentroid

BASELINES = {
    "logistic": "logistic regression, balanced",
    "centroid": "nearest centroid",
    "forest": "balanced random forest",
}


def fit_baseline(key: str, X: NDArray, y: NDArray, seed: int) -> Any:
    """Fit a baseline.

    Parameters
    ----------
    key : str
        A key of `BASELINES`.
    X : ndarray of shape (n_samples, n_features)
        Training rows.
    y : ndarray of shape (n_samples,)
        Their labels.
    seed : int
        Seed, where one is used.

    Returns
    -------
    estimator
        The fitted classifier.
    """
    with warnings.catch_warnings():
        # NearestCentroid wants to scale by spreads that may be zero; we do not.
        warnings.filterwarnings("ignore", "self.within_class_std_dev_ has at least 1")
        return _make_baseline(key, seed).fit(X, y)


def _make_baseline(key: str, seed: int) -> Any:
    if key == "logistic":
        return LogisticRegression(class_weight="balanced", max_iter=2000)
    if key == "centroid":
        return NearestCentroid()
    return BalancedRandomForestClassifier(
        # Its recommended settings: every tree sees all classes alike, with repetition.
        sampling_strategy="all",
        replacement=True,
        bootstrap=False,
        n_jobs=1,
        random_state=seed,
    )
