"""Time the layer, fit, predict, search and import, and measure the memory of fit.

Contenders run in turn; the ratio is the median over the turns. Nothing else should run
on the machine. Takes some twenty minutes on two cores.

  python -m benchmarks speed
  python -m benchmarks speed --parts layer,predict
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from rich.table import Table

from benchmarks.arguments import add_data_dir, add_output, comma_list, positive_int
from benchmarks.console import make_console, make_table, print_table
from benchmarks.datasets import find_data_dir
from benchmarks.errors import BenchmarkError
from benchmarks.lock import only_writer
from benchmarks.speed.busy import time_busy_fits
from benchmarks.speed.fit import time_fits
from benchmarks.speed.imports import time_imports
from benchmarks.speed.kddcup import find_archive, time_kddcup
from benchmarks.speed.layer import time_layers
from benchmarks.speed.memory import check_linux, measure_memory
from benchmarks.speed.predict import time_predictions
from benchmarks.speed.scale import time_scale
from benchmarks.speed.search import time_searches
from benchmarks.speed.settings import Settings
from benchmarks.speed.speed_file import read_timings, store
from benchmarks.stopwatch import Timing
from benchmarks.tables import shown_path

RESULTS = Path(__file__).parents[1] / "results" / "speed.csv"

PARTS: dict[str, Callable[[Settings], Iterator[list[Timing]]]] = {
    "layer": time_layers,
    "fit": time_fits,
    "predict": time_predictions,
    "memory": measure_memory,
    "scale": time_scale,
    "kddcup": time_kddcup,
    "search": time_searches,
    "import": time_imports,
    "busy": time_busy_fits,
}
# What raises a BenchmarkError where a part cannot be measured.
NEEDS: dict[str, Callable[[Settings], object]] = {
    "memory": check_linux,
    "kddcup": find_archive,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this subcommand."""
    parser.add_argument(
        "--parts",
        type=comma_list(PARTS),
        metavar="NAME[,NAME]",
        help=f"parts from {', '.join(PARTS)} (default: all that can be measured here)",
    )
    parser.add_argument(
        "--runs",
        type=positive_int,
        default=5,
        help="counted turns (default 5; what takes long is turned fewer times)",
    )
    parser.add_argument(
        "--threads",
        type=positive_int,
        default=torch.get_num_threads(),
        help="torch threads (default: torch's own choice)",
    )
    add_data_dir(parser, "larger/kddcup99_10pct.npz", "the part kddcup is left out")
    add_output(parser, RESULTS)


def main(args: argparse.Namespace) -> int:
    """Measure every part; print and store each comparison as it is made."""
    torch.set_num_threads(args.threads)
    settings = Settings(args.runs, find_data_dir(args.data_dir), args.output.parent)
    console, parts = make_console(), chosen_parts(args.parts, settings)
    with only_writer(args.output):
        read_timings(args.output)  # what cannot be used is known before it takes time
        for part in parts:
            for rows in PARTS[part](settings):
                print_table(console, _table(rows))
                store(args.output, rows)
    console.print(f"Written to {shown_path(args.output)}", highlight=False)
    return 0


def chosen_parts(names: list[str] | None, settings: Settings) -> list[str]:
    """Return the parts that are to be measured, before any is.

    Parameters
    ----------
    names : list of str or None
        Parts that were asked for; None asks for all that can be measured.
    settings : Settings
        What the parts are given.

    Returns
    -------
    list of str
        Parts.

    Raises
    ------
    BenchmarkError
        Where a part that was asked for cannot be measured.
    """
    parts = []
    for part in names or PARTS:
        try:
            if part in NEEDS:
                NEEDS[part](settings)
        except BenchmarkError as error:
            if names:
                raise
            print(f"Left out: {error}", file=sys.stderr)
        else:
            parts.append(part)
    return parts


def _table(rows: list[Timing]) -> Table:
    first = rows[0]
    table = make_table(f"{first.part}: {first.config}")
    columns = (f"median {first.unit}", "min", "max", f"ratio to {first.reference}")
    table.add_column("contender")
    for name in columns:
        table.add_column(name, justify="right")
    digits = 3 if first.unit == "s" else 1
    for row in rows:
        figures = (row.median, row.smallest, row.largest)
        cells = (f"{value:.{digits}f}" for value in figures)
        table.add_row(row.contender, *cells, f"{row.ratio:.2f}")
    return table
