"""``python -m benchmarks report``: its files, pictures and messages."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import report
from benchmarks.__main__ import main
from benchmarks.report import pictures
from benchmarks.resampling_file import ScoresFile, bins_file
from tests.report_rows import REFERENCE, bins_of, comparison_of, made_rows, rows_of


def test_command_writes_text_and_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, folder = tmp_path / "scores.csv", tmp_path / "out"
    rows = made_rows()
    ScoresFile(path).append(rows)
    bins_file(path).append(bins_of(rows))
    assert main(["report", "--input", str(path), "--output-dir", str(folder)]) == 0
    assert "ICF + WBN" in capsys.readouterr().out
    names = {file.name for file in folder.iterdir()}
    assert names == {
        "report.md",
        "untuned_calibration.svg",
        "untuned_critical_difference.svg",
        "untuned_regimes.svg",
        "untuned_time.svg",
    }


def test_scores_without_bins_lack_the_curves_alone(tmp_path: Path) -> None:
    path, folder, rows = tmp_path / "scores.csv", tmp_path / "out", made_rows()
    ScoresFile(path).append(rows)
    assert main(["report", "--input", str(path), "--output-dir", str(folder)]) == 0
    assert (folder / "report.md").exists()
    bins_file(path).append(bins_of([row for row in rows if row.method != "bn"]))
    figure = dict(pictures("untuned", comparison_of(rows), path))["calibration"]
    labels = {line.get_label() for line in figure.axes[0].lines}
    assert labels == {
        "calibrated",
        "SMOTE + BN",
        "logistic regression",
        "ICF + WBN",
    }


def test_text_is_written_before_the_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise RuntimeError("no ink")

    monkeypatch.setattr(report, "pictures", fail)
    path, folder = tmp_path / "scores.csv", tmp_path / "out"
    ScoresFile(path).append(made_rows())
    with pytest.raises(RuntimeError, match="no ink"):
        main(["report", "--input", str(path), "--output-dir", str(folder)])
    assert "ICF + WBN" in (folder / "report.md").read_text(encoding="utf-8")


def test_calibration_curve_is_the_share_of_minority_rows(tmp_path: Path) -> None:
    path, rows = tmp_path / "scores.csv", made_rows(n_tables=6)
    bins_file(path).append(bins_of(rows))
    figure = dict(pictures("untuned", comparison_of(rows), path))["calibration"]
    (line,) = [x for x in figure.axes[0].lines if x.get_label() == "ICF + WBN"]
    np.testing.assert_allclose(line.get_xdata(), [0.15, 0.55])
    np.testing.assert_allclose(line.get_ydata(), [0.1, 0.5])


def test_file_without_rows_and_missing_file_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "none.csv"
    assert main(["report", "--input", str(path)]) == 2
    said = capsys.readouterr().err
    assert f"{path}, which does not exist; `python -m benchmarks resampling`" in said
    path.touch()
    assert main(["report", "--input", str(path)]) == 2
    said = capsys.readouterr().err
    assert f"{path} holds no folds of 60 epochs that can be compared" in said
    assert "benchmarks resampling` makes them" in said


def test_missing_reference_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "scores.csv"
    ScoresFile(path).append([row for row in made_rows() if row.method != REFERENCE])
    assert main(["report", "--input", str(path)]) == 2
    said = capsys.readouterr().err
    assert (
        "that can be compared (the untuned methods lack a whole repeat of wbn-icf, "
        "with which the others are compared); `python -m" in said
    )
    path.unlink()
    ScoresFile(path).append(made_rows() + rows_of("t0", "bn-threshold", 0.5))
    assert main(["report", "--input", str(path)]) == 0
    said = capsys.readouterr().err
    assert (
        "Left out: the searched methods lack a whole repeat of wbn-cbl-search" in said
    )


def test_paths_of_the_wrong_kind_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--input", str(tmp_path)]) == 2
    assert f"{tmp_path} cannot be read as a results file" in capsys.readouterr().err
    path = tmp_path / "scores.csv"
    ScoresFile(path).append(made_rows())
    assert main(["report", "--input", str(path), "--output-dir", str(path)]) == 2
    said = capsys.readouterr()
    assert f"--output-dir names {path}, which is no folder" in said.err
    assert said.out == ""
