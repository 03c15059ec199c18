"""Classes with fewer rows than there are mini-batches: their weight in the norms.

Where one of their rows comes into a mini-batch, a loss weighted by class wants it to
count for many mini-batches at once. A mean and a variance cannot: they would be that
row's own, and say nothing of the others. The paper leaves this case as it is.

======  =====================================================================
symbol  meaning
======  =====================================================================
c_k     weight of a row of class k in the loss
n_k     rows of class k that a mini-batch holds on average (`rows_per_batch`)
======  =====================================================================
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


def rows_per_batch(class_rows: NDArray[np.integer[Any]], batch_size: int) -> Float:
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


def holds_minority(n: Float) -> bool:
    """Tell whether a mini-batch holds on average a row of some class but the largest.

    Parameters
    ----------
    n : ndarray of shape (n_classes,)
        From `rows_per_batch`, two classes or more.

    Returns
    -------
    bool
        If not, most mini-batches are of one class.
    """
    return bool(np.sort(n)[-2] >= 1)


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
