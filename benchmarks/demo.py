"""Train the paper's methods on data that needs no download, and say what comes out.

Two imbalanced tasks: scikit-learn's digits, where a mini-batch holds one minority row
on average, and Gaussian classes with five rows against five thousand, where most hold
none. Beside the paper's methods (a) to (e) stands (d) with population statistics for
inference. Takes about a minute on two cores.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import joblib
import pandas as pd
from rich.console import Console
from rich.progress import track

from benchmarks.arguments import positive_int
from benchmarks.console import (
    BELOW,
    BESIDE,
    make_console,
    print_table,
    print_text,
)
from benchmarks.datasets import load_task
from benchmarks.methods import PAPER_METHODS
from benchmarks.picture import check_format, save_picture
from benchmarks.tables import accuracy_table, shown_path, summarize
from benchmarks.training import Run, train_all
from benchmarks.verdict import verdict

PICTURE = Path(__file__).parent / "results" / "demo.png"
METHODS = (*PAPER_METHODS, "d-population")
# Shorter than the 200 epochs of the paper: about 60 s of one core in all.
EPOCHS = {"digits": 50, "synthetic": 10}
DRAWS = {"digits": 8, "synthetic": 3}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this subcommand."""
    parser.add_argument(
        "--draws",
        type=positive_int,
        help="redraws of the training rows (default: "
        + ", ".join(f"{name} {draws}" for name, draws in DRAWS.items())
        + ")",
    )
    parser.add_argument(
        "--epochs",
        type=positive_int,
        help="epochs of a training (default: "
        + ", ".join(f"{name} {epochs}" for name, epochs in EPOCHS.items())
        + ")",
    )
    parser.add_argument(
        "--jobs",
        type=positive_int,
        # More workers take longer to start than they save.
        default=min(8, joblib.cpu_count()),
        help="worker processes of one thread each (default: one a core, 8 at most)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=PICTURE,
        metavar="FILE",
        help=f"picture; the ending names the format (default: {shown_path(PICTURE)})",
    )


def main(args: argparse.Namespace) -> int:
    """Train, print the tables and what they show, save the picture."""
    check_format(args.output)
    start = time.perf_counter()
    rows = _train(args)
    console, summary = make_console(), summarize(rows)
    for name in DRAWS:
        epochs = args.epochs or EPOCHS[name]
        forms = (accuracy_table(summary, name, epochs, e) for e in (BESIDE, BELOW))
        print_table(console, *forms)
    print_text(console, verdict(rows))
    save_picture(summary, list(DRAWS), args.output)
    seconds = time.perf_counter() - start
    console.print(
        f"\nPicture: {shown_path(args.output)}  ({seconds:.0f} s)",
        highlight=False,
        soft_wrap=True,
    )
    console.print(
        "Next, the paper's experiment (downloads MNIST, or reads --data-dir):\n"
        "  python -m benchmarks paper --dataset mnist --draws 3",
        highlight=False,
        soft_wrap=True,
    )
    return 0


def _train(args: argparse.Namespace) -> pd.DataFrame:
    runs = [
        Run(name, method, draw, args.epochs or EPOCHS[name])
        for name, draws in DRAWS.items()
        for draw in range(args.draws or draws)
        for method in METHODS
    ]
    tasks = {name: load_task(name) for name in DRAWS}
    trained = train_all(tasks, runs, args.jobs)
    progress = track(trained, "training", total=len(runs), console=Console(stderr=True))
    return pd.DataFrame([row for rows in progress for row in rows])
