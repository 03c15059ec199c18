"""A picture of the study: what the statistics for inference gain, task by task."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.study_summary import FEW_BELOW, REFERENCE, SETTING, minority_rows

PANELS = {
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
    "average_precision": "average precision",
}
# Colours and shapes that can be told apart without colour vision.
MARKS = {
    "batch_mean": ("#0072b2", "o"),
    "moving": ("#56b4e9", "v"),
    "population": ("#e69f00", "s"),
    "weighted_population": ("#999999", "x"),
}
TRAINING = "wbn-batch"


def gains_by_task(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Compare WBN under every statistic with BN of the same weights.

    Parameters
    ----------
    rows : DataFrame
        What `benchmarks.study_tables.complete_rows` returns.
    metric : str
        A metric column.

    Returns
    -------
    DataFrame
        Mean difference over the redraws that both have, in points; a row for each
        task, a column for each statistic.
    """
    index = ["task", "draw"]
    is_base = (rows[SETTING] == list(REFERENCE)).all(axis=1)
    base = rows[is_base].set_index(index)[metric]
    ours = rows[(rows["method"] == TRAINING) & (rows["adjustment"] == "0")]
    table = ours.pivot(index=index, columns="statistic", values=metric)
    return table.sub(base, axis=0).dropna(how="all").groupby("task").mean()


def draw_gains(rows: pd.DataFrame, batches: pd.DataFrame) -> Figure:
    """Draw gains over the minority rows of a mini-batch.

    Parameters
    ----------
    rows : DataFrame
        What `benchmarks.study_tables.complete_rows` returns.
    batches : DataFrame
        Columns of `benchmarks.study_batches.BatchRow`.

    Returns
    -------
    Figure
        One panel for each of `PANELS`, one mark for each task and statistic.
    """
    per_batch = minority_rows(batches)
    figure = Figure(figsize=(9.5, 3.4), layout="constrained")
    # Drawn without pyplot, which would choose a window system.
    FigureCanvasAgg(figure)
    for axes, (metric, title) in zip(
        figure.subplots(1, 3), PANELS.items(), strict=True
    ):
        _draw_panel(axes, gains_by_task(rows, metric), per_batch)
        axes.set_title(title)
    figure.axes[0].set_ylabel("WBN less BN, points")
    figure.supxlabel(
        "rows of the second largest class in a mini-batch, on average", fontsize=10
    )
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=4, frameon=False)
    return figure


def _draw_panel(axes: Axes, gains: pd.DataFrame, per_batch: pd.Series) -> None:
    for name, (colour, marker) in MARKS.items():
        if name in gains:
            axes.plot(
                per_batch.reindex(gains.index),
                gains[name],
                marker,
                color=colour,
                label=name,
                alpha=0.85,
            )
    axes.set_xscale("log")
    axes.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
    axes.minorticks_off()
    axes.axhline(0.0, color="0.4", linewidth=0.8)
    axes.axvline(FEW_BELOW, color="0.7", linewidth=0.8, linestyle="--")
    axes.grid(axis="y", color="0.92")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
