"""Weighted batch normalization against resampling, and against other classifiers.

Every method is a pipeline with scaling, and resampling inside it, trained on the same
repeated stratified folds of each table. Equal rows stay on one side of a split. The
methods are in two tiers: `untuned` ones have one documented setting each, `searched`
ones set one knob on the training rows, all with the same budget. A run adds its row to
the output file when it ends; a command that was stopped goes on where it was. A method
that fails has its error in its row and is not tried again without `--retry-errors`.

  python -m benchmarks resampling --quick
  python -m benchmarks resampling --data-dir DIR
  python -m benchmarks resampling --methods untuned --dataset ecoli,oil
  python -m benchmarks report
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks.arguments import (
    add_data_dir,
    add_jobs,
    comma_list,
    comma_names,
    positive_int,
)
from benchmarks.contender import INSTALL_PEERS, SLOW_METHODS_MAX_ROWS
from benchmarks.contenders import CONTENDERS, TIERS
from benchmarks.datasets import find_data_dir
from benchmarks.errors import BenchmarkError
from benchmarks.resampling_file import FoldRow, FoldRun, ScoresFile, bins_file
from benchmarks.resampling_run import run_all
from benchmarks.resumable import run_missing
from benchmarks.store import ResultsFile
from benchmarks.tables import shown_path
from benchmarks.tabular import (
    SUBFOLDERS,
    Split,
    Table,
    list_tables,
    load_table,
    split_table,
)

FOLDER = Path(__file__).parent / "results"
RESULTS, QUICK_RESULTS = FOLDER / "resampling.csv", FOLDER / "resampling_quick.csv"

QUICK_TABLES = ("ecoli", "spectrometer", "oil")
QUICK_METHODS = ("bn", "wbn-icf", "bn-smote", "bn-under", "logistic")
EPOCHS, QUICK_EPOCHS = 60, 20
REPEATS, FOLDS = 2, 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this subcommand."""
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"three tables, five methods, one repeat, {QUICK_EPOCHS} epochs, to a "
        "file of its own; other arguments still count",
    )
    parser.add_argument(
        "--dataset",
        type=comma_names,
        metavar="NAME[,NAME]",
        help="tables (default: all of at most --max-rows)",
    )
    parser.add_argument(
        "--methods",
        type=comma_list([*TIERS, *CONTENDERS]),
        metavar="NAME[,NAME]",
        help=f"methods from {', '.join(CONTENDERS)}, or a tier: {', '.join(TIERS)} "
        "(default: both tiers). A tier's slow methods run on tables of at most "
        f"{SLOW_METHODS_MAX_ROWS} rows, its searches on those of two classes; a method "
        "that is named itself runs on all",
    )
    _add_sizes(parser)
    _add_files(parser)


def main(args: argparse.Namespace) -> int:
    """Run what is missing in the results file."""
    quick = args.quick
    output = args.output or (QUICK_RESULTS if quick else RESULTS)
    scores = ScoresFile(output, args.retry_errors)
    methods = args.methods or (QUICK_METHODS if quick else TIERS)
    check_installed(methods)
    names = args.dataset or (
        list(QUICK_TABLES) if quick else list_tables(args.data_dir)
    )
    tables = _load(names, args)
    epochs = args.epochs or (QUICK_EPOCHS if quick else EPOCHS)
    splits = _split(tables, args.repeats or (1 if quick else REPEATS))
    bins = bins_file(output)
    run_missing(
        scores,
        plan(splits, methods_of_tables(methods, tables), epochs),
        partial(_train, tables=tables, splits=splits, bins=bins, jobs=args.jobs),
    )
    return 0


def check_installed(names: Collection[str]) -> None:
    """Name the methods of tiers that are not installed.

    Parameters
    ----------
    names : collection of str
        Methods and tiers.

    Raises
    ------
    BenchmarkError
        Where a method that was named itself is not installed: its rows would hold
        nothing but that error, and count as done.
    """
    for name in set(names) - set(TIERS):
        CONTENDERS[name].check_installed()
    absent = [
        key
        for key, contender in CONTENDERS.items()
        if contender.tier in names and not contender.installed
    ]
    if absent:
        print(
            f"Left out: {', '.join(absent)}, not installed; {INSTALL_PEERS}.",
            file=sys.stderr,
        )


def methods_of_tables(
    names: Collection[str], tables: Mapping[str, Table]
) -> dict[str, list[str]]:
    """Choose the methods of each table: those that suit it, and those named themselves.

    Parameters
    ----------
    names : collection of str
        Methods and tiers.
    tables : mapping of str to Table
        The tables.

    Returns
    -------
    dict of str to list of str
        Methods that are installed, by the table's name.
    """
    methods = dict.fromkeys(key for name in names for key in TIERS.get(name, [name]))
    chosen = {
        name: [k for k in methods if k in names or CONTENDERS[k].suits(table)]
        for name, table in tables.items()
    }
    _tell_left_out(methods, chosen)
    return chosen


def plan(
    splits: dict[tuple[str, int, int], Split],
    methods: Mapping[str, Sequence[str]],
    epochs: int,
) -> list[FoldRun]:
    """Return all runs, in the order in which they are to be done.

    Repeats are outermost, then come the tables in the order of `splits`, then folds,
    then methods: a command that was stopped has compared all methods on the same folds.
    """
    places = sorted(
        splits, key=lambda place: place[1]
    )  # stable: keeps the tables' order
    return [
        FoldRun(dataset, method, epochs, repeat, fold)
        for dataset, repeat, fold in places
        for method in methods[dataset]
    ]


def cost(table: Table) -> int:
    """Return about how long a training takes, in any unit."""
    n_rows, n_columns = table.X.shape
    return n_rows * (n_columns + 300)


def _add_sizes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--repeats",
        type=positive_int,
        help=f"repeats of the {FOLDS} folds (default {REPEATS})",
    )
    parser.add_argument(
        "--epochs",
        type=positive_int,
        help=f"epochs of every network (default {EPOCHS})",
    )
    parser.add_argument(
        "--max-rows",
        type=positive_int,
        default=60_000,
        help="leave out longer tables (default 60000)",
    )
    add_jobs(parser)


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help=f"default: {shown_path(RESULTS)}; reliability bins go to a file beside it",
    )
    add_data_dir(
        parser,
        "tables as .npz files",
        "imbalanced-learn downloads its benchmark",
    )
    parser.add_argument(
        "--retry-errors",
        action="store_true",
        help="try again those of these runs that ended in an error",
    )


def _load(names: Sequence[str], args: argparse.Namespace) -> dict[str, Table]:
    if not names:
        raise BenchmarkError(
            f"{find_data_dir(args.data_dir)} and its subfolders "
            f"{', '.join(SUBFOLDERS[:-1])} hold no table: no .npz file with the arrays "
            "X, y. Pass another folder as --data-dir."
        )
    tables = [load_table(name, args.data_dir) for name in names]
    fitting = [table for table in tables if len(table.y) <= args.max_rows]
    for table in tables:
        if len(table.y) > args.max_rows:
            print(
                f"Left out: {table.name} has {len(table.y)} rows, more than --max-rows "
                f"{args.max_rows}.",
                file=sys.stderr,
            )
    if not fitting:
        raise BenchmarkError(
            f"All tables have more than {args.max_rows} rows; raise --max-rows."
        )
    return {table.name: table for table in sorted(fitting, key=cost)}


def _tell_left_out(
    methods: Collection[str], chosen: Mapping[str, Collection[str]]
) -> None:
    left_out: dict[str, list[str]] = {}
    for name, found in chosen.items():
        lacking = ", ".join(key for key in methods if key not in found)
        left_out.setdefault(lacking, []).append(name)
    left_out.pop("", None)
    for lacking, names in left_out.items():
        print(
            f"Left out on {', '.join(names)}: {lacking}. By default they run on "
            "shorter tables, searches on two classes; those named in --methods on all.",
            file=sys.stderr,
        )


def _split(tables: dict[str, Table], repeats: int) -> dict[tuple[str, int, int], Split]:
    splits = {}
    for name, table in tables.items():
        try:
            found = list(split_table(table, n_splits=FOLDS, n_repeats=repeats))
        except BenchmarkError as error:
            print(f"Left out: {error}", file=sys.stderr)
            continue
        splits |= {(name, split.repeat, split.fold): split for split in found}
    return splits


def _train(
    runs: list[FoldRun],
    tables: dict[str, Table],
    splits: dict[tuple[str, int, int], Split],
    bins: ResultsFile,
    jobs: int,
) -> Iterator[list[FoldRow]]:
    # Here, where no other command writes to the files: without the bins that were left
    # where the scores of a run were deleted, and which would hide the new ones.
    bins.remove(set(runs))
    for result in run_all(tables, splits, runs, min(jobs, len(runs))):
        # Bins first: a run is finished when its scores are there.
        if result.bins:
            bins.append(result.bins)
        if result.row.error:
            print(f"{result.row.dataset}, {result.row.method}: {result.row.error}")
        yield [result.row]
