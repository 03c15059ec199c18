"""Where random undersampling is ahead of the recommended setting, and at what price."""

from __future__ import annotations

from benchmarks.report_data import TITLES, Comparison
from benchmarks.report_tables import markdown, points
from benchmarks.report_words import RECOMMENDED

UNDERSAMPLING = "bn-under"
SCORES = (
    *("balanced_accuracy", "minority_recall", "minority_precision"),
    *("macro_f1", "average_precision"),
)


def undersampling_table(comparison: Comparison, reference: str) -> str:
    """Make the table of differences to undersampling, the largest losses first.

    Parameters
    ----------
    comparison : Comparison
        What is compared.
    reference : str
        Not used: the setting is the untuned one of `RECOMMENDED`.

    Returns
    -------
    str
        Markdown, a line for each table; empty where one of the two is missing.
    """
    setting = RECOMMENDED[0]
    if not {setting, UNDERSAMPLING} <= set(comparison.methods):
        return ""
    scores = {metric: comparison.scores(metric) for metric in SCORES}
    gains = {m: found[setting] - found[UNDERSAMPLING] for m, found in scores.items()}
    minority = comparison.facts["n_minority_train"]
    lines = [
        [
            f"`{name}`",
            f"{minority[name]:.0f}",
            *(points(gains[metric][name], sign=True) for metric in SCORES),
        ]
        for name in gains["balanced_accuracy"].sort_values().index
    ]
    return markdown(("table", "minority rows", *(TITLES[m] for m in SCORES)), lines)
