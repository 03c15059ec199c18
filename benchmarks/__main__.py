"""Command line of the benchmarks: ``python -m benchmarks COMMAND ...``."""

from __future__ import annotations

import argparse
import ast
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from benchmarks.errors import BenchmarkError

# One module for each subcommand. A module gives its help as its docstring,
# `add_arguments(parser)` and `main(args) -> exit status`.
COMMANDS = (
    "beta_search",
    "demo",
    "few_rows",
    "limits",
    "paper",
    "report",
    "resampling",
    "speed",
    "study",
)


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Read a command line.

    Only the module of the command that is named is imported: torch, scikit-learn and
    pandas take seconds, which a list of the commands has no use for.

    Parameters
    ----------
    argv : sequence of str
        Arguments.

    Returns
    -------
    Namespace
        Arguments of the command, with its function as ``main``.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Experiments with sklearn_wbn; `COMMAND --help` says more.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        text = docstring_of(name)
        command = commands.add_parser(
            name,
            help=text.partition("\n")[0],
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name in argv:
            module = import_module(f"benchmarks.{name}")
            module.add_arguments(command)
            command.set_defaults(main=module.main)
    return parser.parse_args(argv)


def docstring_of(command: str) -> str:
    """Read the docstring of a command's module from its source."""
    module = Path(__file__).with_name(f"{command}.py")
    package = Path(__file__).with_name(command) / "__init__.py"
    source = (module if module.exists() else package).read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or ""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return the exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        0 after success, 2 where a command cannot do what was asked, 130 after Ctrl-C.
    """
    args = parse_arguments(sys.argv[1:] if argv is None else argv)
    try:
        return int(args.main(args))
    except BenchmarkError as error:
        print(f"python -m benchmarks {args.command}: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted; the rows written so far are kept.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    # The results files were made without Numba, whose last digits are others, and
    # their figures come out again. `speed` turns it on where it is measured.
    os.environ.setdefault("SKLEARN_WBN_NUMBA", "0")
    sys.exit(main())
