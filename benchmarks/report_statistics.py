"""Ranks and tests over tables: the procedure of Demsar (2006) with later corrections.

The folds of one table overlap and are no independent evidence, nor are tables that
were made from the same data. So the unit is the source: each gives each method one
score, the mean over its tables of the mean over their folds.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
import pandas as pd
import scikit_posthocs
from scipy.stats import friedmanchisquare, wilcoxon
from statsmodels.stats.multitest import multipletests

from benchmarks.report_data import HIGHER_IS_BETTER, Comparison

ALPHA = 0.05
# Less than half a point of a score is a tie.
TIE = 0.005
# With fewer sources not even a win on every one of them is significant.
MIN_SOURCES = 6


class Duel(NamedTuple):
    """The reference against one method, over the sources.

    `difference` is in favour of the reference where positive; `p` is corrected by Holm
    for the number of duels, NaN with too few sources.
    """

    method: str
    wins: int
    ties: int
    losses: int
    difference: float
    p: float

    @property
    def is_significant(self) -> bool:
        """Whether chance alone is an unlikely reason of the difference."""
        return self.p < ALPHA


def average_ranks(comparison: Comparison, metric: str) -> pd.Series:
    """Return the mean rank of each method over the sources, the best first; 1 is best.

    Parameters
    ----------
    comparison : Comparison
        What is compared.
    metric : str
        A key of `HIGHER_IS_BETTER`.

    Returns
    -------
    Series
        Mean ranks by method.
    """
    ascending = not HIGHER_IS_BETTER[metric]
    ranks = comparison.by_source(metric).rank(axis=1, ascending=ascending)
    return ranks.mean().sort_values()


def friedman(comparison: Comparison, metric: str) -> float:
    """Test whether all methods are alike; return p, NaN where there is too little."""
    scores = comparison.by_source(metric)
    if len(scores) < MIN_SOURCES or scores.shape[1] < 3:
        return float("nan")
    return float(friedmanchisquare(*scores.to_numpy().T).pvalue)


def duels(comparison: Comparison, metric: str, reference: str) -> list[Duel]:
    """Compare the reference with each other method.

    Parameters
    ----------
    comparison : Comparison
        What is compared.
    metric : str
        A key of `HIGHER_IS_BETTER`.
    reference : str
        One of the methods.

    Returns
    -------
    list of Duel
        In the order of the methods.
    """
    scores = comparison.by_source(metric)
    sign = 1.0 if HIGHER_IS_BETTER[metric] else -1.0
    others = [method for method in scores if method != reference]
    gains = {method: sign * (scores[reference] - scores[method]) for method in others}
    p = _holm([_wilcoxon(gain) for gain in gains.values()])
    return [
        Duel(
            method,
            int((gain > TIE).sum()),
            int((gain.abs() <= TIE).sum()),
            int((gain < -TIE).sum()),
            float(gain.mean()),
            float(value),
        )
        for (method, gain), value in zip(gains.items(), p, strict=True)
    ]


def all_pairs(comparison: Comparison, metric: str) -> pd.DataFrame:
    """Return p of every pair of methods, corrected by Holm for all pairs.

    This is stricter than `duels`, which asks about one method alone.
    """
    long = comparison.by_source(metric).melt(var_name="method", value_name="score")
    with warnings.catch_warnings():
        # Pairs that agree on many sources leave few differences; p is then large.
        warnings.simplefilter("ignore")
        return scikit_posthocs.posthoc_wilcoxon(
            long, val_col="score", group_col="method", p_adjust="holm"
        )


def _wilcoxon(gain: pd.Series) -> float:
    if len(gain) < MIN_SOURCES or not gain.any():
        return float("nan") if len(gain) < MIN_SOURCES else 1.0
    return float(wilcoxon(gain).pvalue)


def _holm(p: list[float]) -> np.ndarray:
    if not p or np.isnan(p).any():
        return np.full(len(p), np.nan)
    return multipletests(p, method="holm")[1]
