"""Balanced accuracy against the number of minority rows, at a fixed majority.

The regime that the paper is about: 1 to 50 minority rows beside 1000 others, on pairs
of MNIST digits, and on tables whose other rows are the test. Each draw's rows are
nested: 3 minority rows are the 1 of before and two more. Methods are those of
`resampling`. A command that was stopped goes on where it was.

  python -m benchmarks few_rows --data-dir DIR
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from sklearn.base import clone
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from benchmarks.arguments import (
    add_data_dir,
    add_jobs,
    add_output,
    comma_list,
    comma_names,
    positive_int,
)
from benchmarks.console import make_console, print_markdown
from benchmarks.contender import UNTUNED, Setting
from benchmarks.contenders import CONTENDERS
from benchmarks.few_rows_tasks import (
    IMAGE_PAIRS,
    MAX_MINORITY,
    TABLES,
    FewRowsTask,
    load_few_rows_task,
)
from benchmarks.report_tables import markdown, points, title
from benchmarks.resampling import EPOCHS
from benchmarks.resumable import run_missing
from benchmarks.store import ResultsFile
from benchmarks.workers import map_unordered

RESULTS = Path(__file__).parent / "results" / "few_rows.csv"
COUNTS = (1, 3, 5, 10, 20, MAX_MINORITY)
DRAWS = 3
# WBN and BN as in the paper, WBN with our defaults, one method of each kind of
# resampling (SMOTE needs a second minority row), and two peers that are told of the
# imbalance.
METHODS = (
    "bn",
    "bn-icf",
    "wbn-icf",
    "wbn-default",
    "wbn-recommended",
    "bn-over",
    "bn-smote",
    "bn-smoteenn",
    "bn-under",
    "logistic",
    "balanced-forest",
)


class FewRowsRun(NamedTuple):
    """What identifies one training."""

    dataset: str
    method: str
    epochs: int
    n_minority: int
    draw: int


class FewRowsRow(NamedTuple):
    """One line of the results file; scores are NaN where the method failed."""

    dataset: str
    method: str
    epochs: int
    n_minority: int
    draw: int
    balanced_accuracy: float
    roc_auc: float
    fit_seconds: float
    error: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this subcommand."""
    parser.add_argument(
        "--dataset",
        type=comma_names,
        default=[*TABLES, *IMAGE_PAIRS],
        metavar="NAME[,NAME]",
        help=f"of {', '.join(IMAGE_PAIRS)}, and tables of two classes (default: "
        f"these, {', '.join(TABLES)})",
    )
    parser.add_argument(
        "--methods",
        type=comma_list([k for k, c in CONTENDERS.items() if c.tier == UNTUNED]),
        default=list(METHODS),
        metavar="NAME[,NAME]",
        help=f"untuned methods of `resampling` (default: {','.join(METHODS)})",
    )
    parser.add_argument(
        "--draws", type=positive_int, default=DRAWS, help=f"default {DRAWS}"
    )
    parser.add_argument(
        "--epochs", type=positive_int, default=EPOCHS, help=f"default {EPOCHS}"
    )
    add_jobs(parser)
    add_data_dir(parser)
    add_output(parser, RESULTS)


def main(args: argparse.Namespace) -> int:
    """Train what is missing, then print the means."""
    for method in args.methods:
        CONTENDERS[method].check_installed()
    results = few_rows_file(args.output)
    wanted = [
        FewRowsRun(dataset, method, args.epochs, n_minority, draw)
        for draw in range(args.draws)
        for dataset in args.dataset
        for n_minority in COUNTS
        for method in args.methods
    ]
    run_missing(
        results, wanted, partial(_train, data_dir=args.data_dir, jobs=args.jobs)
    )
    means = mean_accuracy(results, args.epochs)
    console = make_console()
    for dataset in means.index.unique("dataset"):
        print_markdown(console, f"## {dataset}\n\n{accuracy_table(means, dataset)}")
    return 0


def few_rows_file(path: Path = RESULTS) -> ResultsFile:
    """Open the results file."""
    return ResultsFile(path, FewRowsRow, FewRowsRun._fields)


def mean_accuracy(results: ResultsFile, epochs: int = EPOCHS) -> pd.DataFrame:
    """Average over the draws.

    Returns
    -------
    DataFrame
        ``mean``, ``sem`` and ``count`` of the balanced accuracy, by data set, method
        and number of minority rows; without runs that failed.
    """
    rows = results.read()
    rows = rows[(rows["epochs"] == epochs) & (rows["error"] == "")]
    groups = rows.groupby(["dataset", "method", "n_minority"], sort=False)
    return groups["balanced_accuracy"].agg(["mean", "sem", "count"])


def accuracy_table(means: pd.DataFrame, dataset: str) -> str:
    """Make the Markdown table of a data set: balanced accuracy in percent."""
    found = means["mean"].xs(dataset, level="dataset").unstack("n_minority")
    methods = [method for method in CONTENDERS if method in found.index]
    counts = [n for n in COUNTS if n in found]
    lines = [
        [title(m), *("" if v != v else points(v) for v in found.loc[m, counts])]
        for m in methods
    ]
    return markdown(["minority rows", *map(str, counts)], lines)


def run_few_rows(task: FewRowsTask, run: FewRowsRun) -> list[FewRowsRow]:
    """Train a method on one draw and measure it on the other rows."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # constant columns in so few rows
            return [FewRowsRow(*run, *_measured(task, run), "")]
    except Exception as error:
        # SMOTE has no neighbour of a single row, for one.
        text = " ".join(f"{type(error).__name__}: {error}".split())[:160]
        return [FewRowsRow(*run, *[float("nan")] * 3, text)]


def _measured(task: FewRowsTask, run: FewRowsRun) -> tuple[float, float, float]:
    draw = task.sampler(run.n_minority, run.draw)
    preprocessor = task.preprocessor
    if preprocessor != "passthrough":
        preprocessor = clone(preprocessor)
    model = CONTENDERS[run.method].estimator(
        Setting(preprocessor, run.epochs, run.draw)
    )
    start = time.perf_counter()
    model.fit(draw.X_train, draw.y_train)
    seconds = time.perf_counter() - start
    accuracy = balanced_accuracy_score(draw.y_test, model.predict(draw.X_test))
    auc = roc_auc_score(draw.y_test, model.predict_proba(draw.X_test)[:, 1])
    return round(accuracy, 6), round(auc, 6), round(seconds, 4)


def _train(
    runs: list[FewRowsRun], data_dir: Path | None, jobs: int
) -> Iterator[list[FewRowsRow]]:
    names = {run.dataset for run in runs}
    tasks = {name: load_few_rows_task(name, data_dir) for name in names}
    arguments = ((tasks[run.dataset], run) for run in runs)
    yield from map_unordered(run_few_rows, arguments, min(jobs, len(runs)))
