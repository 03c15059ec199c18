"""``python -m benchmarks resampling``: rows, resuming, errors, the order of runs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import contenders
from benchmarks.__main__ import main
from benchmarks.contender import Contender
from benchmarks.contenders import CONTENDERS, TIERS
from benchmarks.resampling import FOLDS, QUICK_METHODS, QUICK_TABLES, plan
from benchmarks.resampling_file import FoldRow, FoldRun, ScoresFile, bins_file
from benchmarks.tabular import Split, load_table


def save_table(folder: Path, name: str, *counts: int) -> None:
    y = np.repeat(np.arange(len(counts)), counts)
    X = np.random.default_rng(0).normal(size=(len(y), 3)) + y[:, None]
    np.savez(folder / f"{name}.npz", X=X.astype(np.float32), y=y)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "tables"
    folder.mkdir()
    save_table(folder, "longer", 60, 10)
    save_table(folder, "short", 40, 10)
    return folder


def run(folder: Path, *arguments: str) -> pd.DataFrame:
    output = folder.parent / "results.csv"
    command = ["resampling", "--data-dir", str(folder), "--output", str(output)]
    shared = ["--epochs", "1", "--repeats", "1", "--jobs", "1"]
    assert main([*command, *shared, *arguments]) == 0
    return ScoresFile(output).read()


def test_every_fold_has_a_row_of_every_method(folder: Path) -> None:
    rows = run(folder, "--methods", "bn,logistic")
    assert list(rows.columns) == list(FoldRow._fields)
    assert len(rows) == 2 * 2 * FOLDS
    assert (rows["error"] == "").all()
    assert rows["balanced_accuracy"].astype(float).between(0, 1).all()
    # The shorter table comes first; every row is in training in four of five folds.
    assert rows["dataset"].tolist() == ["short"] * 10 + ["longer"] * 10
    short = rows[(rows["dataset"] == "short") & (rows["method"] == "bn")]
    assert short[["n_train", "n_minority_train"]].sum().tolist() == [4 * 50, 4 * 10]


def test_bins_hold_every_test_row_once(folder: Path) -> None:
    run(folder, "--methods", "logistic", "--dataset", "short")
    bins = bins_file(folder.parent / "results.csv").read()
    assert bins["rows"].sum() == 50
    assert bins["minority_rows"].sum() == 10


def test_stopped_run_goes_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = run(folder, "--methods", "bn,logistic", "--dataset", "short")
    output = folder.parent / "results.csv"
    output.write_bytes(output.read_bytes()[:-7])
    capsys.readouterr()
    again = run(folder, "--methods", "bn,logistic", "--dataset", "short")
    said = capsys.readouterr().err
    assert "Removed 1 lines" in said
    assert "1 runs to do, 9 already in" in said
    seconds = ["fit_seconds", "predict_seconds"]
    pd.testing.assert_frame_equal(
        again.drop(columns=seconds), whole.drop(columns=seconds)
    )
    assert bins_file(output).read()["rows"].sum() == 2 * 50


def test_bins_are_made_anew_with_the_scores(folder: Path) -> None:
    arguments = ("--methods", "logistic", "--dataset", "short")
    run(folder, *arguments)
    output = folder.parent / "results.csv"
    bins = bins_file(output)
    whole = bins.read()
    # As of a version that predicted otherwise; one fold's scores stay.
    stale = whole.assign(rows=whole["rows"] + 100)
    bins.path.write_text(stale.to_csv(index=False, lineterminator="\n"))
    output.write_text("".join(output.read_text().splitlines(keepends=True)[:2]))
    run(folder, *arguments)
    found = bins.read()
    kept = found["fold"] == 0
    assert found.loc[kept, "rows"].tolist() == stale.loc[kept, "rows"].tolist()
    assert found.loc[~kept, "rows"].sum() == 40
    assert (~kept).sum() == (whole["fold"] != 0).sum()


def test_error_is_a_row_and_not_tried_again(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = []

    def fail(setting):
        tried.append(setting.seed)
        raise ValueError("no\nluck, sorry")

    broken = Contender("logistic", "broken", fail)
    monkeypatch.setitem(contenders.CONTENDERS, "logistic", broken)
    arguments = ("--methods", "logistic,bn", "--dataset", "short")
    rows = run(folder, *arguments)
    failed = rows[rows["method"] == "logistic"]
    assert set(failed["error"]) == {"ValueError: no luck, sorry"}
    assert failed["fit_seconds"].isna().all()
    assert (rows.loc[rows["method"] == "bn", "error"] == "").all()
    run(folder, *arguments)
    assert len(tried) == FOLDS
    monkeypatch.undo()
    rows = run(folder, *arguments, "--retry-errors")
    assert (rows["error"] == "").all()
    assert len(rows) == 2 * FOLDS


def test_retry_leaves_errors_that_are_not_asked_for(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(setting):
        raise ValueError("no luck")

    for method in ("bn-smote", "logistic"):
        monkeypatch.setitem(
            contenders.CONTENDERS, method, Contender(method, "broken", fail)
        )
    run(folder, "--methods", "bn-smote,logistic", "--dataset", "short")
    monkeypatch.undo()
    capsys.readouterr()
    arguments = ("--methods", "logistic", "--dataset", "short", "--retry-errors")
    rows = run(folder, *arguments)
    said = capsys.readouterr().err
    assert f"Removed {FOLDS} lines to be made again." in said
    assert f"{FOLDS} runs to do" in said
    failed = rows["error"] == "ValueError: no luck"
    assert rows.loc[failed, "method"].tolist() == ["bn-smote"] * FOLDS
    assert rows.loc[~failed, "method"].tolist() == ["logistic"] * FOLDS


def test_three_classes_run_too(folder: Path) -> None:
    save_table(folder, "three", 40, 20, 10)
    arguments = ("--methods", "wbn-icf,bn-smote,bn-threshold", "--dataset", "three")
    rows = run(folder, *arguments).set_index("method")
    assert (rows.loc[["wbn-icf", "bn-smote"], "error"] == "").all()
    # Only two classes have one threshold.
    assert rows.loc["bn-threshold", "error"].str.contains("binary").all()


def test_tier_leaves_out_searches_over_three_classes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_table(folder, "three", 40, 20, 10)
    arguments = ("--methods", "searched,logistic-search", "--dataset", "three")
    rows = run(folder, *arguments)
    assert set(rows["method"]) == {"logistic-search"}
    said = capsys.readouterr().err
    others = [key for key in TIERS["searched"] if key != "logistic-search"]
    assert f"Left out on three: {', '.join(others)}." in said


def test_tier_leaves_out_slow_methods_on_long_tables(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_table(folder, "longest", 12_000, 10)
    arguments = ("--methods", "searched", "--dataset", "longest")
    assert run(folder, *arguments).empty
    assert "Left out on longest: wbn-cbl-search" in capsys.readouterr().err
    save_table(folder, "longest", 11_990, 10)
    table = load_table("longest", folder)
    assert all(CONTENDERS[key].suits(table) for key in [*TIERS["searched"], "realmlp"])


def test_table_that_cannot_be_split_is_left_out(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_table(folder, "lonely", 40, 1)
    save_table(folder, "tiny", 4, 4)
    rows = run(folder, "--methods", "logistic")
    assert set(rows["dataset"]) == {"short", "longer"}
    said = capsys.readouterr().err
    assert "Left out: lonely cannot be split" in said
    assert "Left out: tiny cannot be split" in said


@pytest.mark.parametrize("named", [(), ("--dataset", "short,longer")])
def test_long_tables_can_be_left_out(
    named: tuple[str, ...], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = run(folder, "--methods", "logistic", "--max-rows", "60", *named)
    assert set(rows["dataset"]) == {"short"}
    said = capsys.readouterr().err
    assert "Left out: longer has 70 rows, more than --max-rows 60." in said
    assert "short" not in said


def test_no_table_is_an_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["resampling", "--data-dir", str(folder), "--max-rows", "5"]
    output = str(folder.parent / "none.csv")
    assert main([*arguments, "--output", output]) == 2
    assert "more than 5 rows" in capsys.readouterr().err


def test_folder_without_tables_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = str(tmp_path / "none.csv")
    assert main(["resampling", "--data-dir", str(tmp_path), "--output", output]) == 2
    assert f"{tmp_path} and its subfolders imbalanced, larger hold no table" in (
        capsys.readouterr().err
    )


def test_repeats_are_outermost_and_methods_innermost() -> None:
    places = [("a", 0, 0), ("a", 1, 0), ("b", 0, 0), ("b", 1, 0)]
    nothing = np.array([], dtype=int)
    splits = {place: Split(*place[1:], nothing, nothing) for place in places}
    runs = plan(splits, {"a": ["x", "y"], "b": ["x", "y"]}, epochs=1)
    assert runs[:4] == [
        FoldRun("a", "x", 1, 0, 0),
        FoldRun("a", "y", 1, 0, 0),
        FoldRun("b", "x", 1, 0, 0),
        FoldRun("b", "y", 1, 0, 0),
    ]
    assert [r.repeat for r in runs] == [0] * 4 + [1] * 4


def test_quick_form_runs_on_real_tables(data_dir: Path, tmp_path: Path) -> None:
    output = tmp_path / "quick.csv"
    command = ["resampling", "--quick", "--epochs", "1", "--jobs", "1"]
    files = ["--data-dir", str(data_dir), "--output", str(output)]
    assert main([*command, *files]) == 0
    rows = pd.read_csv(output)
    assert set(rows["dataset"]) == set(QUICK_TABLES)
    assert set(rows["method"]) == set(QUICK_METHODS)
    assert rows["error"].isna().all()
    assert main(["report", "--input", str(output), "--epochs", "1"]) == 0


@pytest.fixture
def lightgbm_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = Contender("lightgbm", "LightGBM", lambda s: s, package="not_a_package")
    monkeypatch.setitem(contenders.CONTENDERS, "lightgbm", absent)
    monkeypatch.setitem(contenders.TIERS, "untuned", ["logistic"])


@pytest.mark.usefixtures("lightgbm_is_absent")
def test_named_method_that_is_not_installed_ends_the_command(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = folder / "results.csv"
    command = ["resampling", "--data-dir", str(folder), "--output", str(output)]
    assert main([*command, "--methods", "bn,lightgbm"]) == 2
    said = capsys.readouterr().err
    assert "lightgbm needs the package not_a_package: pip install" in said
    assert not output.exists()


@pytest.mark.usefixtures("lightgbm_is_absent")
def test_tier_runs_without_what_is_not_installed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = run(folder, "--methods", "untuned", "--dataset", "short")
    assert set(rows["method"]) == {"logistic"}
    said = capsys.readouterr().err
    assert "Left out: lightgbm" in said
    assert "not installed; pip install 'sklearn-wbn[peers]'" in said
