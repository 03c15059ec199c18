"""Train and measure one method on one fold of one table."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from benchmarks.contender import SEARCHED, Setting, Splits
from benchmarks.contender_searches import INNER_FOLDS
from benchmarks.contenders import CONTENDERS
from benchmarks.resampling_file import BinRow, FoldRow, FoldRun
from benchmarks.resampling_metrics import UNDEFINED, measure, reliability
from benchmarks.tabular import Split, Table, make_preprocessor, split_table
from benchmarks.workers import map_unordered

# An error is a note in a table, not a report.
ERROR_LENGTH = 160


class FoldResult(NamedTuple):
    """What one training adds to the two files."""

    row: FoldRow
    bins: list[BinRow]


def run_fold(table: Table, split: Split, run: FoldRun) -> FoldResult:
    """Train a method on the training part of a fold and measure it on the other.

    Parameters
    ----------
    table : Table
        The table named by ``run.dataset``.
    split : Split
        The fold named by ``run.repeat`` and ``run.fold``.
    run : FoldRun
        What to train.

    Returns
    -------
    FoldResult
        Scores and reliability bins; where the method failed, undefined scores and the
        error's text, and no bins.
    """
    part = training_part(table, split)
    sizes = (len(part.y), part.n_minority)
    try:
        return _measured(table, part, split, run)
    except Exception as error:
        # Whatever a method raises belongs in its row; the others go on.
        text = " ".join(f"{type(error).__name__}: {error}".split())[:ERROR_LENGTH]
        no_time = float("nan")
        return FoldResult(FoldRow(*run, *UNDEFINED, no_time, no_time, *sizes, text), [])


def run_all(
    tables: Mapping[str, Table],
    splits: Mapping[tuple[str, int, int], Split],
    runs: Sequence[FoldRun],
    jobs: int,
) -> Iterator[FoldResult]:
    """Train many methods on many folds over worker processes of one thread each.

    Parameters
    ----------
    tables : mapping of str to Table
        The tables that `runs` name.
    splits : mapping of (dataset, repeat, fold) to Split
        Their folds.
    runs : sequence of FoldRun
        What to train.
    jobs : int
        Number of processes; 1 trains in this one.

    Yields
    ------
    FoldResult
        As trainings end.
    """
    arguments = (
        (tables[run.dataset], splits[run.dataset, run.repeat, run.fold], run)
        for run in runs
    )
    yield from map_unordered(run_fold, arguments, jobs)


def training_part(table: Table, split: Split) -> Table:
    """Return the training rows of a fold as a table."""
    rows = split.train
    return replace(table, X=table.X[rows], y=table.y[rows], groups=table.groups[rows])


def make_estimator(method: str, part: Table, epochs: int, seed: int) -> BaseEstimator:
    """Make the estimator of a method for a training part.

    Parameters
    ----------
    method : str
        A key of `CONTENDERS`.
    part : Table
        The training rows; only a search looks at them, for its inner folds.
    epochs : int
        Passes over the training rows of a network.
    seed : int
        Seed of everything that is left to chance.

    Returns
    -------
    BaseEstimator
        An estimator that has not been fitted.
    """
    contender = CONTENDERS[method]
    inner = inner_splits(part, seed) if contender.tier == SEARCHED else None
    setting = Setting(make_preprocessor(part), epochs, seed, inner)
    return contender.estimator(setting)


def inner_splits(part: Table, seed: int) -> Splits:
    """Split training rows for a search; equal rows stay on one side here too."""
    folds = split_table(part, n_splits=INNER_FOLDS, seed=seed)
    return [(fold.train, fold.test) for fold in folds]


def _measured(table: Table, part: Table, split: Split, run: FoldRun) -> FoldResult:
    # The seed depends on the fold alone: all methods start from the same state.
    seed = 1000 * run.repeat + run.fold
    model = make_estimator(run.method, part, run.epochs, seed)
    X, y = table.X[split.test], table.y[split.test]
    with warnings.catch_warnings():
        # Constant columns, classes too small for the inner folds, and the like: known,
        # and the same for all methods.
        warnings.simplefilter("ignore")
        start = time.perf_counter()
        model.fit(part.X, part.y)
        fitted = time.perf_counter()
        y_pred = model.predict(X)
        predicted = time.perf_counter()
        probability = _all_classes(model, X, len(table.class_count))
        minority = int(table.class_count.argmin())
        metrics = measure(y, probability, y_pred, minority)
    seconds = (round(fitted - start, 4), round(predicted - fitted, 5))
    scores = (round(float(value), 6) for value in metrics)
    row = FoldRow(*run, *scores, *seconds, len(part.y), part.n_minority, "")
    bins = reliability(y, probability, minority)
    return FoldResult(
        row,
        [
            BinRow(*run, b.bin, b.rows, round(b.probability, 5), b.minority_rows)
            for b in bins
        ],
    )


def _all_classes(model: BaseEstimator, X: NDArray, n_classes: int) -> NDArray:
    """Return probabilities with a column for every class of the table."""
    probability = np.zeros((len(X), n_classes))
    probability[:, model.classes_] = model.predict_proba(X)
    return probability
