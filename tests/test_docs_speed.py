"""The pages on speed: goals beside figures, and tables that follow the files."""

import pandas as pd
import pytest

from benchmarks.speed import PARTS
from benchmarks.stopwatch import compare
from docs.ext.speed_results import (
    GOALS,
    NOTHING,
    goals_table,
    machines,
    part_tables,
    read_rows,
    recall_table,
    short,
)


def rows_of(part, figures, config="config", unit="us"):
    return pd.DataFrame(compare(part, config, figures, unit=unit))


@pytest.mark.parametrize(
    ("ratio", "words"), [(1.5, ["1.50", "≤ 1.50", "reached"]), (1.6, ["1.60", "no"])]
)
def test_goal_says_whether_it_is_reached(ratio, words):
    rows = rows_of("layer", {"nn.BatchNorm1d": [1], "WeightedBatchNorm1d": [ratio]})
    line = goals_table(rows).splitlines()[-1]
    cells = line.replace("\N{NO-BREAK SPACE}", " ").split("|")
    assert set(words) <= {cell.strip() for cell in cells}


def test_search_is_set_beside_the_faster_of_one_process():
    figures = {
        "n_jobs=1, 2 torch threads": [9.0],
        "n_jobs=1, 1 torch thread": [6.0],
        "n_jobs=2": [4.0],
    }
    line = goals_table(rows_of("search", figures, unit="s")).splitlines()[-1]
    assert "| 1.50 | ≥\N{NO-BREAK SPACE}1.70 | no |" in line


def test_goals_without_figures_are_left_out():
    rows = rows_of("memory", {"the data themselves": [400.0]}, unit="MB")
    assert len(goals_table(rows).splitlines()) == 2


def test_tables_of_a_part():
    rows = rows_of("layer", {"a": [10.0, 30.0, 20.0], "b": [250.0, 250.0, 250.0]})
    table = part_tables(rows, "layer").splitlines()
    assert table[2] == "| a | 20.0 | 10.0 | 30.0 | 1.00 | 3 |"
    assert table[3] == "| b | 250 | 250 | 250 | 12.50 | 3 |"
    assert part_tables(rows, "fit") == NOTHING


def test_recalls_are_means_over_the_splits(tmp_path):
    path = tmp_path / "recall.csv"
    name = "WBNMLPClassifier"
    lines = [
        (split, name, *cells)
        for split in (0, 1)
        for cells in (
            ("rare", 1, 0, None),
            ("smurf", 90, 30, 90.0 + split),
            ("macro", 91, 30, 90.0 + split),
        )
    ]
    columns = ["split", "contender", "label", "train_rows", "test_rows", "recall"]
    pd.DataFrame(lines, columns=columns).to_csv(path, index=False)
    text = recall_table(path).splitlines()
    assert text[0] == "Recall in percent, mean over 2 splits:"
    assert text[4:] == [
        "| smurf | 90 | 30 | 90.5 |",
        "| rare | 1 | 0 | no test row |",
        "| macro | 91 | 30 | 90.5 |",
    ]
    assert recall_table(tmp_path / "none.csv") == NOTHING


def test_committed_results_are_read():
    rows = read_rows()
    assert "cores" in machines(rows)
    in_the_file = {*PARTS, "fit_adam", "predict_proba"}
    assert set(rows["part"]) <= in_the_file
    assert {goal.part for goal in GOALS} <= in_the_file
    assert goals_table(rows).count("reached") + goals_table(rows).count("| no |") > 3


@pytest.mark.parametrize(
    ("value", "text"), [(0.1, "0.100"), (1.096, "1.10"), (45.6, "45.6"), (120.4, "120")]
)
def test_figures_are_short(value, text):
    assert short(value) == text
