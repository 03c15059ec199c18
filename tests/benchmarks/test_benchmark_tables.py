"""Tables and words: figures, the paper's beside them, and honest verdicts."""

import math
import re
from collections.abc import Sequence
from io import StringIO

import pandas as pd
import pytest
from rich.console import Console
from rich.table import Table

from benchmarks.datasets import TASKS
from benchmarks.methods import METHODS
from benchmarks.published import published_accuracy
from benchmarks.tables import accuracy_table, comparison_table, summarize
from benchmarks.training import Row
from benchmarks.verdict import Difference, paired_difference, verdict


def make_rows(dataset: str, method: str, values: Sequence[float]) -> list[Row]:
    """Return rows in which every label of draw i has the accuracy ``values[i]``."""
    return [
        Row(dataset, method, draw, 200, label, value, 1.0)
        for draw, value in enumerate(values)
        for label in TASKS[dataset].labels
    ]


def printed(table: Table) -> str:
    console = Console(file=StringIO(), width=120)
    console.print(table)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_summary_has_mean_standard_error_and_count() -> None:
    summary = summarize(pd.DataFrame(make_rows("mnist", "d", [58.0, 60.0, 65.0])))
    mean, sem, count = summary.loc[("mnist", "d", "overall")]
    assert mean == 61.0
    assert sem == pytest.approx(math.sqrt((9 + 1 + 16) / 2 / 3))
    assert count == 3


def test_comparison_shows_ours_the_papers_and_the_difference() -> None:
    summary = summarize(pd.DataFrame(make_rows("mnist", "d", [58.0, 60.0, 65.0])))
    text = printed(comparison_table(summary, "mnist", 200))
    assert "(d) WLF(ICF)+WBN" in text
    assert "61.0 ± 2.1" in text
    # Overall: 60.1 in the paper.
    assert "60.1" in text
    assert "+0.9" in text
    assert "-38.5" in text


def test_one_draw_has_no_standard_error() -> None:
    rows = [*make_rows("digits", "a", [50.0]), *make_rows("digits", "d-biased", [40.0])]
    text = printed(accuracy_table(summarize(pd.DataFrame(rows)), "digits", 200))
    assert "50.0" in text
    assert METHODS["d-biased"].title in text
    assert not re.search(r"± \d", text)


def test_methods_come_in_the_order_of_the_paper() -> None:
    rows = [row for method in "edcba" for row in make_rows("digits", method, [50.0])]
    text = printed(accuracy_table(summarize(pd.DataFrame(rows)), "digits", 200))
    places = [text.index(METHODS[method].title) for method in "abcde"]
    assert places == sorted(places)


@pytest.mark.parametrize("dataset", ["mnist", "fashion_mnist", "cifar10"])
@pytest.mark.parametrize("method", "abcde")
def test_published_classes_average_to_the_published_overall(
    dataset: str, method: str
) -> None:
    names = TASKS[dataset].class_names
    classes = [published_accuracy(dataset, method, name) for name in names]
    overall = published_accuracy(dataset, method, "overall")
    # Test classes are of almost equal size; figures have one decimal.
    assert sum(classes) / len(classes) == pytest.approx(overall, abs=0.15)


def test_paper_has_no_figure_for_its_absent_cells() -> None:
    assert published_accuracy("digits", "a", "overall") is None
    assert published_accuracy("mnist", "d-biased", "overall") is None
    assert published_accuracy("mnist", "a", "macro") is None


def test_difference_is_paired_by_draw() -> None:
    rows = [
        *make_rows("digits", "a", [50.0, 60.0, 90.0]),
        *make_rows("digits", "d", [51.0, 61.0, 91.0, 0.0]),
    ]
    difference = paired_difference(pd.DataFrame(rows), "digits", "d", "a")
    assert difference == Difference(1.0, 0.0)
    assert difference.decided


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (Difference(2.0, 0.5), "gains 2.0 ± 0.5 points (outside two standard errors)"),
        (Difference(-2.0, 1.5), "loses 2.0 ± 1.5 points (within two standard errors)"),
        (Difference(-2.0, math.nan), "loses 2.0 points (one draw: no standard error)"),
    ],
)
def test_difference_in_words(difference: Difference, words: str) -> None:
    assert str(difference) == words


@pytest.mark.parametrize(
    ("accuracies", "words"),
    [
        ([80.0, 81.0, 82.0], "wins on scikit-learn digits"),
        ([60.0, 61.0, 62.0], "loses on scikit-learn digits"),
        ([60.0, 71.0, 81.0], "is undecided on scikit-learn digits"),
        ([80.0], "is undecided on scikit-learn digits"),
    ],
)
def test_verdict_follows_the_figures(accuracies: list[float], words: str) -> None:
    rows = make_rows("digits", "d", accuracies)
    for method in ("a", "b", "d-population"):
        rows += make_rows("digits", method, [70.0, 70.5, 71.5][: len(accuracies)])
    assert f"WBN as in the paper {words}." in verdict(pd.DataFrame(rows))
