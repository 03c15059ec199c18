"""An imbalanced task whose training rows are redrawn for every repetition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
from imblearn.datasets import make_imbalance
from numpy.typing import NDArray

Features = NDArray[np.float32]
Labels = NDArray[np.int64]


class Draw(NamedTuple):
    """One draw: float32 features, and labels that index the task's class names."""

    X_train: Features
    y_train: Labels
    X_test: Features
    y_test: Labels


@dataclass(frozen=True)
class TaskFacts:
    """What is known of a task without its data.

    Parameters
    ----------
    name : str
        Name on the command line.
    title : str
        Name in tables and pictures.
    class_names : tuple of str
        Names in the order of the labels 0, 1, ...
    training_counts : tuple of int
        Training rows of each class.
    batch_size : int
        Rows of a mini-batch.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    training_counts: tuple[int, ...]
    batch_size: int

    @property
    def labels(self) -> tuple[str, ...]:
        """The `label` values of one training in a results file, in order."""
        return (*self.class_names, "overall", "macro")

    def with_sampler(self, sampler: Callable[[int], Draw]) -> ImbalancedTask:
        """Return the task that draws its rows through `sampler`."""
        return ImbalancedTask(**asdict(self), sampler=sampler)


@dataclass(frozen=True)
class ImbalancedTask(TaskFacts):
    """A task with its data.

    Parameters
    ----------
    sampler : callable
        Function of a seed that returns a `Draw`. It is sent to worker processes, so it
        must pickle.
    """

    sampler: Callable[[int], Draw]

    def draw(self, seed: int) -> Draw:
        """Draw training rows; the same seed gives the same rows, whatever the method.

        Parameters
        ----------
        seed : int
            Number of the draw.

        Returns
        -------
        Draw
            ``X_train, y_train, X_test, y_test``.
        """
        return self.sampler(seed)


def choose_rows(y: Labels, counts: tuple[int, ...], seed: int) -> NDArray[np.intp]:
    """Choose ``counts[k]`` rows of each class k at random, without replacement.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels 0, 1, ..., K - 1.
    counts : tuple of K ints
        Rows wanted of each class.
    seed : int
        Seed of the choice.

    Returns
    -------
    ndarray of shape (sum(counts),)
        Row numbers.
    """
    rows = np.arange(len(y)).reshape(-1, 1)
    chosen, _ = make_imbalance(
        rows, y, sampling_strategy=dict(enumerate(counts)), random_state=seed
    )
    return np.asarray(chosen, dtype=np.intp).ravel()
