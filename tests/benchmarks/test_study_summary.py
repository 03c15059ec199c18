"""What the study's file says: averages, claims, picture and the page's lines."""

import math
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks import study_frontier
from benchmarks.predictions import STATISTICS
from benchmarks.study_batches import BatchRow
from benchmarks.study_claims import CLAIMS, MORE, SAME, Claim, check
from benchmarks.study_frontier import CANDIDATES, gains, with_auto
from benchmarks.study_methods import STUDY_METHODS
from benchmarks.study_picture import draw_gains, gains_by_task
from benchmarks.study_summary import (
    PAPER,
    REFERENCE,
    Setting,
    auto_of_tasks,
    average,
    covering,
    regime_of_tasks,
)
from benchmarks.study_tables import complete_rows, print_tables, with_error
from benchmarks.study_training import StudyRow
from docs.ext import study_results
from sklearn_wbn import WBNMLPClassifier

POPULATION = Setting("wbn-batch", "population", "0")


def row(
    task: str, setting: Setting, draw: int, value: float, **changes: Any
) -> StudyRow:
    epochs = 200 if task in ("digits", "synthetic", "mnist") else 60
    made = StudyRow(
        *(task, setting.method, draw, epochs, setting.statistic, setting.adjustment),
        *(0.0, "50.00 60.00", value, value + 1, value + 2, value + 3, 0.5, 1.0, 1),
    )
    return made._replace(**changes)


def batch(task: str, rows: float) -> BatchRow:
    """Mini-batches of 100 with so many rows of the second class, of 1000."""
    count = f"{round(10 * rows)} {1000 - round(10 * rows)}"
    return BatchRow(task, 0, 100, count, 0.0, 0.0, 9.0, "5 95", "50 50")


# By task and setting: the values of its redraws.
VALUES = {
    ("ecoli", REFERENCE): (70.0, 74.0),
    ("ecoli", PAPER): (71.0, 77.0),
    ("oil", REFERENCE): (60.0, 62.0),
    ("oil", PAPER): (58.0, 62.0),
    ("oil", POPULATION): (50.0, 52.0),
    ("mnist", REFERENCE): (30.0,),
    ("mnist", PAPER): (60.0,),
    ("mnist", POPULATION): (70.0,),
}


@pytest.fixture
def batches() -> pd.DataFrame:
    return pd.DataFrame([batch("ecoli", 9.0), batch("oil", 1.0), batch("mnist", 0.1)])


@pytest.fixture
def rows(batches: pd.DataFrame) -> pd.DataFrame:
    made = [
        row(task, setting, draw, value)
        for (task, setting), values in VALUES.items()
        for draw, value in enumerate(values)
    ]
    return complete_rows(pd.DataFrame(made), batches)


@pytest.fixture
def many(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["regime"] == "many"]


def test_minority_rows_of_a_batch_make_the_regime(batches: pd.DataFrame) -> None:
    regimes = regime_of_tasks(batches)
    assert regimes.to_dict() == {"ecoli": "many", "mnist": "few", "oil": "many"}


def test_rows_of_other_lengths_and_unknown_names_do_not_count(
    batches: pd.DataFrame,
) -> None:
    made = [
        row("ecoli", PAPER, 0, 50.0),
        row("ecoli", PAPER, 0, 50.0, epochs=5),
        row("later", PAPER, 0, 50.0),
        row("ecoli", PAPER, 0, 50.0, method="later"),
    ]
    kept = complete_rows(pd.DataFrame(made), batches)
    assert kept["epochs"].tolist() == [60]
    assert kept["role"].tolist() == ["report"]
    short = complete_rows(pd.DataFrame(made), batches, epochs=5)
    assert short["epochs"].tolist() == [5]


def test_average_is_over_redraws_then_tasks(many: pd.DataFrame) -> None:
    cells = average(many).loc[PAPER]
    assert cells["balanced_accuracy"] == pytest.approx((74.0 + 60.0) / 2)
    assert cells["macro_f1"] == pytest.approx(68.0)
    # Standard errors 3 and 2 of the two tasks.
    error = math.hypot(3.0, 2.0) / 2
    assert cells["balanced_accuracy_sem"] == pytest.approx(error)
    assert cells["tasks"] == 2


def test_gain_compares_redraw_by_redraw(many: pd.DataFrame) -> None:
    cells = average(many).loc[PAPER]
    # Differences 1 and 3 on ecoli, -2 and 0 on oil.
    assert cells["balanced_accuracy_gain"] == pytest.approx((2.0 - 1.0) / 2)
    error = math.hypot(1.0, 1.0) / 2
    assert cells["balanced_accuracy_gain_sem"] == pytest.approx(error)
    assert average(many).loc[REFERENCE, "balanced_accuracy_gain"] == 0.0


def test_one_redraw_has_no_error(rows: pd.DataFrame) -> None:
    cells = average(rows[rows["regime"] == "few"]).loc[PAPER]
    assert math.isnan(cells["balanced_accuracy_sem"])
    assert math.isnan(average(rows).loc[PAPER, "balanced_accuracy_sem"])


def test_settings_that_lack_a_task_are_left_out(many: pd.DataFrame) -> None:
    assert set(covering(average(many)).index) == {REFERENCE, PAPER}


def test_settings_stand_in_our_order(rows: pd.DataFrame) -> None:
    assert list(average(rows).index) == [PAPER, POPULATION, REFERENCE]


@pytest.mark.parametrize(("rows_of_oil", "best"), [(3.9, 52.0), (4.0, 57.0)])
def test_auto_takes_the_statistic_of_the_rows_in_a_batch(
    rows: pd.DataFrame, rows_of_oil: float, best: float
) -> None:
    population = rows[rows["statistic"] == "population"]
    weighted = population.assign(statistic="weighted_population")
    weighted["balanced_accuracy"] += 5.0
    meanings = auto_of_tasks(pd.DataFrame([batch("oil", rows_of_oil)]))
    made = pd.concat([rows, weighted])
    made["auto"] = made["task"].map(meanings).fillna("population")
    auto = with_auto(made)
    auto = auto[auto["statistic"] == "auto"].groupby("task")["balanced_accuracy"].max()
    assert auto.to_dict() == {"mnist": 70.0, "oil": best}


@pytest.mark.parametrize("rows_of_oil", [3.9, 4.0])
def test_auto_means_what_it_means_in_the_package(rows_of_oil: float) -> None:
    facts = batch("oil", rows_of_oil)
    meaning = auto_of_tasks(pd.DataFrame([facts]))["oil"]
    y = np.repeat([0, 1], list(map(int, facts.class_count.split())))
    X = np.random.default_rng(0).normal(size=(len(y), 2))
    clf = WBNMLPClassifier((2,), max_iter=1, batch_size=facts.batch_size)
    assert clf.fit(X, y).inference_statistics_ == meaning


def test_our_defaults_are_other_trainings_where_minority_rows_are_few(
    batches: pd.DataFrame,
) -> None:
    constant, default = (
        Setting(f"wbn-{name}", "population", "0") for name in ("constant", "default")
    )
    made = [row("mnist", constant, 0, 70.0), row("oil", constant, 0, 50.0)]
    made += [row("mnist", default, 0, 1.0), row("oil", default, 0, 55.0)]
    rows = with_auto(complete_rows(pd.DataFrame(made), batches))
    rows = rows[(rows["method"] == "wbn-default") & (rows["statistic"] == "population")]
    found = rows.set_index("task")["balanced_accuracy"]
    assert found.to_dict() == {"mnist": 70.0, "oil": 55.0}


def test_gains_count_the_tasks_that_are_worse(
    rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper, unused = "the paper: batch, mean over batches", "trained nowhere"
    tried = {
        paper: PAPER,
        "other": POPULATION,
        unused: Setting("wbn-relu", "moving", "0"),
    }
    monkeypatch.setattr(study_frontier, "CANDIDATES", tried)
    rows = with_auto(rows)
    many, few = gains(rows, "many"), gains(rows, "few")
    assert many["other"].means == pytest.approx((-10.0, -10.0, -10.0))
    assert (many["other"].worse, many["other"].tasks) == (1, 1)
    # Gains 2 +- 1 on ecoli, -1 +- 1 on oil: one error is not more than one error.
    assert many[paper].means == pytest.approx((0.5, 0.5, 0.5))
    assert (many[paper].worse, many[paper].tasks) == (0, 2)
    # One redraw: no error, so nothing can be said.
    assert few[paper].means == pytest.approx((30.0, 30.0, 30.0))
    assert few[paper].worse == 0
    assert unused not in few


def test_gains_are_over_the_tasks_that_most_settings_share(
    rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = {"paper": PAPER, "other": POPULATION}
    monkeypatch.setattr(study_frontier, "CANDIDATES", tried)
    # The other setting has oil alone, one of two tasks.
    apart = gains(rows, "many")
    assert apart["paper"].shared
    assert not apart["other"].shared
    monkeypatch.setattr(study_frontier, "MOST", 0.5)
    together = gains(rows, "many")
    assert together["other"].shared
    # Both on oil, where the paper's setting loses one point on average.
    assert together["paper"].means == pytest.approx((-1.0, -1.0, -1.0))
    assert together["paper"].tasks == 1


def test_page_marks_settings_that_lack_tasks(
    rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study_frontier, "CANDIDATES", {"p": PAPER, "o": POPULATION})
    paper, other = study_results.frontier_lines(rows)
    assert (paper[-1], other[-1]) == ("0 of 2", "1 of 1*")
    oil = study_results.frontier_lines(rows[rows["task"] == "oil"])
    assert [line[-1] for line in oil] == ["0 of 1", "1 of 1"]


def test_candidates_name_settings_that_are_trained() -> None:
    for setting in CANDIDATES.values():
        assert setting.method in STUDY_METHODS
        assert setting.statistic in (*STATISTICS, "auto")


@pytest.mark.parametrize(
    ("differences", "expected", "verdict"),
    [
        ((5.0, 6.0, 7.0), MORE, "confirmed"),
        ((-5.0, -6.0, -7.0), MORE, "refuted"),
        ((-5.0, 6.0, 1.0), MORE, "undecided"),
        ((3.0,), MORE, "undecided"),
        ((), MORE, "no data"),
        ((0.1, -0.2, 0.2), SAME, "confirmed"),
        ((5.0, 6.0, 7.0), SAME, "refuted"),
        ((-5.0, 6.0, 1.0), SAME, "undecided"),
    ],
)
def test_two_errors_over_tasks_decide_a_claim(
    differences: tuple[float, ...], expected: str, verdict: str
) -> None:
    names = ("ecoli", "oil", "abalone")
    made = [
        row(name, setting, 0, 50.0 + (difference if setting == PAPER else 0.0))
        for name, difference in zip(names, differences, strict=False)
        for setting in (PAPER, REFERENCE)
    ]
    facts = pd.DataFrame([batch(name, 5.0) for name in names])
    shown = complete_rows(pd.DataFrame(made, columns=StudyRow._fields), facts)
    claim = Claim("made", "many", "auc", PAPER, REFERENCE, expected)
    found = check(claim, shown)
    assert found.verdict == verdict
    assert found.tasks == len(differences)
    if differences:
        assert found.mean == pytest.approx(np.mean(differences))
        assert found.ahead == sum(d > 0 for d in differences)


def test_claims_name_settings_that_are_trained() -> None:
    for claim, side in product(CLAIMS, ("left", "right")):
        setting = getattr(claim, side)
        assert setting.method in STUDY_METHODS
        assert claim.regime in ("few", "many")
        assert claim.metric in StudyRow._fields


def test_picture_shows_gains_over_the_same_redraws(
    rows: pd.DataFrame, batches: pd.DataFrame, tmp_path: Path
) -> None:
    gains = gains_by_task(rows, "balanced_accuracy")
    assert gains.loc["ecoli", "batch_mean"] == pytest.approx(2.0)
    assert gains.loc["mnist", "batch_mean"] == pytest.approx(30.0)
    path = tmp_path / "study.svg"
    draw_gains(rows, batches).savefig(path)
    assert "average precision" in path.read_text() or path.stat().st_size > 10_000


def test_tables_show_means_with_errors(
    tmp_path: Path, rows: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    class Held:
        path = tmp_path / "study.csv"

        def __init__(self, held: pd.DataFrame) -> None:
            self.read = held.copy

    facts = pd.DataFrame([batch("ecoli", 9.0), batch("oil", 1.0), batch("mnist", 0.1)])
    plain = rows.drop(columns=["role", "regime"])
    print_tables(Held(plain), Held(facts), ["ecoli", "oil", "mnist"], None, None)
    text = capsys.readouterr().out
    assert "67.0 ± 1.8" in text
    assert "+0.5 ± 0.7" in text
    assert "report: few minority rows" in text
    assert "ecoli, oil" in text


@pytest.mark.parametrize(
    ("mean", "sem", "sign", "text"),
    [
        (1.26, 0.5, "", "1.3 ± 0.5"),
        (1.26, math.nan, "", "1.3"),
        (-0.04, math.nan, "+", "+0.0"),
        (math.nan, math.nan, "", ""),
    ],
)
def test_figures_are_written_with_their_error(
    mean: float, sem: float, sign: str, text: str
) -> None:
    assert with_error(mean, sem, sign=sign) == text


def test_page_says_how_much_the_file_holds(rows: pd.DataFrame) -> None:
    said = study_results.coverage(rows)
    assert said.startswith("The file holds 10 trainings")
    assert "3 tasks of the role report with 1 to 2 redraws" in said


def test_page_builds_without_a_file(tmp_path: Path) -> None:
    missing = tmp_path / "study.csv"
    rows = study_results.read_rows(missing)
    assert rows.empty
    assert "holds nothing of it yet" in study_results.coverage(rows)
    assert list(study_results.batch_lines(study_results.read_batches(missing))) == []


def test_page_lines_fit_their_headings(
    rows: pd.DataFrame, batches: pd.DataFrame, many: pd.DataFrame
) -> None:
    shown = {
        study_results.StudyTable: study_results.summary_lines(many),
        study_results.StudyTasks: study_results.task_lines(rows, PAPER),
        study_results.StudyIdeas: study_results.idea_lines(rows),
        study_results.StudyFrontier: study_results.frontier_lines(rows),
        study_results.StudyBatches: study_results.batch_lines(batches),
        study_results.StudyClaims: study_results.claim_lines(rows),
    }
    for directive, lines in shown.items():
        found = list(lines)
        assert found
        assert {len(line) for line in found} == {len(directive.headings)}
    table = study_results.make_table(("a", "b"), [("1", "2")])
    assert table.astext().split() == ["a", "b", "1", "2"]


def test_page_shows_recalls_and_redraws_of_a_task(rows: pd.DataFrame) -> None:
    by_title = {line[0]: line for line in study_results.task_lines(rows, PAPER)}
    assert by_title["ecoli"][1] == "50 60"
    assert by_title["ecoli"][2] == "74.0 ± 3.0"
    assert by_title["ecoli"][-1] == "2"
    assert by_title["MNIST"][2] == "60.0"
