"""Tasks with a fixed majority and as many minority rows as are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from benchmarks.datasets import IMAGE_SOURCES, find_data_dir
from benchmarks.errors import BenchmarkError
from benchmarks.images import ImagePool, draw_images, load_pool
from benchmarks.tabular import Table, load_table, make_preprocessor, rows_to_test
from benchmarks.task import Draw

N_MAJORITY, MAX_MINORITY = 1000, 50
# The digits of the paper's MNIST task; its majority class is 9.
IMAGE_PAIRS = {"mnist_4_9": ("4", "9"), "mnist_7_9": ("7", "9")}
# Tables of two classes with at least 100 minority rows, so that some are left to test.
TABLES = ("us_crime", "sick_euthyroid", "abalone", "wine_quality")


@dataclass(frozen=True)
class FewRowsTask:
    """A task of two classes.

    Parameters
    ----------
    name : str
        Name on the command line.
    sampler : callable
        Function of the number of minority rows and of a seed that returns a `Draw`.
        With one seed, a larger number keeps the rows of a smaller one.
    preprocessor : estimator or "passthrough"
        What comes before every method.
    """

    name: str
    sampler: Callable[[int, int], Draw]
    preprocessor: BaseEstimator | str


def load_few_rows_task(name: str, data_dir: str | Path | None = None) -> FewRowsTask:
    """Load a pair of digits, or a table.

    Parameters
    ----------
    name : str
        A key of `IMAGE_PAIRS`, or the name of a table of two classes.
    data_dir : path-like, optional
        As in `benchmarks.tabular.load_table`.

    Returns
    -------
    FewRowsTask
        The task.
    """
    if name in IMAGE_PAIRS:
        codes = {digit: digit for digit in IMAGE_PAIRS[name]}
        source = replace(IMAGE_SOURCES["mnist"], codes=codes)
        pool = load_pool(source, find_data_dir(data_dir))
        # Pixels are divided by 255, as in the paper, and not standardized.
        return FewRowsTask(name, partial(draw_pair, pool=pool), "passthrough")
    table = load_table(name, data_dir)
    _check_size(table)
    return FewRowsTask(name, partial(draw_table, table=table), make_preprocessor(table))


def draw_pair(n_minority: int, seed: int, *, pool: ImagePool) -> Draw:
    """Draw images for training; the official test images are the test."""
    rows = _nested_rows(pool.y_train, n_minority, seed, rare=0)
    drawn = pool._replace(X_train=pool.X_train[rows], y_train=pool.y_train[rows])
    return draw_images(seed, pool=drawn, counts=(n_minority, N_MAJORITY))


def draw_table(n_minority: int, seed: int, *, table: Table) -> Draw:
    """Draw rows for training; those that equal none of them are the test."""
    rare = int(table.class_count.argmin())
    rows = _nested_rows(table.y, n_minority, seed, rare)
    rest = rows_to_test(table, rows)
    return Draw(table.X[rows], table.y[rows], table.X[rest], table.y[rest])


def _check_size(table: Table) -> None:
    counts = table.class_count
    if len(counts) != 2 or counts.min() <= MAX_MINORITY or counts.max() <= N_MAJORITY:
        raise BenchmarkError(
            f"{table.name} has classes of {counts.tolist()} rows; this benchmark needs "
            f"two, of more than {MAX_MINORITY} and more than {N_MAJORITY} rows."
        )


def _nested_rows(
    y: NDArray[np.int64], n_minority: int, seed: int, rare: int
) -> NDArray[np.intp]:
    order = np.random.default_rng(seed).permutation(len(y))
    is_rare = y[order] == rare
    rows = np.concatenate([order[is_rare][:n_minority], order[~is_rare][:N_MAJORITY]])
    return np.sort(rows)
