"""Show what the resampling benchmark found: tables, tests, conclusions, pictures.

Everything comes from the results file. The two tiers are compared apart, so that a
method with a search is never set against one without. Conclusions are generated from
the tests: where no test finds a difference, none is claimed.

  python -m benchmarks report
  python -m benchmarks report --output-dir DIR
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.arguments import positive_int
from benchmarks.console import make_console, print_markdown
from benchmarks.contender import SEARCHED, UNTUNED
from benchmarks.errors import BenchmarkError
from benchmarks.report_data import TITLES, Comparison, compare, whole_repeats
from benchmarks.report_pictures import (
    Figure,
    draw_calibration,
    draw_critical_difference,
    draw_regimes,
    draw_time,
)
from benchmarks.report_planned import planned_table
from benchmarks.report_tables import (
    PROBABILITIES,
    duels_table,
    facts_table,
    left_out_table,
    means_table,
    ranks_table,
)
from benchmarks.report_undersampling import undersampling_table
from benchmarks.report_words import conclusions, coverage, recommended
from benchmarks.resampling import EPOCHS, RESULTS
from benchmarks.resampling_file import ScoresFile, bins_file
from benchmarks.store import check_exists
from benchmarks.tables import shown_path

# The paper's method (d), and WBN with its one searched parameter.
REFERENCES = {UNTUNED: "wbn-icf", SEARCHED: "wbn-cbl-search"}

Part = Callable[[Comparison, str], str]

PARTS: dict[str, Part] = {
    "coverage": coverage,
    "conclusions": conclusions,
    "recommended": recommended,
    "planned": planned_table,
    "undersampling": undersampling_table,
    "decisions": means_table,
    "probabilities": partial(means_table, metrics=PROBABILITIES),
    "ranks": ranks_table,
    "left_out": left_out_table,
    "facts": facts_table,
} | {
    f"duels-{metric}": partial(duels_table, metric=metric)
    for metric in ("balanced_accuracy", "average_precision")
}

HEADINGS = {
    "coverage": "What is compared",
    "conclusions": "What it shows",
    "recommended": "The setting that the study recommends, on fresh tables",
    "planned": "The comparisons that were planned before any result",
    "undersampling": "The recommended setting minus undersampling, in points",
    "decisions": "Means over the tables, in percent",
    "probabilities": "Means of what comes from probabilities, and seconds",
    "ranks": "Average ranks (1 is best)",
    "left_out": "Methods with results on fewer tables, on those",
    "facts": "The tables: balanced accuracy in percent",
} | {
    f"duels-{metric}": f"Wins, ties and losses in {TITLES[metric]}"
    for metric in ("balanced_accuracy", "average_precision")
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this subcommand."""
    parser.add_argument(
        "--input",
        type=Path,
        default=RESULTS,
        metavar="FILE",
        help=f"default: {shown_path(RESULTS)}",
    )
    parser.add_argument(
        "--output-dir",
        type=Path,
        metavar="DIR",
        help="also write report.md and the pictures there",
    )
    parser.add_argument(
        "--epochs",
        type=positive_int,
        default=EPOCHS,
        help=f"only trainings of this length count (default {EPOCHS})",
    )


def main(args: argparse.Namespace) -> int:
    """Print the report of both tiers, and save it where asked."""
    _check_files(args)
    console = make_console()
    comparisons: dict[str, Comparison] = {}
    texts, reasons = [], []
    for tier in REFERENCES:
        comparison = comparison_of(tier, args.input, args.epochs)
        if comparison is None:
            reasons += _lacks_reference(tier, args.input, args.epochs)
            continue
        comparisons[tier] = comparison
        texts.append(text_of(tier, comparison))
        print_markdown(console, texts[-1])
    if not texts:
        why = f" ({'; '.join(reasons)})" if reasons else ""
        raise BenchmarkError(
            f"{args.input} holds no folds of {args.epochs} epochs that can be "
            f"compared{why}; `python -m benchmarks resampling` makes them."
        )
    for reason in reasons:
        print(f"Left out: {reason}.", file=sys.stderr)
    if args.output_dir:
        # The text first: it is whole where a picture cannot be drawn.
        (args.output_dir / "report.md").write_text("\n\n".join(texts), encoding="utf-8")
        for tier, comparison in comparisons.items():
            for name, figure in pictures(tier, comparison, args.input):
                figure.savefig(args.output_dir / f"{tier}_{name}.svg")
        console.print(f"Written to {shown_path(args.output_dir)}", highlight=False)
    return 0


def _lacks_reference(tier: str, path: Path, epochs: int) -> list[str]:
    """Say that methods of a tier were tried, but not the one to compare them with."""
    whole = whole_repeats(ScoresFile(path).read(), tier, epochs)
    reference = REFERENCES[tier]
    if whole.empty or (reference in whole and whole[reference].any()):
        return []
    lack = f"the {tier} methods lack a whole repeat of {reference}"
    return [f"{lack}, with which the others are compared"]


def _check_files(args: argparse.Namespace) -> None:
    check_exists(args.input, "resampling")
    if args.output_dir:
        try:
            args.output_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BenchmarkError(
                f"--output-dir names {args.output_dir}, which is no folder and cannot "
                f"be made one: {error}."
            ) from error


def comparison_of(
    tier: str, path: Path = RESULTS, epochs: int = EPOCHS
) -> Comparison | None:
    """Read a results file and find what can be compared in a tier."""
    return compare(ScoresFile(path).read(), tier, epochs, REFERENCES[tier])


def text_of(tier: str, comparison: Comparison) -> str:
    """Return the report of a tier as Markdown."""
    texts = {name: part(comparison, REFERENCES[tier]) for name, part in PARTS.items()}
    parts = [f"## {HEADINGS[name]}\n\n{text}" for name, text in texts.items() if text]
    return "\n\n".join([f"# The {tier} methods", *parts])


def pictures(
    tier: str, comparison: Comparison, path: Path = RESULTS
) -> Iterator[tuple[str, Figure]]:
    """Draw the pictures of a tier, by name."""
    reference = REFERENCES[tier]
    yield "critical_difference", draw_critical_difference(comparison, reference)
    yield "regimes", draw_regimes(comparison, reference)
    yield "time", draw_time(comparison, reference)
    bins = bins_file(path).read()
    yield "calibration", draw_calibration(comparison, reference, bins)
