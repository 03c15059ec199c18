"""Single documented settings side by side: what each gains, and where it loses.

No setting is best where minority rows are few and where they are many. What is gained
on one side and lost on the other is the choice that a default has to make. Means are
over the same tasks; a setting that was trained on too few of them is marked.
"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from benchmarks.study_summary import REFERENCE, REGIMES, SETTING, Setting

AUTO_STATISTIC = "auto"
# The same trainings where minority rows are few.
FEW = {"wbn-default": "wbn-constant", "wbn-default-dropout": "wbn-constant-dropout"}
METRICS = ("balanced_accuracy", "macro_f1", "average_precision")
# Settings with this share of a regime's tasks are compared, on the tasks that all of
# them have.
MOST = 0.9

CANDIDATES = {
    "the paper: batch, mean over batches": Setting("wbn-batch", "batch_mean", "0"),
    "constant, moving": Setting("wbn-constant", "moving", "0"),
    "constant, population": Setting("wbn-constant", "population", "0"),
    "constant, auto": Setting("wbn-constant", AUTO_STATISTIC, "0"),
    "our defaults": Setting("wbn-default", AUTO_STATISTIC, "0"),
    "constant, auto, tau 0.5": Setting("wbn-constant", AUTO_STATISTIC, "0.5"),
    "batch, auto, tau 0.5": Setting("wbn-batch", AUTO_STATISTIC, "0.5"),
    "constant, dropout 0.3, auto": Setting("wbn-constant-dropout", AUTO_STATISTIC, "0"),
    "constant, dropout 0.3, auto, capped": Setting(
        "wbn-constant-dropout-capped", AUTO_STATISTIC, "0"
    ),
    "our defaults, dropout 0.3": Setting("wbn-default-dropout", AUTO_STATISTIC, "0"),
    "ICF + BN, dropout 0.3": Setting("bn-dropout", "moving", "0"),
    "ICF + BN, dropout 0.3, population": Setting("bn-dropout", "population", "0"),
    "BN, balanced softmax": Setting("bn-softmax", "moving", "0"),
    "BN, no weights, tau 1": Setting("bn-plain", "moving", "1"),
    "ICF + BN, constant": Setting("bn-constant", "moving", "0"),
}


class Gains(NamedTuple):
    """What a setting gains over ICF + BN in a regime, in points.

    Parameters
    ----------
    means : tuple of float
        Mean over the tasks of the difference in each of `METRICS`.
    worse : int
        Tasks with less than ICF + BN in one of them by more than one standard error
        over redraws; a task of one redraw has none, and does not count.
    tasks : int
        Tasks that count.
    shared : bool
        Whether these are the tasks of most settings. Means over other tasks do not
        compare.
    """

    means: tuple[float, ...]
    worse: int
    tasks: int
    shared: bool


def with_auto(rows: pd.DataFrame) -> pd.DataFrame:
    """Add what our defaults and ``"auto"`` predict, which is in the rows already.

    Parameters
    ----------
    rows : DataFrame
        What `benchmarks.study_tables.complete_rows` returns.

    Returns
    -------
    DataFrame
        With more rows: of our defaults where minority rows are few, and of the
        statistic ``"auto"``.
    """
    few = rows["regime"] == "few"
    same = [rows[few & (rows["method"] == FEW[key])].assign(method=key) for key in FEW]
    rows = pd.concat([rows[~(few & rows["method"].isin(FEW))], *same])
    auto = rows[rows["statistic"] == rows["auto"]]
    return pd.concat([rows, auto.assign(statistic=AUTO_STATISTIC)], ignore_index=True)


def gains(rows: pd.DataFrame, regime: str) -> dict[str, Gains]:
    """Compare every candidate with ICF + BN, redraw by redraw.

    Parameters
    ----------
    rows : DataFrame
        What `with_auto` returns.
    regime : {"few", "many"}
        Tasks that count.

    Returns
    -------
    dict of str to Gains
        By title, without those that were not trained: over the tasks that all
        candidates with `MOST` of the tasks share; of the others over their own.
    """
    rows = rows[rows["regime"] == regime]
    base = _of(rows, REFERENCE)
    found = {
        title: (_of(rows, setting) - base).dropna()
        for title, setting in CANDIDATES.items()
    }
    found = {title: part for title, part in found.items() if not part.empty}
    tasks = {title: set(part.index.unique("task")) for title, part in found.items()}
    n_tasks = len(set().union(*tasks.values()))
    shared = [own for own in tasks.values() if len(own) >= MOST * n_tasks]
    common = set.intersection(*shared) if shared else set()
    return {
        title: _gains(part, common if tasks[title] in shared else None)
        for title, part in found.items()
    }


def _gains(difference: pd.DataFrame, common: set[str] | None) -> Gains:
    if common is not None:
        is_common = difference.index.get_level_values("task").isin(common)
        difference = difference[is_common]
    by_task = difference.groupby("task")
    mean = by_task.mean()
    worse = (mean < -by_task.sem()).any(axis=1)
    means = tuple(mean.mean())
    return Gains(means, int(worse.sum()), len(mean), shared=common is not None)


def frontier(rows: pd.DataFrame) -> dict[str, dict[str, Gains]]:
    """Compare every candidate in every regime that it was trained in.

    Parameters
    ----------
    rows : DataFrame
        What `benchmarks.study_tables.complete_rows` returns.

    Returns
    -------
    dict of str to dict
        Gains by title and regime.
    """
    rows = with_auto(rows)
    found = {regime: gains(rows, regime) for regime in REGIMES}
    return {
        title: {regime: part[title] for regime, part in found.items() if title in part}
        for title in CANDIDATES
    }


def _of(rows: pd.DataFrame, setting: Setting) -> pd.DataFrame:
    chosen = (rows[SETTING] == list(setting)).all(axis=1)
    return rows[chosen].set_index(["task", "draw"])[list(METRICS)]
