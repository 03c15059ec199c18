"""Batch statistics shrunk toward the running ones: an idea of the study.

A mini-batch that holds a minority row has few effective rows, and so a noisy mean and
variance. The fewer it has, the more the running statistics count.
"""

from __future__ import annotations

from typing import Any

import torch
from skorch.callbacks import Callback
from torch import Tensor

from sklearn_wbn.nn import BatchWeights, WeightedBatchNorm1d

# Effective rows at which both count alike. A mini-batch of 128 equal rows keeps 97 %
# of its own statistics, one with a single minority row that outweighs the others 20 %.
HALF = 4.0


class ShrunkBatchNorm1d(WeightedBatchNorm1d):
    """Weighted batch normalization with statistics between batch and running ones."""

    def forward(self, x: Tensor, sample_weight: BatchWeights) -> Tensor:
        """Normalise a batch; gradients flow through its own share of the statistics."""
        if not self.training:
            return super().forward(x)
        p = sample_weight.p.to(x.dtype)
        own = sample_weight.n_eff / (sample_weight.n_eff + HALF)
        m = p @ x
        v = sample_weight.Z_over_G * (p @ (x - m).square())
        mean = torch.lerp(self.running_mean.clone(), m, own)
        var = torch.lerp(self.running_var.clone(), v, own)
        if (running := self.count_batch(sample_weight)) is not None:
            running.move(m.detach(), v.detach())
        return (x - mean) * torch.rsqrt(var + self.eps) * self.weight + self.bias


class Shrink(Callback):
    """Let all norm layers of a network shrink their statistics in training."""

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        """Change the layers' class; their parameters are what the optimizer trains."""
        for layer in net.module_.layers:
            layer.norm.__class__ = ShrunkBatchNorm1d
