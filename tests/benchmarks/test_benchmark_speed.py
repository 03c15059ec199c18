"""The speed benchmark measures what it says and keeps what it measured."""

import pandas as pd
import pytest

from benchmarks import speed
from benchmarks.__main__ import main
from benchmarks.stopwatch import time_in_turn


def test_contenders_run_in_turn_and_the_first_is_the_reference():
    calls = []
    contenders = {name: lambda name=name: calls.append(name) for name in "ab"}
    rows = time_in_turn("part", "config", contenders, runs=2, repeat=2, per=5)
    assert "".join(calls) == "aabb" * 3  # a warm-up and two counted runs
    assert [row.contender for row in rows] == ["a", "b"]
    assert rows[0].ratio == 1.0
    assert all(row.smallest <= row.median <= row.largest for row in rows)


def test_file_keeps_one_comparison_of_each_kind(monkeypatch, tmp_path, capsys):
    output = tmp_path / "speed.csv"
    arguments = ["speed", "--parts", "layer", "--runs", "1", "--output", str(output)]
    for shapes in (((8, 3), (16, 3)), ((16, 3),)):
        monkeypatch.setattr(speed, "LAYER_SHAPES", shapes)
        monkeypatch.setattr(speed, "SIGNALS_PER_RUN", 1)
        assert main(arguments) == 0
    rows = pd.read_csv(output)
    assert sorted(rows["config"]) == ["(16, 3)"] * 2 + ["(8, 3)"] * 2
    assert (rows["median"] > 0).all()
    assert "WeightedBatchNorm1d" in capsys.readouterr().out


def test_every_fit_contender_trains(monkeypatch):
    config = speed.FitConfig(64, 4, (3,), 32, 1)
    monkeypatch.setattr(speed, "FIT_CONFIGS", (config,))
    (rows,) = speed.time_fits(1)
    assert len(rows) == 5
    assert {row.config for row in rows} == {str(config)}


def test_unknown_part_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["speed", "--parts", "memory"])
    assert "layer, fit, predict" in capsys.readouterr().err
