"""Resampling that works with however few rows a class has.

Both functions are given to what imbalanced-learn offers for own rules: a
`FunctionSampler`, and a callable `sampling_strategy`.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from imblearn import FunctionSampler
from imblearn.base import BaseSampler
from imblearn.combine import SMOTEENN
from imblearn.over_sampling import SMOTE
from numpy.typing import NDArray
from sklearn.base import clone

# Neighbours that are looked for inside one class.
NEIGHBOURS = ("k_neighbors", "smote__k_neighbors", "n_neighbors")


def make_sampler(sampler: BaseSampler) -> FunctionSampler:
    """Make a sampler that asks for no more neighbours than a class has.

    Parameters
    ----------
    sampler : sampler of imbalanced-learn
        SMOTE or a relative of it, NearMiss, or one that needs no neighbours.

    Returns
    -------
    FunctionSampler
        A step for a pipeline of imbalanced-learn.
    """
    return FunctionSampler(func=resample, kw_args={"sampler": sampler})


def resample(X: NDArray, y: NDArray, sampler: BaseSampler) -> tuple[NDArray, NDArray]:
    """Resample with as many neighbours as were asked for, or as the class has.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        Training rows.
    y : ndarray of shape (n_rows,)
        Their classes.
    sampler : sampler of imbalanced-learn
        It is copied, not changed.

    Returns
    -------
    tuple of ndarray
        Rows and classes after resampling.
    """
    fewest = int(np.unique(y, return_counts=True)[1].min())
    sampler = clone(sampler)
    if isinstance(sampler, SMOTEENN) and sampler.smote is None:
        # Its own SMOTE cannot be set from outside; this is the same one.
        sampler.set_params(smote=SMOTE(random_state=sampler.random_state))
    parameters = sampler.get_params()
    limited = {
        # A row is not its own neighbour. A class of one row has none at all: then one
        # is asked for, so that imbalanced-learn says what is wrong.
        name: min(parameters[name], max(fewest - 1, 1))
        for name in NEIGHBOURS
        if name in parameters
    }
    return sampler.set_params(**limited).fit_resample(X, y)


def raise_to(share: float) -> partial[dict[int, int]]:
    """Make the strategy that adds rows up to a share of the largest class.

    Parameters
    ----------
    share : float
        Rows of a small class for each row of the largest one, in (0, 1].

    Returns
    -------
    callable
        A `sampling_strategy`; classes that have more keep what they have. For two
        classes it is what imbalanced-learn does with a number, which it does not take
        for more classes.
    """
    return partial(_raised, share=share)


def lower_to(share: float) -> partial[dict[int, int]]:
    """Make the strategy that removes rows until the smallest class has this share.

    Parameters
    ----------
    share : float
        Rows of the smallest class for each row of a larger one, in (0, 1].

    Returns
    -------
    callable
        A `sampling_strategy`; classes that have less keep what they have.
    """
    return partial(_lowered, share=share)


def _raised(y: NDArray, share: float) -> dict[int, int]:
    labels, counts = np.unique(y, return_counts=True)
    wanted = np.maximum(counts, (share * counts.max()).astype(int))
    return dict(zip(labels.tolist(), wanted.tolist(), strict=True))


def _lowered(y: NDArray, share: float) -> dict[int, int]:
    labels, counts = np.unique(y, return_counts=True)
    wanted = np.minimum(counts, np.rint(counts.min() / share).astype(int))
    return dict(zip(labels.tolist(), wanted.tolist(), strict=True))
