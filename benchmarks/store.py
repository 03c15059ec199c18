"""A results file that survives a kill at any moment.

The rows of one training are appended by one write, in a fixed order that ends with
``macro``. What a kill can leave behind is thus a prefix of the last training, which the
next run throws away.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from benchmarks.datasets import TASKS
from benchmarks.errors import BenchmarkError
from benchmarks.training import Row, Run

KEY = list(Run._fields)
DTYPES = {
    "dataset": "str",
    "method": "str",
    "draw": "int64",
    "epochs": "int64",
    "label": "str",
    "accuracy": "float64",
    "seconds": "float64",
}


class ResultsFile:
    """A CSV file with the columns of `Row`.

    Parameters
    ----------
    path : Path
        The file; it and its folder are made with the first row. Only one command may
        write to it at a time.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> pd.DataFrame:
        """Return the rows of all complete trainings."""
        return self._complete_rows().astype(DTYPES)

    def finished(self) -> set[Run]:
        """Return the trainings that need not be done again."""
        runs = self.read()[KEY].drop_duplicates()
        return {Run(*values) for values in runs.itertuples(index=False, name=None)}

    def repair(self) -> int:
        """Remove what a killed run left behind, if anything.

        Returns
        -------
        int
            Number of lines that were removed.
        """
        if not self.path.exists():
            return 0
        before = self.path.read_text(encoding="utf-8")
        after = self._complete_rows().to_csv(index=False, lineterminator="\n")
        if after != before:
            # A kill during the repair must not lose the file: replace it in one step.
            draft = self.path.with_name(f"{self.path.name}.repair")
            draft.write_text(after, encoding="utf-8", newline="")
            draft.replace(self.path)
        return len(before.splitlines()) - len(after.splitlines())

    def append(self, rows: Sequence[Row]) -> None:
        """Write the rows of one training and flush them to the disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        if not self.path.exists() or self.path.stat().st_size == 0:
            writer.writerow(Row._fields)
        writer.writerows(rows)
        with self.path.open("ab") as file:
            file.write(text.getvalue().encode())
            file.flush()
            os.fsync(file.fileno())

    def _complete_rows(self) -> pd.DataFrame:
        """Return complete trainings as text, so that a repair changes no figure."""
        rows = self._whole_lines().drop_duplicates([*KEY, "label"])
        if rows.empty:
            return rows
        found = rows.groupby(KEY)["label"].transform(
            lambda labels: "\n".join(sorted(labels))
        )
        expected = rows["dataset"].map(
            {name: "\n".join(sorted(facts.labels)) for name, facts in TASKS.items()}
        )
        # Rows of a data set that this version does not know are none of its business.
        return rows[(found == expected) | expected.isna()]

    def _whole_lines(self) -> pd.DataFrame:
        text = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        if not whole:
            return pd.DataFrame(columns=list(Row._fields), dtype=str)
        header = whole.splitlines()[0].split(",")
        if header != list(Row._fields):
            raise BenchmarkError(
                f"{self.path} is not a results file: its columns are "
                f"{', '.join(header)}, expected {', '.join(Row._fields)}. "
                "Name another file with --output."
            )
        return pd.read_csv(io.StringIO(whole), dtype=str, keep_default_na=False)
