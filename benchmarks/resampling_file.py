"""The two files of the resampling benchmark: scores, and reliability bins."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

from benchmarks.resampling_metrics import Bin, Metrics
from benchmarks.store import ResultsFile


class FoldRun(NamedTuple):
    """What identifies one training."""

    dataset: str
    method: str
    epochs: int
    repeat: int
    fold: int


class FoldCosts(NamedTuple):
    """What a run took, and how it ended: `error` is empty unless it failed."""

    fit_seconds: float
    predict_seconds: float
    n_train: int
    n_minority_train: int
    error: str


def _columns(*parts: type[Any]) -> list[tuple[str, type]]:
    return [field for part in parts for field in get_type_hints(part).items()]


# One line of the file of scores, and one of the file of reliability bins.
FoldRow = NamedTuple("FoldRow", _columns(FoldRun, Metrics, FoldCosts))
BinRow = NamedTuple("BinRow", _columns(FoldRun, Bin))


class ScoresFile(ResultsFile):
    """The file of scores, a row for each run.

    Parameters
    ----------
    path : Path
        The file.
    retry_errors : bool, default=False
        Whether runs that ended in an error are tried again where they are wanted.
    """

    def __init__(self, path: Path, retry_errors: bool = False) -> None:
        super().__init__(path, FoldRow, FoldRun._fields)
        self.retry_errors = retry_errors

    def prepare(self, wanted: Collection[tuple[Any, ...]]) -> int:
        """Remove what a killed run left behind, and errors that are to be tried again.

        Errors of runs that are not wanted stay: nothing would replace them.
        """
        if not self.retry_errors:
            return self.repair()
        rows = self.read()
        failed = rows.loc[rows["error"] != "", self.key]
        again = set(wanted) & set(failed.itertuples(index=False, name=None))
        return self.remove(again)


def bins_file(scores: Path) -> ResultsFile:
    """Open the file of reliability bins that lies beside a file of scores."""
    path = scores.with_name(f"{scores.stem}_calibration.csv")
    return ResultsFile(path, BinRow, FoldRun._fields, ["bin"])
