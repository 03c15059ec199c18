"""A parameter outside its range is refused, by name."""

import re

import numpy as np
import pytest
import torch

from sklearn_wbn import WBNMLPClassifier
from sklearn_wbn._constraints import CONSTRAINTS
from tests.samples import imbalanced, quick

OPTIONS = [
    "activation",
    "class_weight",
    "normalization",
    "variance",
    "inference_statistics",
    "loss_normalization",
    "loss",
    "solver",
    "beta",
    "batch_size",
]

OUTSIDE = [
    ("hidden_layer_sizes", 0),
    ("hidden_layer_sizes", "many"),
    ("hidden_layer_sizes", None),
    ("activation", None),
    ("class_weight", [1.0, 2.0]),
    ("beta", 1),
    ("beta", 1.0),
    ("beta", -0.1),
    ("beta", np.nan),
    ("beta", None),
    ("logit_adjustment", -1.0),
    ("logit_adjustment", np.nan),
    ("dropout", 1.0),
    ("dropout", -0.1),
    ("alpha", -1e-3),
    ("solver", 3),
    ("solver", torch.optim.SGD([torch.zeros(1)], lr=0.1)),
    ("solver_kwargs", [("lr", 0.1)]),
    ("learning_rate_init", 0.0),
    ("learning_rate_init", -1.0),
    ("batch_size", 0),
    ("batch_size", 12.5),
    ("max_iter", 0),
    ("max_iter", 2.5),
    ("shuffle", "yes"),
    ("warm_start", None),
    ("random_state", -1),
    ("random_state", "seed"),
    ("verbose", "loud"),
    ("tol", -1e-4),
    ("n_iter_no_change", 0),
    ("early_stopping", 2),
    ("validation_fraction", 0.0),
    ("validation_fraction", 1.0),
    ("scoring", 3),
    ("norm_eps", -1e-8),
    ("norm_momentum", 0.0),
    ("norm_momentum", 1.1),
    ("device", 0),
    ("callbacks", "early"),
]


def refused(name):
    start = f"The '{name}' parameter of WBNMLPClassifier must be "
    return pytest.raises(ValueError, match=re.escape(start))


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_unknown_option_is_refused_with_those_there_are(name, method):
    X, y = imbalanced()
    more = {"classes": [0, 1]} if method == "partial_fit" else {}
    with pytest.raises(ValueError, match=f"'{name}' parameter .* among .*'nonsense'"):
        getattr(quick(**{name: "nonsense"}), method)(X, y, **more)


@pytest.mark.parametrize(("name", "value"), OUTSIDE, ids=str)
def test_value_outside_its_range_is_refused(name, value):
    with refused(name):
        quick(**{name: value}).fit(*imbalanced())


def test_unknown_scorer_is_refused():
    X, y = imbalanced()
    with pytest.raises(ValueError, match=r"'scoring' .* Got 'nonsense' instead"):
        quick(scoring="nonsense").fit(X, y)  # without validation, too


def test_parameters_are_checked_by_fit_and_not_before():
    clf = WBNMLPClassifier(beta=7).set_params(dropout="much")
    assert clf.beta == 7
    with refused("beta"):
        clf.fit(*imbalanced())


def test_every_parameter_has_its_constraint():
    assert set(CONSTRAINTS) == set(WBNMLPClassifier().get_params())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden_layer_sizes", ()),
        ("hidden_layer_sizes", np.int64(3)),
        ("beta", 0),
        ("beta", 1 - 1e-15),
        ("max_iter", np.int64(1)),
        ("shuffle", np.bool_(False)),
        ("norm_eps", 0.0),
        ("norm_momentum", 1.0),
        ("validation_fraction", 0.999),
        ("device", torch.device("cpu")),
        ("solver_kwargs", {}),
        ("callbacks", []),
    ],
)
def test_value_at_the_end_of_its_range_is_accepted(name, value):
    X, y = imbalanced()
    clf = quick(class_weight="cbl", **{name: value}).fit(X, y)
    assert np.isfinite(clf.predict_log_proba(X)).all()
