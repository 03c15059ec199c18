"""Forward and backward of the layer, beside `nn.BatchNorm1d`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle

import torch
from torch import nn

from benchmarks.speed.settings import Settings
from benchmarks.stopwatch import Timing, time_in_turn
from sklearn_wbn.nn import BatchWeights, WeightedBatchNorm1d, batch_weights

SIGNALS_PER_RUN = 4_000_000
MIN_REPEAT = 10
SHAPES = ((128, 300), (128, 1024), (1024, 300), (8192, 300))
N_WEIGHTS = 5  # mini-batches of different weights, one after the other


def time_layers(settings: Settings) -> Iterator[list[Timing]]:
    """Time forward and backward of one layer; the weights are prepared, as in fit."""
    for n_rows, n_channels in SHAPES:
        contenders = _eager(n_rows, n_channels)
        yield time_in_turn(
            "layer",
            f"({n_rows}, {n_channels})",
            contenders | _compiled(contenders),
            runs=2 * settings.runs,
            repeat=max(MIN_REPEAT, SIGNALS_PER_RUN // (n_rows * n_channels)),
        )


def _eager(n_rows: int, n_channels: int) -> dict[str, partial]:
    x = torch.randn(n_rows, n_channels, requires_grad=True)
    g = torch.randn(n_rows, n_channels)
    drawn = (torch.rand(n_rows) + 0.1 for _ in range(N_WEIGHTS))
    weights = cycle([(batch_weights(w, dtype=torch.float32),) for w in drawn])
    plain, weighted = nn.BatchNorm1d(n_channels), WeightedBatchNorm1d(n_channels)
    return {
        "nn.BatchNorm1d": partial(_forward_backward, plain, cycle([()]), x, g),
        "WeightedBatchNorm1d": partial(_forward_backward, weighted, weights, x, g),
    }


def _compiled(contenders: dict[str, partial]) -> dict[str, Callable[[], object]]:
    """Compile the layers, where there is a compiler for C++."""
    torch.compiler.reset()  # else the layers of every shape count as one's recompiles
    compiled = {
        f"{name}, compiled": partial(call.func, torch.compile(layer), *others)
        for name, call in contenders.items()
        for layer, *others in [call.args]
    }
    try:
        for call in compiled.values():
            for _ in range(N_WEIGHTS):
                call()
    except torch._dynamo.exc.BackendCompilerFailed as error:
        print(f"Nothing compiled: {str(error).splitlines()[0]}")
        return {}
    return compiled


def _forward_backward(
    layer: nn.Module,
    weights: Iterator[tuple[BatchWeights, ...]],
    x: torch.Tensor,
    g: torch.Tensor,
) -> None:
    x.grad = None
    layer.zero_grad()
    layer(x, *next(weights)).backward(g)
