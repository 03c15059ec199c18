"""Directives that show the speed benchmark, from its committed results files.

Every figure is read while a page is built, so the pages follow the files.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from benchmarks.speed import RESULTS
from benchmarks.speed.kddcup import MLP, OURS, PLAIN, RECALL_FILE, TREES

NOTHING = "The results file holds nothing of it yet."
OURS_ADAM = "WBNMLPClassifier, Adam"
# Of the table of recalls, which has to fit a page.
HEADINGS = {
    OURS: "ICF + WBN",
    PLAIN: "BN, no weights",
    MLP: "MLPClassifier",
    TREES: "gradient boosting",
}
SMALL_NETWORK = "20000 x 30, hidden (100,), batch 200"


class Goal(NamedTuple):
    """What the project wants of one part.

    Parameters
    ----------
    title : str
        What is measured.
    part : str
        Of the results file.
    measured : callable
        From the lines of one comparison, indexed by contender, to a figure or None.
    limit : callable
        From the config to the figure that is wanted.
    at_least : bool, default=False
        Whether larger is better.
    unit : str, default=""
        After the figures; ratios have none.
    """

    title: str
    part: str
    measured: Callable[[pd.DataFrame], float | None]
    limit: Callable[[str], float]
    at_least: bool = False
    unit: str = ""


def ratio_of(contender: str) -> Callable[[pd.DataFrame], float | None]:
    """Return a function that takes the stored ratio of a contender."""
    return lambda rows: rows["ratio"].get(contender)


def median_of(contender: str) -> Callable[[pd.DataFrame], float | None]:
    """Return a function that takes the median of a contender."""
    return lambda rows: rows["median"].get(contender)


def medians_ratio(one: str, other: str) -> Callable[[pd.DataFrame], float | None]:
    """Return a function that divides the medians of two contenders."""

    def divide(rows: pd.DataFrame) -> float | None:
        if not {one, other} <= set(rows.index):
            return None
        return float(rows.loc[one, "median"] / rows.loc[other, "median"])

    return divide


def sequential_over_parallel(rows: pd.DataFrame) -> float:
    """Return how much faster two processes are than one at its best."""
    alone = rows.loc[rows.index.str.startswith("n_jobs=1,"), "median"]
    return float(alone.min() / rows.loc["n_jobs=2", "median"])


LAYOUTS = ("C order", "Fortran order", "memory map")
GOALS = (
    Goal(
        "layer, against `nn.BatchNorm1d`",
        "layer",
        ratio_of("WeightedBatchNorm1d"),
        lambda config: 1.5,
    ),
    Goal(
        "layer with Numba, against `nn.BatchNorm1d`",
        "layer",
        ratio_of("WeightedBatchNorm1d, Numba"),
        lambda config: 1.5,
    ),
    Goal(
        "compiled layer, against a compiled `nn.BatchNorm1d`",
        "layer",
        medians_ratio("WeightedBatchNorm1d, compiled", "nn.BatchNorm1d, compiled"),
        lambda config: 1.5,
    ),
    Goal(
        "`fit`, against a torch loop with `nn.BatchNorm1d`",
        "fit",
        ratio_of(OURS),
        lambda config: 1.1,
    ),
    *(
        Goal(
            f"`fit` with {names}, against `MLPClassifier`",
            "fit_adam",
            ratio_of(contender),
            lambda config: 1.5 if config == SMALL_NETWORK else 1 / 1.1,
        )
        for names, contender in (
            ("Adam", OURS_ADAM),
            ("Adam and Numba", f"{OURS_ADAM}, Numba"),
        )
    ),
    Goal(
        "`predict_proba`, against `MLPClassifier`",
        "predict_proba",
        ratio_of(OURS),
        lambda config: 1.0,
    ),
    *(
        Goal(
            f"memory that `fit` adds, {layout}",
            "memory",
            median_of(f"{OURS}, {layout}"),
            lambda config: 300.0,
            unit="\N{NO-BREAK SPACE}MB",
        )
        for layout in LAYOUTS
    ),
    Goal(
        "search, two processes against one",
        "search",
        sequential_over_parallel,
        lambda config: 1.7,
        at_least=True,
    ),
    Goal(
        "`import sklearn_wbn`",
        "import",
        median_of("import sklearn_wbn"),
        lambda config: 0.15,
        unit="\N{NO-BREAK SPACE}s",
    ),
    Goal(
        "`from sklearn_wbn import WBNMLPClassifier`",
        "import",
        median_of("from sklearn_wbn import WBNMLPClassifier"),
        lambda config: 0.15,
        unit="\N{NO-BREAK SPACE}s",
    ),
)


def read_rows(path: Path = RESULTS) -> pd.DataFrame:
    """Return the lines of the results file."""
    return pd.read_csv(path)


def comparisons(rows: pd.DataFrame, part: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the config and the lines, by contender, of each comparison of a part."""
    of_part = rows[rows["part"] == part]
    for config, lines in of_part.groupby("config", sort=False):
        yield str(config), lines.set_index("contender")


def goals_table(rows: pd.DataFrame) -> str:
    """Write what is wanted beside what was measured, as Markdown."""
    lines = ["| what | case | measured | wanted | |", "|---|---|--:|--:|---|"]
    for goal in GOALS:
        for config, figures in comparisons(rows, goal.part):
            value, limit = goal.measured(figures), goal.limit(config)
            if value is None:
                continue
            reached = value >= limit if goal.at_least else value <= limit
            sign = "≥" if goal.at_least else "≤"
            wanted = f"{sign}\N{NO-BREAK SPACE}{short(limit)}{goal.unit}"
            cells = (goal.title, config, short(value) + goal.unit, wanted)
            lines.append(f"| {' | '.join(cells)} | {'reached' if reached else 'no'} |")
    return "\n".join(lines)


def part_tables(rows: pd.DataFrame, part: str) -> str:
    """Write the comparisons of a part, a table each, as Markdown."""
    texts = []
    for config, lines in comparisons(rows, part):
        first = lines.iloc[0]
        table = [
            f"| {config} | {first['unit']} | from | to | ratio | runs |",
            "|---|--:|--:|--:|--:|--:|",
        ]
        for contender, line in lines.iterrows():
            times = (short(line[name]) for name in ("median", "smallest", "largest"))
            ratio = f"{line['ratio']:.2f} | {line['runs']}"
            table.append(f"| {contender} | {' | '.join(times)} | {ratio} |")
        texts.append("\n".join(table))
    return "\n\n".join(texts) or NOTHING


def recall_table(path: Path) -> str:
    """Write the recall of every class, the largest first, as Markdown."""
    if not path.exists():
        return NOTHING
    rows = pd.read_csv(path)
    means = rows.groupby(["label", "contender"])["recall"].mean().unstack()
    sizes = rows.groupby("label")[["train_rows", "test_rows"]].mean()
    names = sizes.sort_values("train_rows", ascending=False).index
    contenders = [name for name in HEADINGS if name in means.columns]
    headings = " | ".join(HEADINGS[name] for name in contenders)
    lines = [
        f"| class | training rows | test rows | {headings} |",
        "|---|--:|--:|" + "--:|" * len(contenders),
    ]
    for name in [*names.drop("macro"), "macro"]:
        counts = (f"{size:.0f}" for size in sizes.loc[name])
        recalls = (
            "no test row" if pd.isna(value) else f"{value:.1f}"
            for value in means.loc[name, contenders]
        )
        lines.append(f"| {name} | {' | '.join((*counts, *recalls))} |")
    splits = rows["split"].nunique()
    title = f"Recall in percent, mean over {splits} split{'s' * (splits > 1)}:"
    return f"{title}\n\n" + "\n".join(lines)


def machines(rows: pd.DataFrame) -> str:
    """Say where the figures come from."""
    names = rows["machine"].drop_duplicates()
    return "Measured on: " + "; ".join(names) + "."


def short(value: float) -> str:
    """Write a figure with three significant digits, large ones without decimals."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:#.3g}"


class SpeedText(SphinxDirective):
    """A part of the results: ``goals``, ``machines``, ``recall``, or a part's name."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        recalls = RESULTS.with_name(RECALL_FILE)
        for path in (RESULTS, recalls):
            self.env.note_dependency(str(path))
        rows, wanted = read_rows(), self.arguments[0]
        whole = {"goals": goals_table, "machines": machines}
        if wanted == "recall":
            text = recall_table(recalls)
        elif wanted in whole:
            text = whole[wanted](rows)
        else:
            text = part_tables(rows, wanted)
        return self.parse_text_to_nodes(text)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("speed-results", SpeedText)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
