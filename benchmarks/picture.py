"""A picture of accuracies: for each class a bar for each method, with its error."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.datasets import TASKS
from benchmarks.errors import BenchmarkError
from benchmarks.methods import METHODS
from benchmarks.task import TaskFacts

# Greys for plain, blues for weighted batch normalization, orange for our defaults, then
# what needs no weighted norm or no network; readable without colour vision.
COLOURS = {
    "a": "#d0d0d0",
    "b": "#a0a0a0",
    "c": "#707070",
    "d": "#0072b2",
    "e": "#7fc0ea",
    "d-population": "#e69f00",
    "constant-population": "#d55e00",
    "constant-dropout": "#f0b27a",
    "bn-logit": "#c7a0c2",
    "bn-softmax": "#99628f",
    "logistic": "#a3d5b8",
    "centroid": "#4caf83",
    "forest": "#00734c",
}


def check_format(path: Path) -> None:
    """Refuse an ending that names no picture format, before anything is trained."""
    known = sorted(FigureCanvasAgg.get_supported_filetypes())
    if path.suffix.lower().removeprefix(".") not in known:
        raise BenchmarkError(
            f"{path} names no picture format, expected an ending of {known}."
        )


def save_picture(summary: pd.DataFrame, datasets: Sequence[str], path: Path) -> None:
    """Draw one panel for each data set and save the picture.

    Parameters
    ----------
    summary : DataFrame
        What `benchmarks.tables.summarize` returns.
    datasets : sequence of str
        Keys of `TASKS`, from top to bottom.
    path : Path
        Where to save; the ending names the format.
    """
    figure = draw_classes(summary, datasets)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def draw_classes(summary: pd.DataFrame, datasets: Sequence[str]) -> Figure:
    """Draw the picture that `save_picture` saves."""
    figure = Figure(figsize=(9.0, 3.6 * len(datasets)), dpi=150, layout="constrained")
    # Drawn without pyplot, which would choose a window system.
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(datasets), squeeze=False)[:, 0]
    for axes, name in zip(panels, datasets, strict=True):
        _draw_panel(axes, summary, TASKS[name])
    handles, titles = panels[0].get_legend_handles_labels()
    figure.legend(handles, titles, loc="outside upper center", ncols=3, frameon=False)
    return figure


def _draw_panel(axes: Axes, summary: pd.DataFrame, facts: TaskFacts) -> None:
    labels = [*facts.class_names, "macro"]
    found = set(summary.loc[facts.name].index.get_level_values("method"))
    methods = [method for method in COLOURS if method in found]
    width = 0.84 / len(methods)
    for number, method in enumerate(methods):
        cells = summary.loc[[(facts.name, method, label) for label in labels]]
        axes.bar(
            np.arange(len(labels)) + (number - (len(methods) - 1) / 2) * width,
            cells["mean"],
            width,
            yerr=cells["sem"].fillna(0.0),
            color=COLOURS[method],
            edgecolor="white",
            linewidth=0.5,
            error_kw={"elinewidth": 1.0, "capsize": 2.0},
            label=METHODS[method].title,
        )
    ticks = [
        f"{name if len(name) > 1 else f'class {name}'}\n{count} training rows"
        for name, count in zip(facts.class_names, facts.training_counts, strict=True)
    ]
    axes.set_xticks(np.arange(len(labels)), [*ticks, "mean of\nthe classes"])
    axes.set(title=facts.title, ylabel="accuracy (%)", ylim=(0, 105))
    axes.axvline(len(labels) - 1.5, color="0.6", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="0.9")
    axes.set_axisbelow(True)
