"""The results file of the speed benchmark: the latest figures of every comparison."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from benchmarks.stopwatch import Timing


def store(path: Path, rows: Sequence[Timing]) -> None:
    """Put a comparison in the file, in the place of an earlier one of its kind.

    Parameters
    ----------
    path : Path
        The file; it and its folder are made where they are missing.
    rows : sequence of Timing
        Lines of one part and one config.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = pd.DataFrame(rows)
    if path.exists():
        old = pd.read_csv(path)
        same = (old["part"] == rows[0].part) & (old["config"] == rows[0].config)
        new = pd.concat([old[~same], new])
    new.to_csv(path, index=False, lineterminator="\n")
