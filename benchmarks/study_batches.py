"""What the mini-batches of a task hold, without any training.

======  =====================================================================
symbol  meaning
======  =====================================================================
p       weights of a mini-batch by inverse class frequency, divided by their sum
n_eff   effective number of rows of a mini-batch, ``1 / sum p^2``
======  =====================================================================
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.study_tasks import Sampler
from benchmarks.task import Labels
from sklearn_wbn import inverse_class_frequency

SIMULATED_BATCHES = 2000


class BatchRow(NamedTuple):
    """One line of the file of mini-batches: one draw of one task.

    `class_count` and the two `carried` columns hold a figure for each class. Shares are
    in percent. `without_minority` is the share of mini-batches that hold rows of the
    largest class alone, `without_smallest` of those that lack the smallest class.
    `carried_batch` and `carried_constant` say how much of the summed weight of the loss
    each class carries if the loss of a mini-batch is divided by the sum of its weights,
    or by a constant.
    """

    task: str
    draw: int
    batch_size: int
    class_count: str
    without_minority: float
    without_smallest: float
    n_eff: float
    carried_batch: str
    carried_constant: str


def batch_facts(
    sampler: Sampler, task: str, draw: int, batch_size: int
) -> list[BatchRow]:
    """Shuffle the training labels of a draw into mini-batches and look at them.

    Parameters
    ----------
    sampler : callable
        Function of the number of the draw that returns a `Draw`.
    task : str
        Name of the task.
    draw : int
        Number of the draw.
    batch_size : int
        Rows of a mini-batch.

    Returns
    -------
    list of BatchRow
        One: averages over `SIMULATED_BATCHES` mini-batches or a few more, in whole
        epochs.
    """
    y = sampler(draw).y_train
    count = np.bincount(y)
    held = rows_of_classes(y, batch_size, np.random.default_rng(draw))
    weight = inverse_class_frequency(count)
    Z = held @ weight
    minority = held.sum(axis=1) - held[:, count.argmax()]
    by_batch = (held * weight / Z[:, np.newaxis]).mean(axis=0)
    by_constant = (held * weight / held.sum(axis=1, keepdims=True)).mean(axis=0)
    row = BatchRow(
        task,
        draw,
        batch_size,
        " ".join(str(n) for n in count),
        _percent((minority == 0).mean()),
        _percent((held[:, count.argmin()] == 0).mean()),
        round(float((Z**2 / (held @ weight**2)).mean()), 3),
        _shares(by_batch),
        _shares(by_constant),
    )
    return [row]


def rows_of_classes(
    y: Labels, batch_size: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Count the rows of each class in the mini-batches of several epochs.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Labels 0 to K - 1.
    batch_size : int
        Rows of a mini-batch. As in training, the last batch is smaller, unless it had
        one row, which joins the batch before.
    rng : Generator
        Shuffles.

    Returns
    -------
    ndarray of shape (n_batches, K)
        Rows of each class in each mini-batch.
    """
    starts = np.arange(0, len(y), batch_size)
    if len(y) % batch_size == 1 and len(starts) > 1:
        starts = starts[:-1]
    one_hot = np.eye(y.max() + 1, dtype=np.int64)[y]
    epochs = -(-SIMULATED_BATCHES // len(starts))
    return np.concatenate(
        [np.add.reduceat(rng.permutation(one_hot), starts) for _ in range(epochs)]
    )


def _shares(carried: NDArray[np.float64]) -> str:
    return " ".join(f"{100 * share:.2f}" for share in carried / carried.sum())


def _percent(share: float) -> float:
    return round(100.0 * float(share), 3)
