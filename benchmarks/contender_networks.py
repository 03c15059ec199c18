"""Variants of one network: class weights, normalization, or resampling before it.

All share the network and the training of section 3.3 of the paper (two hidden layers of
300 units, tanh, Adamax, mini-batches of 128), only with fewer epochs. Nothing relies on
a default of `WBNMLPClassifier`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from imblearn.base import BaseSampler
from imblearn.combine import SMOTEENN
from imblearn.over_sampling import ADASYN, SMOTE, BorderlineSMOTE, RandomOverSampler
from imblearn.pipeline import Pipeline
from imblearn.under_sampling import NearMiss, RandomUnderSampler

from benchmarks.contender import Contender, Setting
from benchmarks.methods import COMMON
from benchmarks.samplers import make_sampler
from sklearn_wbn import WBNMLPClassifier

BATCH_SIZE = 128
PLAIN_BN: dict[str, Any] = {"class_weight": None, "normalization": "bn"}

# The single setting that the study chose, and the same regularisation without WBN.
RECOMMENDED: dict[str, Any] = {"dropout": 0.3}
BN_DROPOUT: dict[str, Any] = {
    "class_weight": "icf",
    "normalization": "bn",
    "dropout": 0.3,
}


def network_pipeline(
    setting: Setting, sampler: BaseSampler | None = None, **settings: Any
) -> Pipeline:
    """Make the pipeline of a variant.

    Parameters
    ----------
    setting : Setting
        Preprocessor, epochs and seed.
    sampler : sampler of imbalanced-learn, default=None
        What resamples the training rows after scaling.
    **settings
        What differs from the settings of the paper.

    Returns
    -------
    Pipeline
        Steps ``scale``, ``resample`` where there is a sampler, and ``net``.
    """
    network = WBNMLPClassifier(
        **(COMMON | settings),
        max_iter=setting.epochs,
        batch_size=BATCH_SIZE,
        random_state=setting.seed,
    )
    resampling = [] if sampler is None else [("resample", make_sampler(sampler))]
    return Pipeline([("scale", setting.preprocessor), *resampling, ("net", network)])


def _variant(key: str, title: str, **settings: Any) -> Contender:
    return Contender(key, title, partial(network_pipeline, **settings))


def _resampled(
    key: str, title: str, sampler: type[BaseSampler], **settings: Any
) -> Contender:
    return Contender(key, title, partial(_resampled_bn, sampler=sampler, **settings))


def _resampled_bn(
    setting: Setting, sampler: type[BaseSampler], **settings: Any
) -> Pipeline:
    # NearMiss chooses without chance.
    seeded = "random_state" in sampler().get_params()
    seed = {"random_state": setting.seed} if seeded else {}
    return network_pipeline(setting, sampler(**seed), **PLAIN_BN, **settings)


def default_pipeline(setting: Setting, **settings: Any) -> Pipeline:
    """Make a pipeline with the defaults of the estimator, whatever they are.

    Parameters
    ----------
    setting : Setting
        Preprocessor, epochs and seed.
    **settings
        What differs from the defaults.

    Returns
    -------
    Pipeline
        Steps ``scale`` and ``net``.
    """
    network = WBNMLPClassifier(
        max_iter=setting.epochs, random_state=setting.seed, device="cpu", **settings
    )
    return Pipeline([("scale", setting.preprocessor), ("net", network)])


NETWORKS = (
    _variant("mlp", "no norm or weights", class_weight=None, normalization=None),
    _variant("mlp-icf", "ICF, no norm", class_weight="icf", normalization=None),
    _variant(
        "mlp-icf-dropout",
        "ICF, no norm + dropout",
        **BN_DROPOUT | {"normalization": None},
    ),
    _variant("bn", "BN", **PLAIN_BN),
    _variant("bn-icf", "ICF + BN", class_weight="icf", normalization="bn"),
    _variant("bn-cbl", "CBL + BN", class_weight="cbl", normalization="bn"),
    _variant("wbn-icf", "ICF + WBN", class_weight="icf", normalization="wbn"),
    _variant("wbn-cbl", "CBL + WBN", class_weight="cbl", normalization="wbn"),
    Contender("wbn-default", "WBN, defaults", default_pipeline),
    Contender(
        "wbn-recommended",
        "WBN, defaults + dropout",
        partial(default_pipeline, **RECOMMENDED),
    ),
    _variant("bn-dropout", "ICF + BN + dropout", **BN_DROPOUT),
    _variant("bn-logit", "BN + logit adjustment", **PLAIN_BN, logit_adjustment=1.0),
    _variant(
        "bn-softmax", "BN + balanced softmax", **PLAIN_BN, loss="balanced_softmax"
    ),
    _resampled("bn-over", "random oversampling + BN", RandomOverSampler),
    _resampled("bn-smote", "SMOTE + BN", SMOTE),
    _resampled("bn-borderline", "Borderline-SMOTE + BN", BorderlineSMOTE),
    _resampled("bn-adasyn", "ADASYN + BN", ADASYN),
    _resampled("bn-smoteenn", "SMOTE-ENN + BN", SMOTEENN),
    _resampled("bn-under", "random undersampling + BN", RandomUnderSampler),
    _resampled("bn-nearmiss", "NearMiss + BN", NearMiss),
    # What a resampler gains from the regularisation of the study's setting.
    _resampled("bn-smote-dropout", "SMOTE + BN + dropout", SMOTE, dropout=0.3),
    _resampled(
        "bn-under-dropout",
        "random undersampling + BN + dropout",
        RandomUnderSampler,
        dropout=0.3,
    ),
)
