"""Train a method on a draw of a task, and many of these side by side."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from sklearn.metrics import accuracy_score, recall_score

from benchmarks.methods import make_classifier
from benchmarks.task import ImbalancedTask
from benchmarks.workers import map_unordered


class Run(NamedTuple):
    """What identifies one training."""

    dataset: str
    method: str
    draw: int
    epochs: int


class Row(NamedTuple):
    """One line of a results file: accuracy in percent, seconds of the fit."""

    dataset: str
    method: str
    draw: int
    epochs: int
    label: str
    accuracy: float
    seconds: float


def train_once(task: ImbalancedTask, run: Run) -> list[Row]:
    """Train one method on one draw and measure it on the test rows.

    The number of the draw seeds the rows, the initial weights and the order of the
    rows, so all methods of a draw start from the same state.

    Parameters
    ----------
    task : ImbalancedTask
        The task named by ``run.dataset``.
    run : Run
        What to train.

    Returns
    -------
    list of Row
        One row for each class, then ``"overall"`` and ``"macro"`` (the mean over the
        classes).
    """
    X_train, y_train, X_test, y_test = task.draw(run.draw)
    classifier = make_classifier(
        run.method, epochs=run.epochs, batch_size=task.batch_size, seed=run.draw
    )
    start = time.perf_counter()
    classifier.fit(X_train, y_train)
    seconds = time.perf_counter() - start
    y_pred = classifier.predict(X_test)
    recalls = recall_score(
        y_test,
        y_pred,
        labels=np.arange(len(task.class_names)),
        average=None,
        zero_division=0.0,
    )
    shares = [*recalls, accuracy_score(y_test, y_pred), recalls.mean()]
    return [
        Row(*run, label, round(100.0 * float(share), 4), round(seconds, 3))
        for label, share in zip(task.labels, shares, strict=True)
    ]


def train_all(
    tasks: Mapping[str, ImbalancedTask], runs: Sequence[Run], jobs: int
) -> Iterator[list[Row]]:
    """Train many runs over worker processes of one thread each.

    Parameters
    ----------
    tasks : mapping of str to ImbalancedTask
        The tasks that `runs` name. Workers share their larger arrays through memory
        maps.
    runs : sequence of Run
        What to train.
    jobs : int
        Number of processes; 1 trains in this one.

    Yields
    ------
    list of Row
        The rows of one training, as trainings end.
    """
    yield from map_unordered(
        train_once, ((tasks[run.dataset], run) for run in runs), jobs
    )
