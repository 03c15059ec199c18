"""The paper's methods and others, with every setting of the experiments written out.

The settings are those of sections 3.3 and 4.2 of the paper. Nothing relies on a default
of `WBNMLPClassifier`, so that a better default does not change the reproduction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.baselines import BASELINES
from benchmarks.initialization import NormalInitialization
from benchmarks.jpeg import compressed
from benchmarks.layerwise import LayerByLayer
from benchmarks.task import Features
from benchmarks.whole_batches import WholeBatches
from sklearn_wbn import WBNMLPClassifier


@dataclass(frozen=True)
class Method:
    """One method of the comparison.

    Parameters
    ----------
    key : str
        Name on the command line.
    title : str
        Name in tables and pictures; the paper's where it has one.
    settings : dict
        What differs from `COMMON`; of a baseline, nothing.
    prepare : callable, default=None
        What happens to the features first; a function of them.
    """

    key: str
    title: str
    settings: dict[str, Any] = field(default_factory=dict)
    prepare: Callable[[Features], Features] | None = None


# Section 3.3: n-300-300-K, tanh, Xavier, Adamax as recommended by its authors,
# mini-batch loss divided by Z_r (22), inference by the mean of the mini-batch
# statistics (end of section 3.1).
COMMON: dict[str, Any] = {
    "hidden_layer_sizes": (300, 300),
    "activation": "tanh",
    "beta": "auto",
    "variance": "reliability",
    "norm_weight_power": 1.0,
    "cap_rare_classes": False,
    "inference_statistics": "batch_mean",
    "loss": "cross_entropy",
    "loss_normalization": "batch",
    "logit_adjustment": 0.0,
    "dropout": 0.0,
    "alpha": 0.0,
    "solver": "adamax",
    "solver_kwargs": {"betas": (0.9, 0.999)},
    "learning_rate_init": 0.002,
    "shuffle": True,
    "early_stopping": False,
    "n_iter_no_change": None,
    "norm_eps": 1e-8,
    "verbose": False,
    # The runs are spread over processes of one thread each, for which these nets are
    # too small an accelerator task.
    "device": "cpu",
}


WLF_BN: dict[str, Any] = {"class_weight": "icf", "normalization": "bn"}
WLF_WBN: dict[str, Any] = {"class_weight": "icf", "normalization": "wbn"}
MOVING: dict[str, Any] = {"inference_statistics": "moving"}
NORMAL: dict[str, Any] = {"callbacks": [NormalInitialization()]}
LAYERWISE: dict[str, Any] = {"callbacks": [LayerByLayer()]}
WHOLE: dict[str, Any] = {"callbacks": [WholeBatches()]}


def _constant(statistics: str) -> dict[str, Any]:
    return WLF_WBN | {
        "inference_statistics": statistics,
        "loss_normalization": "constant",
    }


METHODS: dict[str, Method] = {
    method.key: method
    for method in (
        Method("a", "(a) LF+BN", {"class_weight": None, "normalization": "bn"}),
        Method("b", "(b) WLF(ICF)+BN", WLF_BN),
        Method("c", "(c) WLF(CBL)+BN", {"class_weight": "cbl", "normalization": "bn"}),
        Method("d", "(d) WLF(ICF)+WBN", WLF_WBN),
        Method(
            "e", "(e) WLF(CBL)+WBN", {"class_weight": "cbl", "normalization": "wbn"}
        ),
        # The 2019 predecessor, reference [11] of the paper: G_r = Z_r - 1.
        Method(
            "d-frequency",
            "(d) with G = Z - 1",
            WLF_WBN | {"variance": "frequency"},
        ),
        Method(
            "d-biased",
            "(d) with G = Z",
            WLF_WBN | {"variance": "biased"},
        ),
        # Not in the paper: the same training, other statistics for inference.
        Method(
            "d-population",
            "(d) + population",
            WLF_WBN | {"inference_statistics": "population"},
        ),
        # What the paper leaves open, to see what it moves.
        Method("b-moving", "(b) + moving average", WLF_BN | MOVING),
        Method("d-moving", "(d) + moving average", WLF_WBN | MOVING),
        Method("b-normal", "(b) + normal Xavier", WLF_BN | NORMAL),
        Method("d-normal", "(d) + normal Xavier", WLF_WBN | NORMAL),
        Method("b-whole", "(b), no smaller last batch", WLF_BN | WHOLE),
        Method("d-whole", "(d), no smaller last batch", WLF_WBN | WHOLE),
        Method("b-layerwise", "(b), mean layer by layer", WLF_BN | LAYERWISE),
        Method("d-layerwise", "(d), mean layer by layer", WLF_WBN | LAYERWISE),
        Method("d-jpeg", "(d), more lossy images", WLF_WBN, compressed),
        # Our defaults, written out: for these tasks "auto" means "population", and the
        # loss's own weights in the norms.
        Method(
            "constant-population",
            "ICF+WBN, our defaults",
            _constant("population"),
        ),
        Method("constant-moving", "the same, moving average", _constant("moving")),
        Method(
            "constant-dropout",
            "our defaults, dropout 0.3",
            _constant("population") | {"dropout": 0.3},
        ),
        # What needs no weighted norm, or no network.
        Method(
            "bn-logit",
            "BN, logit adjustment",
            {"class_weight": None, "normalization": "bn", "logit_adjustment": 1.0},
        ),
        Method(
            "bn-softmax",
            "BN, balanced softmax",
            {"class_weight": None, "normalization": "bn", "loss": "balanced_softmax"},
        ),
        *(Method(key, title) for key, title in BASELINES.items()),
    )
}

PAPER_METHODS = ("a", "b", "c", "d", "e")
OTHER_METHODS = (
    "constant-population",
    "constant-moving",
    "constant-dropout",
    "bn-logit",
    "bn-softmax",
    *BASELINES,
)

# What decides how a trained network predicts, and nothing else.
PREDICTION = ("inference_statistics", "logit_adjustment")


def training_of(key: str) -> str:
    """Return the first method that trains the same network: `key`, or one before it.

    Methods that differ in how they predict share one training.
    """
    if key in BASELINES:
        return key
    return next(other for other in METHODS if _trained(other) == _trained(key))


def _trained(key: str) -> dict[str, Any]:
    settings = COMMON | METHODS[key].settings
    trained = {name: v for name, v in settings.items() if name not in PREDICTION}
    return trained | {"prepare": METHODS[key].prepare}


def make_classifier(
    key: str, *, epochs: int, batch_size: int, seed: int
) -> WBNMLPClassifier:
    """Make the estimator of a method.

    Parameters
    ----------
    key : str
        A key of `METHODS` that is no baseline.
    epochs : int
        Passes over the training rows; the paper takes 200.
    batch_size : int
        Rows of a mini-batch; the paper takes 128.
    seed : int
        Seed of the initial weights and of the order of the rows.

    Returns
    -------
    WBNMLPClassifier
        An estimator that has not been fitted.
    """
    settings = COMMON | METHODS[key].settings
    return WBNMLPClassifier(
        **settings, max_iter=epochs, batch_size=batch_size, random_state=seed
    )
