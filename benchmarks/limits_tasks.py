"""Tasks of two classes that settings are chosen on, with as many rows as asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.datasets import IMAGE_SOURCES, find_data_dir
from benchmarks.images import ImagePool, load_pool
from benchmarks.study_tasks import Sampler, draw_held_back
from benchmarks.tabular import Table, load_table, make_preprocessor, rows_to_test
from benchmarks.task import Draw, choose_rows

MAJORITIES = (1000, 4000)


class LimitTask(NamedTuple):
    """A pair of images, the first of which is made rare, or a table of two classes.

    Parameters
    ----------
    source : str
        Key of `IMAGE_SOURCES`, or name of the table.
    pair : tuple of str
        Codes of the two classes in the image set; empty for a table.
    majorities : tuple of int
        Sizes of the larger class that leave rows to test.
    """

    source: str
    pair: tuple[str, ...] = ()
    majorities: tuple[int, ...] = MAJORITIES


# Classes of the study's selection tasks, and selection tables with enough rows.
LIMIT_TASKS = {
    "scene": LimitTask("scene", majorities=(1000,)),
    "satimage": LimitTask("satimage"),
    "optical_digits": LimitTask("optical_digits"),
    "pen_digits": LimitTask("pen_digits"),
    "mnist_0_6": LimitTask("mnist", ("0", "6")),
    "mnist_5_8": LimitTask("mnist", ("5", "8")),
    "mnist_2_8": LimitTask("mnist", ("2", "8")),
    "fashion_2_6": LimitTask("fashion_mnist", ("2", "6")),
    "fashion_0_3": LimitTask("fashion_mnist", ("0", "3")),
    "fashion_4_6": LimitTask("fashion_mnist", ("4", "6")),
}


def load_limit_sampler(
    name: str, n_majority: int, n_minority: int, data_dir: Path | None
) -> Sampler:
    """Load a task.

    Parameters
    ----------
    name : str
        A key of `LIMIT_TASKS`.
    n_majority, n_minority : int
        Training rows.
    data_dir : Path or None
        Folder with the data.

    Returns
    -------
    callable
        Function of a seed that returns a `Draw`. Images to test come from the training
        part of the set, so that no test image of the paper is looked at.
    """
    task = LIMIT_TASKS[name]
    if task.pair:
        pool = _pool(task.source, task.pair, find_data_dir(data_dir))
        return partial(draw_held_back, pool=pool, counts=(n_minority, n_majority))
    table = _table(task.source, data_dir)
    return partial(draw_cut, table=table, n_majority=n_majority, n_minority=n_minority)


def draw_cut(seed: int, *, table: Table, n_majority: int, n_minority: int) -> Draw:
    """Draw rows of a table for training; those that equal none of them are the test."""
    rare = int(table.class_count.argmin())
    counts = [n_majority, n_majority]
    counts[rare] = n_minority
    rows = np.sort(choose_rows(table.y, tuple(counts), seed))
    rest = rows_to_test(table, rows)
    scale = make_preprocessor(table).fit(table.X[rows])
    X_train, X_test = (
        scale.transform(table.X[part]).astype(np.float32) for part in (rows, rest)
    )
    return Draw(X_train, table.y[rows], X_test, table.y[rest])


@lru_cache
def _pool(source: str, pair: tuple[str, ...], data_dir: Path | None) -> ImagePool:
    codes = {code: code for code in pair}
    return load_pool(replace(IMAGE_SOURCES[source], codes=codes), data_dir)


@lru_cache
def _table(name: str, data_dir: Path | None) -> Table:
    return load_table(name, data_dir)
