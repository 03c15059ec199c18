"""The speed benchmark measures what it says and keeps what it measured."""

import os
import subprocess
from functools import partial

import pandas as pd
import pytest
import torch

from benchmarks import speed
from benchmarks.__main__ import main
from benchmarks.datasets import DATA_VARIABLE
from benchmarks.errors import BenchmarkError
from benchmarks.speed import busy, fit, layer, memory, numba_loops, scale, search
from benchmarks.speed.fresh_process import seconds_of
from benchmarks.speed.numba_loops import beside_numba
from benchmarks.speed.settings import Settings
from benchmarks.speed.speed_file import store
from benchmarks.speed.trainings import FitConfig
from benchmarks.stopwatch import Timing, compare, time_in_turn

ONCE = Settings(1)


def test_contenders_run_in_turn_and_the_first_is_the_reference():
    calls = []
    contenders = {name: lambda name=name: calls.append(name) for name in "ab"}
    rows = time_in_turn("part", "config", contenders, runs=2, repeat=2, per=5)
    assert "".join(calls) == "aabb" * 3  # a warm-up and two counted runs
    assert [row.contender for row in rows] == ["a", "b"]
    assert rows[0].ratio == 1.0
    assert all(row.smallest <= row.median <= row.largest for row in rows)


def test_ratio_is_taken_within_a_turn():
    figures = {"a": [1.0, 2.0, 10.0], "b": [2.0, 6.0, 30.0]}
    reference, other = compare("part", "config", figures, unit="s")
    assert (reference.median, reference.smallest, reference.largest) == (2.0, 1.0, 10.0)
    assert (other.ratio, other.reference, other.runs, other.unit) == (3.0, "a", 3, "s")


def test_file_keeps_one_comparison_of_each_kind(monkeypatch, tmp_path, capsys):
    output = tmp_path / "speed.csv"
    arguments = ["speed", "--parts", "layer", "--runs", "1", "--output", str(output)]
    monkeypatch.setattr(layer, "_compiled", lambda contenders: {})
    for shapes in (((8, 3), (16, 3)), ((16, 3),)):
        monkeypatch.setattr(layer, "SHAPES", shapes)
        monkeypatch.setattr(layer, "SIGNALS_PER_RUN", 1)
        assert main(arguments) == 0
    rows = pd.read_csv(output)
    assert sorted(rows["config"]) == ["(16, 3)"] * 3 + ["(8, 3)"] * 3
    assert (rows["median"] > 0).all()
    assert "WeightedBatchNorm1d" in capsys.readouterr().out


# torch.compile itself does what torch has deprecated.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_layers_are_timed_without_a_compiler(monkeypatch, capsys):
    def no_compiler(*_):
        raise RuntimeError("no C++ compiler found")  # torch adds its own error

    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend=no_compiler))
    monkeypatch.setattr(layer, "SHAPES", ((8, 3),))
    monkeypatch.setattr(layer, "SIGNALS_PER_RUN", 1)
    (timings,) = layer.time_layers(ONCE)
    contenders = [timing.contender for timing in timings]
    ours = ["WeightedBatchNorm1d", "WeightedBatchNorm1d, Numba"]
    assert contenders == ["nn.BatchNorm1d", *ours]
    assert "Nothing compiled" in capsys.readouterr().out


def test_every_fit_contender_trains(monkeypatch):
    config = FitConfig(64, 4, (3,), 32, 1)
    monkeypatch.setattr(fit, "CONFIGS", (config,))
    loops, adam = fit.time_fits(ONCE)
    assert (len(loops), len(adam)) == (4, 3)
    assert {row.config for row in loops + adam} == {str(config)}


def test_numba_is_on_where_it_is_measured_and_nowhere_else(monkeypatch):
    monkeypatch.setenv("SKLEARN_WBN_NUMBA", "as it was")
    contenders = beside_numba({"ours": lambda: os.environ["SKLEARN_WBN_NUMBA"]})
    assert {name: call() for name, call in contenders.items()} == {
        "ours": "0",
        "ours, Numba": "1",
    }
    assert os.environ["SKLEARN_WBN_NUMBA"] == "as it was"
    monkeypatch.setattr(numba_loops, "find_spec", lambda name: None)
    assert list(beside_numba(contenders)) == list(contenders)


def test_scale_times_every_number_of_rows(monkeypatch):
    monkeypatch.setattr(scale, "N_ROWS", (300, 600))
    parts = list(scale.time_scale(ONCE))
    assert [rows[0].config.partition(" ")[0] for rows in parts] == ["300", "600"]
    assert all(row.unit == "s" and row.median > 0 for rows in parts for row in rows)


@pytest.mark.parametrize("layout", ["C", "F", "map"])
def test_memory_of_a_copy_of_the_data_would_show(layout, tmp_path):
    path = tmp_path / "X.npy"
    memory.write_rows(path, 50_000, 250)  # 50 MB, and few rows to train on
    assert 0 < memory.added_megabytes("ours", layout, path) < 40


def test_memory_that_cannot_be_measured_is_an_error(tmp_path):
    with pytest.raises(BenchmarkError, match=r"No such file .*missing\.npy"):
        memory.added_megabytes("ours", "C", tmp_path / "missing.npy")


def test_search_contenders_search(monkeypatch):
    monkeypatch.setattr(search, "N_BETA", 2)
    monkeypatch.setattr(search, "FOLDS", 2)
    monkeypatch.setattr(search, "EPOCHS", 1)
    results = [search.run_search(n_jobs=n).cv_results_ for n in (1, 2)]
    scores = [list(result["mean_test_score"]) for result in results]
    assert scores[0] == scores[1]
    assert list(results[0]["param_wbnmlpclassifier__beta"]) == [0.0, 0.9999]


def test_statement_is_timed_in_a_fresh_process():
    before = "import time, sys; assert 'benchmarks' not in sys.modules"
    assert seconds_of("time.sleep(0.2)", before) >= 0.2
    with pytest.raises(BenchmarkError, match="no_such_module"):
        seconds_of("import no_such_module")


def test_busy_processes_end(monkeypatch):
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(
        busy.subprocess, "Popen", lambda *a: started.append(popen(*a)) or started[-1]
    )
    with busy.busy_processes(2):
        assert [process.poll() for process in started] == [None, None]
    assert None not in [process.poll() for process in started]


def test_unknown_part_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["speed", "--parts", "colour"])
    assert ", ".join(speed.PARTS) in capsys.readouterr().err


def count_parts(monkeypatch):
    measured = []
    for part in speed.PARTS:
        monkeypatch.setitem(
            speed.PARTS, part, lambda settings, part=part: measured.append(part) or ()
        )
    return measured


@pytest.mark.parametrize("has_folder", [False, True])
def test_all_parts_go_on_without_the_large_table(
    has_folder, monkeypatch, tmp_path, capsys
):
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    measured = count_parts(monkeypatch)
    folder = ["--data-dir", str(tmp_path)] if has_folder else []
    assert main(["speed", *folder, "--output", str(tmp_path / "speed.csv")]) == 0
    assert measured == [part for part in speed.PARTS if part != "kddcup"]
    said = capsys.readouterr().err
    assert "Left out: the part kddcup needs a folder with larger/kddcup99" in said
    assert f"got {tmp_path if has_folder else 'none'}" in said


def test_named_part_that_cannot_be_measured_ends_the_command_at_once(
    monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(memory, "CLEAR_REFS", tmp_path / "clear_refs")
    measured = count_parts(monkeypatch)
    assert main(["speed", "--parts", "layer,memory"]) == 2
    assert "the part memory needs Linux" in capsys.readouterr().err
    assert measured == []


LINE = Timing("fit", "small", "ours", "us", 2.0, 1.0, 3.0, "ours", 1.0, 5, 2, "m")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", r"columns are a, b\. Name another file"),
        ("a,b\n1,2\n1,2,3\n", r"mine\.csv cannot be read .* line 3.* Name another"),
        ("\n", r"mine\.csv cannot be read as a file of timings: No columns"),
    ],
)
def test_a_foreign_file_is_left_as_it_is(text, message, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(text)
    with pytest.raises(BenchmarkError, match=message):
        store(path, [LINE])
    assert path.read_text() == text


def test_a_foreign_file_is_known_before_anything_is_measured(
    monkeypatch, tmp_path, capsys
):
    measured = count_parts(monkeypatch)
    assert main(["speed", "--parts", "layer", "--output", str(tmp_path)]) == 2
    assert "cannot be read as a file of timings" in capsys.readouterr().err
    assert measured == []


def test_an_empty_file_is_begun(tmp_path):
    path = tmp_path / "speed.csv"
    path.touch()
    store(path, [LINE])
    assert pd.read_csv(path)["contender"].tolist() == ["ours"]
