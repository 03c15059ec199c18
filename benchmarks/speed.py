"""Time the layer, fit and predict against what users would take instead.

Contenders run in turn in one process; the ratio is the median over the turns. Nothing
else should run on the machine. Takes about three minutes on two cores.

  python -m benchmarks speed
  python -m benchmarks speed --parts layer,predict
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from rich import box
from rich.table import Table
from sklearn.neural_network import MLPClassifier
from torch import nn

from benchmarks.arguments import add_output, comma_list, positive_int
from benchmarks.peers import torch_loop
from benchmarks.stopwatch import Timing, time_in_turn
from benchmarks.tables import make_console, shown_path
from sklearn_wbn import WBNMLPClassifier
from sklearn_wbn.nn import WeightedBatchNorm1d, batch_weights

RESULTS = Path(__file__).parent / "results" / "speed.csv"

SIGNALS_PER_RUN = 4_000_000
MIN_REPEAT = 10
LAYER_SHAPES = ((128, 300), (128, 1024), (1024, 300), (8192, 300))


class FitConfig(NamedTuple):
    """Size of a training."""

    n_samples: int
    n_features: int
    hidden: tuple[int, ...]
    batch_size: int
    epochs: int

    def __str__(self) -> str:
        return (
            f"{self.n_samples} x {self.n_features}, hidden {self.hidden}, "
            f"batch {self.batch_size}"
        )


# Epochs: enough that what fit does once weighs as little as in a real training.
FIT_CONFIGS = (
    FitConfig(20000, 30, (100,), 200, 20),
    FitConfig(5015, 784, (300, 300), 128, 20),
    FitConfig(20000, 30, (300, 300), 128, 10),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this subcommand."""
    parser.add_argument(
        "--parts",
        type=comma_list(PARTS),
        default=list(PARTS),
        metavar="NAME[,NAME]",
        help=f"parts from {', '.join(PARTS)} (default: all)",
    )
    parser.add_argument(
        "--runs", type=positive_int, default=5, help="counted turns (default 5)"
    )
    parser.add_argument(
        "--threads",
        type=positive_int,
        default=torch.get_num_threads(),
        help="torch threads (default: torch's own choice)",
    )
    add_output(parser, RESULTS)


def main(args: argparse.Namespace) -> int:
    """Time every part; print and store each comparison as it is made."""
    torch.set_num_threads(args.threads)
    console = make_console()
    for part in args.parts:
        for rows in PARTS[part](args.runs):
            console.print(_table(rows))
            _store(args.output, rows)
    console.print(f"Written to {shown_path(args.output)}", highlight=False)
    return 0


def time_layers(runs: int) -> Iterator[list[Timing]]:
    """Time forward and backward of one layer; the weights are prepared, as in fit."""
    for n_rows, n_channels in LAYER_SHAPES:
        x = torch.randn(n_rows, n_channels, requires_grad=True)
        g = torch.randn(n_rows, n_channels)
        weight = batch_weights(torch.rand(n_rows) + 0.1, dtype=torch.float32)
        plain, weighted = nn.BatchNorm1d(n_channels), WeightedBatchNorm1d(n_channels)
        contenders = {
            "nn.BatchNorm1d": partial(_forward_backward, plain, x, g),
            "WeightedBatchNorm1d": partial(_forward_backward, weighted, x, g, weight),
        }
        repeat = max(MIN_REPEAT, SIGNALS_PER_RUN // (n_rows * n_channels))
        yield time_in_turn(
            "layer",
            f"({n_rows}, {n_channels})",
            contenders,
            runs=2 * runs,
            repeat=repeat,
        )


def time_fits(runs: int) -> Iterator[list[Timing]]:
    """Time a training step, everything that fit does included."""
    for config in FIT_CONFIGS:
        X, y = _data(config.n_samples, config.n_features)
        steps = config.epochs * -(-config.n_samples // config.batch_size)
        yield time_in_turn(
            "fit", str(config), _fit_contenders(config, X, y), runs=runs, per=steps
        )


def time_predictions(runs: int) -> Iterator[list[Timing]]:
    """Time predict_proba on many rows and on one."""
    X, y = _data(100_000, 30)
    ours = WBNMLPClassifier((100,), max_iter=1, random_state=0, device="cpu")
    theirs = MLPClassifier((100,), activation="tanh", max_iter=1, random_state=0)
    ours.fit(X[:2000], y[:2000])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one epoch does not converge
        theirs.fit(X[:2000], y[:2000])
    for n_rows, repeat in ((len(X), 1), (1, 200)):
        contenders = {
            "MLPClassifier": partial(theirs.predict_proba, X[:n_rows]),
            "WBNMLPClassifier": partial(ours.predict_proba, X[:n_rows]),
        }
        yield time_in_turn(
            "predict_proba",
            f"{n_rows} x 30, hidden (100,)",
            contenders,
            runs=2 * runs,
            repeat=repeat,
        )


PARTS: dict[str, Callable[[int], Iterator[list[Timing]]]] = {
    "layer": time_layers,
    "fit": time_fits,
    "predict": time_predictions,
}


def _fit_contenders(
    config: FitConfig, X: NDArray, y: NDArray
) -> dict[str, Callable[[], object]]:
    shared = {"batch_size": config.batch_size, "epochs": config.epochs}
    return {
        "torch loop, nn.BatchNorm1d": partial(
            torch_loop, X, y, config.hidden, norm=True, **shared
        ),
        "torch loop, no norm": partial(
            torch_loop, X, y, config.hidden, norm=False, **shared
        ),
        "WBNMLPClassifier": partial(_fit_ours, config, X, y, "adamax"),
        "WBNMLPClassifier, Adam": partial(_fit_ours, config, X, y, "adam"),
        "MLPClassifier (Adam, no norm)": partial(_fit_mlp, config, X, y),
    }


def _forward_backward(layer: nn.Module, x: torch.Tensor, g: torch.Tensor, *w) -> None:
    x.grad = None
    layer.zero_grad()
    layer(x, *w).backward(g)


def _fit_ours(config: FitConfig, X: NDArray, y: NDArray, solver: str) -> None:
    WBNMLPClassifier(
        config.hidden,
        solver=solver,
        batch_size=config.batch_size,
        max_iter=config.epochs,
        random_state=0,
        device="cpu",
    ).fit(X, y)


def _fit_mlp(config: FitConfig, X: NDArray, y: NDArray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that it has not converged
        MLPClassifier(
            config.hidden,
            activation="tanh",
            batch_size=config.batch_size,
            learning_rate_init=0.002,
            max_iter=config.epochs,
            n_iter_no_change=config.epochs,
            random_state=0,
        ).fit(X, y)


def _data(n_samples: int, n_features: int) -> tuple[NDArray, NDArray]:
    rng = np.random.default_rng(0)
    y = (rng.random(n_samples) < 0.05).astype(np.int64)
    X = rng.standard_normal((n_samples, n_features), dtype=np.float32)
    X[y == 1] += 0.5
    return X, y


def _store(path: Path, rows: list[Timing]) -> None:
    """Put a comparison in the file, in the place of an earlier one of its kind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = pd.DataFrame(rows)
    if path.exists():
        old = pd.read_csv(path)
        same = (old["part"] == rows[0].part) & (old["config"] == rows[0].config)
        new = pd.concat([old[~same], new])
    new.to_csv(path, index=False, lineterminator="\n")


def _table(rows: list[Timing]) -> Table:
    first = rows[0]
    table = Table(title=f"{first.part}: {first.config}", box=box.SIMPLE_HEAD)
    for name in ("contender", "median us", "min", "max", f"ratio to {first.reference}"):
        table.add_column(name, justify="left" if name == "contender" else "right")
    for row in rows:
        times = (f"{value:.1f}" for value in (row.median, row.smallest, row.largest))
        table.add_row(row.contender, *times, f"{row.ratio:.2f}")
    return table
