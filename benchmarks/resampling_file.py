"""The two files of the resampling benchmark: scores, and reliability bins."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from benchmarks.store import ResultsFile


class FoldRun(NamedTuple):
    """What identifies one training."""

    dataset: str
    method: str
    epochs: int
    repeat: int
    fold: int


class FoldRow(NamedTuple):
    """One line of the file of scores: the run, `Metrics`, times, sizes, the error."""

    dataset: str
    method: str
    epochs: int
    repeat: int
    fold: int
    balanced_accuracy: float
    g_mean: float
    macro_f1: float
    average_precision: float
    roc_auc: float
    mcc: float
    minority_recall: float
    minority_precision: float
    brier: float
    log_loss: float
    fit_seconds: float
    predict_seconds: float
    n_train: int
    n_minority_train: int
    error: str


class BinRow(NamedTuple):
    """One line of the file of reliability bins: the run and a `Bin`."""

    dataset: str
    method: str
    epochs: int
    repeat: int
    fold: int
    bin: int
    rows: int
    probability: float
    minority_rows: int


class ScoresFile(ResultsFile):
    """The file of scores, a row for each run.

    Parameters
    ----------
    path : Path
        The file.
    retry_errors : bool, default=False
        Whether a run that ended in an error counts as not done.
    """

    def __init__(self, path: Path, retry_errors: bool = False) -> None:
        super().__init__(path, FoldRow, FoldRun._fields)
        self.retry_errors = retry_errors

    def is_complete(self, rows: pd.DataFrame) -> pd.Series:
        """Say for each row whether its run counts as done."""
        return (rows["error"] == "") | (not self.retry_errors)


def bins_file(scores: Path) -> ResultsFile:
    """Open the file of reliability bins that lies beside a file of scores."""
    path = scores.with_name(f"{scores.stem}_calibration.csv")
    return ResultsFile(path, BinRow, FoldRun._fields, ["bin"])
