"""Say in words what a comparison shows, also where WBN does not win."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from benchmarks.datasets import TASKS


class Difference(NamedTuple):
    """Mean over draws of one method's accuracy less another's, in percentage points.

    Parameters
    ----------
    mean : float
        Mean of the differences, draw by draw.
    sem : float
        Its standard error; NaN for a single draw.
    """

    mean: float
    sem: float

    @property
    def decided(self) -> bool:
        """Whether the mean lies outside two standard errors."""
        return abs(self.mean) > 2 * self.sem

    def __str__(self) -> str:
        """Say for example ``loses 2.7 ± 0.6 points (outside two standard errors)``."""
        verb = "gains" if self.mean >= 0 else "loses"
        if pd.isna(self.sem):
            return f"{verb} {abs(self.mean):.1f} points (one draw: no standard error)"
        side = "outside" if self.decided else "within"
        points = f"{abs(self.mean):.1f} ± {self.sem:.1f} points"
        return f"{verb} {points} ({side} two standard errors)"


def paired_difference(
    rows: pd.DataFrame, dataset: str, method: str, reference: str, label: str = "macro"
) -> Difference:
    """Compare two methods on the draws that both were trained on.

    Parameters
    ----------
    rows : DataFrame
        Columns of `benchmarks.training.Row`, of one number of epochs.
    dataset, method, reference, label : str
        What to compare: ``method`` less ``reference``.

    Returns
    -------
    Difference
        Draws share their rows, so the error of the difference comes from the
        differences.
    """
    chosen = rows[(rows["dataset"] == dataset) & (rows["label"] == label)]
    by_draw = chosen.pivot(index="draw", columns="method", values="accuracy")
    difference = (by_draw[method] - by_draw[reference]).dropna()
    return Difference(float(difference.mean()), float(difference.sem()))


def verdict(rows: pd.DataFrame) -> str:
    """Return one paragraph on (a), (b), (d), and (d) with population statistics.

    Parameters
    ----------
    rows : DataFrame
        Columns of `benchmarks.training.Row`, of one number of epochs for each data set.

    Returns
    -------
    str
        The paragraph; every figure in it is computed from `rows`.
    """
    datasets = [name for name in TASKS if name in set(rows["dataset"])]
    return " ".join(
        [_in_short(rows, datasets), *(_on_one(rows, name) for name in datasets)]
    )


def _on_one(rows: pd.DataFrame, dataset: str) -> str:
    groups = rows[rows["dataset"] == dataset].groupby(["method", "label"])
    mean = groups["accuracy"].mean()
    minority, majority = _parts(mean, dataset)
    against_bn = paired_difference(rows, dataset, "d", "a")
    against_weighted = paired_difference(rows, dataset, "d", "b")
    population = paired_difference(rows, dataset, "d-population", "a")
    return (
        f"On {TASKS[dataset].title}, the mean of the class accuracies is "
        f"{mean['d', 'macro']:.1f} % for WBN as in the paper (d) and "
        f"{mean['a', 'macro']:.1f} % for plain BN (a): WBN {against_bn} against (a), "
        f"and {against_weighted} against plain BN with the same weighted loss (b). "
        f"From (a) to (d), the minority classes go from {minority['a']:.1f} % to "
        f"{minority['d']:.1f} %, the majority class from {majority['a']:.1f} % to "
        f"{majority['d']:.1f} %. The same training as (d) with population statistics "
        f"for inference {population} against (a)."
    )


def _parts(means: pd.Series, dataset: str) -> tuple[dict[str, float], dict[str, float]]:
    """Return the accuracies of the minority classes' mean and of the majority."""
    facts = TASKS[dataset]
    sizes = dict(zip(facts.class_names, facts.training_counts, strict=True))
    largest = max(sizes, key=sizes.__getitem__)
    smaller = [name for name in sizes if name != largest]
    minority = {method: float(means[method][smaller].mean()) for method in ("a", "d")}
    majority = {method: float(means[method][largest]) for method in ("a", "d")}
    return minority, majority


def _in_short(rows: pd.DataFrame, datasets: list[str]) -> str:
    outcomes: dict[str, list[str]] = {"wins": [], "loses": [], "is undecided": []}
    for name in datasets:
        difference = paired_difference(rows, name, "d", "a")
        outcome = "wins" if difference.mean > 0 else "loses"
        titles = outcomes[outcome if difference.decided else "is undecided"]
        titles.append(TASKS[name].title)
    parts = [
        f"{outcome} on {' and '.join(titles)}"
        for outcome, titles in outcomes.items()
        if titles
    ]
    return f"Against plain BN, WBN as in the paper {', '.join(parts)}."
