"""``python -m benchmarks beta_search``: candidates, choice, resuming, picture."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import ParameterGrid

from benchmarks.__main__ import main
from benchmarks.beta_picture import draw_searches
from benchmarks.beta_search import (
    DISTANCES,
    ICF,
    BetaFile,
    BetaRow,
    candidates,
    worth_table,
)
from benchmarks.resampling import FOLDS
from docs.ext.resampling_results import beta_picture, beta_table


def test_candidates_lead_from_plain_loss_to_inverse_frequency() -> None:
    found = list(ParameterGrid(candidates()))
    betas = [parameters.get("net__beta") for parameters in found]
    assert betas[0] == 0.0
    np.testing.assert_allclose(1 - np.array(betas[:-1]), DISTANCES)
    assert found[-1] == {"net__class_weight": "icf"}


def made_rows() -> pd.DataFrame:
    """In fold f the search takes candidate f; the test score is its number."""
    places = (*DISTANCES, ICF)
    rows = [
        BetaRow("t", 60, fold, distance, 0.9 if i == fold else 0.1, i / 10, i == fold)
        for fold in range(FOLDS)
        for i, distance in enumerate(places)
    ]
    return pd.DataFrame(rows).astype({"chosen": int})


def test_table_shows_ends_choice_and_best() -> None:
    line = worth_table(made_rows()).splitlines()[-1]
    best = 100 * (len(DISTANCES)) / 10
    # The mean of the candidates 0 to 4.
    assert line == f"| `t` | 5 | 0.0 | {best:.1f} | 20.0 | {best:.1f} |"


def test_picture_has_both_scores_and_the_limit() -> None:
    figure = draw_searches(made_rows())
    (axes,) = figure.axes
    labels = axes.get_legend_handles_labels()[1]
    assert labels == ["validation score", "best mean validation score", "test score"]
    assert axes.get_xticklabels()[-1].get_text() == "ICF"
    lines = {line.get_label(): line for line in axes.lines}
    np.testing.assert_allclose(
        sorted(lines["test score"].get_ydata()), np.arange(len(DISTANCES)) / 10
    )


def save_table(folder: Path, name: str, y: np.ndarray) -> None:
    X = np.random.default_rng(0).normal(size=(len(y), 2)) + 2 * y[:, None]
    np.savez(folder / f"{name}.npz", X=X.astype(np.float32), y=y)


def run(folder: Path, *datasets: str) -> Path:
    output = folder / "out.csv"
    command = ["beta_search", "--dataset", ",".join(datasets), "--epochs", "1"]
    files = ["--data-dir", str(folder), "--output", str(output), "--jobs", "1"]
    assert main([*command, *files]) == 0
    return output


def test_command_searches_every_fold_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_table(tmp_path, "made", (np.arange(60) % 4 == 0).astype(int))
    output = run(tmp_path, "made")
    rows = BetaFile(output).read()
    assert len(rows) == FOLDS * (len(DISTANCES) + 1)
    chosen = rows[rows["chosen"] == 1].set_index("fold")
    assert len(chosen) == FOLDS
    best = rows.groupby("fold")["validation"].max()
    pd.testing.assert_series_equal(chosen["validation"], best)
    # A search without all its candidates is made again.
    output.write_text("\n".join(output.read_text().splitlines()[:-1]) + "\n")
    capsys.readouterr()
    run(tmp_path, "made")
    assert "1 runs to do, 4 already in" in capsys.readouterr().err
    assert len(BetaFile(output).read()) == len(rows)


# scikit-learn on classes of fewer rows than folds.
@pytest.mark.filterwarnings("ignore:The least populated class:UserWarning")
def test_tables_that_cannot_be_split_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_table(tmp_path, "made", (np.arange(60) % 4 == 0).astype(int))
    save_table(tmp_path, "lonely", (np.arange(60) < 1).astype(int))
    # With one of its two rows in the test, no search can split the other.
    save_table(tmp_path, "pair", (np.arange(60) < 2).astype(int))
    output = run(tmp_path, "lonely", "made", "pair")
    said = capsys.readouterr().err
    assert said.startswith("Left out: lonely cannot be split: class 1 has one distinct")
    assert "Left out: pair cannot be split: class 1 has one distinct row" in said
    assert "5 runs to do, 0 already in" in said
    assert set(BetaFile(output).read()["dataset"]) == {"made"}


@pytest.mark.filterwarnings("ignore:The least populated class:UserWarning")
def test_fold_without_rows_of_a_class_has_no_test_score(tmp_path: Path) -> None:
    save_table(tmp_path, "four", (np.arange(60) < 4).astype(int))
    rows = BetaFile(run(tmp_path, "four")).read()
    lacking = rows.groupby("fold")["test"].agg(lambda score: score.isna().all())
    assert lacking.sum() == 1
    assert rows["validation"].notna().all()
    assert "nan" not in worth_table(rows)


def test_finished_searches_are_shown_without_their_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = made_rows().assign(epochs=1)
    BetaFile(tmp_path / "out.csv").append(rows.to_records(index=False).tolist())
    run(tmp_path, "t")
    assert "best in hindsight" in capsys.readouterr().out


def test_page_says_that_there_is_nothing_yet(tmp_path: Path) -> None:
    assert beta_picture(tmp_path / "none.csv") is None
    assert "nothing of it yet" in beta_table(tmp_path / "none.csv")
