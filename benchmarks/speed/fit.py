"""A training step of `fit`, beside a torch loop and scikit-learn's network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from numpy.typing import NDArray

from benchmarks.peers import torch_loop
from benchmarks.speed.numba_loops import beside_numba
from benchmarks.speed.settings import Settings
from benchmarks.speed.trainings import FitConfig, fit_mlp, fit_ours, make_data
from benchmarks.stopwatch import UNTIL_THREADS_SLEEP, Timing, time_in_turn

# Epochs: enough that what fit does once weighs as little as in a real training.
CONFIGS = (
    FitConfig(20000, 30, (100,), 200, 20),
    FitConfig(5015, 784, (300, 300), 128, 20),
    FitConfig(20000, 30, (300, 300), 128, 10),
)


def time_fits(settings: Settings) -> Iterator[list[Timing]]:
    """Time a training step, everything that fit does included.

    The networks with Adam take turns of their own: what is compared should run within
    the same seconds.
    """
    for config in CONFIGS:
        X, y = make_data(config.n_samples, config.n_features)
        steps = config.epochs * -(-config.n_samples // config.batch_size)
        time_steps = partial(
            time_in_turn, config=str(config), per=steps, pause=UNTIL_THREADS_SLEEP
        )
        loops, adam = _torch_loops(config, X, y), _with_adam(config, X, y)
        yield time_steps("fit", contenders=loops, runs=settings.runs)
        yield time_steps("fit_adam", contenders=adam, runs=2 * settings.runs)


def _with_adam(
    config: FitConfig, X: NDArray, y: NDArray
) -> dict[str, Callable[[], object]]:
    theirs = {"MLPClassifier (Adam, no norm)": partial(fit_mlp, config, X, y)}
    ours = {"WBNMLPClassifier, Adam": partial(fit_ours, config, X, y, "adam")}
    return theirs | beside_numba(ours)


def _torch_loops(
    config: FitConfig, X: NDArray, y: NDArray
) -> dict[str, Callable[[], object]]:
    shared = {"batch_size": config.batch_size, "epochs": config.epochs}
    loops = {
        "torch loop, nn.BatchNorm1d": partial(
            torch_loop, X, y, config.hidden, norm=True, **shared
        ),
        "torch loop, no norm": partial(
            torch_loop, X, y, config.hidden, norm=False, **shared
        ),
    }
    return loops | beside_numba({"WBNMLPClassifier": partial(fit_ours, config, X, y)})
