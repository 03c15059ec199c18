"""The comparisons that were planned before there was any result.

Asked for as three questions they get Holm's correction for what was asked, not for all
methods that happen to be in the file.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.report_data import TITLES, Comparison
from benchmarks.report_statistics import duels
from benchmarks.report_tables import DUEL_HEAD, duel_line, markdown
from benchmarks.report_words import RECOMMENDED
from benchmarks.study_tasks import CHOSEN_ON

# One setting of WBN for all tables was to have more balanced accuracy than the network
# after the two usual resamplers, and to rank the rows no worse than plain BN.
PLANNED = {
    "balanced_accuracy": ("bn-smote", "bn-under"),
    "average_precision": ("bn",),
}


def planned_table(comparison: Comparison, reference: str) -> str:
    """Make the table of the planned comparisons, with and without the study's tables.

    Parameters
    ----------
    comparison : Comparison
        What is compared.
    reference : str
        Not used: the setting is the untuned one of `RECOMMENDED`.

    Returns
    -------
    str
        Markdown; empty where one of the methods is missing.
    """
    setting = RECOMMENDED[0]
    asked = {setting, *(key for keys in PLANNED.values() for key in keys)}
    if not asked <= set(comparison.methods):
        return ""
    head = ("tables", "score", "against", *DUEL_HEAD)
    fresh = comparison.without(CHOSEN_ON)
    lines = [
        *_lines("all", comparison, setting),
        *_lines("not chosen on", fresh, setting),
    ]
    return markdown(head, lines)


def _lines(label: str, comparison: Comparison, setting: str) -> Iterator[list[str]]:
    sources = comparison.by_source("balanced_accuracy").index
    name = f"{label}: {len(comparison.facts)} of {len(sources)} sources"
    for metric, others in PLANNED.items():
        asked = comparison.restricted_to([setting, *others])
        for duel in duels(asked, metric, setting):
            yield [name, TITLES[metric], *duel_line(duel)]
