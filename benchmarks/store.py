"""A results file that survives a kill at any moment.

Rows that belong together are appended by one write. What a kill can leave behind is
thus a prefix of the last write, which the next run throws away.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, get_type_hints

import pandas as pd

from benchmarks.errors import BenchmarkError

EXPECTED = {int: "an integer", float: "a number"}


def check_exists(path: Path, command: str) -> None:
    """Raise a `BenchmarkError` where there is no results file to show.

    Parameters
    ----------
    path : Path
        The file.
    command : str
        Subcommand that makes it.
    """
    if not path.exists():
        raise BenchmarkError(
            f"There are no results in {path}, which does not exist; "
            f"`python -m benchmarks {command}` makes them."
        )


class ResultsFile:
    """A CSV file whose columns are the fields of a NamedTuple.

    Parameters
    ----------
    path : Path
        The file; it and its folder are made with the first row. Only one command may
        write to it at a time; see `benchmarks.lock`.
    row : type of NamedTuple
        The columns, with types `str`, `int` or `float`; a figure that could not be had
        is NaN, an empty cell.
    key : sequence of str
        The columns that identify one run.
    within : sequence of str, default=()
        The columns that identify a row among those of its run.
    """

    def __init__(
        self, path: Path, row: type[Any], key: Sequence[str], within: Sequence[str] = ()
    ) -> None:
        self.path = path
        self.types: dict[str, type] = get_type_hints(row)
        self.columns = list(self.types)
        self.key = list(key)
        self.within = list(within)

    def read(self) -> pd.DataFrame:
        """Return the rows of all complete runs."""
        rows = self._complete_rows()
        numbers = [name for name, kind in self.types.items() if kind is float]
        rows[numbers] = rows[numbers].replace("", "nan")
        return rows.astype(self.types)

    def finished(self) -> set[tuple[Any, ...]]:
        """Return the keys of the runs that need not be done again."""
        runs = self.read()[self.key].drop_duplicates()
        return set(runs.itertuples(index=False, name=None))

    def repair(self) -> int:
        """Remove what a killed run left behind, if anything.

        Returns
        -------
        int
            Number of lines that were removed.
        """
        return self._keep(self._complete_rows())

    def prepare(self, wanted: Collection[tuple[Any, ...]]) -> int:
        """Remove what must not be there when runs begin: what a killed run left behind.

        Parameters
        ----------
        wanted : collection of tuple
            Keys of the runs, for files that remove more.

        Returns
        -------
        int
            Number of lines that were removed.
        """
        return self.repair()

    def remove(self, runs: Collection[tuple[Any, ...]]) -> int:
        """Remove some runs, and what a killed run left behind.

        Parameters
        ----------
        runs : collection of tuple
            Their keys.

        Returns
        -------
        int
            Number of lines that were removed.
        """
        rows = self._complete_rows()
        keys = rows[self.key].astype({name: self.types[name] for name in self.key})
        kept = [key not in runs for key in keys.itertuples(index=False, name=None)]
        return self._keep(rows[pd.Series(kept, index=rows.index, dtype=bool)])

    def append(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write the rows of one run and flush them to the disk."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        if not self.path.exists() or self.path.stat().st_size == 0:
            writer.writerow(self.columns)
        writer.writerows(rows)
        with self.path.open("ab") as file:
            file.write(text.getvalue().encode())
            file.flush()
            os.fsync(file.fileno())

    def is_complete(self, rows: pd.DataFrame) -> pd.Series:
        """Say for each row whether its run is whole; here every row is a whole one."""
        return pd.Series(True, index=rows.index)

    def _keep(self, rows: pd.DataFrame) -> int:
        if not self.path.exists():
            return 0
        before = self._text()
        after = rows.to_csv(index=False, lineterminator="\n")
        if after != before:
            # A kill in the middle must not lose the file: replace it in one step.
            draft = self.path.with_name(f"{self.path.name}.repair")
            draft.write_text(after, encoding="utf-8", newline="")
            draft.replace(self.path)
        return len(before.splitlines()) - len(after.splitlines())

    def _complete_rows(self) -> pd.DataFrame:
        """Return complete runs as text, so that a repair changes no figure."""
        rows = self._whole_lines().drop_duplicates([*self.key, *self.within])
        return rows if rows.empty else rows[self.is_complete(rows)].copy()

    def _whole_lines(self) -> pd.DataFrame:
        text = self._text()
        whole = text[: text.rfind("\n") + 1]
        lines = csv.reader(io.StringIO(whole, newline=""))
        header = next(lines, self.columns)
        if header != self.columns:
            raise BenchmarkError(
                f"{self.path} is not a results file: its columns are "
                f"{', '.join(header)}, expected {', '.join(self.columns)}. "
                "Name another file."
            )
        rows = []
        for fields in filter(None, lines):  # an empty line is none
            self._check(fields, lines.line_num)
            rows.append(fields)
        return pd.DataFrame(rows, columns=self.columns, dtype=str)

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise BenchmarkError(
                f"{self.path} cannot be read as a results file: {error}. "
                "Name another file."
            ) from error

    def _check(self, fields: list[str], line: int) -> None:
        where = f"{self.path}, line {line}"
        advice = "Delete the line, whose run is then made again, or name another file."
        if len(fields) != len(self.columns):
            raise BenchmarkError(
                f"{where}: it has {len(fields)} fields, expected {len(self.columns)}: "
                f"{', '.join(self.columns)}. {advice}"
            )
        for (name, kind), text in zip(self.types.items(), fields, strict=True):
            # A figure that could not be had is an empty cell.
            if not _reads_as(kind, text) and not (kind is float and text == ""):
                raise BenchmarkError(
                    f"{where}: {name} is {text!r}, expected {EXPECTED[kind]}. {advice}"
                )


def _reads_as(kind: type, text: str) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True
