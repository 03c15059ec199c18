"""Forward and backward of the layer, beside `nn.BatchNorm1d`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import torch
from torch import nn

from benchmarks.speed.settings import Settings
from benchmarks.stopwatch import Timing, time_in_turn
from sklearn_wbn.nn import WeightedBatchNorm1d, batch_weights

SIGNALS_PER_RUN = 4_000_000
MIN_REPEAT = 10
SHAPES = ((128, 300), (128, 1024), (1024, 300), (8192, 300))


def time_layers(settings: Settings) -> Iterator[list[Timing]]:
    """Time forward and backward of one layer; the weights are prepared, as in fit."""
    for n_rows, n_channels in SHAPES:
        x = torch.randn(n_rows, n_channels, requires_grad=True)
        g = torch.randn(n_rows, n_channels)
        weight = batch_weights(torch.rand(n_rows) + 0.1, dtype=torch.float32)
        plain, weighted = nn.BatchNorm1d(n_channels), WeightedBatchNorm1d(n_channels)
        contenders = {
            "nn.BatchNorm1d": partial(_forward_backward, plain, x, g),
            "WeightedBatchNorm1d": partial(_forward_backward, weighted, x, g, weight),
        }
        yield time_in_turn(
            "layer",
            f"({n_rows}, {n_channels})",
            contenders,
            runs=2 * settings.runs,
            repeat=max(MIN_REPEAT, SIGNALS_PER_RUN // (n_rows * n_channels)),
        )


def _forward_backward(layer: nn.Module, x: torch.Tensor, g: torch.Tensor, *w) -> None:
    x.grad = None
    layer.zero_grad()
    layer(x, *w).backward(g)
