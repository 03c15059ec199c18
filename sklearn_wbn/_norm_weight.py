"""Weights of the classes in the norms: the loss's own in the paper, or milder ones.

The more the weights differ, the fewer rows a mini-batch's mean and variance rest on.
That has a price where mini-batches hold minority rows anyway, and most of all where
one row of a class with fewer rows than there are mini-batches comes into one: a loss
wants it to count for many mini-batches at once, and a mean would be the row itself.

======  =====================================================================
symbol  meaning
======  =====================================================================
c_k     weight of a row of class k in the loss
n_k     rows of class k that a mini-batch holds on average (`rows_per_batch`)
======  =====================================================================
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

# Power applied to the class weights where mini-batches hold minority rows. Power 1 lost
# balanced accuracy and average precision on the tables that settings were chosen on.
_MILD_POWER = 0.5
# From so many minority rows in a mini-batch on.
_MILD_FROM = 1


def rows_per_batch(class_rows: Float, batch_size: int) -> Float:
    """Return how many rows of each class a mini-batch holds on average.

    Parameters
    ----------
    class_rows : ndarray of shape (n_classes,)
        Training rows of each class, one row or more together.
    batch_size : int
        Rows of a mini-batch, at most all.

    Returns
    -------
    ndarray of shape (n_classes,)
        Rows, below one where a class is missing from some mini-batches.
    """
    n: Float = class_rows * batch_size / class_rows.sum()
    return n


def minority_rows(n: Float) -> float:
    """Return how many rows of the second largest class a mini-batch holds on average.

    Parameters
    ----------
    n : ndarray of shape (n_classes,)
        From `rows_per_batch`, two classes or more.

    Returns
    -------
    float
        Rows; below one, most mini-batches may be of one class.
    """
    return float(np.sort(n)[-2])


def capped_class_weight(class_weight: Float, class_count: Float, n: Float) -> Float:
    """Cap the weights of classes that are missing from most mini-batches.

    Parameters
    ----------
    class_weight : ndarray of shape (n_classes,)
        Weights ``c_k`` of the loss.
    class_count : ndarray of shape (n_classes,)
        Size ``N_k`` of each class, the sum of its sample weights.
    n : ndarray of shape (n_classes,)
        Rows ``n_k`` of each class in a mini-batch, from `rows_per_batch`.

    Returns
    -------
    ndarray of shape (n_classes,)
        ``min(c_k, max(n_k c_k, mean of c))``. A row counts for no more than its class
        does in a mini-batch on average, nor for less than an average row, unless its
        own weight is less. In the units of `class_weight`, and equal to it where no
        class has fewer rows than there are mini-batches.
    """
    mean = class_count @ class_weight / class_count.sum()
    capped: Float = np.minimum(class_weight, np.maximum(n * class_weight, mean))
    return capped


def norm_class_weight(
    class_weight: Float,
    class_count: Float,
    n: Float,
    *,
    cap: bool | Literal["auto"],
    power: float | Literal["auto"],
) -> Float:
    """Return the weights of the classes in the norms.

    Parameters
    ----------
    class_weight : ndarray of shape (n_classes,)
        Weights ``c_k`` of the loss.
    class_count : ndarray of shape (n_classes,)
        Size ``N_k`` of each class, the sum of its sample weights.
    n : ndarray of shape (n_classes,)
        Rows ``n_k`` of each class in a mini-batch, from `rows_per_batch`.
    cap : bool or "auto"
        Whether to cap the weights of rare classes first.
    power : float in [0, 1] or "auto"
        Power of the weights: 1 is the paper, 0 plain batch normalization.

    Returns
    -------
    ndarray of shape (n_classes,)
        Weights. ``"auto"`` leaves those of the loss where `minority_rows` are rare.
    """
    mild = minority_rows(n) >= _MILD_FROM
    cap = mild if cap == "auto" else cap
    power = (_MILD_POWER if mild else 1.0) if power == "auto" else power
    if cap:
        class_weight = capped_class_weight(class_weight, class_count, n)
    weight: Float = class_weight**power
    return weight
