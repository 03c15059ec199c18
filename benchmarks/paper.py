"""Train the paper's methods on redrawn data and compare with its tables 7 to 9.

Every training adds its rows (accuracy in percent for each class, overall, and the mean
over the classes as `macro`) to the output file when it ends. A command that was stopped
goes on where it was; more draws, methods or data sets can be added later. The tables
show what the file holds for the chosen number of epochs.

  python -m benchmarks paper --dataset digits --draws 3
  python -m benchmarks paper --dataset mnist,fashion_mnist,cifar10 --data-dir DIR
  python -m benchmarks paper --table
  python -m benchmarks paper --markdown
  python -m benchmarks paper --picture
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterator
from pathlib import Path

import pandas as pd

from benchmarks.arguments import (
    add_data_dir,
    add_jobs,
    add_output,
    comma_list,
    positive_int,
)
from benchmarks.console import BELOW, BESIDE, make_console, print_table
from benchmarks.datasets import TASKS, load_task
from benchmarks.errors import BenchmarkError
from benchmarks.markdown import markdown_table
from benchmarks.methods import METHODS, PAPER_METHODS
from benchmarks.picture import check_format, save_picture
from benchmarks.published import PUBLISHED
from benchmarks.resumable import run_missing
from benchmarks.store import check_exists
from benchmarks.tables import (
    accuracy_table,
    comparison_table,
    shown_path,
    summarize,
)
from benchmarks.training import Row, Run, train_all
from benchmarks.trainings_file import TrainingsFile

RESULTS = Path(__file__).parent / "results" / "paper.csv"
PICTURE = RESULTS.with_suffix(".png")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this subcommand."""
    parser.add_argument(
        "--dataset",
        type=comma_list(TASKS),
        metavar="NAME[,NAME]",
        help=f"data sets from {', '.join(TASKS)}; with --table the default is all",
    )
    parser.add_argument(
        "--methods",
        type=comma_list(METHODS),
        default=list(PAPER_METHODS),
        metavar="NAME[,NAME]",
        help=f"methods from {', '.join(METHODS)}; default: {','.join(PAPER_METHODS)}",
    )
    parser.add_argument(
        "--draws",
        type=positive_int,
        default=30,
        help="redraws of the training rows (default 30)",
    )
    parser.add_argument(
        "--epochs",
        type=positive_int,
        default=200,
        help="epochs of a training (default 200)",
    )
    add_jobs(parser)
    _add_file_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """Train what is missing in the results file, then print its tables."""
    results = TrainingsFile(args.output)
    if args.markdown:
        print(markdown_table(summary_of(results, args.epochs, args.dataset)))
        return 0
    if args.picture:
        return _save_picture(args, results)
    if not args.table:
        if not args.dataset:
            raise BenchmarkError(f"Name data sets with --dataset: {', '.join(TASKS)}.")
        _train(args, results)
    print_tables(results, args.epochs, args.dataset)
    return 0


def _save_picture(args: argparse.Namespace, results: TrainingsFile) -> int:
    check_format(args.picture)
    summary = summary_of(results, args.epochs, args.dataset)
    found = summary.index.unique("dataset")
    save_picture(summary, [name for name in TASKS if name in found], args.picture)
    print(f"Picture: {shown_path(args.picture)}")
    return 0


def print_tables(
    results: TrainingsFile, epochs: int, datasets: Collection[str] | None
) -> None:
    """Print the tables of a results file.

    Parameters
    ----------
    results : TrainingsFile
        The file.
    epochs : int
        Only trainings of this length count.
    datasets : collection of str or None
        Data sets to show; None shows all.

    Raises
    ------
    BenchmarkError
        Where the file holds nothing to show.
    """
    console, summary = make_console(), summary_of(results, epochs, datasets)
    for name in TASKS:
        if name in summary.index.unique("dataset"):
            make = comparison_table if name in PUBLISHED else accuracy_table
            forms = (make(summary, name, epochs, error) for error in (BESIDE, BELOW))
            print_table(console, *forms)
    console.print(f"From {shown_path(results.path)}", highlight=False, soft_wrap=True)


def summary_of(
    results: TrainingsFile, epochs: int = 200, datasets: Collection[str] | None = None
) -> pd.DataFrame:
    """Average the trainings of a results file over the draws.

    Parameters
    ----------
    results : TrainingsFile
        The file.
    epochs : int, default=200
        Only trainings of this length count.
    datasets : collection of str or None, default=None
        Data sets that count; None means all.

    Returns
    -------
    DataFrame
        See `benchmarks.tables.summarize`.

    Raises
    ------
    BenchmarkError
        Where there is no file, or it holds nothing that counts.
    """
    check_exists(results.path, "paper")
    rows = results.read()
    rows = rows[(rows["epochs"] == epochs) & rows["dataset"].isin(datasets or TASKS)]
    if rows.empty:
        raise BenchmarkError(
            f"{results.path} holds no complete training of {epochs} epochs for "
            f"{', '.join(datasets or ['any data set'])}."
        )
    return summarize(rows)


def _add_file_arguments(parser: argparse.ArgumentParser) -> None:
    add_output(parser, RESULTS)
    add_data_dir(parser, "the image archives", "they come from OpenML")
    parser.add_argument(
        "--table",
        action="store_true",
        help="print the tables of the file without training",
    )
    parser.add_argument(
        "--markdown",
        action="store_true",
        help="print the README's table of the file, without training",
    )
    parser.add_argument(
        "--picture",
        type=Path,
        nargs="?",
        const=PICTURE,
        metavar="FILE",
        help="save a picture of the file, without training; the ending names the "
        f"format (default: {shown_path(PICTURE)})",
    )


def _train(args: argparse.Namespace, results: TrainingsFile) -> None:
    # Draws outermost: a run stopped early has compared all methods on the same draws.
    wanted = [
        Run(dataset, method, draw, args.epochs)
        for draw in range(args.draws)
        for dataset in args.dataset
        for method in args.methods
    ]

    def train(runs: list[Run]) -> Iterator[list[Row]]:
        names = {run.dataset for run in runs}
        tasks = {name: load_task(name, args.data_dir) for name in names}
        return train_all(tasks, runs, min(args.jobs, len(runs)))

    run_missing(results, wanted, train)
