"""The README's table: overall accuracy of every data set of the paper."""

from __future__ import annotations

import pandas as pd

from benchmarks.datasets import TASKS
from benchmarks.methods import METHODS, PAPER_METHODS
from benchmarks.published import PUBLISHED, published_accuracy


def markdown_table(summary: pd.DataFrame) -> str:
    """Make a Markdown table of the paper's methods on the paper's data.

    Parameters
    ----------
    summary : DataFrame
        What `benchmarks.tables.summarize` returns.

    Returns
    -------
    str
        A line for each method; a cell holds ours with its standard error, then the
        paper's figure. Below it, the number of draws behind each column.
    """
    names = [name for name in PUBLISHED if name in summary.index.unique("dataset")]
    titles = [TASKS[name].title for name in names]
    lines = [
        f"| method | {' | '.join(titles)} |",
        f"|---|{'---|' * len(names)}",
    ]
    for method in PAPER_METHODS:
        cells = [_cell(summary, name, method) for name in names]
        lines.append(f"| {METHODS[method].title} | {' | '.join(cells)} |")
    draws = ", ".join(f"{TASKS[name].title} {_draws(summary, name)}" for name in names)
    return "\n".join([*lines, "", f"Number of draws: {draws}; the paper's: 30."])


def _cell(summary: pd.DataFrame, dataset: str, method: str) -> str:
    cell = summary.loc[(dataset, method, "overall")]
    printed = published_accuracy(dataset, method, "overall")
    return f"{cell['mean']:.1f} ± {cell['sem']:.1f} (paper {printed:.1f})"


def _draws(summary: pd.DataFrame, dataset: str) -> str:
    """Return the number of draws; a range while a run is on its way."""
    counts = {
        int(summary.loc[(dataset, method, "overall"), "count"])
        for method in PAPER_METHODS
    }
    return "-".join(str(count) for count in sorted({min(counts), max(counts)}))
