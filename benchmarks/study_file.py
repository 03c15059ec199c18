"""The results file of the study: a training is whole with all its predictions."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmarks.store import ResultsFile
from benchmarks.study_training import StudyRow, StudyRun

BATCH_KEY = ("task", "draw")
PREDICTION = ("statistic", "adjustment")


class StudyFile(ResultsFile):
    """Rows of `benchmarks.study_training.StudyRow`.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, StudyRow, StudyRun._fields, PREDICTION)

    def is_complete(self, rows: pd.DataFrame) -> pd.Series:
        """Say for each row whether as many lines as it names are there."""
        found = rows.groupby(self.key)["task"].transform("size")
        return found == rows["predictions"].astype(int)
