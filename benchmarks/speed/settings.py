"""What the command line tells every part of the speed benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Settings(NamedTuple):
    """What a part needs to know.

    Parameters
    ----------
    runs : int
        Counted turns of each contender.
    data_dir : Path or None
        Folder with the real data sets, where there is one.
    folder : Path or None
        Where a part puts a results file of its own; None keeps none.
    """

    runs: int
    data_dir: Path | None = None
    folder: Path | None = None
