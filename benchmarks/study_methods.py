"""The trainings of the study: a cross of settings, ideas beyond it, plain baselines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from benchmarks.baselines import BASELINES
from benchmarks.methods import COMMON
from benchmarks.one_cycle import OneCycle
from benchmarks.predictions import EveryStatistic
from benchmarks.shrinkage import Shrink
from sklearn_wbn import WBNMLPClassifier

GROUPS = ("cross", "ideas", "auto", "baselines")


@dataclass(frozen=True)
class StudyMethod:
    """One training, from which several predictions are measured.

    Parameters
    ----------
    key : str
        Name on the command line.
    title : str
        Name in tables and pictures.
    group : {"cross", "ideas", "auto", "baselines"}
        What it belongs to.
    settings : dict
        What differs from `benchmarks.methods.COMMON`; of a baseline, nothing.
    exponent : float, default=1
        Power of the class weights of inverse class frequency.
    plain_share : float, default=0
        Share of the epochs that are trained without class weights, before the others.
    n_seeds : int, default=1
        Networks whose probabilities are averaged.
    choose_tau : bool, default=False
        Whether the strength of logit adjustment is chosen on inner folds.
    spread : bool, default=False
        Whether every class is spread evenly over the mini-batches of an epoch.
    """

    key: str
    title: str
    group: str
    settings: dict[str, Any] = field(default_factory=dict)
    exponent: float = 1.0
    plain_share: float = 0.0
    n_seeds: int = 1
    choose_tau: bool = False
    spread: bool = False


NORMS: dict[str, tuple[str | None, str]] = {
    "wbn": ("wbn", "WBN"),
    "bn": ("bn", "BN"),
    "none": (None, "no norm"),
}
WBN_CONSTANT = {"normalization": "wbn", "loss_normalization": "constant"}
MILD = {"norm_weight_power": "auto", "cap_rare_classes": "auto"}
PLAIN_BN = {"class_weight": None, "normalization": "bn"}
BALANCED_SOFTMAX = PLAIN_BN | {"loss": "balanced_softmax"}


def _cross() -> list[StudyMethod]:
    return [
        StudyMethod(
            f"{norm}-{loss}",
            f"ICF + {title}, {loss}",
            "cross",
            {"normalization": value, "loss_normalization": loss},
        )
        for norm, (value, title) in NORMS.items()
        for loss in ("batch", "constant")
    ]


STUDY_METHODS: dict[str, StudyMethod] = {
    method.key: method
    for method in (
        *_cross(),
        StudyMethod("bn-plain", "BN, no weights", "cross", PLAIN_BN),
        StudyMethod("bn-softmax", "BN, balanced softmax", "cross", BALANCED_SOFTMAX),
        StudyMethod("wbn-power0.5", "WBN, weights ** 0.5", "ideas", exponent=0.5),
        StudyMethod("wbn-power0.75", "WBN, weights ** 0.75", "ideas", exponent=0.75),
        StudyMethod("wbn-deferred", "WBN, weights last 20 %", "ideas", plain_share=0.8),
        StudyMethod("wbn-spread", "WBN, classes spread evenly", "ideas", spread=True),
        StudyMethod("wbn-relu", "WBN, ReLU", "ideas", {"activation": "relu"}),
        StudyMethod("wbn-512", "WBN, batches of 512", "ideas", {"batch_size": 512}),
        StudyMethod("wbn-20", "WBN, 20 epochs", "ideas", {"max_iter": 20}),
        StudyMethod("wbn-dropout", "WBN, dropout 0.3", "ideas", {"dropout": 0.3}),
        StudyMethod(
            *("wbn-constant-dropout", "WBN, constant, dropout 0.3", "ideas"),
            WBN_CONSTANT | {"dropout": 0.3},
        ),
        StudyMethod(
            *("wbn-capped", "WBN, rare classes capped", "ideas"),
            {"cap_rare_classes": True},
        ),
        StudyMethod(
            *("wbn-constant-dropout-capped", "WBN, constant, dropout, capped", "ideas"),
            WBN_CONSTANT | {"dropout": 0.3, "cap_rare_classes": True},
        ),
        # Our defaults where minority rows are many; where they are few, the norms have
        # the loss's weights, and these are "wbn-constant" and "wbn-constant-dropout".
        StudyMethod(
            *("wbn-default", "WBN, our defaults", "ideas"), WBN_CONSTANT | MILD
        ),
        StudyMethod(
            *("wbn-default-dropout", "WBN, our defaults, dropout 0.3", "ideas"),
            WBN_CONSTANT | MILD | {"dropout": 0.3},
        ),
        StudyMethod(
            *("wbn-norm0.25-dropout", "WBN, constant, norm ** 0.25, dropout", "ideas"),
            WBN_CONSTANT | MILD | {"norm_weight_power": 0.25, "dropout": 0.3},
        ),
        StudyMethod(
            *("bn-constant-dropout", "ICF + BN, constant, dropout 0.3", "ideas"),
            WBN_CONSTANT | {"normalization": "bn", "dropout": 0.3},
        ),
        StudyMethod(
            *("bn-dropout", "ICF + BN, dropout 0.3", "ideas"),
            {"normalization": "bn", "dropout": 0.3},
        ),
        StudyMethod(
            *("wbn-shrunk", "WBN, statistics shrunk", "ideas"),
            {"callbacks": [Shrink(), EveryStatistic()]},
        ),
        StudyMethod(
            *("wbn-one-cycle", "WBN, AdamW, one cycle", "ideas"),
            {
                "solver": "adamw",
                "solver_kwargs": None,
                "alpha": 0.01,
                "callbacks": [OneCycle(), EveryStatistic()],
            },
        ),
        StudyMethod("wbn-seeds", "WBN, mean of 5 seeds", "ideas", n_seeds=5),
        StudyMethod(
            *("wbn-constant-dropout-seeds", "WBN, constant, dropout, 5 seeds", "ideas"),
            WBN_CONSTANT | {"dropout": 0.3},
            n_seeds=5,
        ),
        StudyMethod("wbn-batch-auto", "WBN, batch, tau", "auto", choose_tau=True),
        StudyMethod(
            *("wbn-constant-auto", "WBN, constant, tau", "auto"),
            WBN_CONSTANT,
            choose_tau=True,
        ),
        StudyMethod(
            "bn-plain-auto", "BN, no weights, tau", "auto", PLAIN_BN, choose_tau=True
        ),
        *(StudyMethod(key, title, "baselines") for key, title in BASELINES.items()),
    )
}


def make_network(
    settings: dict[str, Any], *, epochs: int, batch_size: int, seed: int
) -> WBNMLPClassifier:
    """Make a network of the study: inverse class frequency and WBN, unless changed.

    Parameters
    ----------
    settings : dict
        What differs.
    epochs, batch_size, seed : int
        Length of the training, rows of a mini-batch, and what determines the rest.

    Returns
    -------
    WBNMLPClassifier
        An estimator that keeps every statistic for inference when it is fitted.
    """
    usual = {"class_weight": "icf", "normalization": "wbn"}
    return WBNMLPClassifier(
        **COMMON
        | usual
        | {"inference_statistics": "moving", "callbacks": [EveryStatistic()]}
        | {"max_iter": epochs, "batch_size": batch_size, "random_state": seed}
        | settings
    )
