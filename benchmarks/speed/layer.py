"""Forward and backward of the layer, beside `nn.BatchNorm1d`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import cycle

import torch
from torch import nn

from benchmarks.speed.numba_loops import beside_numba
from benchmarks.speed.settings import Settings
from benchmarks.stopwatch import Timing, time_in_turn
from sklearn_wbn.nn import BatchWeights, WeightedBatchNorm1d, batch_weights

SIGNALS_PER_RUN = 4_000_000
MIN_STEPS = 10
TURNS = 6  # times the counted turns: they are short, and slow moments are not
SHAPES = ((128, 300), (128, 1024), (1024, 300), (8192, 300))
N_WEIGHTS = 5  # mini-batches of different weights, one after the other

Contenders = dict[str, partial]


def time_layers(settings: Settings) -> Iterator[list[Timing]]:
    """Time forward and backward of one layer; the weights are prepared, as in fit."""
    for n_rows, n_channels in SHAPES:
        steps = max(MIN_STEPS, SIGNALS_PER_RUN // (n_rows * n_channels))
        plain, weighted = _layers(n_rows, n_channels, steps)
        yield time_in_turn(
            "layer",
            f"({n_rows}, {n_channels})",
            plain | beside_numba(weighted) | _compiled(plain | weighted),
            runs=TURNS * settings.runs,
            per=steps,
        )


def _layers(n_rows: int, n_channels: int, steps: int) -> tuple[Contenders, Contenders]:
    x = torch.randn(n_rows, n_channels, requires_grad=True)
    g = torch.randn(n_rows, n_channels)
    drawn = (torch.rand(n_rows) + 0.1 for _ in range(N_WEIGHTS))
    weights = cycle([(batch_weights(w, dtype=torch.float32),) for w in drawn])
    plain, weighted = nn.BatchNorm1d(n_channels), WeightedBatchNorm1d(n_channels)
    return (
        {"nn.BatchNorm1d": partial(_train, plain, cycle([()]), x, g, steps)},
        {"WeightedBatchNorm1d": partial(_train, weighted, weights, x, g, steps)},
    )


def _compiled(contenders: Contenders) -> Contenders:
    """Compile the layers, where there is a compiler for C++."""
    torch.compiler.reset()  # else the layers of every shape count as one's recompiles
    compiled = {
        f"{name}, compiled": partial(call.func, torch.compile(layer), *others)
        for name, call in contenders.items()
        for layer, *others in [call.args]
    }
    try:
        for call in compiled.values():
            call()
    except torch._dynamo.exc.BackendCompilerFailed as error:
        print(f"Nothing compiled: {str(error).splitlines()[0]}")
        return {}
    return compiled


def _train(
    layer: nn.Module,
    weights: Iterator[tuple[BatchWeights, ...]],
    x: torch.Tensor,
    g: torch.Tensor,
    steps: int,
) -> None:
    for _ in range(steps):
        x.grad = None
        layer.zero_grad()
        layer(x, *next(weights)).backward(g)
