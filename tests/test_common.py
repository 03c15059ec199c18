"""scikit-learn's own checks of an estimator, without a failure that is expected."""

import subprocess
import sys

import pytest
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    estimator_checks_generator,
)

from sklearn_wbn import WBNMLPClassifier

# Enough epochs for the accuracy that the checks ask for, on networks that are fast.
FAST = {"hidden_layer_sizes": (16,), "max_iter": 40, "learning_rate_init": 0.02}
SETTINGS = {
    "default": {},
    "plain": {
        "normalization": None,
        "class_weight": "balanced",
        "solver": "adam",
        "activation": "relu",
        "alpha": 1e-3,
    },
    "population": {
        "class_weight": "cbl",
        "variance": "biased",
        "inference_statistics": "population",
        "loss_normalization": "constant",
    },
    "moving": {
        "class_weight": None,
        "normalization": "bn",
        "inference_statistics": "moving",
        "loss": "balanced_softmax",
        "logit_adjustment": 0.5,
        "batch_size": "auto",
    },
    "early_stopping": {
        "early_stopping": True,
        "max_iter": 200,
        "tol": 0.01,
        "validation_fraction": 0.2,
        "inference_statistics": "weighted_population",
        "solver": "sgd",
    },
}

# This one needs an environment variable that is read at import: see below.
ARRAY_API_CHECK = "check_array_api_input"

# What early stopping cannot do.
HOLDS_OUT = {
    # It refuses `partial_fit`,
    "check_estimators_partial_fit_n_features",
    "check_fit_score_takes_y",
    "check_n_features_in_after_fitting",
    # holds out rows, and which ones depends on how often they are repeated,
    "check_sample_weight_equivalence_on_dense_data",
    # and goes back to the best score on them, which knows no class weight.
    "check_class_weight_classifiers",
}

RUN_ARRAY_API_CHECK = f"""
from sklearn.utils.estimator_checks import estimator_checks_generator
from sklearn_wbn import WBNMLPClassifier

for estimator, check in estimator_checks_generator(WBNMLPClassifier(max_iter=2)):
    if check.func.__name__ == {ARRAY_API_CHECK!r}:
        check(estimator)
        print("passed")
"""


def checks():
    """Every check of every setting, as parameters with a readable name."""
    for name, params in SETTINGS.items():
        left_out = {ARRAY_API_CHECK}
        if params.get("early_stopping"):
            left_out |= HOLDS_OUT
        fast = FAST | params if params else {}
        for estimator, check in estimator_checks_generator(WBNMLPClassifier(**fast)):
            title = getattr(check, "func", check).__name__
            if title in left_out:
                continue
            yield pytest.param(estimator, check, id=f"{name}-{title}")


@pytest.mark.parametrize(("estimator", "check"), list(checks()))
def test_estimator_passes_the_check_of_scikit_learn(estimator, check):
    check(estimator)


def test_estimator_passes_the_array_api_check_of_scikit_learn(monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    command = [sys.executable, "-W", "error", "-c", RUN_ARRAY_API_CHECK]
    process = subprocess.run(command, capture_output=True, text=True, check=True)
    # scikit-learn 1.6 checks only estimators that declare array API support.
    assert process.stdout.split() in ([], ["passed"])


def test_column_names_are_consistent_and_documented():
    check_dataframe_column_names_consistency(
        "WBNMLPClassifier", WBNMLPClassifier(max_iter=2)
    )
