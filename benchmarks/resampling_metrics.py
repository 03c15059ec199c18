"""What is measured on the test rows of one fold, and how well probabilities agree."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
from imblearn.metrics import geometric_mean_score
from numpy.typing import NDArray
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    f1_score,
    log_loss,
    matthews_corrcoef,
    precision_score,
    recall_score,
    roc_auc_score,
)

N_BINS = 10


class Metrics(NamedTuple):
    """Test scores; NaN where a score is not defined.

    Where a class of the table has no test row, a mean over the others would be another
    score. What is left is the Brier score and the log loss, MCC where there are rows of
    two classes, and recall and precision of the minority where there are rows of it.

    With more than two classes, average precision and ROC AUC are means over the classes
    of one against the rest. `minority` is the smallest class of the table.
    """

    balanced_accuracy: float
    g_mean: float
    macro_f1: float
    average_precision: float
    roc_auc: float
    mcc: float
    minority_recall: float
    minority_precision: float
    brier: float
    log_loss: float


class Bin(NamedTuple):
    """Test rows whose predicted probability of the minority class is alike.

    Bin b of the ten holds probabilities from b/10 up to (b+1)/10.
    """

    bin: int
    rows: int
    probability: float
    minority_rows: int


UNDEFINED = Metrics(*[float("nan")] * len(Metrics._fields))


def measure(
    y_true: NDArray[np.int64], probability: NDArray, y_pred: NDArray, minority: int
) -> Metrics:
    """Compute all scores.

    Parameters
    ----------
    y_true : ndarray of shape (n_rows,)
        Class indices 0, ..., K - 1.
    probability : ndarray of shape (n_rows, K)
        Predicted probability of each class.
    y_pred : ndarray of shape (n_rows,)
        Predicted class indices; they need not follow `probability`, as where a
        threshold was tuned.
    minority : int
        Index of the smallest class.

    Returns
    -------
    Metrics
        The scores.
    """
    tested, n_classes = np.unique(y_true), probability.shape[1]
    found = UNDEFINED._replace(
        brier=_brier(y_true, probability),
        log_loss=log_loss(y_true, probability, labels=np.arange(n_classes)),
    )
    if len(tested) > 1:
        found = found._replace(mcc=matthews_corrcoef(y_true, y_pred))
    if minority in tested:
        one = {"labels": [minority], "average": None, "zero_division": 0.0}
        found = found._replace(
            minority_recall=recall_score(y_true, y_pred, **one)[0],
            minority_precision=precision_score(y_true, y_pred, **one)[0],
        )
    if len(tested) < n_classes:
        return found
    rank = partial(_one_against_rest, y_true, probability, minority)
    return found._replace(
        balanced_accuracy=balanced_accuracy_score(y_true, y_pred),
        g_mean=geometric_mean_score(y_true, y_pred),
        macro_f1=f1_score(y_true, y_pred, average="macro", zero_division=0.0),
        average_precision=rank(average_precision_score),
        roc_auc=rank(roc_auc_score),
    )


def reliability(
    y_true: NDArray[np.int64], probability: NDArray, minority: int
) -> list[Bin]:
    """Count, for bins of the predicted probability, how many rows are minority rows.

    Parameters
    ----------
    y_true : ndarray of shape (n_rows,)
        Class indices.
    probability : ndarray of shape (n_rows, K)
        Predicted probability of each class.
    minority : int
        Index of the smallest class.

    Returns
    -------
    list of Bin
        The bins that hold rows.
    """
    predicted, is_minority = probability[:, minority], y_true == minority
    number = np.minimum((predicted * N_BINS).astype(int), N_BINS - 1)
    return [
        Bin(
            int(b),
            int((number == b).sum()),
            float(predicted[number == b].mean()),
            int(is_minority[number == b].sum()),
        )
        for b in np.unique(number)
    ]


def _brier(y_true: NDArray[np.int64], probability: NDArray) -> float:
    """Return the Brier score; scikit-learn has it for several classes since 1.7."""
    K = probability.shape[1]
    squares = ((probability - np.eye(K)[y_true]) ** 2).sum(axis=1)
    # Two classes: the square of one of them, which is the usual convention.
    return float(squares.mean() / (2 if K == 2 else 1))


def _one_against_rest(
    y_true: NDArray[np.int64], probability: NDArray, minority: int, score
) -> float:
    """Average a ranking score over the classes; over the minority alone for two."""
    K = probability.shape[1]
    wanted = [minority] if K == 2 else range(K)
    return float(np.mean([score(y_true == k, probability[:, k]) for k in wanted]))
