"""Half a million real rows with 23 classes: time of fit, and recall of every class.

Only 145,585 rows of the table are distinct. Equal rows stay on one side of a split, so
that no test row has been seen, and rows are stratified as far as the classes allow.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import recall_score

from benchmarks.datasets import DATA_VARIABLE
from benchmarks.errors import BenchmarkError
from benchmarks.speed.settings import Settings
from benchmarks.speed.trainings import make_mlp, make_ours
from benchmarks.stopwatch import Timing, compare
from benchmarks.tabular import Table, load_table, make_preprocessor

NAME = "kddcup99_10pct"
RECALL_FILE = "scale_recall.csv"
HIDDEN, BATCH_SIZE, EPOCHS = (100,), 200, 5
TREE_ROUNDS = 50
TEST_SHARE = 0.25
MAX_RUNS = 3

OURS = "WBNMLPClassifier"
PLAIN = "WBNMLPClassifier, no weights, plain BN"
MLP = "MLPClassifier (Adam, no norm)"
TREES = "HistGradientBoostingClassifier, balanced"
# What one epoch of a network is set beside: one round of boosting.
STEPS = {OURS: EPOCHS, PLAIN: EPOCHS, MLP: EPOCHS, TREES: TREE_ROUNDS}


class Recall(NamedTuple):
    """One line of the file of recalls, in percent; NaN for a class without test row."""

    split: int
    contender: str
    label: str
    train_rows: int
    test_rows: int
    recall: float


class Split(NamedTuple):
    """Rows for the networks, scaled and encoded, and for the trees, as they are."""

    X: dict[str, NDArray[Any]]
    X_test: dict[str, NDArray[Any]]
    y: NDArray[np.int64]
    y_test: NDArray[np.int64]


def time_kddcup(settings: Settings) -> Iterator[list[Timing]]:
    """Time fit on several splits; put the recalls in a file of their own."""
    archive = find_archive(settings)
    table = load_table(NAME, settings.data_dir)
    names = class_names(archive, table)
    seconds: dict[str, list[float]] = {name: [] for name in STEPS}
    recalls: list[Recall] = []
    for seed in range(min(settings.runs, MAX_RUNS)):
        split = make_split(table, seed)
        for contender, make in _contenders(table).items():
            model, kind = make(), "trees" if contender == TREES else "networks"
            seconds[contender].append(_fit_seconds(model, split.X[kind], split.y))
            y_pred = model.predict(split.X_test[kind])
            recalls += recall_lines(seed, contender, split, y_pred, names)
    if settings.folder is not None:
        settings.folder.mkdir(parents=True, exist_ok=True)
        pd.DataFrame(recalls).to_csv(
            settings.folder / RECALL_FILE, index=False, lineterminator="\n"
        )
    yield from _timings(table, seconds)


def find_archive(settings: Settings) -> Path:
    """Return the archive of the table.

    Raises
    ------
    BenchmarkError
        Where there is none.
    """
    archive = (settings.data_dir or Path()) / "larger" / f"{NAME}.npz"
    if settings.data_dir is None or not archive.is_file():
        raise BenchmarkError(
            f"the part kddcup needs a folder with larger/{NAME}.npz, got "
            f"{settings.data_dir or 'none'}; pass one as --data-dir, or set "
            f"{DATA_VARIABLE} to it."
        )
    return archive


def split_distinct(
    y: NDArray[np.int64], groups: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Split rows so that equal rows stay together, class by class.

    Of the distinct rows of each class, a share goes to the test, at least one where
    there are two. A class with one distinct row stays in the training part. Rows that
    are equal but of several classes count for the class that comes first in the table.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        Class indices.
    groups : ndarray of shape (n_rows,)
        Equal numbers for equal rows, 0, 1, 2 and so on.
    seed : int
        Of the random choice.

    Returns
    -------
    train, test : ndarray of int
        Row numbers.
    """
    rng = np.random.default_rng(seed)
    class_of_group = y[np.unique(groups, return_index=True)[1]]
    in_test = np.zeros(len(class_of_group), dtype=bool)
    for k in np.unique(y):
        members = rng.permutation(np.flatnonzero(class_of_group == k))
        wanted = max(1, round(TEST_SHARE * len(members))) if len(members) > 1 else 0
        in_test[members[:wanted]] = True
    chosen = in_test[groups]
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def make_split(table: Table, seed: int) -> Split:
    """Split the table and prepare the columns; all is learned from training rows."""
    train, test = split_distinct(table.y, table.groups, seed)
    raw, raw_test = table.X[train], table.X[test]
    preprocessor = make_preprocessor(table).fit(raw)
    ready, ready_test = (
        preprocessor.transform(X).astype(np.float32) for X in (raw, raw_test)
    )
    return Split(
        {"networks": ready, "trees": raw},
        {"networks": ready_test, "trees": raw_test},
        table.y[train],
        table.y[test],
    )


def class_names(path: Path, table: Table) -> list[str]:
    """Read the names of the classes; their numbers where the archive has none."""
    with np.load(path, allow_pickle=False) as archive:
        if "class_names" in archive.files:
            return [str(name) for name in archive["class_names"]]
    return [str(k) for k in range(len(table.class_count))]


def recall_lines(
    seed: int,
    contender: str,
    split: Split,
    y_pred: NDArray[np.int64],
    names: list[str],
) -> Iterator[Recall]:
    """Yield the recall of each class, and their mean over the classes with test rows.

    Parameters
    ----------
    seed : int
        Number of the split.
    contender : str
        What was trained.
    split : Split
        Holds the true labels.
    y_pred : ndarray of shape (n_test_rows,)
        Predicted class indices.
    names : list of str
        Names of the classes.

    Yields
    ------
    Recall
        In percent.
    """
    codes = np.arange(len(names))
    recalls = 100.0 * recall_score(
        split.y_test, y_pred, labels=codes, average=None, zero_division=np.nan
    )
    counts = (np.bincount(y, minlength=len(names)) for y in (split.y, split.y_test))
    for name, n_train, n_test, recall in zip(names, *counts, recalls, strict=True):
        yield Recall(seed, contender, name, int(n_train), int(n_test), round(recall, 2))
    macro = round(float(np.nanmean(recalls)), 2)
    yield Recall(seed, contender, "macro", len(split.y), len(split.y_test), macro)


def _contenders(table: Table) -> dict[str, Callable[[], Any]]:
    categorical = np.flatnonzero(table.categorical)
    return {
        OURS: lambda: make_ours(HIDDEN, BATCH_SIZE, EPOCHS),
        PLAIN: lambda: make_ours(HIDDEN, BATCH_SIZE, EPOCHS).set_params(
            class_weight=None, normalization="bn"
        ),
        MLP: lambda: make_mlp(HIDDEN, BATCH_SIZE, EPOCHS),
        TREES: lambda: HistGradientBoostingClassifier(
            class_weight="balanced",
            categorical_features=categorical,
            max_iter=TREE_ROUNDS,
            early_stopping=False,
            random_state=0,
        ),
    }


def _fit_seconds(model: Any, X: NDArray[Any], y: NDArray[np.int64]) -> float:
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of so few epochs
        model.fit(X, y)
    return time.perf_counter() - start


def _timings(table: Table, seconds: dict[str, list[float]]) -> Iterator[list[Timing]]:
    size = f"{table.X.shape[0]} x {table.X.shape[1]}, hidden {HIDDEN}"
    whole = f"{size}, fit of {EPOCHS} epochs or {TREE_ROUNDS} rounds"
    yield compare("kddcup", whole, seconds, unit="s")
    single = {
        name: [value / STEPS[name] for value in values]
        for name, values in seconds.items()
    }
    yield compare("kddcup", f"{size}, one epoch or one round", single, unit="s")
