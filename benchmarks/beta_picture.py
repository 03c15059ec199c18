"""The picture of the searches over beta: a panel for each table."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.beta_search import DISTANCES, ICF
from benchmarks.report_pictures import legend_below, new_figure, tidy
from sklearn_wbn import BetaSearchDisplay

VALIDATION_COLOUR, TEST_COLOUR = "#0072b2", "#d55e00"
# Where inverse class frequency, the limit, stands on the logarithmic axis.
ICF_PLACE = min(DISTANCES) / 10
N_COLUMNS = 3


def draw_searches(rows: pd.DataFrame) -> Figure:
    """Draw validation and test score against 1 - beta.

    Parameters
    ----------
    rows : DataFrame
        Columns of `benchmarks.beta_search.BetaRow`.

    Returns
    -------
    Figure
        Means over the outer folds; the band is one standard deviation over them.
    """
    datasets = list(rows["dataset"].unique())
    n_lines = -(-len(datasets) // N_COLUMNS)
    figure = new_figure(9.5, 0.6 + 2.9 * n_lines)
    panels = figure.subplots(n_lines, N_COLUMNS, squeeze=False).ravel()
    for axes, dataset in zip(panels, datasets, strict=False):
        _draw_panel(axes, rows[rows["dataset"] == dataset])
        axes.set_title(dataset)
    for axes in panels[len(datasets) :]:
        axes.remove()
    legend_below(figure, panels[0])
    return figure


def _draw_panel(axes: Axes, rows: pd.DataFrame) -> None:
    for score, colour in (("validation", VALIDATION_COLOUR), ("test", TEST_COLOUR)):
        table = rows.pivot_table(score, "distance", "fold")
        grid = table.loc[sorted(DISTANCES, reverse=True)]
        style = {"color": colour, "label": f"{score} score"}
        display = BetaSearchDisplay(
            beta=1.0 - grid.index.to_numpy(),
            test_scores=grid.to_numpy(),
            score_name="balanced accuracy",
        ).plot(axes, line_kw=style, fill_between_kw={"color": colour})
        if score == "validation":
            display.best_.set_label("best mean validation score")
        else:
            display.best_.remove()  # no search can see it
        limit = table.loc[ICF]
        axes.errorbar(
            ICF_PLACE, limit.mean(), limit.std(ddof=0), fmt="s", color=colour, capsize=3
        )
    axes.set_xticks(
        [*DISTANCES[::2], ICF_PLACE], [*(f"{d:g}" for d in DISTANCES[::2]), "ICF"]
    )
    axes.minorticks_off()
    axes.get_legend().remove()
    tidy(axes)
