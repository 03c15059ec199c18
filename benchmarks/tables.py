"""Tables of accuracies for the terminal: mean over the draws with standard error."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
from rich.table import Table

from benchmarks.console import BESIDE, make_table
from benchmarks.datasets import TASKS
from benchmarks.methods import METHODS
from benchmarks.published import published_accuracy
from benchmarks.task import TaskFacts


def shown_path(path: Path) -> str:
    """Return a path as seen from the working folder, where it lies inside."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def summarize(rows: pd.DataFrame) -> pd.DataFrame:
    """Average over draws.

    Parameters
    ----------
    rows : DataFrame
        Columns of `benchmarks.training.Row`, of one number of epochs.

    Returns
    -------
    DataFrame
        Columns ``mean``, ``sem`` (standard error of the mean; NaN for one draw) and
        ``count``, indexed by data set, method and label.
    """
    groups = rows.groupby(["dataset", "method", "label"])["accuracy"]
    return groups.agg(["mean", "sem", "count"])


def accuracy_table(
    summary: pd.DataFrame, dataset: str, epochs: int, before_error: str = BESIDE
) -> Table:
    """Make the table of one data set: a line for each method.

    Parameters
    ----------
    summary : DataFrame
        What `summarize` returns.
    dataset : str
        A key of `TASKS`.
    epochs : int
        Length of the trainings.
    before_error : str
        What stands between a figure and its error.

    Returns
    -------
    Table
        Mean and standard error in percent.
    """
    facts = TASKS[dataset]
    table = _new_table(facts, epochs, "mean ± standard error")
    for method in _methods_in(summary, dataset):
        cells = [
            _with_error(summary.loc[(dataset, method, label)]) for label in facts.labels
        ]
        cells = [cell.replace(BESIDE, before_error) for cell in cells]
        table.add_row(METHODS[method].title, *cells, _draws(summary, dataset, method))
    return table


def comparison_table(
    summary: pd.DataFrame, dataset: str, epochs: int, before_error: str = BESIDE
) -> Table:
    """Make the table of one data set: ours, the paper's figures, the differences.

    Parameters
    ----------
    summary : DataFrame
        What `summarize` returns.
    dataset : str
        A key of `TASKS`.
    epochs : int
        Length of the trainings.
    before_error : str
        What stands between a figure and its error.

    Returns
    -------
    Table
        Figures in percent, differences in percentage points.
    """
    facts = TASKS[dataset]
    table = _new_table(facts, epochs, "ours ± standard error, the paper's, difference")
    for method in _methods_in(summary, dataset):
        cells = [_compared(summary, dataset, method, label) for label in facts.labels]
        cells = [cell.replace(BESIDE, before_error) for cell in cells]
        table.add_row(METHODS[method].title, *cells, _draws(summary, dataset, method))
        table.add_section()
    return table


def _new_table(facts: TaskFacts, epochs: int, shown: str) -> Table:
    counts = ", ".join(
        f"{name}: {count}"
        for name, count in zip(facts.class_names, facts.training_counts, strict=True)
    )
    table = make_table(
        f"{facts.title} (training rows {counts})",
        f"Test accuracy in percent after {epochs} epochs: {shown}",
    )
    table.add_column("method")
    for label in facts.labels:
        table.add_column(label, justify="right")
    table.add_column("draws", justify="right")
    return table


def _methods_in(summary: pd.DataFrame, dataset: str) -> Iterable[str]:
    found = set(summary.loc[dataset].index.get_level_values("method"))
    return [method for method in METHODS if method in found]


def _draws(summary: pd.DataFrame, dataset: str, method: str) -> str:
    return str(int(summary.loc[(dataset, method, "overall"), "count"]))


def _with_error(cell: pd.Series) -> str:
    if math.isnan(cell["sem"]):
        return f"{cell['mean']:.1f}"
    return f"{cell['mean']:.1f}{BESIDE}{cell['sem']:.1f}"


def _compared(summary: pd.DataFrame, dataset: str, method: str, label: str) -> str:
    cell = summary.loc[(dataset, method, label)]
    printed = published_accuracy(dataset, method, label)
    if printed is None:
        return _with_error(cell)
    # Adding zero turns a rounded -0.0 into 0.0.
    difference = round(cell["mean"] - printed, 1) + 0.0
    return f"{_with_error(cell)}\n{printed:.1f}\n{difference:+.1f}"
