"""Argument types shared by the subcommands."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection
from pathlib import Path

import joblib

from benchmarks.datasets import DATA_VARIABLE
from benchmarks.tables import shown_path


def add_output(parser: argparse.ArgumentParser, default: Path) -> None:
    """Add the argument that names the results file."""
    parser.add_argument(
        "--output",
        type=Path,
        default=default,
        metavar="FILE",
        help=f"default: {shown_path(default)}",
    )


def add_data_dir(
    parser: argparse.ArgumentParser,
    holds: str = "the data",
    otherwise: str = "they are downloaded",
) -> None:
    """Add the argument that names the data folder.

    Parameters
    ----------
    parser : ArgumentParser
        Of the subcommand.
    holds : str
        What the folder holds, for the help.
    otherwise : str
        What happens where there is none.
    """
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help=f"folder with {holds} (default: ${DATA_VARIABLE}, else {otherwise})",
    )


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """Add the argument for the number of worker processes."""
    parser.add_argument(
        "--jobs",
        type=positive_int,
        default=joblib.cpu_count(),
        help="worker processes of one thread each (default: one for each core)",
    )


def positive_int(text: str) -> int:
    """Read an integer of at least one."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(
            f"expected an integer of at least 1, got {text!r}"
        )
    return value


def comma_names(text: str) -> list[str]:
    """Read ``one,two``, which may be any names."""
    names = _split(text)
    if not names:
        raise argparse.ArgumentTypeError(
            f"expected names, separated by commas, got {text!r}"
        )
    return names


def comma_list(choices: Collection[str]) -> Callable[[str], list[str]]:
    """Make a type that reads ``one,two`` and refuses what is not in `choices`."""

    def read(text: str) -> list[str]:
        names = _split(text)
        unknown = [name for name in names if name not in choices]
        if unknown or not names:
            raise argparse.ArgumentTypeError(
                f"expected names from {', '.join(choices)}, separated by commas, "
                f"got {text!r}"
            )
        return names

    return read


def _split(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
