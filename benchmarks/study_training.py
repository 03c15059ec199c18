"""Train one method of the study on one draw; measure all predictions it can make."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, logsumexp
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.neighbors import NearestCentroid

from benchmarks.baselines import fit_baseline
from benchmarks.predictions import (
    NONE,
    Logits,
    adjust,
    logits_of_every_statistic,
)
from benchmarks.study_adjustment import FIXED_TAU, choose_tau
from benchmarks.study_methods import (
    STUDY_METHODS,
    StudyMethod,
    make_network,
)
from benchmarks.study_metrics import measure
from benchmarks.study_tasks import Sampler
from benchmarks.task import Draw, Features, Labels
from sklearn_wbn import WBNMLPClassifier, inverse_class_frequency

AUTO = "auto"
INNER_FOLDS = 5
# Finite, and below every probability that a classifier of the study gives.
SMALLEST_PROBABILITY = 1e-12


class StudyRun(NamedTuple):
    """What identifies one training."""

    task: str
    method: str
    draw: int
    epochs: int


class StudyRow(NamedTuple):
    """One line of the results file: one prediction of one training.

    `statistic` is the setting of `inference_statistics`, or ``"none"``. `adjustment`
    is the strength of logit adjustment as it was asked for, `tau` the value used.
    `recalls` holds the recall of each class. Shares are in percent. `seconds` is the
    time of training. `predictions` counts the lines of the training.
    """

    task: str
    method: str
    draw: int
    epochs: int
    statistic: str
    adjustment: str
    tau: float
    recalls: str
    balanced_accuracy: float
    macro_f1: float
    auc: float
    average_precision: float
    log_loss: float
    seconds: float
    predictions: int


class Prediction(NamedTuple):
    """Logits of the test rows under one statistic and one strength of adjustment."""

    statistic: str
    adjustment: str
    tau: float
    logits: Logits


def train_study_run(sampler: Sampler, batch_size: int, run: StudyRun) -> list[StudyRow]:
    """Train and measure.

    Parameters
    ----------
    sampler : callable
        Function of the number of the draw that returns a `Draw`.
    batch_size : int
        Rows of a mini-batch.
    run : StudyRun
        What to train.

    Returns
    -------
    list of StudyRow
        A row for each prediction.
    """
    draw, method = sampler(run.draw), STUDY_METHODS[run.method]
    count = np.bincount(draw.y_train)
    start = time.perf_counter()
    if method.group == "baselines":
        predictions = [_baseline_prediction(method, draw, run.draw)]
    else:
        trainer = Trainer(method, run.epochs, batch_size, run.draw)
        predictions = list(_network_predictions(trainer, draw, count))
    seconds = round(time.perf_counter() - start, 3)
    return [
        StudyRow(
            *run,
            *(statistic, adjustment, round(tau, 3)),
            *measure(logits, draw.y_test, count),
            *(seconds, len(predictions)),
        )
        for statistic, adjustment, tau, logits in predictions
    ]


class Trainer(NamedTuple):
    """Trains the networks of a method.

    Parameters
    ----------
    method : StudyMethod
        What to train.
    epochs, batch_size, seed : int
        Length of the training, rows of a mini-batch, seed of the first network.
    """

    method: StudyMethod
    epochs: int
    batch_size: int
    seed: int

    def logits(self, X: Features, y: Labels, X_new: Features) -> dict[str, Logits]:
        """Train on rows and return the logits of others, for every statistic."""
        seeds = range(self.method.n_seeds)
        outputs = [
            logits_of_every_statistic(self._fitted(X, y, number), X_new)
            for number in seeds
        ]
        if len(outputs) == 1:
            return outputs[0]
        return {
            name: _mean_probability([output[name] for output in outputs])
            for name in outputs[0]
        }

    def _fitted(self, X: Features, y: Labels, number: int) -> WBNMLPClassifier:
        method = self.method
        # Seeds of other networks are far from those of other draws.
        network = make_network(
            method.settings,
            epochs=self.epochs,
            batch_size=self.batch_size,
            seed=self.seed + 100_000 * number,
        )
        if method.exponent != 1:
            weight = inverse_class_frequency(np.bincount(y)) ** method.exponent
            network.set_params(class_weight=dict(enumerate(weight)))
        if method.plain_share > 0:
            return _fit_deferred(network, X, y, method.plain_share)
        if method.spread:
            return _fit_spread(network, X, y)
        return network.fit(X, y)


def _fit_deferred(
    network: WBNMLPClassifier, X: Features, y: Labels, plain_share: float
) -> WBNMLPClassifier:
    """Train without class weights first, then go on with them."""
    weighted, epochs = network.class_weight, network.max_iter
    first = round(plain_share * epochs)
    network.set_params(class_weight=None, max_iter=max(first, 1), warm_start=True)
    network.fit(X, y)
    network.set_params(class_weight=weighted, max_iter=max(epochs - first, 1))
    return network.fit(X, y)


def _fit_spread(network: WBNMLPClassifier, X: Features, y: Labels) -> WBNMLPClassifier:
    """Train epoch by epoch, each with its own order of the rows."""
    rng = np.random.default_rng(network.random_state)
    callbacks, epochs = network.callbacks, network.max_iter
    network.set_params(callbacks=None, max_iter=1, warm_start=True, shuffle=False)
    for epoch in range(epochs):
        if epoch == epochs - 1:  # what looks at the trained network waits
            network.set_params(callbacks=callbacks)
        rows = spread_evenly(y, rng)
        network.fit(X[rows], y[rows])
    return network


def spread_evenly(y: Labels, rng: np.random.Generator) -> NDArray[np.intp]:
    """Order rows at random so that each class is spread evenly.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Labels 0 to K - 1.
    rng : Generator
        Source of the order.

    Returns
    -------
    ndarray of shape (n_samples,)
        Row numbers. Any two rows of a class that has ``n`` of the ``N`` rows and that
        follow one another in it are about ``N / n`` places apart.
    """
    place = np.empty(len(y))
    for label, count in enumerate(np.bincount(y)):
        place[y == label] = (rng.permutation(count) + rng.random()) / max(count, 1)
    return np.argsort(place)


def _mean_probability(logits: list[Logits]) -> Logits:
    """Return the logarithm of the mean of the probabilities."""
    log_probability = np.stack([log_softmax(part, axis=1) for part in logits])
    return np.asarray(logsumexp(log_probability, axis=0) - np.log(len(logits)))


def _network_predictions(
    trainer: Trainer, draw: Draw, count: NDArray[np.int64]
) -> Iterator[Prediction]:
    X, y = draw.X_train, draw.y_train
    of_test = trainer.logits(X, y, draw.X_test)
    if not trainer.method.choose_tau:
        for name, logits in of_test.items():
            for tau in FIXED_TAU:
                yield Prediction(name, f"{tau:g}", tau, adjust(logits, tau, count))
        return
    for name, logits in held_out_logits(trainer, X, y).items():
        tau = choose_tau(logits, y, count)
        yield Prediction(name, AUTO, tau, adjust(of_test[name], tau, count))


def held_out_logits(trainer: Trainer, X: Features, y: Labels) -> dict[str, Logits]:
    """Compute for every training row the logits of a network that did not see it.

    Five folds. Where a class has fewer rows, as many folds as it has rows: each leaves
    out one of them.

    Parameters
    ----------
    trainer : Trainer
        Trains each fold.
    X : ndarray of shape (n_samples, n_features)
        Training rows. Equal ones stay together.
    y : ndarray of shape (n_samples,)
        Their labels.

    Returns
    -------
    dict of str to ndarray of shape (n_samples, n_classes)
        Logits for every statistic.
    """
    groups = np.unique(X, axis=0, return_inverse=True)[1].ravel()
    n_folds = min(INNER_FOLDS, int(np.bincount(y).min()))
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=trainer.seed)
    logits: dict[str, Logits] = {}
    for train, held_out in folds.split(X, y, groups):
        for name, part in trainer.logits(X[train], y[train], X[held_out]).items():
            whole = logits.setdefault(name, np.empty((len(y), part.shape[1])))
            whole[held_out] = part
    return logits


def _baseline_prediction(method: StudyMethod, draw: Draw, seed: int) -> Prediction:
    classifier = fit_baseline(method.key, draw.X_train, draw.y_train, seed)
    if isinstance(classifier, NearestCentroid):
        distance = euclidean_distances(draw.X_test, classifier.centroids_, squared=True)
        return Prediction(NONE, "0", 0.0, -0.5 * np.asarray(distance, np.float64))
    probability = np.asarray(classifier.predict_proba(draw.X_test), dtype=np.float64)
    logits = np.log(probability.clip(min=SMALLEST_PROBABILITY))
    return Prediction(NONE, "0", 0.0, logits)
