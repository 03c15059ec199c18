"""Methods with one knob each, set on the training rows: the second tier.

Every search has the same budget: five candidates, three inner folds, balanced accuracy.
A tuned threshold takes the same inner folds; it tries its candidates without training
anew.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from imblearn.base import BaseSampler
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import Pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV

from benchmarks.contender import SEARCHED, SLOW_METHODS_MAX_ROWS, Contender, Setting
from benchmarks.contender_networks import (
    BN_DROPOUT,
    PLAIN_BN,
    RECOMMENDED,
    default_pipeline,
    network_pipeline,
)
from benchmarks.contender_peers import balanced_forest, hist_boosting, logistic
from benchmarks.samplers import lower_to, raise_to

INNER_FOLDS = 3
SCORING = "balanced_accuracy"

# From the plain loss to almost inverse class frequency.
BETAS = (0.0, 0.99, 0.999, 0.9999, 0.999999)
SHARES = (0.125, 0.25, 0.5, 0.75, 1.0)
STRENGTHS = (0.01, 0.1, 1.0, 10.0, 100.0)
LEAVES = (1, 2, 5, 10, 20)
RATES = (0.02, 0.05, 0.1, 0.2, 0.4)

# scikit-learn tunes no threshold for more classes, and the searches are compared where
# all of them ran.
_searching = partial(
    Contender, tier=SEARCHED, max_rows=SLOW_METHODS_MAX_ROWS, max_classes=2
)


def grid_search(setting: Setting, model: Pipeline, grid: dict) -> GridSearchCV:
    """Make the search of a grid over the inner folds."""
    return GridSearchCV(
        model, grid, scoring=SCORING, cv=setting.inner, error_score="raise"
    )


def _search(
    key: str,
    title: str,
    make: Callable[..., Pipeline],
    grid: dict[str, tuple],
    network: bool = False,
) -> Contender:
    make_search = partial(_searched, make=make, grid=grid)
    return _searching(key, title, make_search, network=network)


def _searched(
    setting: Setting, make: Callable[..., Pipeline], grid: dict[str, tuple]
) -> GridSearchCV:
    return grid_search(setting, make(setting), grid)


def _sampling_search(
    setting: Setting, sampler: type[BaseSampler], strategy: Callable[[float], Any]
) -> GridSearchCV:
    candidates = [
        {
            "sampler": sampler(
                sampling_strategy=strategy(share), random_state=setting.seed
            )
        }
        for share in SHARES
    ]
    model = network_pipeline(setting, sampler(), **PLAIN_BN)
    return grid_search(setting, model, {"resample__kw_args": candidates})


def _threshold(
    key: str, title: str, make: Callable[..., Pipeline], **settings: Any
) -> Contender:
    make_tuned = partial(_tuned_threshold, make=partial(make, **settings))
    return _searching(key, title, make_tuned)


def _tuned_threshold(
    setting: Setting, make: Callable[..., Pipeline]
) -> TunedThresholdClassifierCV:
    return TunedThresholdClassifierCV(make(setting), scoring=SCORING, cv=setting.inner)


WBN_CBL = {"class_weight": "cbl", "normalization": "wbn"}
WBN_ICF = {"class_weight": "icf", "normalization": "wbn"}

SEARCHES = (
    _search(
        "wbn-cbl-search",
        "CBL + WBN, beta searched",
        partial(network_pipeline, **WBN_CBL),
        {"net__beta": BETAS},
        network=True,
    ),
    _searching(
        "smote-search",
        "SMOTE + BN, ratio searched",
        partial(_sampling_search, sampler=SMOTE, strategy=raise_to),
    ),
    _searching(
        "under-search",
        "undersampling + BN, ratio searched",
        partial(_sampling_search, sampler=RandomUnderSampler, strategy=lower_to),
    ),
    _threshold("bn-threshold", "BN, threshold tuned", network_pipeline, **PLAIN_BN),
    _threshold(
        "wbn-threshold", "ICF + WBN, threshold tuned", network_pipeline, **WBN_ICF
    ),
    _threshold(
        "bn-dropout-threshold",
        "ICF + BN + dropout, threshold tuned",
        network_pipeline,
        **BN_DROPOUT,
    ),
    _threshold(
        "wbn-recommended-threshold",
        "WBN, defaults + dropout, threshold tuned",
        default_pipeline,
        **RECOMMENDED,
    ),
    _search(
        "wbn-recommended-search",
        "WBN, defaults + dropout, beta searched",
        partial(default_pipeline, class_weight="cbl", **RECOMMENDED),
        {"net__beta": BETAS},
        network=True,
    ),
    _search(
        "logistic-search",
        "logistic regression, C searched",
        logistic,
        {"model__C": STRENGTHS},
    ),
    _search(
        "forest-search",
        "balanced forest, leaf size searched",
        balanced_forest,
        {"model__min_samples_leaf": LEAVES},
    ),
    _search(
        "hgb-search",
        "gradient boosting, rate searched",
        hist_boosting,
        {"model__learning_rate": RATES},
    ),
)
