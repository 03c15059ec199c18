"""Averages of the study: over redraws, and over the tasks of a regime.

Two regimes differ most: where a mini-batch holds on average less than one row of each
minority class, and where it holds more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.predictions import NONE, STATISTICS
from benchmarks.study_methods import STUDY_METHODS
from benchmarks.study_tasks import STUDY_TASKS

METRICS = (
    *("balanced_accuracy", "macro_f1", "average_precision", "auc"),
    "log_loss",
)
SETTING = ["method", "statistic", "adjustment"]
REGIMES = {
    "few": "few minority rows: less than one of each class in a mini-batch",
    "many": "many minority rows: one of some class, or more, in a mini-batch",
}
# Rows of the largest minority class in a mini-batch, on average.
FEW_BELOW = 1.0
# From so many on, `inference_statistics="auto"` means statistics with class weights.
WEIGHTED_FROM = 4.0


class Setting(NamedTuple):
    """What predicts: a training, a statistic for inference, a logit adjustment."""

    method: str
    statistic: str
    adjustment: str


# The usual remedy without the paper: class weights, plain batch normalization.
REFERENCE = Setting("bn-batch", "moving", "0")
PAPER = Setting("wbn-batch", "batch_mean", "0")


def minority_rows(batches: pd.DataFrame) -> pd.Series:
    """Return for each task the rows of its second largest class in a mini-batch.

    Parameters
    ----------
    batches : DataFrame
        Columns of `benchmarks.study_batches.BatchRow`.

    Returns
    -------
    Series
        ``batch_size * N_k / N``, mean over the redraws, indexed by task.
    """
    share = batches["class_count"].map(_share_of_second).astype(float)
    return (batches["batch_size"] * share).groupby(batches["task"]).mean()


def _share_of_second(class_count: str) -> float:
    rows = sorted(map(int, class_count.split()))
    return rows[-2] / sum(rows)


def regime_of_tasks(batches: pd.DataFrame) -> pd.Series:
    """Return ``"few"`` or ``"many"`` for each task.

    Parameters
    ----------
    batches : DataFrame
        Columns of `benchmarks.study_batches.BatchRow`.

    Returns
    -------
    Series
        Regimes, indexed by task.
    """
    rows = minority_rows(batches)
    return pd.Series(np.where(rows < FEW_BELOW, "few", "many"), rows.index)


def auto_of_tasks(batches: pd.DataFrame) -> pd.Series:
    """Return what ``inference_statistics="auto"`` means for each task.

    Parameters
    ----------
    batches : DataFrame
        Columns of `benchmarks.study_batches.BatchRow`.

    Returns
    -------
    Series
        ``"population"`` or ``"weighted_population"``, indexed by task.
    """
    rows = minority_rows(batches)
    names = np.where(rows < WEIGHTED_FROM, "population", "weighted_population")
    return pd.Series(names, rows.index)


def with_role_and_regime(rows: pd.DataFrame, batches: pd.DataFrame) -> pd.DataFrame:
    """Add the columns `role`, `regime` and `auto`; leave out what is not known here.

    Parameters
    ----------
    rows : DataFrame
        Columns of `benchmarks.study_training.StudyRow`.
    batches : DataFrame
        Columns of `benchmarks.study_batches.BatchRow`.

    Returns
    -------
    DataFrame
        A copy.
    """
    known = rows["task"].isin(STUDY_TASKS) & rows["method"].isin(STUDY_METHODS)
    roles = {name: task.role for name, task in STUDY_TASKS.items()}
    rows = rows[known]
    return rows.assign(
        role=rows["task"].map(roles),
        regime=rows["task"].map(regime_of_tasks(batches)),
        auto=rows["task"].map(auto_of_tasks(batches)),
    )


def average(rows: pd.DataFrame, reference: Setting = REFERENCE) -> pd.DataFrame:
    """Average each setting over redraws, then over tasks.

    Parameters
    ----------
    rows : DataFrame
        Columns of `benchmarks.study_training.StudyRow`, tasks of one regime.
    reference : Setting, default=REFERENCE
        What every setting is compared with, on the redraws that both have.

    Returns
    -------
    DataFrame
        Indexed by setting, in our order. For each metric its mean over the tasks, the
        standard error over redraws (``_sem``; NaN unless every task has two), the mean
        difference to the reference (``_gain``) with its own (``_gain_sem``), and the
        number of tasks (``tasks``).
    """
    values = rows.set_index([*SETTING, "task", "draw"])[list(METRICS)].sort_index()
    base = values.loc[reference] if reference in _settings(values) else None
    columns: dict[str, pd.Series] = {}
    for metric in METRICS:
        mean, sem = _over_tasks(values[metric])
        columns |= {metric: mean, f"{metric}_sem": sem}
        if base is not None:
            gain = (
                values[metric]
                - base[metric].reindex(values.index.droplevel(SETTING)).to_numpy()
            )
            mean, sem = _over_tasks(gain.dropna())
            columns |= {f"{metric}_gain": mean, f"{metric}_gain_sem": sem}
    tasks = values.reset_index().groupby(SETTING)["task"].nunique()
    table = pd.DataFrame(columns | {"tasks": tasks})
    return table.loc[sorted(table.index, key=_order)]


def covering(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the settings that have all tasks: means over other tasks do not compare."""
    return table[table["tasks"] == table["tasks"].max()]


def _settings(values: pd.DataFrame) -> set[tuple[str, ...]]:
    return set(values.index.droplevel(["task", "draw"]))


def _over_tasks(values: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return mean over tasks, and the standard error that the redraws give it."""
    by_task = values.groupby([*SETTING, "task"])
    means = by_task.mean().groupby(SETTING)
    squares = (by_task.sem() ** 2).groupby(SETTING)
    sem = np.sqrt(squares.sum(min_count=1)) / squares.size()
    # A task of one redraw would count as one without error.
    return means.mean(), sem.where(squares.count() == squares.size())


def _order(setting: tuple[str, str, str]) -> tuple[int, int, float]:
    method, statistic, adjustment = setting
    strengths = {"auto": 99.0}
    return (
        list(STUDY_METHODS).index(method),
        [NONE, *STATISTICS].index(statistic),
        strengths[adjustment] if adjustment in strengths else float(adjustment),
    )
