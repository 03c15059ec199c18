"""Train methods on a draw of a task, and many of these side by side."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from sklearn.metrics import accuracy_score, recall_score

from benchmarks.baselines import BASELINES, fit_baseline
from benchmarks.methods import COMMON, METHODS, make_classifier, training_of
from benchmarks.predictions import EveryStatistic, adjust, logits_of_every_statistic
from benchmarks.task import Draw, ImbalancedTask, Labels
from benchmarks.workers import map_unordered

# A fit that leaves the ways of predicting open.
PREDICTS_NOTHING_YET = {"inference_statistics": "moving", "logit_adjustment": 0.0}


class Run(NamedTuple):
    """What identifies one method on one draw."""

    dataset: str
    method: str
    draw: int
    epochs: int


class Row(NamedTuple):
    """One line of a results file: accuracy in percent, seconds of the training."""

    dataset: str
    method: str
    draw: int
    epochs: int
    label: str
    accuracy: float
    seconds: float


class Measured(NamedTuple):
    """Predictions for the test rows, and the seconds of the training behind them."""

    y_pred: Labels
    seconds: float


def train_once(task: ImbalancedTask, runs: Sequence[Run]) -> list[list[Row]]:
    """Train on one draw and measure, for every method that the training serves.

    The number of the draw seeds the rows, the initial weights and the order of the
    rows, so all methods of a draw start from the same state.

    Parameters
    ----------
    task : ImbalancedTask
        The task named by the runs.
    runs : sequence of Run
        Runs that share a training, see `share_trainings`.

    Returns
    -------
    list of list of Row
        For each run one row for each class, then ``"overall"`` and ``"macro"`` (the
        mean over the classes).
    """
    draw = task.draw(runs[0].draw)
    train = _train_baseline if runs[0].method in BASELINES else _train_network
    measured = train(task, draw, runs)
    return [
        _rows(task, run, draw.y_test, result)
        for run, result in zip(runs, measured, strict=True)
    ]


def share_trainings(runs: Iterable[Run]) -> list[list[Run]]:
    """Put together what one training serves, in the order of the first of each."""
    together: dict[Run, list[Run]] = {}
    for run in runs:
        training = run._replace(method=training_of(run.method))
        together.setdefault(training, []).append(run)
    return list(together.values())


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
        The rows of one run, as trainings end.
    """
    calls = ((tasks[group[0].dataset], group) for group in share_trainings(runs))
    for results in map_unordered(train_once, calls, jobs):
        yield from results


def _train_network(
    task: ImbalancedTask, draw: Draw, runs: Sequence[Run]
) -> list[Measured]:
    run, count = runs[0], np.bincount(draw.y_train)
    draw = _prepared(draw, run.method)
    classifier = make_classifier(
        run.method, epochs=run.epochs, batch_size=task.batch_size, seed=run.draw
    )
    callbacks = [*(classifier.callbacks or []), EveryStatistic()]
    classifier.set_params(**PREDICTS_NOTHING_YET, callbacks=callbacks)
    start = time.perf_counter()
    classifier.fit(draw.X_train, draw.y_train)
    seconds = time.perf_counter() - start
    logits = logits_of_every_statistic(classifier, draw.X_test)

    def predict(method: str) -> Labels:
        settings = COMMON | METHODS[method].settings
        chosen = logits[settings["inference_statistics"]]
        tau = settings["logit_adjustment"]
        return adjust(chosen, tau, count).argmax(axis=1)

    return [Measured(predict(run.method), seconds) for run in runs]


def _prepared(draw: Draw, method: str) -> Draw:
    prepare = METHODS[method].prepare
    if prepare is None:
        return draw
    return draw._replace(X_train=prepare(draw.X_train), X_test=prepare(draw.X_test))


def _train_baseline(
    task: ImbalancedTask, draw: Draw, runs: Sequence[Run]
) -> list[Measured]:
    (run,) = runs
    start = time.perf_counter()
    classifier = fit_baseline(run.method, draw.X_train, draw.y_train, run.draw)
    seconds = time.perf_counter() - start
    return [Measured(classifier.predict(draw.X_test), seconds)]


def _rows(
    task: ImbalancedTask, run: Run, y_test: Labels, measured: Measured
) -> list[Row]:
    recalls = recall_score(
        y_test,
        measured.y_pred,
        labels=np.arange(len(task.class_names)),
        average=None,
        zero_division=0.0,
    )
    overall = accuracy_score(y_test, measured.y_pred)
    shares = [*recalls, overall, recalls.mean()]
    return [
        Row(*run, label, round(100.0 * float(share), 4), round(measured.seconds, 3))
        for label, share in zip(task.labels, shares, strict=True)
    ]
