"""Command line of the benchmarks: ``python -m benchmarks COMMAND ...``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from types import ModuleType

from benchmarks import (
    beta_search,
    demo,
    few_rows,
    paper,
    report,
    resampling,
    speed,
    study,
)
from benchmarks.errors import BenchmarkError

# One module for each subcommand. A module gives its help as its docstring,
# `add_arguments(parser)` and `main(args) -> exit status`.
COMMANDS: dict[str, ModuleType] = {
    "beta_search": beta_search,
    "demo": demo,
    "few_rows": few_rows,
    "paper": paper,
    "report": report,
    "resampling": resampling,
    "speed": speed,
    "study": study,
}


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of all subcommands."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Experiments with sklearn_wbn; `COMMAND --help` says more.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, module in COMMANDS.items():
        text = (module.__doc__ or "").strip()
        command = commands.add_parser(
            name,
            help=text.splitlines()[0],
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.set_defaults(main=module.main)
    return parser


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
    args = make_parser().parse_args(argv)
    try:
        return int(args.main(args))
    except BenchmarkError as error:
        print(f"python -m benchmarks {args.command}: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted; the rows written so far are kept.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
