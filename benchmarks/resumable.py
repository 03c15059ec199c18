"""Do what a results file lacks, and append it row by row."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import track

from benchmarks.lock import only_writer
from benchmarks.store import ResultsFile
from benchmarks.tables import shown_path

Run = TypeVar("Run", bound=tuple[Any, ...])


def run_missing(
    results: ResultsFile,
    wanted: Sequence[Run],
    train: Callable[[list[Run]], Iterator[Sequence[tuple[Any, ...]]]],
) -> None:
    """Do the runs that a file does not hold, with a progress bar.

    Parameters
    ----------
    results : ResultsFile
        What a killed command left behind in it is removed first, and what it makes
        again for other reasons; see `ResultsFile.prepare`.
    wanted : sequence of tuple
        Keys of all runs, in the order in which they are to be done.
    train : callable
        Takes the keys that are missing and yields the rows of each run, as runs end.

    Raises
    ------
    BenchmarkError
        Where another command is writing the file.
    """
    with only_writer(results.path):
        _run_missing(results, wanted, train)


def _run_missing(
    results: ResultsFile,
    wanted: Sequence[Run],
    train: Callable[[list[Run]], Iterator[Sequence[tuple[Any, ...]]]],
) -> None:
    removed = results.prepare(wanted)
    if removed:
        print(f"Removed {removed} lines to be made again.", file=sys.stderr)
    finished = results.finished()
    runs = [run for run in wanted if run not in finished]
    print(
        f"{len(runs)} runs to do, {len(wanted) - len(runs)} already in "
        f"{shown_path(results.path)}.",
        file=sys.stderr,
    )
    if not runs:
        return
    console = Console(stderr=True)
    for rows in track(train(runs), "training", total=len(runs), console=console):
        results.append(rows)
