"""What first trials suggested: comparisons that the study confirms or refutes."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from benchmarks.predictions import NONE
from benchmarks.study_frontier import AUTO_STATISTIC
from benchmarks.study_summary import PAPER, REFERENCE, SETTING, Setting

MORE, SAME = "more", "same"
# Points of difference that count as the same.
TOLERANCE = 2.0


class Claim(NamedTuple):
    """A statement about two settings on the tasks of a regime.

    Parameters
    ----------
    text : str
        The statement.
    regime : {"few", "many"}
        Where it should hold.
    metric : str
        Column of `benchmarks.study_training.StudyRow`.
    left, right : Setting
        What is compared.
    expected : {"more", "same"}
        Whether left should have more than right, or about as much.
    """

    text: str
    regime: str
    metric: str
    left: Setting
    right: Setting
    expected: str = MORE


class Finding(NamedTuple):
    """What the results say of a claim.

    Parameters
    ----------
    mean, sem : float
        Difference left less right in points: mean over tasks, standard error over
        tasks (not over redraws: the claim is about tasks).
    ahead, tasks : int
        Tasks on which left has more, and all tasks.
    verdict : {"confirmed", "refuted", "undecided", "no data"}
        Two standard errors decide.
    """

    mean: float
    sem: float
    ahead: int
    tasks: int
    verdict: str


def _wbn(statistic: str, tau: str = "0", loss: str = "batch") -> Setting:
    return Setting(f"wbn-{loss}", statistic, tau)


def _idea(method: str) -> Setting:
    return Setting(method, PAPER.statistic, PAPER.adjustment)


NO_NORM = Setting("none-batch", NONE, "0")
BN_DROPOUT = Setting("bn-dropout", "population", "0")
WBN_DROPOUT = Setting("wbn-default-dropout", AUTO_STATISTIC, "0")
WITH_NORM = {
    "BN with the same weights": REFERENCE,
    "the paper's WBN": PAPER,
    "our defaults": Setting("wbn-default", AUTO_STATISTIC, "0"),
    "our defaults with dropout": WBN_DROPOUT,
}


def _without_norm(metric: str, title: str) -> list[Claim]:
    return [
        Claim(
            f"The same network without a norm has more {title} than {name}",
            *("many", metric, NO_NORM, setting),
        )
        for name, setting in WITH_NORM.items()
    ]


CLAIMS = (
    Claim(
        "Unweighted population statistics give WBN more balanced accuracy",
        *("few", "balanced_accuracy", _wbn("population"), PAPER),
    ),
    Claim(
        "Where most batches hold minority rows they cost macro F1",
        *("many", "macro_f1", PAPER, _wbn("population")),
    ),
    Claim(
        "Weighted population statistics give less than the paper's mean",
        *("few", "balanced_accuracy", PAPER, _wbn("weighted_population")),
    ),
    Claim(
        "The moving average gives about the same as the mean",
        *("few", "balanced_accuracy", _wbn("moving"), PAPER, SAME),
    ),
    Claim(
        "The moving average gives about the same as the mean",
        *("many", "balanced_accuracy", _wbn("moving"), PAPER, SAME),
    ),
    Claim(
        "WBN ranks better than BN with the same weights",
        *("few", "auc", PAPER, REFERENCE),
    ),
    Claim(
        "WBN ranks better than BN with the same weights",
        *("many", "average_precision", PAPER, REFERENCE),
    ),
    Claim(
        "WBN ranks better than the same network without a norm",
        *("few", "auc", PAPER, NO_NORM),
    ),
    Claim(
        "Weights alone improve the ranking of BN",
        *("few", "auc", REFERENCE, Setting("bn-plain", "moving", "0")),
    ),
    Claim(
        "BN with the same weights has more balanced accuracy than WBN",
        *("many", "balanced_accuracy", REFERENCE, PAPER),
    ),
    Claim(
        "Logit adjustment adds balanced accuracy to WBN",
        *("few", "balanced_accuracy", _wbn("batch_mean", "1"), PAPER),
    ),
    Claim(
        "Logit adjustment of half the strength adds balanced accuracy to WBN",
        *("many", "balanced_accuracy", _wbn("batch_mean", "0.5"), PAPER),
    ),
    Claim(
        "and costs macro F1",
        *("many", "macro_f1", PAPER, _wbn("batch_mean", "0.5")),
    ),
    Claim(
        "On top of population statistics and the constant loss it overshoots",
        "few",
        "balanced_accuracy",
        _wbn("population", "0", "constant"),
        _wbn("population", "1", "constant"),
    ),
    Claim(
        "With population statistics the constant loss is better",
        "few",
        "balanced_accuracy",
        _wbn("population", "0", "constant"),
        _wbn("population"),
    ),
    Claim(
        "The constant loss gives WBN more balanced accuracy",
        *("many", "balanced_accuracy", _wbn("batch_mean", "0", "constant"), PAPER),
    ),
    Claim(
        "Dropout gives WBN more average precision",
        "many",
        "average_precision",
        _idea("wbn-dropout"),
        PAPER,
    ),
    Claim(
        "The mean of five seeds has more average precision",
        "many",
        "average_precision",
        _idea("wbn-seeds"),
        PAPER,
    ),
    Claim(
        "Classes spread evenly over the mini-batches cost WBN balanced accuracy",
        *("few", "balanced_accuracy", PAPER, _idea("wbn-spread")),
    ),
    Claim(
        "Mini-batches of 512 give WBN more balanced accuracy",
        *("many", "balanced_accuracy", _idea("wbn-512"), PAPER),
    ),
    Claim(
        "20 epochs instead of 60 give WBN more balanced accuracy",
        *("many", "balanced_accuracy", _idea("wbn-20"), PAPER),
    ),
    Claim(
        "ReLU in place of tanh costs balanced accuracy",
        *("many", "balanced_accuracy", PAPER, _idea("wbn-relu")),
    ),
    Claim(
        "Square roots of the weights cost balanced accuracy",
        "many",
        "balanced_accuracy",
        PAPER,
        _idea("wbn-power0.5"),
    ),
    Claim(
        "and add macro F1",
        "many",
        "macro_f1",
        _idea("wbn-power0.5"),
        PAPER,
    ),
    Claim(
        "Shrunk batch statistics change balanced accuracy little",
        *("many", "balanced_accuracy", _idea("wbn-shrunk"), PAPER, SAME),
    ),
    Claim(
        "AdamW with one cycle gives WBN more balanced accuracy",
        *("many", "balanced_accuracy", _idea("wbn-one-cycle"), PAPER),
    ),
    Claim(
        "The constant loss, dropout and five seeds together give it more, too",
        *("many", "balanced_accuracy", _idea("wbn-constant-dropout-seeds"), PAPER),
    ),
    # Asked after the figures had been seen.
    Claim(
        "With dropout, BN has about the balanced accuracy of our defaults",
        *("many", "balanced_accuracy", BN_DROPOUT, WBN_DROPOUT, SAME),
    ),
    Claim("and more macro F1", "many", "macro_f1", BN_DROPOUT, WBN_DROPOUT),
    *_without_norm("balanced_accuracy", "balanced accuracy"),
    *_without_norm("auc", "ROC AUC"),
)


def check(claim: Claim, rows: pd.DataFrame) -> Finding:
    """Compare the two settings of a claim, task by task.

    Parameters
    ----------
    claim : Claim
        What to check.
    rows : DataFrame
        What `benchmarks.study_frontier.with_auto` returns, for one role or both.

    Returns
    -------
    Finding
        The difference and what it decides.
    """
    rows = rows[rows["regime"] == claim.regime]
    difference = _of(rows, claim.left, claim.metric) - _of(
        rows, claim.right, claim.metric
    )
    by_task = difference.dropna().groupby("task").mean()
    mean, sem = float(by_task.mean()), float(by_task.sem())
    ahead, n_tasks = int((by_task > 0).sum()), len(by_task)
    return Finding(mean, sem, ahead, n_tasks, _verdict(claim, mean, sem))


def _of(rows: pd.DataFrame, setting: Setting, metric: str) -> pd.Series:
    chosen = (rows[SETTING] == list(setting)).all(axis=1)
    return rows[chosen].set_index(["task", "draw"])[metric]


def _verdict(claim: Claim, mean: float, sem: float) -> str:
    if pd.isna(mean):
        return "no data"
    if pd.isna(sem):
        return "undecided"
    if claim.expected == SAME:
        if abs(mean) + 2 * sem <= TOLERANCE:
            return "confirmed"
        return "refuted" if abs(mean) - 2 * sem > TOLERANCE else "undecided"
    if abs(mean) <= 2 * sem:
        return "undecided"
    return "confirmed" if mean > 0 else "refuted"
