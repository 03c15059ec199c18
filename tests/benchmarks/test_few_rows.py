"""``python -m benchmarks few_rows``: nested draws, disjoint tests, recorded errors."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import contenders
from benchmarks.__main__ import main
from benchmarks.contender import Contender
from benchmarks.errors import BenchmarkError
from benchmarks.few_rows import few_rows_file, mean_accuracy
from benchmarks.few_rows_picture import draw_few_rows
from benchmarks.few_rows_tasks import N_MAJORITY, draw_pair, draw_table
from benchmarks.images import ImagePool
from benchmarks.tabular import Table
from docs.ext.resampling_results import few_rows_picture, few_rows_tables


@pytest.fixture(scope="module")
def table() -> Table:
    """Class 0 is the minority; every two rows are equal."""
    y = (np.arange(2400) // 2 % 10 != 0).astype(np.int64)
    X = np.repeat(np.arange(1200, dtype=np.float32), 2)[:, None]
    return Table("made", X, y, np.arange(2400) // 2, np.zeros(1, bool))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    y = (np.arange(1200) % 10 == 0).astype(int)
    X = rng.normal(size=(1200, 2)) + 2 * y[:, None]
    np.savez(tmp_path / "made.npz", X=X.astype(np.float32), y=y)
    return tmp_path


def test_draw_has_the_counts_that_were_asked_for(table: Table) -> None:
    draw = draw_table(5, 0, table=table)
    assert np.bincount(draw.y_train).tolist() == [5, N_MAJORITY]


def test_test_rows_equal_no_training_row(table: Table) -> None:
    draw = draw_table(5, 0, table=table)
    assert not set(draw.X_train.ravel()) & set(draw.X_test.ravel())
    together = np.unique(np.concatenate([draw.X_train, draw.X_test]))
    assert len(together) == 1200


def test_draw_that_leaves_a_class_without_test_rows_is_named() -> None:
    # Two distinct minority rows, thirty times each.
    X = np.r_[np.arange(60) % 2, 2 + np.arange(1200)].astype(np.float32)[:, None]
    y = (np.arange(1260) < 60).astype(np.int64)
    made = Table("made", X, y, X[:, 0].astype(np.int64), np.zeros(1, bool))
    assert 1 in draw_table(1, 0, table=made).y_test
    with pytest.raises(BenchmarkError, match=r"made: with \[1000, 50\] rows"):
        draw_table(50, 0, table=made)


def test_more_rows_keep_the_fewer(table: Table) -> None:
    few, more = (draw_table(n, 3, table=table).X_train.ravel() for n in (3, 10))
    assert set(few) <= set(more)
    other = draw_table(3, 4, table=table).X_train.ravel()
    assert set(few) != set(other)


def test_pair_takes_all_test_images() -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, size=(2000, 4), dtype=np.uint8)
    y = np.arange(2000) % 2
    draw = draw_pair(3, 0, pool=ImagePool(X, y, X[:50], y[:50]))
    assert np.bincount(draw.y_train).tolist() == [3, N_MAJORITY]
    assert draw.X_train.max() <= 1.0
    assert len(draw.y_test) == 50


def run(folder: Path) -> Path:
    output = folder / "out.csv"
    arguments = ["--methods", "bn,bn-smote,logistic", "--draws", "1", "--epochs", "60"]
    files = ["--data-dir", str(folder), "--output", str(output)]
    command = ["few_rows", "--dataset", "made", "--jobs", "1"]
    assert main([*command, *arguments, *files]) == 0
    return output


def test_command_records_scores_and_errors(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("benchmarks.few_rows.COUNTS", (1, 3))
    output = run(folder)
    rows = pd.read_csv(output)
    assert len(rows) == 2 * 3
    failed = rows[rows["error"].notna()]
    # One row has no neighbour.
    assert failed[["method", "n_minority"]].to_numpy().tolist() == [["bn-smote", 1]]
    good = rows[rows["error"].isna()]
    assert good["balanced_accuracy"].between(0.4, 1.0).all()
    assert "minority rows" in capsys.readouterr().out
    run(folder)
    assert "0 runs to do, 6 already in" in capsys.readouterr().err
    figure = draw_few_rows(mean_accuracy(few_rows_file(output)))
    assert [axes.get_title() for axes in figure.axes] == ["made"]
    assert few_rows_picture(output) is not None
    assert "`made`, one draw" in few_rows_tables(output)


def test_draw_without_rows_to_test_is_an_error_of_its_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.few_rows.COUNTS", (1, 50))
    made = np.load(folder / "made.npz")
    X, y = made["X"], made["y"]
    X[y == 1] = np.arange(120)[:, None] % 2
    np.savez(folder / "made.npz", X=X, y=y)
    rows = pd.read_csv(run(folder)).set_index(["method", "n_minority"])["error"]
    assert rows[("logistic", 50)].startswith("BenchmarkError: made: with [1000, 50]")
    assert np.isnan(rows[("logistic", 1)])


def test_table_must_leave_rows_to_test(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "small.npz", X=np.eye(90), y=np.arange(90) % 2)
    command = ["few_rows", "--dataset", "small", "--data-dir", str(tmp_path)]
    assert main([*command, "--output", str(tmp_path / "out.csv")]) == 2
    assert "classes of [45, 45] rows" in capsys.readouterr().err


def test_page_says_that_there_is_nothing_yet(tmp_path: Path) -> None:
    assert few_rows_picture(tmp_path / "none.csv") is None
    assert "nothing of it yet" in few_rows_tables(tmp_path / "none.csv")


def test_method_that_is_not_installed_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    absent = Contender("lightgbm", "LightGBM", lambda s: s, package="not_a_package")
    monkeypatch.setitem(contenders.CONTENDERS, "lightgbm", absent)
    output = tmp_path / "few_rows.csv"
    command = ["few_rows", "--methods", "lightgbm", "--output", str(output)]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "lightgbm needs the package not_a_package: pip install" in said
    assert not output.exists()
