"""What users would take instead of the network, with the settings that it comes with.

Each is told of the imbalance in the way that its documentation offers, except RealMLP,
which has none.
"""

from __future__ import annotations

import warnings
from typing import Any, Self

from imblearn.ensemble import BalancedRandomForestClassifier, EasyEnsembleClassifier
from imblearn.pipeline import Pipeline
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import has_fit_parameter

from benchmarks.contender import SLOW_METHODS_MAX_ROWS, Contender, Setting
from benchmarks.contender_networks import BATCH_SIZE


class BalancedMLPClassifier(MLPClassifier):
    """scikit-learn's network with balanced sample weights, which a pipeline lacks."""

    def fit(self, X: NDArray, y: NDArray) -> Self:
        """Fit with weights by inverse class frequency."""
        with warnings.catch_warnings():
            # The number of epochs is fixed; that it may not suffice is no news.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return super().fit(X, y, sample_weight=compute_sample_weight("balanced", y))


def with_scaling(setting: Setting, model: BaseEstimator) -> Pipeline:
    """Make the pipeline of a model: steps ``scale`` and ``model``."""
    return Pipeline([("scale", setting.preprocessor), ("model", model)])


def logistic(setting: Setting, **settings: Any) -> Pipeline:
    """Make logistic regression."""
    model = LogisticRegression(class_weight="balanced", max_iter=2000, **settings)
    return with_scaling(setting, model)


def balanced_forest(setting: Setting, **settings: Any) -> Pipeline:
    """Make a random forest of balanced bootstraps."""
    model = BalancedRandomForestClassifier(random_state=setting.seed, **settings)
    return with_scaling(setting, model)


def hist_boosting(setting: Setting, **settings: Any) -> Pipeline:
    """Make weighted gradient boosting."""
    model = HistGradientBoostingClassifier(
        class_weight="balanced", random_state=setting.seed, **settings
    )
    return with_scaling(setting, model)


def _easy_ensemble(setting: Setting) -> Pipeline:
    return with_scaling(setting, EasyEnsembleClassifier(random_state=setting.seed))


def _sklearn_mlp(setting: Setting) -> Pipeline:
    model = BalancedMLPClassifier(
        (300, 300),
        activation="tanh",
        batch_size=BATCH_SIZE,
        learning_rate_init=0.002,
        max_iter=setting.epochs,
        n_iter_no_change=setting.epochs,
        random_state=setting.seed,
    )
    return with_scaling(setting, model)


def _lightgbm(setting: Setting) -> Pipeline:
    from lightgbm import LGBMClassifier

    model = LGBMClassifier(
        class_weight="balanced", random_state=setting.seed, n_jobs=1, verbose=-1
    )
    return with_scaling(setting, model)


def _realmlp(setting: Setting) -> Pipeline:
    from pytabkit import RealMLP_TD_Classifier

    model = RealMLP_TD_Classifier(
        device="cpu", random_state=setting.seed, n_threads=1, verbosity=0
    )
    return with_scaling(setting, model)


PEERS: tuple[Contender, ...] = (
    Contender("logistic", "logistic regression", logistic, network=False),
    Contender(
        "balanced-forest", "balanced random forest", balanced_forest, network=False
    ),
    Contender("easy-ensemble", "easy ensemble", _easy_ensemble, network=False),
    Contender(
        "hist-boosting", "histogram gradient boosting", hist_boosting, network=False
    ),
    Contender("lightgbm", "LightGBM", _lightgbm, network=False, package="lightgbm"),
    Contender(
        "realmlp",
        "RealMLP",
        _realmlp,
        network=False,
        max_rows=SLOW_METHODS_MAX_ROWS,
        package="pytabkit",
    ),
)
if has_fit_parameter(MLPClassifier(), "sample_weight"):  # scikit-learn 1.7 and newer
    PEERS += (
        Contender(
            "sklearn-mlp", "MLPClassifier, weighted", _sklearn_mlp, network=False
        ),
    )
