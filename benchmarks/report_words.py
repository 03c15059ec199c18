"""What the scores show, in words: only what a test supports is called a difference."""

from __future__ import annotations

import math
from collections.abc import Iterable

from benchmarks.contenders import CONTENDERS
from benchmarks.report_data import HIGHER_IS_BETTER, TITLES, Comparison
from benchmarks.report_statistics import (
    ALPHA,
    Duel,
    average_ranks,
    duels,
    friedman,
)
from benchmarks.report_tables import duels_table, points, probability, title
from benchmarks.study_tasks import CHOSEN_ON

# The single setting that the study chose, in each tier.
RECOMMENDED = ("wbn-recommended", "wbn-recommended-threshold")
JUDGED = ("balanced_accuracy", "macro_f1", "average_precision", "log_loss")


def coverage(comparison: Comparison, reference: str) -> str:
    """Say which tables count, and which methods do not."""
    repeats = comparison.facts["repeats"]
    tables = ", ".join(f"`{name}` ({count})" for name, count in repeats.items())
    n_sources = len(comparison.by_source("balanced_accuracy"))
    text = (
        f"Compared: {len(comparison.methods)} methods on {len(repeats)} tables from "
        f"{n_sources} sources; in brackets stand the repeats of five folds: {tables}."
    )
    if comparison.left_out:
        left_out = listed(comparison.left_out)
        text += f" Left out, for want of results on some tables: {left_out}."
    if comparison.without_results:
        tried = listed(comparison.without_results)
        text += f" Tried, but without a whole repeat to compare: {tried}."
    if comparison.dropped:
        dropped = ", ".join(
            f"`{name}` ({'all' if lacking == comparison.methods else listed(lacking)})"
            for name, lacking in comparison.dropped.items()
        )
        text += (
            " Tables that do not count, and the compared methods that lack a whole "
            "repeat of them (all its folds without an error, and all classes in the "
            f"test rows of one at least): {dropped}."
        )
    if 2.0 ** (1 - n_sources) * (len(comparison.methods) - 1) > ALPHA:
        text += (
            " So few sources cannot show a difference: corrected for this many "
            "methods, not even a win on every one is significant."
        )
    return text


def conclusions(comparison: Comparison, reference: str) -> str:
    """Say what the tests show, as a list.

    Parameters
    ----------
    comparison : Comparison
        What is compared.
    reference : str
        The method that the conclusions are about.

    Returns
    -------
    str
        Markdown.
    """
    lines = [
        place_among_networks(comparison, metric, reference)
        for metric in ("balanced_accuracy", "average_precision")
    ]
    lines += [judgement(comparison, metric, reference) for metric in JUDGED]
    lines.append(by_minority_rows(comparison, reference))
    lines.append(where_not(comparison, reference))
    return "\n".join(f"- {line}" for line in lines)


def recommended(comparison: Comparison, reference: str) -> str:
    """Say how the study's setting does on tables that it was not chosen on.

    Parameters
    ----------
    comparison : Comparison
        What is compared.
    reference : str
        Not used: the setting is that of `RECOMMENDED`.

    Returns
    -------
    str
        Markdown; empty where the setting is not among the methods.
    """
    fresh = comparison.without(CHOSEN_ON)
    setting = next((key for key in RECOMMENDED if key in fresh.methods), None)
    if setting is None or fresh.rows.empty:
        return ""
    against = f"In balanced accuracy {title(setting)} against each method:"
    parts = coverage(fresh, setting), conclusions(fresh, setting), against
    return "\n\n".join([*parts, duels_table(fresh, setting)])


def place_among_networks(comparison: Comparison, metric: str, reference: str) -> str:
    """Say where the reference stands among the variants of the same network."""
    networks = comparison.networks
    ranks = average_ranks(networks, metric)
    place = list(ranks.index).index(reference) + 1
    text = (
        f"Among the {len(ranks)} variants of the network, {title(reference)} has the "
        f"average rank {ranks[reference]:.1f} in {TITLES[metric]}, place {place}"
    )
    for rival, rank in ranks.drop(reference).head(1).items():
        says = "has the best" if place > 1 else "comes next"
        text += f"; {title(rival)} {says}, {rank:.1f}"
    return f"{text}."


def judgement(comparison: Comparison, metric: str, reference: str) -> str:
    """Say which methods differ from the reference in one score."""
    found = duels(comparison, metric, reference)
    name, p = TITLES[metric], friedman(comparison, metric)
    text = f"**{name[0].upper()}{name[1:]}.** "
    if not math.isnan(p):
        verdict = "refuted" if p < ALPHA else "not refuted"
        text += (
            f"That all methods are alike is {verdict} (Friedman, p {probability(p)}). "
        )
    parts = [
        f"significantly {word} than {listed(names)}"
        for word, names in (("better", better(found)), ("worse", worse(found)))
        if names
    ]
    subject = title(reference)
    if parts:
        text += f"{subject} is {' and '.join(parts)}; "
        return text + "against the other methods no difference is shown."
    return text + f"No difference between {subject} and another method is shown."


def by_minority_rows(comparison: Comparison, reference: str) -> str:
    """Say how the gain over plain BN splits at the median of the minority rows."""
    other = next((m for m in ("bn", "bn-threshold") if m in comparison.methods), None)
    scores, minority = (
        comparison.scores("balanced_accuracy"),
        comparison.facts["n_minority_train"],
    )
    if other is None or len(scores) < 2:
        return "There are too few tables to look at the number of minority rows."
    gain = scores[reference] - scores[other]
    few = minority.reindex(gain.index) <= minority.median()
    return (
        f"The mean gain of {title(reference)} over {title(other)} in balanced accuracy "
        f"is {points(gain[few].mean(), sign=True)} points on the {few.sum()} tables "
        f"with at most {minority.median():.0f} minority rows in training, and "
        f"{points(gain[~few].mean(), sign=True)} on the other {(~few).sum()} "
        "(a description, not a test)."
    )


def where_not(comparison: Comparison, reference: str) -> str:
    """Say what should be taken in place of the reference, and for which score."""
    advice = []
    for metric in HIGHER_IS_BETTER:
        losses = worse(duels(comparison, metric, reference))
        if losses and metric in JUDGED:
            ranks = average_ranks(comparison, metric)
            best = min(losses, key=ranks.get)
            advice.append(f"{title(best)} where {TITLES[metric]} counts")
    if not advice:
        return (
            f"**Where not to use it.** These tables show no score in which another "
            f"method is significantly better than {title(reference)}; that is no proof "
            "that it is the best."
        )
    return (
        f"**Where not to use it.** In place of {title(reference)}, take "
        f"{', '.join(advice)}: significantly better here."
    )


def better(found: Iterable[Duel]) -> list[str]:
    """Return the methods that the reference beats significantly."""
    return [
        duel.method for duel in found if duel.is_significant and duel.difference > 0
    ]


def worse(found: Iterable[Duel]) -> list[str]:
    """Return the methods that beat the reference significantly."""
    return [
        duel.method for duel in found if duel.is_significant and duel.difference < 0
    ]


def listed(methods: Iterable[str]) -> str:
    """Write names with commas."""
    return ", ".join(CONTENDERS[method].title for method in methods)
