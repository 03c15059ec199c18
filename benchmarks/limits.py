"""Where the rules of `"auto"` draw their lines: from how many rows in a mini-batch on?

Two rules of `WBNMLPClassifier` look at the rows of the minority class in a mini-batch:
that of the weights in the norms, and that of the statistics for inference. Here both
choices of both are trained with one to six rows in a mini-batch, beside 1000 and beside
4000 others. Tasks are of the role *selection* of `study` only: the classes and the
tables on which settings are chosen. A command that was stopped goes on where it was.

  python -m benchmarks limits --data-dir DIR
  python -m benchmarks limits --table
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.arguments import (
    add_data_dir,
    add_jobs,
    add_output,
    comma_list,
    positive_int,
)
from benchmarks.console import make_console, print_markdown
from benchmarks.errors import BenchmarkError
from benchmarks.limits_tasks import LIMIT_TASKS, MAJORITIES, load_limit_sampler
from benchmarks.predictions import logits_of_every_statistic
from benchmarks.report_tables import markdown
from benchmarks.resumable import run_missing
from benchmarks.store import ResultsFile, check_exists
from benchmarks.study_methods import WBN_CONSTANT, make_network
from benchmarks.study_metrics import measure
from benchmarks.study_tasks import FIRST_SEED, TABLE_EPOCHS, Sampler
from benchmarks.workers import map_unordered

RESULTS = Path(__file__).parent / "results" / "limits.csv"
BATCH_SIZE = 128
# Rows of the minority class in a mini-batch, on average.
ROWS = (1, 2, 3, 4, 6)
NORMS = {
    "paper": {"norm_weight_power": 1.0, "cap_rare_classes": False},
    "mild": {"norm_weight_power": 0.5, "cap_rare_classes": True},
}
DROPOUTS = (0.0, 0.3)
STATISTICS = ("population", "weighted_population")
SCORES = ("balanced_accuracy", "macro_f1", "average_precision")


class LimitRun(NamedTuple):
    """What identifies one training; `rows` are those of ``n_minority`` in a batch."""

    task: str
    n_majority: int
    rows: int
    norm: str
    dropout: float
    draw: int


class LimitRow(NamedTuple):
    """One line of the results file: one prediction of one training, in percent."""

    task: str
    n_majority: int
    rows: int
    norm: str
    dropout: float
    draw: int
    statistics: str
    balanced_accuracy: float
    macro_f1: float
    average_precision: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this subcommand."""
    parser.add_argument(
        "--tasks",
        type=comma_list(LIMIT_TASKS),
        default=list(LIMIT_TASKS),
        metavar="NAME[,NAME]",
        help=f"of {', '.join(LIMIT_TASKS)} (default: all)",
    )
    parser.add_argument("--draws", type=positive_int, default=1, help="default 1")
    parser.add_argument(
        "--table",
        action="store_true",
        help="print what the file holds of the tasks, over all draws, without training",
    )
    add_jobs(parser)
    add_data_dir(parser)
    add_output(parser, RESULTS)


def main(args: argparse.Namespace) -> int:
    """Train what is missing in the results file, then print its tables."""
    results = LimitsFile(args.output)
    if args.table:
        check_exists(args.output, "limits")
    else:
        run_missing(
            results,
            plan(args.tasks, args.draws),
            partial(_train, data_dir=args.data_dir, jobs=args.jobs),
        )
    rows = results.read()
    rows = rows[rows["task"].isin(args.tasks)]
    if rows.empty:
        raise BenchmarkError(
            f"{args.output} holds no complete training of {', '.join(args.tasks)}."
        )
    print_markdown(make_console(), limits_table(rows))
    return 0


class LimitsFile(ResultsFile):
    """The results file; a training is whole with all its predictions.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path = RESULTS) -> None:
        super().__init__(path, LimitRow, LimitRun._fields, ["statistics"])

    def is_complete(self, rows: pd.DataFrame) -> pd.Series:
        """Say for each row whether all predictions of its training are there."""
        sizes = rows.groupby(self.key)["statistics"].transform("size")
        return sizes == len(STATISTICS)


def plan(tasks: list[str], draws: int) -> list[LimitRun]:
    """Return all trainings; those of one draw compare everything."""
    return [
        LimitRun(task, n_majority, rows, norm, dropout, draw)
        for draw in range(draws)
        for n_majority in MAJORITIES
        for task in tasks
        if n_majority in LIMIT_TASKS[task].majorities
        for rows in ROWS
        for norm in NORMS
        for dropout in DROPOUTS
    ]


def n_minority(rows: int, n_majority: int) -> int:
    """Return how many rows of the minority class give so many in a mini-batch."""
    return round(rows * n_majority / (BATCH_SIZE - rows))


def train_limit_run(sampler: Sampler, run: LimitRun) -> list[LimitRow]:
    """Train once, and measure with both statistics."""
    draw = sampler(FIRST_SEED["selection"] + run.draw)
    network = make_network(
        WBN_CONSTANT | NORMS[run.norm] | {"dropout": run.dropout},
        epochs=TABLE_EPOCHS,
        batch_size=BATCH_SIZE,
        seed=run.draw,
    )
    network.fit(draw.X_train, draw.y_train)
    logits = logits_of_every_statistic(network, draw.X_test)
    count = np.bincount(draw.y_train)
    found = [measure(logits[name], draw.y_test, count) for name in STATISTICS]
    return [
        LimitRow(*run, name, *(getattr(scores, score) for score in SCORES))
        for name, scores in zip(STATISTICS, found, strict=True)
    ]


def limits_table(rows: pd.DataFrame) -> str:
    """Make the Markdown table: means over the tasks, for each number of rows."""
    found = rows.pivot_table(
        list(SCORES), ["n_majority", "dropout", "rows"], ["norm", "statistics"]
    )
    settings = [(norm, name) for norm in NORMS for name in STATISTICS]
    head = ["others", "dropout", "rows in a mini-batch"]
    head += [f"{norm}, `{name}`" for norm, name in settings]
    lines = [
        [
            *map(str, place),
            *(_cell(means, norm, name) for norm, name in settings),
        ]
        for place, means in found.iterrows()
    ]
    return markdown(head, lines)


def _cell(means: pd.Series, norm: str, statistics: str) -> str:
    scores = means.reindex([(score, norm, statistics) for score in SCORES])
    if scores.isna().any():
        return ""  # the trainings are still to come
    return " / ".join(f"{score:.1f}" for score in scores)


def _train(
    runs: list[LimitRun], data_dir: Path | None, jobs: int
) -> Iterator[list[LimitRow]]:
    samplers = {
        (run.task, run.n_majority, run.rows): load_limit_sampler(
            run.task, run.n_majority, n_minority(run.rows, run.n_majority), data_dir
        )
        for run in runs
    }
    arguments = ((samplers[run[:3]], run) for run in runs)
    yield from map_unordered(train_limit_run, arguments, min(jobs, len(runs)))
