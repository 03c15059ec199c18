"""``python -m benchmarks study``: tasks, mini-batches, the command, its file."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom

from benchmarks.__main__ import main, parse_arguments
from benchmarks.datasets import DATA_VARIABLE, IMAGE_SOURCES, draw_digits
from benchmarks.datasets import TASKS as PAPER_TASKS
from benchmarks.images import ImagePool
from benchmarks.study import RESULTS, batches_file, chosen_tasks
from benchmarks.study_batches import batch_facts, rows_of_classes
from benchmarks.study_file import StudyFile
from benchmarks.study_methods import STUDY_METHODS
from benchmarks.study_tasks import (
    FIRST_SEED,
    REPORTED_TABLES,
    SELECTION_TABLES,
    STUDY_TASKS,
    draw_gaussians,
    draw_held_back,
)
from benchmarks.task import Draw


@pytest.fixture
def pool() -> ImagePool:
    """Images whose pixels tell their number, and test images that must not be used."""
    number = np.arange(600)
    images = np.stack([number // 256, number % 256], axis=1).astype(np.uint8)
    return ImagePool(images, number % 3, images[:0], number[:0])


def of_labels(y: np.ndarray) -> Draw:
    X = np.zeros((len(y), 1), dtype=np.float32)
    return Draw(X, y, X, y)


def run_study(output: Path, *arguments: str) -> int:
    short = ["--tasks", "digits", "--epochs", "1", "--jobs", "1"]
    return main(["study", *short, "--output", str(output), *arguments])


def test_selection_and_report_share_no_tables() -> None:
    chosen_on = {
        task.load.keywords["name"]
        for task in STUDY_TASKS.values()
        if (task.kind, task.role) == ("table", "selection")
    }
    assert set(SELECTION_TABLES) <= chosen_on
    assert not chosen_on & set(REPORTED_TABLES)


@pytest.mark.parametrize("source", ["mnist", "fashion_mnist"])
def test_selection_and_report_share_no_classes_of_images(source: str) -> None:
    reported = set(IMAGE_SOURCES[source].codes.values())
    for letter in "bc":
        task = STUDY_TASKS[f"{source}_{letter}"]
        assert task.role == "selection"
        assert not reported & set(task.load.keywords["codes"].values())
        counts = task.load.keywords["counts"]
        assert counts == PAPER_TASKS[source].training_counts


def test_exchanged_classes_are_never_the_papers_largest() -> None:
    for letter in "bc":
        codes = STUDY_TASKS[f"cifar10_{letter}"].load.keywords["codes"]
        assert list(codes)[-1] != PAPER_TASKS["cifar10"].class_names[-1]


def test_redraws_of_selection_use_other_seeds() -> None:
    few = STUDY_TASKS["few_b"]
    direct = few.load(None)(FIRST_SEED["selection"])
    np.testing.assert_array_equal(few.sampler(None)(0).X_train, direct.X_train)
    assert FIRST_SEED["selection"] != FIRST_SEED["report"]


def test_selection_images_come_from_the_training_part(pool: ImagePool) -> None:
    X, y, X_test, y_test = draw_held_back(3, pool=pool, counts=(5, 5, 150))
    assert np.bincount(y).tolist() == [5, 5, 150]
    assert np.bincount(y_test).tolist() == [195, 195, 50]
    numbers = [set(np.rint(255 * part) @ np.array([256, 1])) for part in (X, X_test)]
    assert len(numbers[0]) == 160
    assert not numbers[0] & numbers[1]
    for part, labels in ((X, y), (X_test, y_test)):
        np.testing.assert_array_equal(
            np.rint(255 * part) @ np.array([256, 1]) % 3, labels
        )


def test_means_of_gaussians_are_equally_far_apart() -> None:
    drawn = draw_gaussians(0, counts=(4000,) * 3, n_features=5, distance=3.0)
    means = [drawn.X_train[drawn.y_train == k].mean(axis=0) for k in range(3)]
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert np.linalg.norm(means[a] - means[b]) == pytest.approx(3.0, abs=0.1)
    assert np.bincount(drawn.y_test).tolist() == [1000] * 3


def test_digits_are_those_asked_for() -> None:
    X, y, X_test, y_test = draw_digits(0, digits=(1, 8), counts=(3, 50))
    assert np.bincount(y).tolist() == [3, 50]
    assert len(X_test) == len(y_test) == 182 + 174 - 53
    rows = {row.tobytes() for row in X}
    assert not rows & {row.tobytes() for row in X_test}


@pytest.mark.parametrize("name", ["optical_digits_8", "page_blocks"])
def test_folds_of_a_table_are_prepared_from_training_rows(
    name: str, data_dir: Path
) -> None:
    X, y, _, y_test = STUDY_TASKS[name].sampler(data_dir)(0)
    numbers = X.std(axis=0) > 0
    np.testing.assert_allclose(X.mean(axis=0), 0.0, atol=1e-3)
    np.testing.assert_allclose(X[:, numbers].std(axis=0), 1.0, atol=1e-3)
    assert set(y) == set(y_test)
    if name == "optical_digits_8":
        assert np.bincount(y).min() == 8
        assert np.bincount(y_test).min() > 100


@pytest.mark.parametrize(("n", "sizes"), [(10, [4, 4, 2]), (9, [4, 5]), (3, [3])])
def test_mini_batches_are_those_of_training(n: int, sizes: list[int]) -> None:
    held = rows_of_classes(np.arange(n) % 2, 4, np.random.default_rng(0))
    assert held.sum(axis=1)[: len(sizes)].tolist() == sizes
    epoch = held[: len(sizes)].sum(axis=0)
    assert epoch.tolist() == [(n + 1) // 2, n // 2]


def test_share_of_batches_without_minority_is_hypergeometric() -> None:
    y = np.repeat([0, 1, 2], [3, 5, 632])
    (row,) = batch_facts(lambda draw: of_labels(y), "made", 0, 64)
    expected = 100 * hypergeom(640, 8, 64).pmf(0)
    assert row.without_minority == pytest.approx(expected, abs=4)
    smallest = 100 * hypergeom(640, 3, 64).pmf(0)
    assert row.without_smallest == pytest.approx(smallest, abs=4)
    assert row.class_count == "3 5 632"


def test_constant_loss_carries_what_the_weights_intend() -> None:
    y = np.repeat([0, 1], [5, 995])
    (row,) = batch_facts(lambda draw: of_labels(y), "made", 0, 50)
    constant = [float(text) for text in row.carried_constant.split()]
    batch = [float(text) for text in row.carried_batch.split()]
    assert constant == pytest.approx([50, 50], abs=1)
    assert sum(batch) == pytest.approx(100, abs=0.02)
    # Most batches hold no minority row, and there the majority carries all.
    assert batch[1] > row.without_minority > 70


def test_even_classes_have_as_many_effective_rows_as_rows() -> None:
    y = np.arange(40) % 2
    (row,) = batch_facts(lambda draw: of_labels(y), "made", 0, 40)
    assert row.n_eff == pytest.approx(40)


def test_quick_trains_and_keeps_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    before = RESULTS.read_bytes() if RESULTS.exists() else None
    assert main(["study", "--quick", "--jobs", "1"]) == 0
    text = capsys.readouterr().out
    assert "ICF + WBN, batch" in text
    assert "logistic regression" in text
    assert (RESULTS.read_bytes() if RESULTS.exists() else None) == before


def test_quick_heeds_other_arguments(tmp_path: Path) -> None:
    output = tmp_path / "study.csv"
    options = ["--methods", "centroid", "--draws", "1"]
    assert run_study(output, "--quick", *options) == 0
    rows = StudyFile(output).read()
    found = rows[["task", "method", "draw", "epochs"]].drop_duplicates()
    assert found.to_numpy().tolist() == [["digits", "centroid", 0, 1]]


def test_killed_run_resumes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "study.csv"
    methods = ["--methods", "wbn-batch,baselines", "--draws", "1"]
    assert run_study(output, *methods) == 0
    whole = output.read_bytes()
    output.write_bytes(whole[: whole.rfind(b"forest") - 9])
    capsys.readouterr()
    assert run_study(output, *methods) == 0
    said = capsys.readouterr().err
    assert "0 runs to do, 1 already in" in said  # mini-batches
    assert "Removed" in said
    assert "already in" in said
    columns = ["method", "statistic", "adjustment", "balanced_accuracy"]
    again = pd.read_csv(output)[columns]
    first = pd.read_csv(io.BytesIO(whole))[columns]
    pd.testing.assert_frame_equal(
        again.sort_values(columns, ignore_index=True),
        first.sort_values(columns, ignore_index=True),
    )


def test_any_cut_leaves_whole_trainings(tmp_path: Path) -> None:
    output = tmp_path / "study.csv"
    run_study(output, "--methods", "bn-plain,bn-softmax", "--draws", "1")
    whole = output.read_bytes()
    for lost in range(1, 900, 90):
        output.write_bytes(whole[:-lost])
        rows = StudyFile(output).read()
        assert set(rows["method"]) == {"bn-plain"}
        assert len(rows) == 12


def test_groups_and_names_choose_trainings(tmp_path: Path) -> None:
    output = tmp_path / "study.csv"
    run_study(output, "--methods", "baselines,none-batch", "--draws", "2")
    rows = StudyFile(output).read()
    baselines = {k for k, m in STUDY_METHODS.items() if m.group == "baselines"}
    assert set(rows["method"]) == baselines | {"none-batch"}
    assert set(rows["draw"]) == {0, 1}
    assert set(batches_file(output).read()["draw"]) == {0, 1}


def test_role_chooses_tasks(tmp_path: Path) -> None:
    output = tmp_path / "study.csv"
    options = ["--methods", "centroid", "--draws", "1", "--role", "selection"]
    arguments = ["--tasks", "digits,digits_b,many_b", "--jobs", "1", *options]
    assert main(["study", *arguments, "--output", str(output)]) == 0
    assert set(StudyFile(output).read()["task"]) == {"digits_b", "many_b"}


def test_without_a_folder_tables_that_cannot_be_fetched_are_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    args = parse_arguments(["study", "--role", "selection"])
    without = set(chosen_tasks(args))
    args.data_dir = tmp_path
    assert set(chosen_tasks(args)) - without == {"ann_thyroid", "page_blocks"}
    assert "ecoli" not in without
    args = parse_arguments(["study", "--tasks", "page_blocks"])
    assert chosen_tasks(args) == ["page_blocks"]


def test_table_of_nothing_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "study.csv"
    command = ["study", "--table", "--output", str(output)]
    assert main(command) == 2
    assert f"no results in {output}, which does not exist" in capsys.readouterr().err
    output.touch()
    assert main(command) == 2
    assert "holds no complete training to show" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "shown", "hidden"),
    [
        (["--tasks", "digits"], ["(digits)", "ICF + WBN", "forest"], ["ecoli"]),
        (["--tasks", "digits,digits_b", "--role", "selection"], ["(digits_b)"], []),
        # The reference of the gains stays.
        (["--methods", "wbn-relu"], ["WBN, ReLU", "ICF + BN, batch"], ["ICF + WBN"]),
    ],
)
def test_table_shows_what_was_asked_for(
    options: list[str],
    shown: list[str],
    hidden: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert main(["study", "--table", *options]) == 0
    text = capsys.readouterr().out
    assert [name for name in shown if name not in text] == []
    assert [name for name in hidden if name in text] == []


def test_table_needs_no_data_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    assert main(["study", "--table", "--role", "selection"]) == 0
    assert "page_blocks" in capsys.readouterr().out


@pytest.mark.parametrize("table", [[], ["--table"]])
def test_a_choice_of_no_task_is_an_error(
    table: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "study.csv"
    assert run_study(output, "--role", "selection", *table) == 2
    assert "No task of digits has the role selection" in capsys.readouterr().err
    assert not output.exists()


def test_missing_data_folder_is_no_traceback(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "nowhere"))
    arguments = ["study", "--tasks", "ecoli", "--output", str(tmp_path / "study.csv")]
    assert main(arguments) == 2
    assert f"{DATA_VARIABLE} names" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tasks", "iris"], "expected names from digits_b,"),
        (["--methods", "best"], "expected names from cross,"),
        (["--role", "other"], "invalid choice: 'other'"),
    ],
)
def test_wrong_arguments_are_named(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["study", *arguments])
    assert message in capsys.readouterr().err
