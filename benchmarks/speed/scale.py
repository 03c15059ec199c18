"""Time per epoch as the number of rows grows a hundredfold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.peers import torch_loop
from benchmarks.speed.settings import Settings
from benchmarks.speed.trainings import FitConfig, fit_mlp, fit_ours, make_data
from benchmarks.stopwatch import UNTIL_THREADS_SLEEP, Timing, time_in_turn

N_ROWS = (10_000, 100_000, 1_000_000)
# Of fit, whose last pass for the inference statistics is part of the time.
EPOCHS = 2
MAX_RUNS = 3


def time_scale(settings: Settings) -> Iterator[list[Timing]]:
    """Time an epoch of float32 rows with 30 features, what fit does once included."""
    for n_rows in N_ROWS:
        config = FitConfig(n_rows, 30, (100,), 200, EPOCHS)
        X, y = make_data(config.n_samples, config.n_features)
        loop = partial(
            torch_loop, X, y, config.hidden, batch_size=200, epochs=EPOCHS, norm=True
        )
        contenders = {
            "torch loop, nn.BatchNorm1d": loop,
            "WBNMLPClassifier": partial(fit_ours, config, X, y),
            "MLPClassifier (Adam, no norm)": partial(fit_mlp, config, X, y),
        }
        yield time_in_turn(
            "scale",
            str(config),
            contenders,
            runs=min(settings.runs, MAX_RUNS),
            per=EPOCHS,
            unit="s",
            pause=UNTIL_THREADS_SLEEP,
        )
