"""The pictures of the report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import scikit_posthocs
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from benchmarks.contenders import CONTENDERS
from benchmarks.report_data import TITLES, Comparison
from benchmarks.report_statistics import all_pairs, average_ranks
from benchmarks.report_tables import title

REFERENCE_COLOUR, PEER_COLOUR = "#0072b2", "#d55e00"
PEER_MARKERS = "sD^v<>Ph"
# Shown beside the reference where there is no room for all: the paper's baselines, one
# method of each kind of resampling, and one peer of each kind.
SHOWN = {
    "bn": "#999999",
    "bn-icf": "#56b4e9",
    "bn-smote": "#e69f00",
    "bn-under": "#cc79a7",
    "logistic": "#009e73",
    "balanced-forest": "#d55e00",
    "wbn-recommended": "#882255",
    "bn-threshold": "#999999",
    "smote-search": "#e69f00",
    "under-search": "#cc79a7",
    "logistic-search": "#009e73",
    "forest-search": "#d55e00",
    "wbn-recommended-threshold": "#882255",
}


def new_figure(width: float, height: float) -> Figure:
    """Make a figure that needs no window system."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def draw_critical_difference(comparison: Comparison, reference: str) -> Figure:
    """Draw average ranks; a bar joins methods that no test tells apart (p > 0.05).

    Its members have dots on it: a bar may pass over methods that are not among them.
    """
    networks = comparison.networks
    ranks = average_ranks(networks, "balanced_accuracy")
    p = all_pairs(networks, "balanced_accuracy")
    figure = new_figure(9.0, 1.2 + 0.22 * len(ranks))
    names = {method: title(method) for method in ranks.index}
    scikit_posthocs.critical_difference_diagram(
        ranks.rename(names),
        p.rename(index=names, columns=names),
        ax=figure.subplots(),
        label_fmt_left="{label} ({rank:.1f})",
        label_fmt_right="({rank:.1f}) {label}",
        color_palette={
            names[method]: REFERENCE_COLOUR if method == reference else "0.3"
            for method in ranks.index
        },
        crossbar_props={"linewidth": 2, "color": "0.6", "marker": "o", "markersize": 5},
    )
    return figure


def draw_regimes(comparison: Comparison, reference: str) -> Figure:
    """Draw the gain over some methods against the data's imbalance and few rows."""
    figure = new_figure(9.0, 3.6)
    scores = comparison.scores("balanced_accuracy")
    facts = comparison.facts.reindex(scores.index)
    panels = figure.subplots(1, 2, sharey=True)
    axis = {
        "n_minority_train": "minority rows in training",
        "ratio": "other rows for each minority row",
    }
    for axes, (column, label) in zip(panels, axis.items(), strict=True):
        for method, colour in SHOWN.items():
            if method in scores:
                gain = 100.0 * (scores[reference] - scores[method])
                axes.plot(facts[column], gain, "o", color=colour, label=title(method))
        axes.axhline(0.0, color="0.3", linewidth=0.8)
        axes.set_xlabel(label)
        _plain_log(axes)
        tidy(axes)
    panels[0].set_ylabel(
        f"balanced accuracy (points)\n{title(reference)} minus another"
    )
    legend_below(figure, panels[0])
    return figure


def draw_time(comparison: Comparison, reference: str) -> Figure:
    """Draw two scores against the seconds of a fit."""
    figure = new_figure(9.0, 5.4)
    seconds = np.exp(np.log(comparison.scores("fit_seconds")).mean())
    metrics = ("balanced_accuracy", "average_precision")
    panels = figure.subplots(1, 2)
    for axes, metric in zip(panels, metrics, strict=True):
        means = 100.0 * comparison.scores(metric).mean()
        markers = iter(PEER_MARKERS)
        for method in comparison.methods:
            style = _mark(method, reference, markers)
            axes.plot(seconds[method], means[method], linestyle="none", **style)
        axes.set(xlabel="fit (s)", ylabel=f"{TITLES[metric]} (%)")
        _plain_log(axes)
        tidy(axes)
    legend_below(figure, panels[0], ncols=3)
    return figure


def draw_calibration(
    comparison: Comparison, reference: str, bins: pd.DataFrame
) -> Figure:
    """Draw the share of minority rows against their predicted probability.

    Parameters
    ----------
    comparison : Comparison
        Says which tables and methods count.
    reference : str
        Drawn in its colour.
    bins : DataFrame
        Columns of `benchmarks.resampling_file.BinRow`.

    Returns
    -------
    Figure
        One curve for a method, over the rows of all tables; tables count by their rows.
    """
    key = ["dataset", "method", "epochs", "repeat", "fold"]
    counted = bins.merge(comparison.rows[key], on=key)
    counted["total"] = counted["rows"] * counted["probability"]
    sums = counted.groupby(["method", "bin"])[["rows", "total", "minority_rows"]].sum()
    figure = new_figure(5.2, 4.8)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.3", linewidth=0.8, label="calibrated")
    for method, colour in {**SHOWN, reference: REFERENCE_COLOUR}.items():
        # A file of scores may have been copied without its bins.
        if method in comparison.methods and method in sums.index:
            curve = sums.loc[method]
            axes.plot(
                curve["total"] / curve["rows"],
                curve["minority_rows"] / curve["rows"],
                "o-",
                color=colour,
                markersize=4,
                linewidth=2.2 if method == reference else 1.2,
                label=title(method),
            )
    axes.set(
        xlabel="predicted probability of the minority class",
        ylabel="share of minority rows",
        xlim=(0, 1),
        ylim=(0, 1),
        aspect="equal",
    )
    tidy(axes)
    axes.legend(frameon=False, fontsize=8)
    return figure


def _mark(method: str, reference: str, markers: Iterator[str]) -> dict[str, Any]:
    """Choose marker and name: one name for all networks that have no colour."""
    if method == reference:
        return {"marker": "o", "color": REFERENCE_COLOUR, "label": title(method)}
    if not CONTENDERS[method].network:
        return {"marker": next(markers), "color": PEER_COLOUR, "label": title(method)}
    if method in SHOWN:
        return {"marker": "o", "color": SHOWN[method], "label": title(method)}
    return {"marker": ".", "color": "0.75", "label": "other variants of the network"}


def _plain_log(axes: Axes) -> None:
    """Mark a logarithmic axis in plain figures, at 2 and 5 too where there is room."""
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    subs = (1.0, 2.0, 5.0) if high < 100.0 * low else (1.0,)
    axes.xaxis.set_major_locator(LogLocator(subs=subs))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_locator(NullLocator())


def legend_below(figure: Figure, axes: Axes, ncols: int = 4) -> None:
    """Put the legend of a panel, each name once, below all panels."""
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    figure.legend(
        once.values(), once, loc="outside lower center", ncols=ncols, frameon=False
    )


def tidy(axes: Axes) -> None:
    """Take the frame away and lay a grid below the data."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="0.92")
    axes.set_axisbelow(True)
