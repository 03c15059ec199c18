"""Held-out rows and the score that early stopping watches."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import validate_data

from sklearn_wbn._quiet import quiet
from sklearn_wbn._training_data import PRECISIONS, TrainingData, check_frequency

Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Rows for validation.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Data.
    y : ndarray of shape (n_samples,)
        Labels.
    sample_weight : ndarray of shape (n_samples,) or None
        Frequencies.
    """

    X: NDArray[Any]
    y: NDArray[Any]
    sample_weight: NDArray[np.float64] | None

    def score(self, classifier: ClassifierMixin, scorer: Callable[..., float]) -> float:
        """Score a fitted classifier on these rows.

        Parameters
        ----------
        classifier : classifier
            Anything with `predict`.
        scorer : callable
            Scorer of scikit-learn.

        Returns
        -------
        float
            Score; greater is better.

        Raises
        ------
        TypeError
            If the scorer gives no number.
        """
        weight = self.sample_weight
        given = {} if weight is None else {"sample_weight": weight}
        with quiet():
            score = scorer(classifier, self.X, self.y, **given)
        try:
            return float(score)
        except TypeError:
            raise TypeError(f"scoring must give one number, got {score!r}") from None


def check_held_out(
    classifier: ClassifierMixin,
    X_val: ArrayLike | None,
    y_val: ArrayLike | None,
    sample_weight_val: ArrayLike | None,
) -> HeldOut | None:
    """Validate the rows that the user holds out.

    Parameters
    ----------
    classifier : WBNMLPClassifier
        Knows its features and classes.
    X_val : array-like of shape (n_samples, n_features) or None
        Data.
    y_val : array-like of shape (n_samples,) or None
        Labels.
    sample_weight_val : array-like of shape (n_samples,) or None
        Frequencies.

    Returns
    -------
    HeldOut or None
        None where nothing is given.

    Raises
    ------
    ValueError
        If only one of `X_val` and `y_val` is given, or they do not fit.
    """
    if X_val is None and y_val is None:
        if sample_weight_val is not None:
            raise ValueError("sample_weight_val was given without X_val and y_val")
        return None
    if X_val is None or y_val is None:
        missing, given = ("X_val", "y_val") if X_val is None else ("y_val", "X_val")
        raise ValueError(f"{given} was given without {missing}; give both or neither")
    try:
        return _check(classifier, X_val, y_val, sample_weight_val)
    except ValueError as error:
        given = "X_val, y_val, sample_weight_val"
        raise ValueError(f"In the held-out rows ({given}): {error}") from error


def _check(
    classifier: ClassifierMixin,
    X_val: ArrayLike,
    y_val: ArrayLike,
    sample_weight_val: ArrayLike | None,
) -> HeldOut:
    X, y = validate_data(classifier, X_val, y_val, dtype=PRECISIONS, reset=False)
    unknown = np.setdiff1d(y, classifier.classes_).tolist()
    if unknown:
        raise ValueError(
            f"labels {unknown} are not among the training classes "
            f"{classifier.classes_.tolist()}"
        )
    if sample_weight_val is None:
        return HeldOut(X, y, None)
    return HeldOut(X, y, check_frequency(sample_weight_val, X))


def split_held_out(
    data: TrainingData, fraction: float, random_state: RandomState
) -> tuple[TrainingData, HeldOut]:
    """Hold out a part of the training rows, a share of every class.

    Parameters
    ----------
    data : TrainingData
        Training rows.
    fraction : float
        Share of each class that is held out.
    random_state : RandomState
        Draws the rows.

    Returns
    -------
    TrainingData
        The rest.
    HeldOut
        Rows for validation.

    Raises
    ------
    ValueError
        If no class has two rows.
    """
    train, held_out = stratified_holdout(data.y, fraction, random_state)
    if len(held_out) == 0:
        raise ValueError(
            "early_stopping=True needs a class with at least two rows to hold one out; "
            "pass X_val and y_val instead"
        )
    part = data.take(held_out)
    return data.take(train), HeldOut(data.X[part.index], part.y, part.frequency)


def stratified_holdout(
    y: NDArray[Any], fraction: float, random_state: RandomState
) -> tuple[Index, Index]:
    """Split rows so that even the smallest class is on both sides.

    scikit-learn's stratified splitters may leave a class of few rows without any
    in the validation part, and refuse a class of one row; imbalanced data has
    both.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Labels.
    fraction : float
        Share of each class that is held out, at least one row; a class of one
        row stays in training.
    random_state : RandomState
        Draws the rows.

    Returns
    -------
    train, held_out : ndarray of int
        Positions in `y`, each sorted.
    """
    held_out = np.zeros(len(y), dtype=bool)
    for label in np.unique(y):
        rows = random_state.permutation(np.flatnonzero(y == label))
        n_held = min(max(1, round(fraction * len(rows))), len(rows) - 1)
        held_out[rows[:n_held]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)
