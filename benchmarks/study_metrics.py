"""What is measured on test rows: the ranking of the rows apart from the threshold.

Recalls, balanced accuracy and F1 depend on where the threshold between the classes
lies, which logit adjustment moves. ROC AUC and average precision depend on the order
of the scores: with two classes, logit adjustment does not change them at all.
"""

from __future__ import annotations

from itertools import permutations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax
from sklearn.metrics import (
    average_precision_score,
    f1_score,
    log_loss,
    recall_score,
    roc_auc_score,
)

from benchmarks.predictions import Logits
from benchmarks.task import Labels


class Scores(NamedTuple):
    """Figures of one prediction, in percent but for the log loss (in nats)."""

    recalls: str
    balanced_accuracy: float
    macro_f1: float
    auc: float
    average_precision: float
    log_loss: float


def measure(logits: Logits, y_test: Labels, class_count: NDArray[np.int64]) -> Scores:
    """Measure a prediction.

    Parameters
    ----------
    logits : ndarray of shape (n_samples, n_classes)
        Logits, after logit adjustment.
    y_test : ndarray of shape (n_samples,)
        Labels 0 to K - 1, every class among them.
    class_count : ndarray of shape (n_classes,)
        Training rows of each class: with two classes, average precision is that of
        the smaller one; with more, the mean over the classes, each against the rest.

    Returns
    -------
    Scores
        ROC AUC is the mean over pairs of classes (Hand and Till).
    """
    labels = np.arange(len(class_count))
    y_pred = logits.argmax(axis=1)
    recalls = recall_score(
        y_test, y_pred, labels=labels, average=None, zero_division=0.0
    )
    f1 = f1_score(y_test, y_pred, labels=labels, average="macro", zero_division=0.0)
    return Scores(
        " ".join(f"{100 * recall:.2f}" for recall in recalls),
        _percent(recalls.mean()),
        _percent(f1),
        _percent(_auc(logits, y_test)),
        _percent(_average_precision(logits, y_test, class_count)),
        round(float(log_loss(y_test, softmax(logits, axis=1), labels=labels)), 5),
    )


def _class_scores(logits: Logits) -> Logits:
    """Return what ranks rows by class: probabilities would round to ties at 0 and 1."""
    if logits.shape[1] == 2:
        return logits - logits[:, ::-1]
    return np.asarray(log_softmax(logits, axis=1))


def _auc(logits: Logits, y_test: Labels) -> float:
    """Average over ordered pairs: how well a class's score tells it from another."""
    scores = _class_scores(logits)
    values = []
    for k, other in permutations(range(logits.shape[1]), 2):
        pair = np.isin(y_test, (k, other))
        values.append(roc_auc_score(y_test[pair] == k, scores[pair, k]))
    return float(np.mean(values))


def _average_precision(
    logits: Logits, y_test: Labels, class_count: NDArray[np.int64]
) -> float:
    scores, n_classes = _class_scores(logits), len(class_count)
    classes = [int(class_count.argmin())] if n_classes == 2 else range(n_classes)
    values = [average_precision_score(y_test == k, scores[:, k]) for k in classes]
    return float(np.mean(values))


def _percent(share: float) -> float:
    return round(100.0 * float(share), 3)
