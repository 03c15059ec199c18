"""Logit adjustment after training: fixed strengths, and one chosen on held-out rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import recall_score

from benchmarks.predictions import Logits, adjust
from benchmarks.task import Labels

FIXED_TAU = (0.0, 0.5, 1.0)
TAU_GRID = np.arange(0.0, 2.01, 0.1)


def choose_tau(logits: Logits, y: Labels, class_count: NDArray[np.int64]) -> float:
    """Choose the strength with the best balanced accuracy on held-out rows.

    Few minority rows make many strengths equally good. The one in the middle of them
    is the farthest from where a row changes sides.

    Parameters
    ----------
    logits : ndarray of shape (n_samples, n_classes)
        Logits of rows that were not trained on.
    y : ndarray of shape (n_samples,)
        Their labels.
    class_count : ndarray of shape (n_classes,)
        Training rows of each class.

    Returns
    -------
    float
        A value of `TAU_GRID`.
    """
    scores = np.array(
        [
            recall_score(
                y, adjust(logits, tau, class_count).argmax(axis=1), average="macro"
            )
            for tau in TAU_GRID
        ]
    )
    best = np.flatnonzero(scores >= scores.max() - 1e-12)
    return float(TAU_GRID[best[len(best) // 2]])
