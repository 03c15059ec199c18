"""The tables of the report, as Markdown: for the terminal, a file and the site."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from benchmarks.contenders import CONTENDERS
from benchmarks.report_data import TITLES, Comparison
from benchmarks.report_statistics import Duel, average_ranks, duels

# Scores of the predicted class, and scores of probabilities with the seconds.
DECISIONS = (
    "balanced_accuracy",
    "g_mean",
    "macro_f1",
    "mcc",
    "minority_recall",
    "minority_precision",
)
PROBABILITIES = (
    "average_precision",
    "roc_auc",
    "brier",
    "log_loss",
    "fit_seconds",
    "predict_seconds",
)
# All others are shares, written in percent.
DIGITS = {"brier": 3, "log_loss": 3, "fit_seconds": 2, "predict_seconds": 3}
# Beside the reference, table by table: our defaults, and plain norms with the weights.
BESIDE = ("wbn-default", "wbn-recommended", "wbn-recommended-threshold", "bn-icf")
RANKED = ("balanced_accuracy", "macro_f1", "average_precision", "log_loss")
DUEL_HEAD = ("wins", "ties", "losses", "mean difference (points)", "p (Holm)")
MINUS = "\N{MINUS SIGN}"


def title(method: str) -> str:
    """Return the name of a method as tables show it."""
    return CONTENDERS[method].title


def points(value: float, sign: bool = False) -> str:
    """Write a share as percent, or a difference as points, with a true minus sign."""
    # Adding zero turns a rounded -0.0 into 0.0.
    number = round(100.0 * value, 1) + 0.0
    return f"{number:{'+' if sign else ''}.1f}".replace("-", MINUS)


def markdown(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Make a Markdown table: names on the left, figures on the right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *lines))


def means_table(
    comparison: Comparison, reference: str, metrics: Sequence[str] = DECISIONS
) -> str:
    """Make the table of means over the tables, the best balanced accuracy first."""
    means = {metric: comparison.scores(metric).mean() for metric in metrics}
    order = comparison.scores("balanced_accuracy").mean()
    head = ["method", *(TITLES[metric] for metric in metrics)]
    lines = [
        [
            _marked(method, reference),
            *(_cell(metric, means[metric][method]) for metric in metrics),
        ]
        for method in order.sort_values(ascending=False).index
    ]
    return markdown(head, lines)


def ranks_table(comparison: Comparison, reference: str) -> str:
    """Make the table of average ranks."""
    ranks = {metric: average_ranks(comparison, metric) for metric in RANKED}
    head = ["method", *(TITLES[metric] for metric in RANKED)]
    lines = [
        [_marked(method, reference), *(f"{ranks[m][method]:.1f}" for m in RANKED)]
        for method in ranks["balanced_accuracy"].index
    ]
    return markdown(head, lines)


def duels_table(
    comparison: Comparison, reference: str, metric: str = "balanced_accuracy"
) -> str:
    """Make the table of wins, ties and losses of the reference."""
    found = duels(comparison, metric, reference)
    return markdown(["against", *DUEL_HEAD], [duel_line(duel) for duel in found])


def duel_line(duel: Duel) -> list[str]:
    """Write one comparison: the method, and what `DUEL_HEAD` names."""
    return [
        title(duel.method),
        *map(str, (duel.wins, duel.ties, duel.losses)),
        points(duel.difference, sign=True),
        probability(duel.p).removeprefix("= "),
    ]


def left_out_table(comparison: Comparison, reference: str) -> str:
    """Make the table of the methods with few tables, each on its own; or nothing."""
    if not comparison.left_out:
        return ""
    head = ["against", "score", "sources", "wins", "ties", "losses"]
    head.append("mean difference (points)")
    lines = [
        [
            title(method),
            TITLES[metric],
            *map(str, (len(pair.by_source(metric)), duel.wins, duel.ties, duel.losses)),
            points(duel.difference, sign=True),
        ]
        for method, pair in comparison.left_out.items()
        for metric in ("balanced_accuracy", "average_precision")
        for duel in duels(pair, metric, reference)
    ]
    return markdown(head, lines)


def facts_table(comparison: Comparison, reference: str) -> str:
    """Make the table of the data: its size, and the scores of a few and of the best."""
    scores = comparison.scores("balanced_accuracy")
    shown = [reference, *(key for key in BESIDE if key in scores)]
    head = ["table", "training rows", "of these minority", "repeats"]
    head += [*map(title, shown), "best", "method"]
    lines = [
        [
            f"`{name}`",
            f"{facts.n_train:.0f}",
            f"{facts.n_minority_train:.0f}",
            f"{facts.repeats:.0f}",
            *(points(scores.loc[name, key]) for key in shown),
            points(scores.loc[name].max()),
            title(scores.loc[name].idxmax()),
        ]
        for name, facts in comparison.facts.sort_values("n_minority_train").iterrows()
    ]
    return markdown(head, lines)


def probability(p: float) -> str:
    """Write what p is with three digits, or that there are too few tables for it."""
    if math.isnan(p):
        return "too few"
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def _marked(method: str, reference: str) -> str:
    return f"**{title(method)}**" if method == reference else title(method)


def _cell(metric: str, value: float) -> str:
    if math.isnan(value):
        return ""
    return f"{value:.{DIGITS[metric]}f}" if metric in DIGITS else points(value)
