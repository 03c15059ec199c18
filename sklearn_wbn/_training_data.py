"""Checks of what `fit` is given."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, validate_data

from sklearn_wbn._class_weight import class_codes

PRECISIONS = (np.float64, np.float32)


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Rows that count, by reference to the caller's array.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_features)
        All rows of the caller; never copied or written to.
    y : ndarray of shape (n_samples,)
        Labels of the rows that count.
    index : ndarray of shape (n_samples,)
        Their positions in `X`.
    frequency : ndarray of shape (n_samples,) or None
        ``f`` of each row; None counts every row once.
    """

    X: NDArray[Any]
    y: NDArray[Any]
    index: NDArray[np.intp]
    frequency: NDArray[np.float64] | None

    @classmethod
    def check(
        cls,
        estimator: BaseEstimator,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        *,
        reset: bool,
    ) -> Self:
        """Validate data as scikit-learn does; leave out rows of weight zero.

        Parameters
        ----------
        estimator : BaseEstimator
            Remembers, or checks, the number and names of the features.
        X : array-like of shape (n_rows, n_features)
            Data.
        y : array-like of shape (n_rows,)
            Labels.
        sample_weight : array-like of shape (n_rows,) or None
            Frequencies.
        reset : bool
            Whether the features are new.

        Returns
        -------
        TrainingData
            Checked data.

        Raises
        ------
        ValueError
            If anything is not as scikit-learn expects it.
        """
        rows, labels = validate_data(estimator, X, y, dtype=PRECISIONS, reset=reset)
        check_classification_targets(labels)
        if sample_weight is None:
            return cls(rows, labels, np.arange(len(labels)), None)
        f = check_frequency(sample_weight, rows)
        index = np.flatnonzero(f)
        return cls(rows, labels[index], index, f[index])

    def take(self, positions: NDArray[np.intp]) -> Self:
        """Keep some of the rows that count.

        Parameters
        ----------
        positions : ndarray of int
            Positions in `y`.

        Returns
        -------
        TrainingData
            Refers to the same array.
        """
        f = None if self.frequency is None else self.frequency[positions]
        return replace(
            self, y=self.y[positions], index=self.index[positions], frequency=f
        )

    def class_count(self, classes: NDArray[Any]) -> NDArray[np.float64]:
        """Return the size ``N_k`` of each class, the sum of its frequencies.

        Parameters
        ----------
        classes : ndarray of shape (n_classes,)
            Sorted labels.

        Returns
        -------
        ndarray of shape (n_classes,)
            Sizes, in rows.

        Raises
        ------
        ValueError
            If a label is not among `classes`.
        """
        codes = class_codes(classes, self.y)
        count = np.bincount(codes, weights=self.frequency, minlength=len(classes))
        return count.astype(np.float64)


def check_frequency(sample_weight: ArrayLike, X: NDArray[Any]) -> NDArray[np.float64]:
    """Validate sample weights as the newest scikit-learn does.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,)
        Frequencies.
    X : ndarray of shape (n_samples, n_features)
        Data.

    Returns
    -------
    ndarray of shape (n_samples,)
        Frequencies, float64.

    Raises
    ------
    ValueError
        If they do not fit `X`, or one is negative or not finite, or all are zero.
    """
    f: NDArray[np.float64] = _check_sample_weight(
        sample_weight, X, dtype=np.float64, ensure_non_negative=True
    )
    if not f.any():  # scikit-learn 1.6 accepts it
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return f
