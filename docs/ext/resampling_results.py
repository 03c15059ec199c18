"""Directives that show the resampling benchmark and its companions.

Texts, tables and pictures are those of the commands in `benchmarks/`, made from the
committed results files while the page is built, so the page follows the files.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from docutils import nodes
from matplotlib.figure import Figure
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from benchmarks import beta_search, few_rows, limits
from benchmarks.beta_picture import draw_searches
from benchmarks.few_rows_picture import draw_few_rows
from benchmarks.report import PARTS, REFERENCES, comparison_of, pictures
from benchmarks.resampling import EPOCHS, RESULTS

NOTHING = "The results file holds nothing of it yet."


def report_part(tier: str, part: str, path: Path = RESULTS) -> str:
    """Return a part of the report as Markdown."""
    comparison = comparison_of(tier, path)
    if comparison is None:
        # Once for a tier is enough.
        return NOTHING if part == "coverage" else ""
    return PARTS[part](comparison, REFERENCES[tier])


def report_picture(tier: str, name: str, path: Path = RESULTS) -> Figure | None:
    """Draw a picture of the report, None where there is nothing to draw."""
    comparison = comparison_of(tier, path)
    if comparison is None:
        return None
    return dict(pictures(tier, comparison, path))[name]


def few_rows_tables(path: Path = few_rows.RESULTS) -> str:
    """Return the tables of all data sets as Markdown."""
    means = few_rows.mean_accuracy(few_rows.few_rows_file(path))
    datasets = means.index.unique("dataset")
    return "\n\n".join(
        f"`{name}`, {_draws(int(means.xs(name)['count'].max()))}:\n\n"
        f"{few_rows.accuracy_table(means, name)}"
        for name in datasets
    ) or NOTHING  # fmt: skip


def _draws(n: int) -> str:
    return "one draw" if n == 1 else f"means of {n} draws"


def few_rows_picture(path: Path = few_rows.RESULTS) -> Figure | None:
    """Draw the few-rows benchmark."""
    means = few_rows.mean_accuracy(few_rows.few_rows_file(path))
    return None if means.empty else draw_few_rows(means)


def beta_table(path: Path = beta_search.RESULTS) -> str:
    """Return what the searches were worth as Markdown."""
    rows = beta_search.BetaFile(path).read()
    rows = rows[rows["epochs"] == EPOCHS]
    return NOTHING if rows.empty else beta_search.worth_table(rows)


def limits_table(path: Path = limits.RESULTS) -> str:
    """Return the means over the tasks as Markdown."""
    rows = limits.LimitsFile(path).read()
    return NOTHING if rows.empty else limits.limits_table(rows)


def beta_picture(path: Path = beta_search.RESULTS) -> Figure | None:
    """Draw the searches over beta."""
    rows = beta_search.BetaFile(path).read()
    rows = rows[rows["epochs"] == EPOCHS]
    return None if rows.empty else draw_searches(rows)


class _Text(SphinxDirective):
    """Markdown made by a function of the directive's arguments."""

    make: Callable[..., str]
    source: Path

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(self.source))
        return self.parse_text_to_nodes(type(self).make(*self.arguments))


class _Picture(SphinxDirective):
    """A picture drawn by a function of the arguments; the text says what it shows."""

    has_content = True
    make: Callable[..., Figure | None]
    source: Path

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(self.source))
        figure = type(self).make(*self.arguments)
        if figure is None:
            return []  # the text beside it says so
        folder = Path(self.env.srcdir) / "generated"
        folder.mkdir(exist_ok=True)
        name = "_".join([self.name, *self.arguments])
        figure.savefig(folder / f"{name}.svg")
        alt = " ".join(self.content)
        return [nodes.image(uri=f"/generated/{name}.svg", alt=alt)]


class ResamplingReport(_Text):
    """``{resampling-report} TIER PART``."""

    required_arguments = 2
    make = staticmethod(report_part)
    source = RESULTS


class ResamplingPicture(_Picture):
    """``{resampling-picture} TIER NAME``."""

    required_arguments = 2
    make = staticmethod(report_picture)
    source = RESULTS


class FewRowsTables(_Text):
    """``{few-rows-tables}``."""

    make = staticmethod(few_rows_tables)
    source = few_rows.RESULTS


class FewRowsPicture(_Picture):
    """``{few-rows-picture}``."""

    make = staticmethod(few_rows_picture)
    source = few_rows.RESULTS


class BetaTable(_Text):
    """``{beta-search-table}``."""

    make = staticmethod(beta_table)
    source = beta_search.RESULTS


class LimitsTable(_Text):
    """``{limits-table}``."""

    make = staticmethod(limits_table)
    source = limits.RESULTS


class BetaPicture(_Picture):
    """``{beta-search-picture}``."""

    make = staticmethod(beta_picture)
    source = beta_search.RESULTS


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("resampling-report", ResamplingReport)
    app.add_directive("resampling-picture", ResamplingPicture)
    app.add_directive("few-rows-tables", FewRowsTables)
    app.add_directive("few-rows-picture", FewRowsPicture)
    app.add_directive("beta-search-table", BetaTable)
    app.add_directive("limits-table", LimitsTable)
    app.add_directive("beta-search-picture", BetaPicture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
