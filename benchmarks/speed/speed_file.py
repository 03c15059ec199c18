"""The results file of the speed benchmark: the latest figures of every comparison."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from benchmarks.errors import BenchmarkError
from benchmarks.stopwatch import Timing


def store(path: Path, rows: Sequence[Timing]) -> None:
    """Put a comparison in the file, in the place of an earlier one of its kind.

    Parameters
    ----------
    path : Path
        The file; it and its folder are made where they are missing.
    rows : sequence of Timing
        Lines of one part and one config.

    Raises
    ------
    BenchmarkError
        If the file holds something else.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = pd.DataFrame(rows)
    old = read_timings(path)
    same = (old["part"] == rows[0].part) & (old["config"] == rows[0].config)
    if not same.all():
        new = pd.concat([old[~same], new])
    # Replaced in one step, so that a kill does not lose the file.
    draft = path.with_name(f"{path.name}.draft")
    new.to_csv(draft, index=False, lineterminator="\n")
    draft.replace(path)


def read_timings(path: Path) -> pd.DataFrame:
    """Read the lines of a file; one that is missing or empty has none.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    DataFrame
        The fields of `Timing`.

    Raises
    ------
    BenchmarkError
        If the file holds something else.
    """
    if not path.exists() or path.stat().st_size == 0:
        return pd.DataFrame(columns=list(Timing._fields))
    try:
        known = pd.read_csv(path)
    except (OSError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise BenchmarkError(
            f"{path} cannot be read as a file of timings: {str(error).strip()}. "
            "Name another file with --output."
        ) from error
    if list(known) != list(Timing._fields):
        raise BenchmarkError(
            f"{path} is not a file of timings: its columns are {', '.join(known)}. "
            "Name another file with --output."
        )
    return known
