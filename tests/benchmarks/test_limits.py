"""``python -m benchmarks limits``: selection data only, whole trainings, its table."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import limits
from benchmarks.__main__ import main
from benchmarks.datasets import IMAGE_SOURCES
from benchmarks.few_rows_tasks import IMAGE_PAIRS
from benchmarks.few_rows_tasks import TABLES as FEW_ROWS_TABLES
from benchmarks.limits import LimitsFile, limits_table, n_minority
from benchmarks.limits_tasks import LIMIT_TASKS, LimitTask, draw_cut
from benchmarks.study_tasks import CHOSEN_ON
from benchmarks.tabular import Table
from docs.ext import resampling_results


@pytest.mark.parametrize("n_majority", [1000, 4000])
@pytest.mark.parametrize("rows", limits.ROWS)
def test_a_mini_batch_holds_so_many_rows(rows: int, n_majority: int) -> None:
    n = n_minority(rows, n_majority)
    assert n * limits.BATCH_SIZE / (n + n_majority) == pytest.approx(rows, rel=0.02)


def test_tasks_are_those_that_settings_are_chosen_on() -> None:
    few_rows = {code for pair in IMAGE_PAIRS.values() for code in pair}
    for name, task in LIMIT_TASKS.items():
        if task.pair:
            reported = set(IMAGE_SOURCES[task.source].codes.values())
            taken = reported | few_rows if task.source == "mnist" else reported
            assert not set(task.pair) & taken, name
        else:
            assert task.source in CHOSEN_ON - set(FEW_ROWS_TABLES)


def test_cut_table_has_the_counts_and_other_rows_to_test() -> None:
    y = (np.arange(900) // 3 % 10 != 0).astype(np.int64)
    X = np.repeat(np.arange(300, dtype=np.float32), 3)[:, None]
    table = Table("made", X, y, np.arange(900) // 3, np.zeros(1, bool))
    draw = draw_cut(0, table=table, n_majority=200, n_minority=5)
    assert np.bincount(draw.y_train).tolist() == [5, 200]
    assert not set(draw.X_train.ravel()) & set(draw.X_test.ravel())
    np.testing.assert_allclose(draw.X_train.mean(), 0.0, atol=1e-6)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command on a small table, with short trainings."""
    rng = np.random.default_rng(0)
    y = (np.arange(1200) % 10 == 0).astype(int)
    X = rng.normal(size=(1200, 2)) + 2 * y[:, None]
    np.savez(tmp_path / "made.npz", X=X.astype(np.float32), y=y)
    monkeypatch.setitem(LIMIT_TASKS, "made", LimitTask("made", majorities=(1000,)))
    monkeypatch.setattr(limits, "ROWS", (1,))
    monkeypatch.setattr(limits, "TABLE_EPOCHS", 1)
    files = ["--data-dir", str(tmp_path), "--output", str(tmp_path / "limits.csv")]
    return ["limits", "--tasks", "made", "--jobs", "1", *files]


def test_command_goes_on_where_it_was_stopped(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "limits.csv"
    assert main(command) == 0
    whole = path.read_text()
    rows = LimitsFile(path).read()
    assert len(rows) == 2 * 2 * 2  # norms, dropouts, statistics
    assert rows["balanced_accuracy"].between(0, 100).all()
    path.write_text(whole[: whole.rfind("\n", 0, -1) + 1])  # half of a training
    assert main(command) == 0
    assert path.read_text() == whole
    assert "1 runs to do" in capsys.readouterr().err


def test_table_is_printed_without_training(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "limits.csv"
    assert main([*command, "--table"]) == 2
    assert f"no results in {path}, which does not exist" in capsys.readouterr().err
    assert "nothing of it yet" in resampling_results.limits_table(path)
    main(command)
    head, _, *lines = limits_table(LimitsFile(path).read()).splitlines()
    assert "mild, `weighted_population`" in head
    assert [line.split(" | ")[:3] for line in lines] == [
        ["| 1000", "0.0", "1"],
        ["| 1000", "0.3", "1"],
    ]
    assert resampling_results.limits_table(path) == "\n".join([head, _, *lines])


def test_table_of_a_run_that_goes_on_has_empty_cells(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(command)
    path = tmp_path / "limits.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[: 1 + 2 + 2 + 2]))  # three of four trainings
    assert main([*command, "--table"]) == 0
    (_, _, *lines) = limits_table(LimitsFile(path).read()).splitlines()
    assert [line.count(" |  |") for line in lines] == [0, 1]
    path.write_text("".join(path.read_text().splitlines(keepends=True)[: 1 + 2]))
    assert main([*command, "--table"]) == 0


def test_table_shows_the_tasks_that_were_asked_for(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(command)
    capsys.readouterr()
    assert main([*command, "--table"]) == 0
    assert "1000" in capsys.readouterr().out
    assert main([*command, "--table", "--tasks", "scene"]) == 2
    assert "holds no complete training of scene" in capsys.readouterr().err
