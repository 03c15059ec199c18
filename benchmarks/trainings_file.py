"""The results file of the paper's experiments: several rows for each training."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmarks.datasets import TASKS
from benchmarks.store import ResultsFile
from benchmarks.training import Row, Run


class TrainingsFile(ResultsFile):
    """Rows of `benchmarks.training.Row`; a training is whole with all its labels.

    Parameters
    ----------
    path : Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, Row, Run._fields, ["label"])

    def is_complete(self, rows: pd.DataFrame) -> pd.Series:
        """Say for each row whether all labels of its training are there."""
        found = rows.groupby(self.key)["label"].transform(
            lambda labels: "\n".join(sorted(labels))
        )
        expected = rows["dataset"].map(
            {name: "\n".join(sorted(facts.labels)) for name, facts in TASKS.items()}
        )
        # Rows of a data set that this version does not know are none of its business.
        return (found == expected) | expected.isna()
