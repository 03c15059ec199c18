"""Search over beta: validation and test score from plain loss to inverse frequency.

`GridSearchCV` over the pipeline of scaling and network, on the training part of each of
five folds: what the search sees is the validation score, what it was worth is the score
on the fold's test part, for every candidate. The grid is logarithmic in 1 - beta; 1 is
the plain loss, and 0 stands for inverse class frequency, the limit.

  python -m benchmarks beta_search --data-dir DIR
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import balanced_accuracy_score

from benchmarks.arguments import (
    add_data_dir,
    add_jobs,
    add_output,
    comma_names,
    positive_int,
)
from benchmarks.console import make_console, print_markdown
from benchmarks.contender import Setting
from benchmarks.contender_networks import network_pipeline
from benchmarks.contender_searches import grid_search
from benchmarks.errors import BenchmarkError
from benchmarks.report_tables import markdown, points
from benchmarks.resampling import EPOCHS, FOLDS
from benchmarks.resampling_run import inner_splits, training_part
from benchmarks.resumable import run_missing
from benchmarks.store import ResultsFile
from benchmarks.tabular import Split, Table, load_table, make_preprocessor, split_table
from benchmarks.workers import map_unordered

RESULTS = Path(__file__).parent / "results" / "beta_search.csv"
TABLES = ("ecoli", "oil", "solar_flare_m0", "yeast_me2", "car_eval_4", "us_crime")
DISTANCES = (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5)  # 1 - beta
ICF = 0.0  # stands for class_weight="icf"


class BetaRun(NamedTuple):
    """What identifies one search."""

    dataset: str
    epochs: int
    fold: int


class BetaRow(NamedTuple):
    """One line of the results file: a candidate of a search.

    `distance` is 1 - beta. `validation` is the mean over the inner folds, `test` the
    score on the outer fold after training on all of the training part, NaN where the
    fold lacks a class; `chosen` is 1 for the candidate that the search takes, else 0.
    """

    dataset: str
    epochs: int
    fold: int
    distance: float
    validation: float
    test: float
    chosen: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this subcommand."""
    parser.add_argument(
        "--dataset",
        type=comma_names,
        default=list(TABLES),
        metavar="NAME[,NAME]",
        help=f"tables (default: {','.join(TABLES)})",
    )
    parser.add_argument(
        "--epochs", type=positive_int, default=EPOCHS, help=f"default {EPOCHS}"
    )
    add_jobs(parser)
    add_data_dir(parser)
    add_output(parser, RESULTS)


def main(args: argparse.Namespace) -> int:
    """Search what is missing, then print what the searches were worth."""
    results = BetaFile(args.output)
    wanted = [
        BetaRun(dataset, args.epochs, fold)
        for fold in range(FOLDS)
        for dataset in args.dataset
    ]
    finished = results.finished()  # of those no table is loaded
    names = dict.fromkeys(run.dataset for run in wanted if run not in finished)
    tables = {name: load_table(name, args.data_dir) for name in names}
    splits = _split(tables)
    left_out = tables.keys() - splits
    run_missing(
        results,
        [run for run in wanted if run.dataset not in left_out],
        partial(_train, tables=tables, splits=splits, jobs=args.jobs),
    )
    rows = results.read()
    print_markdown(make_console(), worth_table(rows[rows["epochs"] == args.epochs]))
    return 0


class BetaFile(ResultsFile):
    """The results file; a search is whole with all its candidates.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path = RESULTS) -> None:
        super().__init__(path, BetaRow, BetaRun._fields, ["distance"])

    def is_complete(self, rows: pd.DataFrame) -> pd.Series:
        """Say for each row whether all candidates of its search are there."""
        sizes = rows.groupby(self.key)["distance"].transform("size")
        return sizes == len(DISTANCES) + 1


def search_beta(table: Table, split: Split, run: BetaRun) -> list[BetaRow]:
    """Search on the training part of a fold; score every candidate on its test part."""
    part = training_part(table, split)
    setting = Setting(
        make_preprocessor(table), run.epochs, run.fold, inner_splits(part, run.fold)
    )
    model = network_pipeline(setting, class_weight="cbl", normalization="wbn")
    search = grid_search(setting, model, candidates())
    search.set_params(refit=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # constant columns in a small part
        search.fit(part.X, part.y)
        tests = [
            _test_score(clone(model).set_params(**parameters), part, table, split)
            for parameters in search.cv_results_["params"]
        ]
    validation = search.cv_results_["mean_test_score"]
    return [
        BetaRow(
            *run,
            distance,
            round(float(validation[i]), 6),
            round(tests[i], 6),
            int(i == search.best_index_),
        )
        for i, distance in enumerate((*DISTANCES, ICF))
    ]


def candidates() -> list[dict[str, Sequence[Any]]]:
    """Return the grid: a logarithmic one of 1 - beta, then inverse class frequency."""
    betas = [1.0 - distance for distance in DISTANCES]
    return [{"net__beta": betas}, {"net__class_weight": ["icf"]}]


def worth_table(rows: pd.DataFrame) -> str:
    """Make the Markdown table: test score of the ends, of the choice, of the best."""
    test = rows.pivot_table("test", "dataset", "distance")
    chosen = rows[rows["chosen"] == 1].groupby("dataset")["test"].mean()
    head = ["table", "folds", "plain loss", "ICF", "searched", "best in hindsight"]
    lines = [
        [
            f"`{name}`",
            str(rows.loc[rows["dataset"] == name, "fold"].nunique()),
            points(test.loc[name, DISTANCES[0]]),
            points(test.loc[name, ICF]),
            points(chosen[name]),
            points(test.loc[name].max()),
        ]
        for name in test.index
    ]
    return markdown(head, lines)


def _test_score(model, part: Table, table: Table, split: Split) -> float:
    y_test = table.y[split.test]
    if len(np.unique(y_test)) < len(table.class_count):
        return float("nan")  # of the other classes it would be another score
    model.fit(part.X, part.y)
    return float(balanced_accuracy_score(y_test, model.predict(table.X[split.test])))


def _split(tables: Mapping[str, Table]) -> dict[str, list[Split]]:
    """Split tables into outer folds, without those that a search cannot split again."""
    splits = {}
    for name, table in tables.items():
        try:
            found = list(split_table(table, n_splits=FOLDS))
            for split in found:
                inner_splits(training_part(table, split), split.fold)
        except BenchmarkError as error:
            print(f"Left out: {error}", file=sys.stderr)
            continue
        splits[name] = found
    return splits


def _train(
    runs: list[BetaRun],
    tables: Mapping[str, Table],
    splits: Mapping[str, list[Split]],
    jobs: int,
) -> Iterator[list[BetaRow]]:
    arguments = (
        (tables[run.dataset], splits[run.dataset][run.fold], run) for run in runs
    )
    yield from map_unordered(search_beta, arguments, min(jobs, len(runs)))
