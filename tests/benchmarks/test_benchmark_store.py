"""The results file: complete trainings only, whatever a kill leaves behind."""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.store import ResultsFile
from benchmarks.training import Row, Run
from benchmarks.trainings_file import TrainingsFile

FIRST = Run("fashion_mnist", "a", 0, 200)
SECOND = Run("fashion_mnist", "b", 0, 200)
LABELS = ("sandal", "sneaker", "ankle boot", "overall", "macro")


def rows_of(run: Run) -> list[Row]:
    return [
        Row(*run, label, 10.5 + number, 1.25) for number, label in enumerate(LABELS)
    ]


@pytest.fixture
def results(tmp_path: Path) -> ResultsFile:
    results = TrainingsFile(tmp_path / "new" / "results.csv")
    results.append(rows_of(FIRST))
    results.append(rows_of(SECOND))
    return results


def test_rows_come_back(results: ResultsFile) -> None:
    rows = results.read()
    assert list(rows.itertuples(index=False, name=None)) == [
        *map(tuple, rows_of(FIRST)),
        *map(tuple, rows_of(SECOND)),
    ]
    assert results.finished() == {FIRST, SECOND}
    assert results.repair() == 0


def test_missing_file_is_empty(tmp_path: Path) -> None:
    results = TrainingsFile(tmp_path / "results.csv")
    assert results.read().empty
    assert results.finished() == set()
    assert results.repair() == 0


@pytest.mark.parametrize("lost", range(1, 160, 7))
def test_any_cut_leaves_complete_trainings(results: ResultsFile, lost: int) -> None:
    whole = results.path.read_bytes()
    results.path.write_bytes(whole[:-lost])
    kept = results.finished()
    assert kept == {FIRST}
    results.repair()
    assert results.finished() == kept
    results.append(rows_of(SECOND))
    assert results.path.read_bytes() == whole


def test_cut_within_the_header_starts_again(results: ResultsFile) -> None:
    whole = results.path.read_bytes()
    results.path.write_bytes(whole[:9])
    results.repair()
    results.append(rows_of(FIRST))
    results.append(rows_of(SECOND))
    assert results.path.read_bytes() == whole


def test_repair_keeps_the_text_of_figures(results: ResultsFile) -> None:
    text = results.path.read_text().replace("10.5,1.25", "10.500,1.2500000000000001")
    results.path.write_text(text + "fashion_mnist,c")
    assert results.repair() == 1
    assert results.path.read_text() == text


def test_repeated_rows_count_once(results: ResultsFile) -> None:
    results.append(rows_of(FIRST))
    assert len(results.read()) == 2 * len(LABELS)
    assert results.repair() == len(LABELS)


def test_rows_of_unknown_data_sets_are_kept(results: ResultsFile) -> None:
    results.append([Row("later", "a", 0, 200, "overall", 50.0, 1.0)])
    text = results.path.read_text()
    assert results.repair() == 0
    assert results.path.read_text() == text


def test_another_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("name,value\none,1\n")
    with pytest.raises(
        BenchmarkError, match=r"columns are name, value, expected dataset"
    ):
        TrainingsFile(path).repair()
    assert path.read_text() == "name,value\none,1\n"


LINE = "fashion_mnist,a,0,200,sandal,10.5,1.25"


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (LINE.replace("200", "many"), "epochs is 'many', expected an integer"),
        (LINE.replace("200", ""), "epochs is '', expected an integer"),
        (LINE.replace("10.5", "1O.5"), "accuracy is '1O.5', expected a number"),
        (LINE.removesuffix(",1.25"), "it has 6 fields, expected 7: dataset, method"),
        (LINE + ",2", "it has 8 fields, expected 7"),
        (LINE + LINE, "it has 13 fields, expected 7"),
    ],
)
def test_broken_line_is_named_and_the_file_left_alone(
    results: ResultsFile, broken: str, message: str
) -> None:
    lines = results.path.read_text().splitlines()
    text = "\n".join([*lines[:3], broken, *lines[3:], ""])
    results.path.write_text(text)
    for use in (results.read, results.repair):
        with pytest.raises(
            BenchmarkError, match=rf"results\.csv, line 4: {message}.* Delete the line"
        ):
            use()
    assert results.path.read_text() == text


def test_empty_lines_do_not_count(results: ResultsFile) -> None:
    text = results.path.read_text()
    results.path.write_text(text.replace("\n", "\n\n", 2))
    assert results.finished() == {FIRST, SECOND}
    results.repair()
    assert results.path.read_text() == text


@pytest.mark.parametrize("kind", ["folder", "bytes"])
def test_what_is_no_text_is_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "odd"
    if kind == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"\xff\xfe\n")
    with pytest.raises(BenchmarkError, match=r"odd cannot be read as a results file"):
        TrainingsFile(path).read()


class Measured(NamedTuple):
    name: str
    seconds: float


@pytest.mark.parametrize("lost", range(1, 9))
def test_rows_that_stand_alone_survive_a_cut(tmp_path: Path, lost: int) -> None:
    results = ResultsFile(tmp_path / "results.csv", Measured, ["name"])
    results.append([Measured("a", 1.5), Measured("b", math.nan)])
    results.append([Measured("c", 0.125)])
    results.path.write_bytes(results.path.read_bytes()[:-lost])
    assert results.finished() == {("a",), ("b",)}
    assert np.array_equal(results.read()["seconds"], [1.5, np.nan], equal_nan=True)
    results.repair()
    results.append([Measured("c", 0.125)])
    assert results.finished() == {("a",), ("b",), ("c",)}
