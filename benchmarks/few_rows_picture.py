"""The picture of the few-rows benchmark: a panel for each task."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from benchmarks.few_rows import COUNTS, METHODS
from benchmarks.report_pictures import (
    REFERENCE_COLOUR,
    SHOWN,
    legend_below,
    new_figure,
    tidy,
)
from benchmarks.report_tables import title

COLOURS = {
    **SHOWN,
    "wbn-icf": REFERENCE_COLOUR,
    "wbn-default": "#000000",
    "bn-over": "#b8860b",
    "bn-smoteenn": "#8b4513",
}
N_COLUMNS = 3


def draw_few_rows(means: pd.DataFrame) -> Figure:
    """Draw balanced accuracy against the number of minority rows.

    Parameters
    ----------
    means : DataFrame
        What `benchmarks.few_rows.mean_accuracy` returns.

    Returns
    -------
    Figure
        Means over the draws, with one standard error where there are several.
    """
    datasets = list(means.index.unique("dataset"))
    n_lines = -(-len(datasets) // N_COLUMNS)
    figure = new_figure(9.0, 0.8 + 2.8 * n_lines)
    panels = figure.subplots(n_lines, N_COLUMNS, squeeze=False).ravel()
    for axes, dataset in zip(panels, datasets, strict=False):
        here = means.xs(dataset, level="dataset")
        for method in METHODS:
            if method in here.index.unique("method"):
                cells = 100.0 * here.xs(method, level="method")[["mean", "sem"]]
                axes.errorbar(
                    cells.index,
                    cells["mean"],
                    cells["sem"].fillna(0.0),
                    marker=".",
                    color=COLOURS[method],
                    linewidth=2.2 if method == "wbn-icf" else 1.2,
                    label=title(method),
                )
        axes.set(title=dataset, xscale="log", xlabel="minority rows")
        axes.set_xticks(COUNTS, map(str, COUNTS))
        axes.minorticks_off()
        tidy(axes)
    for axes in panels[len(datasets) :]:
        axes.remove()
    figure.supylabel("balanced accuracy (%)", fontsize="medium")
    legend_below(figure, panels[0])
    return figure
