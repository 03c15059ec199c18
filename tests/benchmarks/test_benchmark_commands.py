"""``python -m benchmarks``: trainings, resuming, tables, pictures and errors."""

import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from benchmarks import demo
from benchmarks.__main__ import COMMANDS, main, parse_arguments
from benchmarks.baselines import BASELINES
from benchmarks.datasets import DATA_VARIABLE, TASKS, load_task
from benchmarks.initialization import NormalInitialization
from benchmarks.methods import COMMON, METHODS, make_classifier
from benchmarks.training import (
    Row,
    Run,
    share_trainings,
    train_all,
    train_once,
)

SHORT = ["--epochs", "2", "--jobs", "1"]
COLUMNS = ["dataset", "method", "draw", "epochs", "label", "accuracy", "seconds"]


def run_paper(output: Path, *arguments: str) -> int:
    return main(["paper", "--dataset", "digits", "--output", str(output), *arguments])


def without_seconds(path: Path) -> pd.DataFrame:
    rows = pd.read_csv(path).drop(columns="seconds")
    return rows.sort_values(["method", "draw", "label"], ignore_index=True)


OPTIONS = {
    "beta_search": ("--dataset", "--epochs", "--jobs", "--data-dir", "--output"),
    "few_rows": ("--dataset", "--methods", "--draws", "--epochs", "--data-dir"),
    "limits": ("--tasks", "--draws", "--table", "--jobs", "--data-dir", "--output"),
    "report": ("--input", "--output-dir", "--epochs"),
    "resampling": (
        "--quick",
        "--dataset",
        "--methods",
        "--repeats",
        "--retry-errors",
        "--data-dir",
    ),
    "demo": ("--draws", "--epochs", "--jobs", "--output"),
    "paper": (
        "--dataset",
        "--methods",
        "--draws",
        "--jobs",
        "--data-dir",
        "--output",
        "--picture",
    ),
    "speed": ("--parts", "--runs", "--threads", "--data-dir", "--output"),
    "study": (
        "--tasks",
        "--role",
        "--methods",
        "--draws",
        "--jobs",
        "--data-dir",
        "--quick",
    ),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_every_option(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    text = capsys.readouterr().out
    assert [option for option in OPTIONS[command] if option not in text] == []


@pytest.mark.parametrize(
    "command", [name for name in COMMANDS if "--data-dir" in OPTIONS[name]]
)
def test_data_folder_is_a_path_in_every_command(command: str) -> None:
    args = parse_arguments([command, "--data-dir", "folder"])
    assert args.data_dir == Path("folder")


def test_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    for command in COMMANDS:
        assert command in done.stdout


def test_list_of_commands_imports_nothing_heavy() -> None:
    code = (
        "import sys; from benchmarks.__main__ import main\n"
        "try: main(['--help'])\n"
        "finally: print({'pandas', 'sklearn', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "set()"


def test_paper_writes_rows_and_prints_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "paper.csv"
    assert run_paper(output, "--draws", "1", *SHORT) == 0
    rows = pd.read_csv(output)
    assert list(rows.columns) == COLUMNS
    assert sorted(rows["method"].unique()) == ["a", "b", "c", "d", "e"]
    assert list(rows["label"][:6]) == ["3", "4", "7", "9", "overall", "macro"]
    assert rows["accuracy"].between(0, 100).all()
    assert (rows["epochs"] == 2).all()
    text = capsys.readouterr().out
    assert "scikit-learn digits" in text
    assert "(e) WLF(CBL)+WBN" in text


def test_killed_run_resumes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "paper.csv"
    arguments = ["--draws", "2", "--methods", "a,d", *SHORT]
    run_paper(output, *arguments)
    whole = without_seconds(output)
    lines = output.read_text().splitlines(keepends=True)
    # A kill in the middle of a line of the third training.
    output.write_text("".join(lines[: 1 + 6 + 6 + 2]) + lines[15][:9])
    capsys.readouterr()
    assert run_paper(output, *arguments) == 0
    said = capsys.readouterr().err
    assert "Removed 3 lines to be made again." in said
    assert "2 runs to do, 2 already in" in said
    pd.testing.assert_frame_equal(without_seconds(output), whole)
    # The first trainings were kept, not repeated.
    assert output.read_text().splitlines(keepends=True)[:13] == lines[:13]


def test_more_draws_and_methods_can_be_added(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "paper.csv"
    run_paper(output, "--draws", "1", "--methods", "a", *SHORT)
    run_paper(output, "--draws", "2", "--methods", "a,d-frequency", *SHORT)
    assert "3 runs to do, 1 already in" in capsys.readouterr().err
    assert len(pd.read_csv(output)) == 4 * 6


def test_finished_run_trains_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "paper.csv"
    run_paper(output, "--draws", "1", "--methods", "a", *SHORT)
    before = output.read_bytes()
    run_paper(output, "--draws", "1", "--methods", "a", *SHORT)
    assert "0 runs to do, 1 already in" in capsys.readouterr().err
    assert output.read_bytes() == before


def test_table_alone_trains_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "paper.csv"
    run_paper(output, "--draws", "1", "--methods", "d", *SHORT)
    before, _ = output.read_bytes(), capsys.readouterr()
    table = ["paper", "--table", "--output", str(output)]
    assert main([*table, "--epochs", "2"]) == 0
    assert "(d) WLF(ICF)+WBN" in capsys.readouterr().out
    assert main(table) == 2
    assert "no complete training of 200 epochs" in capsys.readouterr().err
    assert output.read_bytes() == before


def test_markdown_says_what_it_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "paper.csv"
    output.write_text(",".join(COLUMNS) + "\n" + saved_rows("digits", "a"))
    table = ["paper", "--markdown", "--output", str(output)]
    assert main(table) == 2
    assert "a, b, c, d, e on any of mnist, fashion_mnist" in capsys.readouterr().err
    made = [saved_rows("mnist", method) for method in "abd"]
    output.write_text("".join([",".join(COLUMNS), "\n", *made]))
    assert main(table) == 2
    assert "no such trainings of c on mnist, e on mnist." in capsys.readouterr().err


def saved_rows(dataset: str, method: str) -> str:
    return "".join(
        f"{dataset},{method},0,200,{label},50.0,1.0\n"
        for label in TASKS[dataset].labels
    )


def test_picture_alone_trains_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output, picture = tmp_path / "paper.csv", tmp_path / "new" / "paper.png"
    run_paper(output, "--draws", "1", "--methods", "a,logistic", *SHORT)
    before = output.read_bytes()
    draw = ["paper", "--output", str(output), "--epochs", "2", "--picture"]
    assert main([*draw, str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert output.read_bytes() == before
    assert main([*draw, str(tmp_path / "paper.txt")]) == 2
    assert "names no picture format" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["paper", "--dataset", "iris"], "expected names from mnist,"),
        (
            ["paper", "--dataset", "digits", "--methods", "a,z"],
            "expected names from a,",
        ),
        (["paper", "--dataset", ","], "separated by commas, got ','"),
        (["few_rows", "--dataset", ","], "names, separated by commas, got ','"),
        (["resampling", "--dataset", " , "], "separated by commas, got ' , '"),
        (["paper", "--dataset", "digits", "--draws", "0"], "at least 1, got '0'"),
        (["paper", "--dataset", "digits", "--jobs", "two"], "at least 1, got 'two'"),
        ([], "required: COMMAND"),
        (["nothing"], "invalid choice: 'nothing'"),
    ],
)
def test_wrong_arguments_are_named(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert message in capsys.readouterr().err


def test_data_sets_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paper"]) == 2
    assert "Name data sets with --dataset: mnist," in capsys.readouterr().err


def test_missing_data_folder_is_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "paper.csv"
    arguments = ["--dataset", "mnist", "--data-dir", str(tmp_path / "nowhere")]
    assert main(["paper", *arguments, "--output", str(output)]) == 2
    assert "--data-dir names" in capsys.readouterr().err
    assert not output.exists()


def test_ctrl_c_ends_with_a_word(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupt(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("benchmarks.paper.train_all", interrupt)
    assert run_paper(tmp_path / "paper.csv", "--draws", "1", *SHORT) == 130
    assert "the rows written so far are kept" in capsys.readouterr().err


def test_processes_give_the_rows_of_one_process() -> None:
    tasks = {"digits": load_task("digits")}
    runs = [Run("digits", method, 0, 2) for method in ("a", "d")]

    def figures(jobs: int) -> set[tuple[object, ...]]:
        trained = train_all(tasks, runs, jobs)
        return {row[:-1] for rows in trained for row in rows}

    assert figures(2) == figures(1)


def test_methods_that_predict_differently_share_a_training() -> None:
    methods = ("b", "d", "logistic", "d-population", "a", "bn-logit")
    runs = [Run("digits", method, draw, 2) for draw in (0, 1) for method in methods]
    shared = [[run.method for run in group] for group in share_trainings(runs)]
    expected = [["b"], ["d", "d-population"], ["logistic"], ["a", "bn-logit"]]
    assert shared == 2 * expected


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a", "bn-logit"),
        ("d", "d-population"),
        ("constant-moving", "constant-population"),
        ("d-normal", "d-normal"),
    ],
)
def test_shared_training_gives_the_rows_of_a_fit_of_each(
    first: str, second: str
) -> None:
    task = load_task("digits")
    runs = [Run("digits", method, 0, 2) for method in dict.fromkeys((first, second))]
    X, y, X_test, y_test = task.draw(0)
    for run, rows in zip(runs, train_once(task, runs), strict=True):
        alone = make_classifier(run.method, epochs=2, batch_size=16, seed=0)
        expected = 100 * alone.fit(X, y).score(X_test, y_test)
        overall = next(row.accuracy for row in rows if row.label == "overall")
        assert overall == pytest.approx(expected, abs=1e-3)


def test_normal_initialization_keeps_the_variance_and_the_order() -> None:
    uniform = torch.nn.Linear(300, 200)
    bound = np.sqrt(6 / 500)
    torch.nn.init.uniform_(uniform.weight, -bound, bound, generator=torch.Generator())
    normal = deepcopy(uniform)
    NormalInitialization().on_train_begin(SimpleNamespace(module_=normal))
    before, after = (m.weight.detach().numpy().ravel() for m in (uniform, normal))
    assert after.std() == pytest.approx(np.sqrt(2 / 500), rel=0.02)
    assert np.array_equal(before.argsort(), after.argsort())
    assert stats.kstest(after / np.sqrt(2 / 500), "norm").pvalue > 0.01


def test_macro_is_the_mean_of_the_classes_and_overall_counts_rows() -> None:
    (rows,) = train_once(load_task("digits"), [Run("digits", "a", 0, 2)])
    accuracy = {row.label: row.accuracy for row in rows}
    classes = np.array([accuracy[name] for name in ("3", "4", "7", "9")])
    assert accuracy["macro"] == pytest.approx(classes.mean(), abs=1e-3)
    sizes = np.array([180, 178, 176, 60])
    overall = classes @ sizes / sizes.sum()
    assert accuracy["overall"] == pytest.approx(overall, abs=1e-3)


def test_methods_write_out_every_setting_of_the_network() -> None:
    left_to_defaults = {
        # Without early stopping nothing reads these.
        *("tol", "validation_fraction", "scoring"),
        # The moving statistics are not used; no callbacks, no second fit.
        *("norm_momentum", "callbacks", "warm_start"),
    }
    for key in set(METHODS) - set(BASELINES):
        classifier = make_classifier(key, epochs=1, batch_size=2, seed=0)
        written = {*settings_of(key), "max_iter", "batch_size", "random_state"}
        assert set(classifier.get_params()) - written <= left_to_defaults


def settings_of(key: str) -> set[str]:
    return set(COMMON) | set(METHODS[key].settings)


def test_demo_prints_a_verdict_and_saves_a_picture(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(DATA_VARIABLE, "nowhere")
    monkeypatch.setattr(demo, "train_all", invented_rows)
    picture = tmp_path / "new" / "demo.png"
    assert main(["demo", "--draws", "2", "--jobs", "1", "--output", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    # The console wraps lines; paths of a test folder are long but without spaces.
    text = " ".join(capsys.readouterr().out.split())
    assert "scikit-learn digits" in text
    assert "Gaussian classes" in text
    assert "Against plain BN" in text
    assert str(picture) in text
    assert "python -m benchmarks paper" in text


def invented_rows(
    tasks: dict[str, object], runs: list[Run], jobs: int
) -> list[list[Row]]:
    return [
        [
            Row(*run, label, 50.0 + 7 * run.draw + len(run.method), 0.1)
            for label in load_task(run.dataset).labels
        ]
        for run in runs
    ]


def test_demo_refuses_an_unknown_picture_format(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--output", str(tmp_path / "demo.txt")]) == 2
    assert "names no picture format" in capsys.readouterr().err


def test_demo_runs(tmp_path: Path) -> None:
    output = str(tmp_path / "demo.png")
    short = ["--draws", "1", "--epochs", "1", "--jobs", "1"]
    assert main(["demo", *short, "--output", output]) == 0
