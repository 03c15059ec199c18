"""Directives that show the study, from its committed results files.

Every figure is computed while the page is built, so the page follows the files.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from benchmarks.study import RESULTS, batches_file
from benchmarks.study_claims import CLAIMS, check
from benchmarks.study_file import StudyFile
from benchmarks.study_frontier import Gains, frontier, with_auto
from benchmarks.study_methods import STUDY_METHODS
from benchmarks.study_picture import draw_gains
from benchmarks.study_summary import (
    METRICS,
    PAPER,
    REGIMES,
    SETTING,
    average,
    covering,
)
from benchmarks.study_tables import ADJUSTED, complete_rows, with_error
from benchmarks.study_tasks import ROLES, STUDY_TASKS
from docs.ext.paper_results import number

NOTHING = "The results file holds nothing of it yet."
LOG_LOSS = "log_loss"
IDEAS = ("ideas", "auto")

Line = Sequence[str]


def read_rows(path: Path = RESULTS) -> pd.DataFrame:
    """Return the trainings of the file that count, with their role and regime."""
    return complete_rows(StudyFile(path).read(), read_batches(path))


def read_batches(path: Path = RESULTS) -> pd.DataFrame:
    """Return what the mini-batches of each task hold."""
    rows = batches_file(path).read()
    return rows[rows["task"].isin(STUDY_TASKS)]


def coverage(rows: pd.DataFrame) -> str:
    """Say how much the file holds."""
    if rows.empty:
        return NOTHING
    trainings = rows[["task", "method", "draw"]].drop_duplicates()
    parts = []
    for role in ROLES:
        part = rows[rows["role"] == role]
        draws = part.groupby("task")["draw"].nunique()
        if not part.empty:
            parts.append(
                f"{len(draws)} tasks of the role {role} with {draws.min()} to "
                f"{draws.max()} redraws"
            )
    return f"The file holds {len(trainings)} trainings: {'; '.join(parts)}."


def summary_lines(rows: pd.DataFrame) -> Iterable[Line]:
    """Yield title and figures of each training and statistic that has all the tasks.

    The figures are those without logit adjustment, or with the one that was chosen on
    inner folds; two more cells hold the balanced accuracy with adjustment.
    """
    table = covering(average(rows))
    for (method, statistic), part in table.groupby(SETTING[:2], sort=False):
        by_tau = part.droplevel(SETTING[:2])
        own = by_tau.iloc[0]
        adjusted = [
            number(by_tau.loc[tau, METRICS[0]]) if tau in by_tau.index else ""
            for tau in ADJUSTED
        ]
        gain = own.get("balanced_accuracy_gain", math.nan)
        yield (
            f"{STUDY_METHODS[method].title}, {statistic}",
            *(with_error(own[name], own[f"{name}_sem"]) for name in METRICS[:3]),
            number(own["auc"]),
            f"{own[LOG_LOSS]:.2f}",
            *adjusted,
            "" if math.isnan(gain) else number(gain, sign=True),
        )


def rows_of_ideas(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep ideas, and the paper's setting on the tasks that they were tried on."""
    is_idea = rows["method"].map(lambda key: STUDY_METHODS[key].group in IDEAS)
    tried = rows["task"].isin(rows.loc[is_idea, "task"])
    return rows[is_idea | (tried & (rows["method"] == PAPER.method))]


def idea_lines(rows: pd.DataFrame) -> Iterable[Line]:
    """Yield the gain of each training and statistic over the paper's, on its tasks.

    An idea is tried on some of the tasks; only differences on the same trainings
    compare.
    """
    table = average(rows, reference=PAPER)
    for (method, statistic), part in table.groupby(SETTING[:2], sort=False):
        own = part.iloc[0]
        yield (
            f"{STUDY_METHODS[method].title}, {statistic}",
            *(number(own[f"{name}_gain"], sign=True) for name in METRICS[:4]),
            str(int(own["tasks"])),
        )


def frontier_lines(rows: pd.DataFrame) -> Iterable[Line]:
    """Yield gains of each documented setting in both regimes, and where it loses."""
    for title, by_regime in frontier(rows).items():
        cells = [cell for regime in REGIMES for cell in _gain_cells(by_regime, regime)]
        if any(cells):
            yield title, *cells


def _gain_cells(by_regime: dict[str, Gains], regime: str) -> Line:
    if regime not in by_regime:
        return [""] * 4
    gain = by_regime[regime]
    means = [number(mean, sign=True) for mean in gain.means]
    star = "" if gain.shared else "*"
    return [*means, f"{gain.worse} of {gain.tasks}{star}"]


def task_lines(rows: pd.DataFrame, setting: Line) -> Iterable[Line]:
    """Yield the figures of one setting on each task."""
    chosen = rows[(rows[SETTING] == list(setting)).all(axis=1)]
    for name, task in STUDY_TASKS.items():
        part = chosen[chosen["task"] == name]
        if part.empty:
            continue
        means, errors = part[list(METRICS)].mean(), part[list(METRICS)].sem()
        figures = [
            with_error(means[metric], errors[metric], 2 if metric == LOG_LOSS else 1)
            for metric in METRICS
        ]
        recalls = pd.DataFrame([text.split() for text in part["recalls"]])
        by_class = recalls.astype(float).mean().map("{:.0f}".format)
        yield task.title, " ".join(by_class), *figures, str(len(part))


def batch_lines(batches: pd.DataFrame) -> Iterable[Line]:
    """Yield what the mini-batches of each task hold, from its first redraw."""
    first = batches.sort_values("draw").drop_duplicates("task").set_index("task")
    for name, task in STUDY_TASKS.items():
        if name in first.index:
            row = first.loc[name]
            yield (
                task.title,
                row["class_count"],
                f"{row['without_minority']:.1f}",
                f"{row['n_eff']:.1f}",
                _rounded(row["carried_batch"]),
                _rounded(row["carried_constant"]),
            )


def _rounded(shares: str) -> str:
    return " ".join(f"{float(share):.0f}" for share in shares.split())


def claim_lines(rows: pd.DataFrame) -> Iterable[Line]:
    """Yield each claim, with what the tasks of both roles say."""
    rows = with_auto(rows)
    for claim in CLAIMS:
        found = check(claim, rows)
        difference = "" if math.isnan(found.mean) else number(found.mean, sign=True)
        if not math.isnan(found.sem):
            difference += f" ± {number(found.sem)}"
        counts = f"{found.ahead} of {found.tasks}"
        yield f"{claim.regime}: {claim.text}", difference, counts, found.verdict


class _Table(SphinxDirective, ABC):
    """A table whose lines are computed."""

    headings: Line = ()

    @abstractmethod
    def lines(self) -> Iterable[Line]:
        """Compute the lines; without any, the page says that there are none."""

    def run(self) -> list[nodes.Node]:
        for path in (RESULTS, batches_file(RESULTS).path):
            self.env.note_dependency(str(path))
        lines = list(self.lines())
        if not lines:
            return [nodes.paragraph(text=NOTHING)]
        return [make_table(self.headings, lines)]


class StudyTable(_Table):
    """Means over the tasks of a role and a regime, and of groups of trainings."""

    required_arguments = 3
    final_argument_whitespace = False
    headings = (
        *("training, statistic", "bal. acc.", "macro F1", "av. prec.", "AUC"),
        *("log loss", "tau 0.5", "tau 1", "gain"),
    )

    def lines(self) -> Iterable[Line]:
        role, regime, groups = self.arguments
        rows = read_rows()
        method_groups = rows["method"].map(lambda key: STUDY_METHODS[key].group)
        # The reference stays, for the gains of the others.
        wanted = method_groups.isin(groups.split(",")) | (rows["method"] == "bn-batch")
        part = rows[(rows["role"] == role) & (rows["regime"] == regime) & wanted]
        return [] if part.empty else summary_lines(part)


class StudyIdeas(_Table):
    """Gains of ideas over the paper's setting, on the selection tasks of a regime."""

    required_arguments = 1
    headings = (
        *("training, statistic", "bal. acc.", "macro F1", "av. prec.", "AUC"),
        "tasks",
    )

    def lines(self) -> Iterable[Line]:
        rows = read_rows()
        chosen = (rows["role"] == "selection") & (rows["regime"] == self.arguments[0])
        part = rows_of_ideas(rows[chosen])
        return [] if part.empty else idea_lines(part)


class StudyFrontier(_Table):
    """Single documented settings on the tasks of a role, against ICF + BN."""

    required_arguments = 1
    headings = (
        "setting",
        *("few: bal. acc.", "F1", "av. prec.", "worse"),
        *("many: bal. acc.", "F1", "av. prec.", "worse"),
    )

    def lines(self) -> Iterable[Line]:
        rows = read_rows()
        part = rows[rows["role"] == self.arguments[0]]
        return [] if part.empty else frontier_lines(part)


class StudyTasks(_Table):
    """One setting, task by task."""

    required_arguments = 3
    headings = (
        *("task", "recalls", "bal. acc.", "macro F1"),
        *("av. prec.", "AUC", "log loss", "draws"),
    )

    def lines(self) -> Iterable[Line]:
        return task_lines(read_rows(), self.arguments)


class StudyBatches(_Table):
    """What the mini-batches hold."""

    headings = (
        *("task", "training rows", "without (%)", "effective rows"),
        *("carried, batch (%)", "constant (%)"),
    )

    def lines(self) -> Iterable[Line]:
        return batch_lines(read_batches())


class StudyClaims(_Table):
    """What first trials suggested, and what the study says."""

    headings = ("minority rows: claim", "difference", "tasks", "verdict")

    def lines(self) -> Iterable[Line]:
        rows = read_rows()
        return [] if rows.empty else claim_lines(rows)


def make_table(headings: Line, lines: Iterable[Line]) -> nodes.table:
    """Make a table of plain text."""
    group = nodes.tgroup("", cols=len(headings))
    group += [nodes.colspec("", colwidth=1) for _ in headings]
    group += nodes.thead("", _row(headings))
    group += nodes.tbody("", *(_row(line) for line in lines))
    return nodes.table("", group, classes=["results"])


def _row(cells: Line) -> nodes.row:
    return nodes.row(
        "", *(nodes.entry("", nodes.paragraph(text=text)) for text in cells)
    )


class StudySummary(SphinxDirective):
    """A sentence on what the file holds."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(RESULTS))
        return [nodes.paragraph(text=coverage(read_rows()))]


class StudyPicture(SphinxDirective):
    """Gains over the share of mini-batches without a minority row."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(RESULTS))
        rows = read_rows()
        if rows.empty:
            return []
        folder = Path(self.env.srcdir) / "generated"
        folder.mkdir(exist_ok=True)
        draw_gains(rows, read_batches()).savefig(folder / "study.svg")
        alt = (
            "Gain of weighted over plain batch normalization on every task, for four "
            "statistics, over the minority rows of a mini-batch."
        )
        return [nodes.image(uri="/generated/study.svg", alt=alt)]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("study-table", StudyTable)
    app.add_directive("study-frontier", StudyFrontier)
    app.add_directive("study-ideas", StudyIdeas)
    app.add_directive("study-tasks", StudyTasks)
    app.add_directive("study-batches", StudyBatches)
    app.add_directive("study-claims", StudyClaims)
    app.add_directive("study-summary", StudySummary)
    app.add_directive("study-picture", StudyPicture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
