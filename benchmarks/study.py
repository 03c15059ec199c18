"""Find out why weighted batch normalization works, and which settings work better.

Crosses the normalization with the statistics for inference, the normaliser of the loss
and logit adjustment; tries ideas beyond; compares with plain baselines. Settings are
chosen on tasks of the role "selection", results are reported on those of the role
"report", which share no classes or tables with them.

Every training adds its lines to the output file when it ends, and a command that was
stopped goes on where it was. What the mini-batches of each task hold goes to a second
file beside it, NAME_batches.csv. The defaults, the cross and the baselines on two
redraws, take between one and two hours on two cores; the ideas ask for five to six
times as much a task.

  python -m benchmarks study --quick
  python -m benchmarks study --role selection
  python -m benchmarks study --methods ideas,auto --tasks digits_b,scene --draws 1
  python -m benchmarks study --table
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.arguments import (
    add_data_dir,
    add_jobs,
    add_output,
    comma_list,
    positive_int,
)
from benchmarks.datasets import find_data_dir
from benchmarks.errors import BenchmarkError
from benchmarks.resumable import run_missing
from benchmarks.store import ResultsFile, check_exists
from benchmarks.study_batches import BatchRow, batch_facts
from benchmarks.study_file import BATCH_KEY, StudyFile
from benchmarks.study_methods import GROUPS, STUDY_METHODS
from benchmarks.study_tables import print_tables
from benchmarks.study_tasks import ROLES, STUDY_TASKS, Sampler
from benchmarks.study_training import StudyRow, StudyRun, train_study_run
from benchmarks.workers import map_unordered

RESULTS = Path(__file__).parent / "results" / "study.csv"

BY_DEFAULT = ("cross", "baselines")
QUICK = {
    "tasks": ["digits", "many"],
    "methods": ["wbn-batch", "bn-batch", "logistic"],
    "epochs": 5,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this subcommand."""
    parser.add_argument(
        "--tasks",
        type=comma_list(STUDY_TASKS),
        metavar="NAME[,NAME]",
        help=f"tasks from {', '.join(STUDY_TASKS)}; default: all",
    )
    parser.add_argument(
        "--role", choices=ROLES, help="only tasks of this role; default: both"
    )
    parser.add_argument(
        "--methods",
        type=comma_list([*GROUPS, *STUDY_METHODS]),
        metavar="NAME[,NAME]",
        help=f"trainings from {', '.join(STUDY_METHODS)}, or groups of them: "
        f"{', '.join(GROUPS)}; default: {','.join(BY_DEFAULT)}",
    )
    parser.add_argument(
        "--draws",
        type=positive_int,
        default=2,
        help="redraws of the training rows, or folds of a table (default 2)",
    )
    parser.add_argument(
        "--epochs",
        type=positive_int,
        help="epochs of a training (default: 200, and 60 on tables)",
    )
    _add_run_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """Train what is missing in the results file, then print tables of what it holds."""
    with tempfile.TemporaryDirectory() as folder:
        if args.quick:
            given = vars(args)
            given.update({k: v for k, v in QUICK.items() if given[k] is None})
            if args.output == RESULTS:
                args.output = Path(folder) / "study.csv"
        results, batches = StudyFile(args.output), batches_file(args.output)
        tasks = named_tasks(args)
        if args.table:
            check_exists(args.output, "study")
        else:
            _look_at_batches(args, batches)
            _train(args, results)
        methods = chosen_methods(args) if args.methods else None
        print_tables(results, batches, tasks, methods, args.epochs)
    return 0


def batches_file(path: Path) -> ResultsFile:
    """Return the file of mini-batches that lies beside a results file."""
    beside = path.with_name(f"{path.stem}_batches{path.suffix}")
    return ResultsFile(beside, BatchRow, BATCH_KEY)


def named_tasks(args: argparse.Namespace) -> list[str]:
    """Return the tasks that were asked for by name and by role, in our order."""
    tasks = [
        name
        for name, task in STUDY_TASKS.items()
        if name in (args.tasks or STUDY_TASKS) and args.role in (None, task.role)
    ]
    if not tasks:
        raise BenchmarkError(
            f"No task of {', '.join(args.tasks)} has the role {args.role}."
        )
    return tasks


def chosen_tasks(args: argparse.Namespace) -> list[str]:
    """Return the tasks to train on: those that were asked for.

    Where none is named and there is no data folder, those that need one are left out.
    """
    no_folder = not args.tasks and find_data_dir(args.data_dir) is None
    return [
        name
        for name in named_tasks(args)
        if not (no_folder and STUDY_TASKS[name].needs_folder)
    ]


def chosen_methods(args: argparse.Namespace) -> list[str]:
    """Return the trainings that were asked for by name or by group, in our order."""
    asked = args.methods or BY_DEFAULT
    return [
        key for key, method in STUDY_METHODS.items() if {key, method.group} & set(asked)
    ]


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    add_jobs(parser)
    add_data_dir(parser)
    add_output(parser, RESULTS)
    parser.add_argument(
        "--table",
        action="store_true",
        help="print the tables of the file without training, over all its redraws",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="two tasks, three trainings and five epochs, to see that it works; other "
        "arguments still count; keeps nothing unless --output is given",
    )


def _train(args: argparse.Namespace, results: StudyFile) -> None:
    # Draws outermost: a run stopped early has compared all methods on the same draws.
    wanted = [
        StudyRun(name, method, draw, args.epochs or STUDY_TASKS[name].epochs)
        for draw in range(args.draws)
        for name in chosen_tasks(args)
        for method in chosen_methods(args)
    ]

    def train(runs: list[StudyRun]) -> Iterator[list[StudyRow]]:
        samplers = _samplers(args, [run.task for run in runs])
        calls = (
            (samplers[run.task], STUDY_TASKS[run.task].batch_size, run) for run in runs
        )
        yield from map_unordered(train_study_run, calls, min(args.jobs, len(runs)))

    run_missing(results, wanted, train)


def _look_at_batches(args: argparse.Namespace, batches: ResultsFile) -> None:
    wanted = [(name, draw) for draw in range(args.draws) for name in chosen_tasks(args)]

    def look(keys: list[tuple[str, int]]) -> Iterator[list[BatchRow]]:
        samplers = _samplers(args, [name for name, _ in keys])
        calls = (
            (samplers[name], name, draw, STUDY_TASKS[name].batch_size)
            for name, draw in keys
        )
        yield from map_unordered(batch_facts, calls, min(args.jobs, len(keys)))

    run_missing(batches, wanted, look)


def _samplers(args: argparse.Namespace, tasks: Iterable[str]) -> dict[str, Sampler]:
    data_dir = find_data_dir(args.data_dir)
    return {name: STUDY_TASKS[name].sampler(data_dir) for name in dict.fromkeys(tasks)}
