"""Directives that show the reproduction of the paper, from the committed results file.

Every figure is computed while the page is built, so the page follows the file.
"""

import math
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from docutils import nodes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from benchmarks.datasets import TASKS
from benchmarks.methods import METHODS
from benchmarks.paper import RESULTS
from benchmarks.picture import draw_classes
from benchmarks.published import PUBLISHED, published_accuracy
from benchmarks.tables import summarize
from benchmarks.trainings_file import TrainingsFile
from benchmarks.verdict import paired_difference

EPOCHS = 200  # of the paper
CLOSE = 3.0  # percentage points that count as "near" where two errors are less
# What the paper leaves open, tried on a method of it.
VARIANTS = {
    "b-moving": "b",
    "b-normal": "b",
    "b-whole": "b",
    "b-layerwise": "b",
    "d-moving": "d",
    "d-population": "d",
    "d-normal": "d",
    "d-whole": "d",
    "d-layerwise": "d",
    "d-jpeg": "d",
}
MINUS = "\N{MINUS SIGN}"


def read_rows(path: Path = RESULTS) -> pd.DataFrame:
    """Return the rows of the file that are as long as the paper's trainings."""
    rows = TrainingsFile(path).read()
    return rows[rows["epochs"] == EPOCHS]


def read_summary(path: Path = RESULTS) -> pd.DataFrame:
    """Return mean, standard error and number of draws of each cell of the file."""
    return summarize(read_rows(path))


def methods_in(summary: pd.DataFrame, dataset: str) -> list[str]:
    """Return the methods that the file holds for a data set, in our order."""
    return [
        method for method in METHODS if (dataset, method, "overall") in summary.index
    ]


def near(mean: float, sem: float, printed: float) -> bool:
    """Whether a mean lies within two standard errors or three points."""
    return abs(mean - printed) <= max(CLOSE, 0.0 if math.isnan(sem) else 2 * sem)


def number(value: float, sign: bool = False) -> str:
    """Write a figure in percent with one decimal and a true minus sign."""
    # Adding zero turns a rounded -0.0 into 0.0.
    return f"{round(value, 1) + 0.0:{'+' if sign else ''}.1f}".replace("-", MINUS)


def table_cells(
    summary: pd.DataFrame, dataset: str, method: str
) -> Iterator[tuple[str, ...]]:
    """Yield the lines of each cell: ours, the paper's, and the difference."""
    for label in (*TASKS[dataset].class_names, "overall"):
        cell = summary.loc[(dataset, method, label)]
        error = "" if math.isnan(cell["sem"]) else f" ± {number(cell['sem'])}"
        ours = f"{number(cell['mean'])}{error}"
        printed = published_accuracy(dataset, method, label)
        if printed is None:
            yield (ours,)
        else:
            yield ours, number(printed), number(cell["mean"] - printed, sign=True)


def draws(summary: pd.DataFrame, dataset: str, method: str) -> str:
    """Return the number of draws behind a line of the table."""
    return str(int(summary.loc[(dataset, method, "overall"), "count"]))


def coverage(summary: pd.DataFrame) -> str:
    """Say how near the overall accuracies are, and what the file lacks."""
    cells = [
        (summary.loc[(dataset, method, "overall")], published[-1])
        for dataset, methods in PUBLISHED.items()
        for method, published in methods.items()
        if (dataset, method, "overall") in summary.index
    ]
    n_near = sum(near(cell["mean"], cell["sem"], printed) for cell, printed in cells)
    all_cells = sum(map(len, PUBLISHED.values()))
    counts = [int(cell["count"]) for cell, _ in cells]
    if not cells:
        return f"The file holds none of the paper's {all_cells} overall accuracies yet."
    fewest, most = min(counts), max(counts)
    range_of_draws = f"{most}" if fewest == most else f"from {fewest} to {most}"
    return (
        f"The file holds {len(cells)} of the paper's {all_cells} overall accuracies, "
        f"{range_of_draws} draws each (the paper: 30). "
        f"{n_near} of the {len(cells)} lie within two standard errors of the mean or "
        f"{CLOSE:.0f} points of the paper's figure."
    )


def far_cells(summary: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """Yield what is known of each cell that is not near the paper's figure."""
    for dataset, methods in PUBLISHED.items():
        for method in methods:
            if method not in methods_in(summary, dataset):
                continue
            for label in (*TASKS[dataset].class_names, "overall"):
                printed = published_accuracy(dataset, method, label)
                mean, sem, count = summary.loc[(dataset, method, label)]
                if printed is None or near(mean, sem, printed):
                    continue
                yield (
                    f"{TASKS[dataset].title}, {label}",
                    METHODS[method].title,
                    number(mean),
                    number(printed),
                    number(mean - printed, sign=True),
                    number(sem),
                    number(sem * math.sqrt(count)),
                )


def variant_lines(rows: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """Yield a method on the draws of its variants, then what each of these changes."""
    for dataset, method in product(PUBLISHED, dict.fromkeys(VARIANTS.values())):
        part = rows[rows["dataset"] == dataset]
        draws_of = part.groupby("method")["draw"].unique()
        tried = [key for key in draws_of.index if VARIANTS.get(key) == method]
        tried.sort(key=list(VARIANTS).index)
        if tried:
            shared = part["draw"].isin(np.concatenate([*draws_of[tried]]))
            yield own_line(part[shared], dataset, method)
        for variant in tried:
            yield variant_line(part, dataset, variant, method)


def own_line(rows: pd.DataFrame, dataset: str, method: str) -> tuple[str, ...]:
    """Return ours on some draws, with the paper's figures in brackets."""
    summary = summarize(rows)
    texts = {}
    for label in (*TASKS[dataset].class_names, "overall"):
        mean, sem, _ = summary.loc[(dataset, method, label)]
        error = f" ± {number(sem)}" if label == "overall" else ""
        printed = published_accuracy(dataset, method, label)
        beside = "" if printed is None else f" ({number(printed)})"
        texts[label] = f"{number(mean)}{error}{beside}"
    overall = texts.pop("overall")
    by_class = ", ".join(f"{label} {text}" for label, text in texts.items())
    title, n_draws = METHODS[method].title, draws(summary, dataset, method)
    return TASKS[dataset].title, title, overall, by_class, n_draws


def variant_line(
    rows: pd.DataFrame, dataset: str, variant: str, method: str
) -> tuple[str, ...]:
    """Return the differences of a variant to its method on the draws of both."""
    changes = {
        label: paired_difference(rows, dataset, variant, method, label)
        for label in (*TASKS[dataset].class_names, "overall")
    }
    overall = changes.pop("overall")
    by_class = (f"{k} {number(c.mean, sign=True)}" for k, c in changes.items())
    return (
        TASKS[dataset].title,
        METHODS[variant].title,
        f"{number(overall.mean, sign=True)} ± {number(overall.sem)}",
        ", ".join(by_class),
        str(rows.loc[rows["method"] == variant, "draw"].nunique()),
    )


class PaperVariants(SphinxDirective):
    """What changes where the paper leaves something open."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(RESULTS))
        table = _new_table(["data", "variant", "overall", "by class", "draws"])
        for line in variant_lines(read_rows()):
            _add_row(table, [(cell,) for cell in line])
        return [table]


class PaperDifferences(SphinxDirective):
    """The cells that are not near the paper's figures."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(RESULTS))
        titles = ["cell", "method", "ours", "paper", "difference"]
        table = _new_table([*titles, "standard error", "spread of the draws"])
        lines = list(far_cells(read_summary()))
        if not lines:
            return [nodes.paragraph(text="There is none.")]
        for line in lines:
            _add_row(table, [(cell,) for cell in line])
        return [table]


class PaperTable(SphinxDirective):
    """The table of one data set."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(RESULTS))
        dataset, summary = self.arguments[0], read_summary()
        methods = methods_in(summary, dataset)
        if not methods:
            return [nodes.paragraph(text="The results file holds no rows of it yet.")]
        titles = ["method", "", *TASKS[dataset].class_names, "overall", "draws"]
        table = _new_table(titles)
        for method in methods:
            cells = list(table_cells(summary, dataset, method))
            heads = ("ours", "paper", "difference")[: max(map(len, cells))]
            row = [(METHODS[method].title,), heads, *cells]
            _add_row(table, [*row, (draws(summary, dataset, method),)])
        return [table]


def _new_table(titles: list[str]) -> nodes.table:
    group = nodes.tgroup("", cols=len(titles))
    group += [nodes.colspec("", colwidth=1) for _ in titles]
    group += nodes.thead("", _row([(title,) for title in titles]))
    group += nodes.tbody()
    return nodes.table("", group, classes=["results"])


def _add_row(table: nodes.table, cells: list[tuple[str, ...]]) -> None:
    next(iter(table.findall(nodes.tbody))).append(_row(cells))


def _row(cells: list[tuple[str, ...]]) -> nodes.row:
    row = nodes.row()
    for lines in cells:
        block = nodes.line_block("", *(nodes.line("", text) for text in lines))
        row += nodes.entry(
            "", block if len(lines) > 1 else nodes.paragraph(text=lines[0])
        )
    return row


class PaperSummary(SphinxDirective):
    """A paragraph on all data sets."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(RESULTS))
        return [nodes.paragraph(text=coverage(read_summary()))]


class PaperPicture(SphinxDirective):
    """``overall``, ours beside the paper's; or ``classes``, all methods."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(RESULTS))
        name, summary = self.arguments[0], read_summary()
        if summary.empty:
            return []
        draw, alt = PICTURES[name]
        folder = Path(self.env.srcdir) / "generated"
        folder.mkdir(exist_ok=True)
        draw(summary).savefig(folder / f"paper_{name}.svg")
        return [nodes.image(uri=f"/generated/paper_{name}.svg", alt=alt)]


def draw_by_class(summary: pd.DataFrame) -> Figure:
    """Draw bars for each class of each data set that the file holds."""
    found = [name for name in PUBLISHED if methods_in(summary, name)]
    return draw_classes(summary, found)


def draw_overall(summary: pd.DataFrame) -> Figure:
    """Draw one panel for each data set that the file holds."""
    datasets = [name for name in PUBLISHED if methods_in(summary, name)]
    figure = Figure(figsize=(8.5, 2.6), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, name in zip(
        figure.subplots(1, len(datasets), squeeze=False)[0], datasets, strict=True
    ):
        methods = [m for m in PUBLISHED[name] if m in methods_in(summary, name)]
        cells = summary.loc[[(name, method, "overall") for method in methods]]
        y = list(range(len(methods)))
        axes.errorbar(
            cells["mean"],
            y,
            xerr=2 * cells["sem"].fillna(0.0),
            fmt="o",
            color="#0072b2",
            capsize=3,
            label="ours, ± 2 standard errors",
        )
        printed = [published_accuracy(name, m, "overall") for m in methods]
        axes.plot(printed, y, "x", color="#d55e00", markersize=8, label="paper")
        axes.set_yticks(y, [METHODS[method].title for method in methods])
        axes.set_ylim(len(methods) - 0.5, -0.5)
        axes.grid(axis="x", color="0.9")
        axes.spines[["top", "right"]].set_visible(False)
        axes.set(title=TASKS[name].title, xlabel="overall accuracy (%)")
        axes.label_outer()
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    return figure


PICTURES = {
    "overall": (draw_overall, "Overall accuracy of each method, ours and the paper's."),
    "classes": (draw_by_class, "Accuracy of each class by each method, as bars."),
}


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("paper-differences", PaperDifferences)
    app.add_directive("paper-variants", PaperVariants)
    app.add_directive("paper-table", PaperTable)
    app.add_directive("paper-summary", PaperSummary)
    app.add_directive("paper-picture", PaperPicture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
