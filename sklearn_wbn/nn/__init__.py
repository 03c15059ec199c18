"""Weighted batch normalization for torch: functions, layers, loss and network."""

from sklearn_wbn.nn.batch_norm import (
    WeightedBatchNorm1d,
    WeightedBatchNorm2d,
    WeightedBatchNorm3d,
    convert_weighted_batchnorm,
    use_sample_weight,
)
from sklearn_wbn.nn.functional import weighted_batch_norm, weighted_moments
from sklearn_wbn.nn.loss import weighted_cross_entropy
from sklearn_wbn.nn.mlp import WBNMLP
from sklearn_wbn.nn.weights import BatchWeights, batch_weights

__all__ = [  # noqa: RUF022 - plain order; ruff takes WBNMLP for a constant
    "BatchWeights",
    "WBNMLP",
    "WeightedBatchNorm1d",
    "WeightedBatchNorm2d",
    "WeightedBatchNorm3d",
    "batch_weights",
    "convert_weighted_batchnorm",
    "use_sample_weight",
    "weighted_batch_norm",
    "weighted_cross_entropy",
    "weighted_moments",
]
