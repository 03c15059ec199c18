"""Tables of the study for the terminal."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

import pandas as pd
from rich.table import Table

from benchmarks.console import BELOW, BESIDE, make_console, make_table, print_table
from benchmarks.errors import BenchmarkError
from benchmarks.store import ResultsFile
from benchmarks.study_methods import STUDY_METHODS
from benchmarks.study_summary import (
    METRICS,
    REFERENCE,
    REGIMES,
    SETTING,
    average,
    covering,
    with_role_and_regime,
)
from benchmarks.study_tasks import ROLES, STUDY_TASKS
from benchmarks.tables import shown_path

# As narrow as the figures below them.
HEADINGS = (
    *("bal.\nacc.", "macro\nF1", "av.\nprec.", "ROC\nAUC"),
    *("tau\n0.5", "tau\n1", "gain"),
)
ADJUSTED = ("0.5", "1")


def print_tables(
    results: ResultsFile,
    batches: ResultsFile,
    tasks: Collection[str],
    methods: Collection[str] | None,
    epochs: int | None,
) -> None:
    """Print the tables of a results file: one for each role and regime.

    Parameters
    ----------
    results, batches : ResultsFile
        The files of trainings and of mini-batches.
    tasks : collection of str
        Tasks to show.
    methods : collection of str or None
        Trainings to show, beside the reference of the gains; None shows all.
    epochs : int or None
        Only trainings of this length count; None means the usual one of each task.

    Raises
    ------
    BenchmarkError
        Where the file holds nothing to show.
    """
    rows = complete_rows(results.read(), batches.read(), epochs)
    rows = _chosen(rows, tasks, methods)
    if rows.empty:
        raise BenchmarkError(
            f"{results.path} holds no complete training to show. --tasks, --role, "
            "--methods and --epochs choose what is shown."
        )
    console = make_console()
    for role in ROLES:
        for regime in REGIMES:
            part = rows[(rows["role"] == role) & (rows["regime"] == regime)]
            if not part.empty:
                title = f"{role}: {REGIMES[regime]}"
                forms = (summary_table(part, title, e) for e in (BESIDE, BELOW))
                print_table(console, *forms)
    console.print(f"From {shown_path(results.path)}", highlight=False, soft_wrap=True)


def complete_rows(
    rows: pd.DataFrame, batches: pd.DataFrame, epochs: int | None = None
) -> pd.DataFrame:
    """Return the rows that count, with their role and regime.

    Parameters
    ----------
    rows, batches : DataFrame
        What the two files hold.
    epochs : int, optional
        Length of the trainings; by default the usual one of each task.

    Returns
    -------
    DataFrame
        Columns of `benchmarks.study_training.StudyRow`, `role` and `regime`.
    """
    rows = with_role_and_regime(rows, batches)
    usual = rows["task"].map({name: task.epochs for name, task in STUDY_TASKS.items()})
    return rows[rows["epochs"] == (usual if epochs is None else epochs)]


def summary_table(rows: pd.DataFrame, title: str, before_error: str = BESIDE) -> Table:
    """Make the table of one regime: a line for each setting.

    Parameters
    ----------
    rows : DataFrame
        What `complete_rows` returns, for some tasks.
    title : str
        Title.
    before_error : str
        What stands between a figure and its error.

    Returns
    -------
    Table
        Means over tasks, with standard errors over redraws.
    """
    names = [name for name in STUDY_TASKS if name in set(rows["task"])]
    reference = f"{STUDY_METHODS[REFERENCE.method].title}, {REFERENCE.statistic}"
    table = make_table(
        title,
        f"Percent, mean over tasks ({', '.join(names)}) ± standard error over redraws. "
        "Tau: balanced accuracy with logit adjustment. Gain: in balanced accuracy over "
        f"{reference}. Settings that lack a task are left out.",
    )
    table.add_column("training, statistic")
    for heading in HEADINGS:
        table.add_column(heading, justify="right")
    for setting, *figures in lines(covering(average(rows))):
        table.add_row(
            setting, *(cell.replace(BESIDE, before_error) for cell in figures)
        )
    return table


def lines(averages: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each training and statistic.

    Parameters
    ----------
    averages : DataFrame
        What `benchmarks.study_summary.average` returns.

    Yields
    ------
    tuple of str
        Setting, and a cell for each of `HEADINGS`. Figures are those without logit
        adjustment, or with the one that was chosen on inner folds.
    """
    for (method, statistic), part in averages.groupby(SETTING[:2], sort=False):
        by_tau = part.droplevel(SETTING[:2])
        own = by_tau.iloc[0]
        figures = [_cell(own, name) for name in METRICS[:4]]
        adjusted = [
            _cell(by_tau.loc[tau], "balanced_accuracy") if tau in by_tau.index else ""
            for tau in ADJUSTED
        ]
        gain = _cell(own, "balanced_accuracy_gain", "+")
        setting = f"{STUDY_METHODS[method].title}, {statistic}"
        yield setting, *figures, *adjusted, gain


def _chosen(
    rows: pd.DataFrame, tasks: Collection[str], methods: Collection[str] | None
) -> pd.DataFrame:
    rows = rows[rows["task"].isin(tasks)]
    if methods is None:
        return rows
    chosen = rows["method"].isin(methods)
    # The reference stays, for the gains of the others.
    tried = rows["task"].isin(rows.loc[chosen, "task"])
    return rows[chosen | (tried & (rows["method"] == REFERENCE.method))]


def _cell(cells: pd.Series, name: str, sign: str = "") -> str:
    return with_error(
        cells.get(name, math.nan), cells.get(f"{name}_sem", math.nan), sign=sign
    )


def with_error(mean: float, sem: float, digits: int = 1, sign: str = "") -> str:
    """Write a mean and, where it has one, its standard error."""
    if math.isnan(mean):
        return ""
    # Adding zero turns a rounded -0.0 into 0.0.
    text = f"{round(mean, digits) + 0.0:{sign}.{digits}f}"
    return text if math.isnan(sem) else f"{text} ± {sem:.{digits}f}"
