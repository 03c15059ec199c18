"""The README's table: overall accuracy of every data set of the paper."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from benchmarks.datasets import TASKS
from benchmarks.errors import BenchmarkError
from benchmarks.methods import METHODS, OTHER_METHODS, PAPER_METHODS
from benchmarks.published import PUBLISHED, published_accuracy


def markdown_table(summary: pd.DataFrame) -> str:
    """Make a Markdown table of the paper's methods and others on the paper's data.

    Parameters
    ----------
    summary : DataFrame
        What `benchmarks.tables.summarize` returns.

    Returns
    -------
    str
        A line for each method; a cell holds ours with its standard error, then the
        paper's figure where there is one. Below it, the number of draws behind each
        column. Other methods that lack a data set are left out.

    Raises
    ------
    BenchmarkError
        Where there is none of the paper's data, or not every method of the paper on it.
    """
    names = [name for name in PUBLISHED if name in summary.index.unique("dataset")]
    _check(summary, names)
    lines = [
        f"| method | {' | '.join(TASKS[name].title for name in names)} |",
        f"|---|{'---|' * len(names)}",
    ]
    others = [
        method
        for method in OTHER_METHODS
        if all((name, method, "overall") in summary.index for name in names)
    ]
    for method in (*PAPER_METHODS, *others):
        cells = [_cell(summary, name, method) for name in names]
        lines.append(f"| {METHODS[method].title} | {' | '.join(cells)} |")
    draws = (
        f"Number of draws: {_draws(summary, names, PAPER_METHODS)}; the paper's: 30."
    )
    if others:
        draws += f" Below (e): {_draws(summary, names, others)}."
    return "\n".join([*lines, "", draws])


def _check(summary: pd.DataFrame, names: Sequence[str]) -> None:
    lacking = [
        f"{method} on {name}"
        for name in names
        for method in PAPER_METHODS
        if (name, method, "overall") not in summary.index
    ]
    if lacking or not names:
        raise BenchmarkError(
            f"--markdown shows the methods {', '.join(PAPER_METHODS)} on any of "
            f"{', '.join(PUBLISHED)}; there are no such trainings"
            f"{' of ' if lacking else ''}{', '.join(lacking)}. --table shows others."
        )


def _cell(summary: pd.DataFrame, dataset: str, method: str) -> str:
    cell = summary.loc[(dataset, method, "overall")]
    printed = published_accuracy(dataset, method, "overall")
    paper = "" if printed is None else f" (paper {printed:.1f})"
    return f"{cell['mean']:.1f} ± {cell['sem']:.1f}{paper}"


def _draws(
    summary: pd.DataFrame, datasets: Sequence[str], methods: Sequence[str]
) -> str:
    """Return the number of draws of each data set; a range while a run goes on."""
    return ", ".join(
        f"{TASKS[dataset].title} "
        + "-".join(str(n) for n in sorted({min(counts), max(counts)}))
        for dataset in datasets
        for counts in [
            [int(summary.loc[(dataset, m, "overall"), "count"]) for m in methods]
        ]
    )
