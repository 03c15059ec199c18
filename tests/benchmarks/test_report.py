"""The report: what counts, tests against an oracle, words that follow them."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata, wilcoxon

from benchmarks import report
from benchmarks.report import PARTS, text_of
from benchmarks.report_data import Comparison, compare
from benchmarks.report_planned import PLANNED, planned_table
from benchmarks.report_statistics import average_ranks, duels, friedman
from benchmarks.report_tables import left_out_table, markdown, points, title
from benchmarks.report_undersampling import UNDERSAMPLING, undersampling_table
from benchmarks.report_words import (
    RECOMMENDED,
    better,
    conclusions,
    coverage,
    recommended,
    worse,
)
from benchmarks.resampling import EPOCHS
from benchmarks.study_tasks import CHOSEN_ON
from tests.report_rows import METHODS, REFERENCE, comparison_of, made_rows, rows_of


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return comparison_of(made_rows())


def test_only_repeats_that_all_methods_have_count() -> None:
    rows = made_rows()
    rows += rows_of("t0", "bn", 0.1, repeat=1)  # the others have no second repeat
    rows = [row for row in rows if row[:2] != ("t1", "bn-smote") or row.fold != 3]
    found = comparison_of(rows)
    assert "t1" not in set(found.rows["dataset"])
    assert set(found.rows["repeat"]) == {0}
    assert len(found.facts) == 11


def test_failed_folds_do_not_count() -> None:
    rows = made_rows()
    place = rows.index(rows_of("t2", "bn", 0.0)[0]._replace(**rows[0]._asdict()))
    rows[place] = rows[place]._replace(error="ValueError: no")
    assert rows[place].dataset not in set(comparison_of(rows).rows["dataset"])


def test_method_with_few_tables_is_left_out_and_named() -> None:
    rows = made_rows() + rows_of("t0", "realmlp", 0.9)
    found = comparison_of(rows)
    assert list(found.left_out) == ["realmlp"]
    assert len(found.facts) == 12
    assert "RealMLP" in coverage(found, REFERENCE)


def test_method_with_few_tables_is_compared_on_those() -> None:
    rows = made_rows()
    rows += rows_of("t0", "realmlp", 0.9) + rows_of("t1", "realmlp", 0.1)
    pair = comparison_of(rows).left_out["realmlp"]
    assert pair.methods == [REFERENCE, "realmlp"]
    (duel,) = duels(pair, "balanced_accuracy", REFERENCE)
    assert (duel.wins, duel.ties, duel.losses) == (1, 0, 1)
    lines = left_out_table(comparison_of(rows), REFERENCE).splitlines()
    assert lines[2].startswith("| RealMLP | balanced accuracy | 2 | 1 | 0 | 1 |")
    assert left_out_table(comparison_of(made_rows()), REFERENCE) == ""


def test_method_without_a_repeat_of_the_reference_has_nothing_to_show() -> None:
    rows = made_rows() + rows_of("t0", "realmlp", 0.9, repeat=1)
    assert comparison_of(rows).left_out == {}
    assert comparison_of(rows).without_results == ["realmlp"]


def test_methods_that_were_tried_without_results_are_named() -> None:
    failed = [row._replace(error="no") for row in rows_of("t0", "realmlp", 0.9)]
    rows = [*made_rows(), *failed, *rows_of("t1", "lightgbm", 0.9)[1:]]
    text = coverage(comparison_of(rows), REFERENCE)
    assert "Tried, but without a whole repeat to compare: LightGBM, RealMLP." in text
    assert "whole repeat" not in coverage(comparison_of(made_rows()), REFERENCE)


def test_tables_that_do_not_count_are_named_with_who_lacks_them() -> None:
    rows = [row for row in made_rows() if row[:2] != ("t1", "bn-smote") or row.fold]
    rows = [
        row._replace(repeat=1) if row[:2] == ("t3", "logistic") else row for row in rows
    ]
    rows += [row._replace(error="no") for row in rows_of("t12", "bn", 0.5)]
    found = comparison_of(rows)
    assert found.dropped == {
        "t1": ["bn-smote"],
        "t12": list(METHODS),
        "t3": list(METHODS),  # no repeat is that of all
    }
    text = coverage(found, REFERENCE)
    assert text.endswith(": `t1` (SMOTE + BN), `t12` (all), `t3` (all).")
    assert "t1" not in found.without(["t1"]).dropped
    assert found.restricted_to(["bn", REFERENCE]).dropped == found.dropped


def test_folds_without_a_score_leave_the_mean_of_the_others() -> None:
    nan = float("nan")
    rows = [
        row._replace(balanced_accuracy=nan)
        if row.dataset == "t3" or (row.dataset == "t0" and row.fold < 3)
        else row
        for row in made_rows()
    ]
    found = comparison_of(rows)
    scores = found.scores("balanced_accuracy")
    fourth, fifth = rows[3].balanced_accuracy, rows[4].balanced_accuracy
    assert scores.loc["t0", "bn"] == pytest.approx((fourth + fifth) / 2)
    # A table without any such score does not count, in no table of the report.
    assert found.dropped == {"t3": list(METHODS)}
    text = text_of("untuned", found)
    assert text.count("`t3`") == 1
    assert "nan" not in text


def test_searched_methods_are_compared_apart(comparison: Comparison) -> None:
    rows = made_rows() + rows_of("t0", "wbn-cbl-search", 0.9)
    assert comparison_of(rows).methods == list(comparison.methods)
    assert compare(pd.DataFrame(rows), "searched", 60, "wbn-cbl-search") is None


def test_other_epochs_do_not_count() -> None:
    assert compare(pd.DataFrame(made_rows()), "untuned", 20, REFERENCE) is None


@pytest.mark.parametrize("metric", ["balanced_accuracy", "log_loss"])
def test_ranks_are_means_over_the_tables(comparison: Comparison, metric: str) -> None:
    scores = comparison.scores(metric)
    sign = 1 if metric == "log_loss" else -1
    expected = rankdata(sign * scores.to_numpy(), axis=1).mean(axis=0)
    ranks = average_ranks(comparison, metric)[list(scores)]
    np.testing.assert_allclose(ranks, expected)
    assert ranks["logistic"] == ranks.min()


def test_duels_count_and_correct(comparison: Comparison) -> None:
    scores = comparison.scores("balanced_accuracy")
    found = {d.method: d for d in duels(comparison, "balanced_accuracy", REFERENCE)}
    gains = {m: scores[REFERENCE] - scores[m] for m in METHODS if m != REFERENCE}
    p = {method: wilcoxon(gain).pvalue for method, gain in gains.items()}
    # Holm: the smallest of three by 3, the next by 2, never smaller than before.
    largest = 0.0
    for factor, method in zip((3, 2, 1), sorted(p, key=p.get), strict=True):
        largest = max(largest, min(1.0, factor * p[method]))
        assert found[method].p == pytest.approx(largest)
    for method, gain in gains.items():
        wins, losses = int((gain > 0.005).sum()), int((gain < -0.005).sum())
        assert (found[method].wins, found[method].losses) == (wins, losses)
        assert found[method].ties == len(scores) - wins - losses
        assert found[method].difference == pytest.approx(gain.mean())


def test_words_follow_the_tests(comparison: Comparison) -> None:
    text = conclusions(comparison, REFERENCE)
    assert "ICF + WBN is significantly better than BN" in text
    assert "significantly worse than logistic regression" in text
    assert "alike is refuted (Friedman, p < 0.001)" in text
    assert "worse than SMOTE" not in text
    assert "better than SMOTE" not in text
    assert "take logistic regression where balanced accuracy counts" in text


def test_place_is_told_with_the_nearest_rival(comparison: Comparison) -> None:
    ranks = average_ranks(comparison.networks, "balanced_accuracy")
    first, second, third = ranks.index
    begin = f"Among the 3 variants of the network, {title(first)} has the average rank"
    end = f"place 1; {title(second)} comes next, {ranks[second]:.1f}."
    line = conclusions(comparison, first).splitlines()[0]
    assert begin in line
    assert line.endswith(end)
    end = f"place 3; {title(first)} has the best, {ranks[first]:.1f}."
    assert conclusions(comparison, third).splitlines()[0].endswith(end)


def test_lower_is_better_for_losses(comparison: Comparison) -> None:
    found = {d.method: d for d in duels(comparison, "log_loss", REFERENCE)}
    assert found["bn"].wins == 12
    assert found["logistic"].losses == 12


def test_the_tables_show_our_defaults_beside_the_reference() -> None:
    rows = [row for row in made_rows() if row.method != "wbn-default"]
    rows += [row for t in range(12) for row in rows_of(f"t{t}", "wbn-default", 0.4)]
    head, _, *lines = PARTS["facts"](comparison_of(rows), REFERENCE).splitlines()
    at = head.split(" | ").index("WBN, defaults")
    assert head.split(" | ")[at - 1] == "ICF + WBN"
    assert [line.split(" | ")[at] for line in lines] == ["40.0"] * 12


def test_recommended_setting_is_judged_on_tables_it_was_not_chosen_on() -> None:
    rows = made_rows()
    assert recommended(comparison_of(rows), REFERENCE) == ""
    chosen_on, names = min(CHOSEN_ON), sorted({row.dataset for row in rows})
    rows = [
        row._replace(
            method=RECOMMENDED[0] if row.method == REFERENCE else row.method,
            dataset=chosen_on if row.dataset == names[0] else row.dataset,
        )
        for row in rows
    ]
    found = compare(pd.DataFrame(rows), "untuned", EPOCHS, RECOMMENDED[0])
    assert found is not None
    text = recommended(found, REFERENCE)
    assert f"on {len(names) - 1} tables from {len(names) - 1} sources;" in text
    assert chosen_on not in text
    assert "WBN, defaults + dropout is significantly better than BN" in text


def test_planned_comparisons_are_corrected_for_what_was_planned() -> None:
    rows = [
        *made_rows(),
        *(row for t in range(12) for row in rows_of(f"t{t}", "bn-under", 0.6)),
        *(row for t in range(12) for row in rows_of(f"t{t}", RECOMMENDED[0], 0.75)),
    ]
    found = comparison_of(rows)
    scores = found.scores("balanced_accuracy")
    gain = scores[RECOMMENDED[0]] - scores["bn-smote"]
    _, _, *lines = planned_table(found, REFERENCE).splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines]
    assert [line[:3] for line in cells[:3]] == [
        ["all: 12 of 12 sources", "balanced accuracy", "SMOTE + BN"],
        ["all: 12 of 12 sources", "balanced accuracy", "random undersampling + BN"],
        ["all: 12 of 12 sources", "average precision", "BN"],
    ]
    # Undersampling has the smaller p: Holm leaves the larger as it is.
    assert cells[0][-1] == f"{wilcoxon(gain).pvalue:.3f}"
    assert len(cells) == 6


def test_page_says_what_the_planned_comparisons_show() -> None:
    found = report.comparison_of("untuned")
    assert found is not None
    asked = [RECOMMENDED[0], *PLANNED["balanced_accuracy"]]
    for rows in (found, found.without(CHOSEN_ON)):
        fought = duels(rows.restricted_to(asked), "balanced_accuracy", asked[0])
        assert better(fought) == ["bn-smote"]
        assert worse(fought) == []


def test_differences_to_undersampling_begin_with_the_largest_loss() -> None:
    rows = [
        *(row for t in range(12) for row in rows_of(f"t{t}", "bn-under", 0.6)),
        *(
            row
            for t in range(12)
            for row in rows_of(f"t{t}", RECOMMENDED[0], 0.5 + t / 50)
        ),
    ]
    assert undersampling_table(comparison_of(made_rows()), REFERENCE) == ""
    found = comparison_of([*made_rows(), *rows])
    _, _, *lines = undersampling_table(found, REFERENCE).splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines]
    assert [line[0] for line in cells] == [f"`t{t}`" for t in range(12)]
    assert [cells[0][2], cells[-1][2]] == ["\N{MINUS SIGN}10.0", "+12.0"]


def test_page_says_where_undersampling_is_ahead() -> None:
    found = report.comparison_of("untuned")
    assert found is not None

    def gain(metric: str) -> pd.Series:
        scores = found.scores(metric)
        return scores[RECOMMENDED[0]] - scores[UNDERSAMPLING]

    behind = gain("balanced_accuracy") < 0
    assert (gain("minority_recall")[behind] < 0).all()
    assert (gain("macro_f1")[behind] > 0).mean() > 0.5
    assert (gain("average_precision")[behind] > 0).sum() == behind.sum() - 1


def test_tables_of_one_source_count_once() -> None:
    names = {"t0": "abalone", "t1": "abalone_19"}
    rows = [
        row._replace(dataset=names.get(row.dataset, row.dataset)) for row in made_rows()
    ]
    found, apart = comparison_of(rows), comparison_of(made_rows())
    (duel, *_), (alone, *_) = (
        duels(part, "balanced_accuracy", REFERENCE) for part in (found, apart)
    )
    assert duel.wins + duel.ties + duel.losses == 11
    assert alone.wins + alone.ties + alone.losses == 12
    scores = apart.scores("balanced_accuracy")
    np.testing.assert_allclose(
        found.by_source("balanced_accuracy").loc["abalone"],
        scores.loc[["t0", "t1"]].mean(),
    )
    assert "abalone" not in found.without(["abalone_19"]).facts.index


def test_too_few_tables_support_no_claim() -> None:
    few = comparison_of(made_rows(n_tables=4))
    assert np.isnan(friedman(few, "balanced_accuracy"))
    text = conclusions(few, REFERENCE)
    assert "significantly better than" not in text.split("Where not to use it")[0]
    assert "cannot show a difference" in coverage(few, REFERENCE)


def test_report_has_every_part_that_says_something(comparison: Comparison) -> None:
    rows = made_rows() + rows_of("t0", "realmlp", 0.9)
    rows += [
        row
        for table in range(12)
        for method in (RECOMMENDED[0], "bn-under")
        for row in rows_of(f"t{table}", method, 0.5)
    ]
    assert text_of("untuned", comparison_of(rows)).count("\n## ") == len(PARTS)
    text = text_of("untuned", comparison)
    assert text.count("\n## ") == len(PARTS) - 4
    assert "nan" not in text
    for method in ("BN", "SMOTE + BN", "logistic regression", "**ICF + WBN**"):
        assert f"\n| {method} |" in text


def test_figures_are_written_with_a_true_minus() -> None:
    assert points(-0.0123, sign=True) == "\N{MINUS SIGN}1.2"
    assert points(-0.0001, sign=True) == "+0.0"
    assert markdown(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"
