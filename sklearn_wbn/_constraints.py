"""Constraints of the parameters of `WBNMLPClassifier`, as scikit-learn checks them."""

from numbers import Integral, Real
from typing import Any

import torch
from sklearn.metrics import get_scorer_names
from sklearn.utils._param_validation import Interval, StrOptions

from sklearn_wbn._solver import SOLVERS
from sklearn_wbn.nn.loss import LOSS_NORMALIZATIONS
from sklearn_wbn.nn.mlp import ACTIVATIONS
from sklearn_wbn.nn.statistics import INFERENCE_STATISTICS
from sklearn_wbn.nn.weights import VARIANCES

_POSITIVE = Interval(Real, 0, None, closed="neither")
_NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
_AT_LEAST_ONE = Interval(Integral, 1, None, closed="left")

CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", _AT_LEAST_ONE],
    "activation": [StrOptions(set(ACTIVATIONS))],
    "class_weight": [StrOptions({"icf", "cbl", "balanced"}), dict, None],
    "beta": [Interval(Real, 0, 1, closed="left"), StrOptions({"auto"})],
    "normalization": [StrOptions({"wbn", "bn"}), None],
    "variance": [StrOptions(set(VARIANCES))],
    "norm_weight_power": [Interval(Real, 0, 1, closed="both"), StrOptions({"auto"})],
    "cap_rare_classes": ["boolean", StrOptions({"auto"})],
    "inference_statistics": [StrOptions({"auto", *INFERENCE_STATISTICS})],
    "loss_normalization": [StrOptions(set(LOSS_NORMALIZATIONS))],
    "logit_adjustment": [_NOT_NEGATIVE],
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "alpha": [_NOT_NEGATIVE],
    "solver": [StrOptions(set(SOLVERS)), type],
    "solver_kwargs": [dict, None],
    "learning_rate_init": [_POSITIVE],
    "loss": [StrOptions({"cross_entropy", "balanced_softmax"})],
    "batch_size": [_AT_LEAST_ONE, StrOptions({"auto"})],
    "max_iter": [_AT_LEAST_ONE],
    "shuffle": ["boolean"],
    "warm_start": ["boolean"],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
    "tol": [_NOT_NEGATIVE],
    "n_iter_no_change": [_AT_LEAST_ONE, None],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "scoring": [StrOptions(set(get_scorer_names())), callable, None],
    "norm_eps": [_NOT_NEGATIVE],
    "norm_momentum": [Interval(Real, 0, 1, closed="right")],
    "device": [str, torch.device],
    "callbacks": [list, None],
}
