"""The large table: equal rows on one side, rare classes on both, honest recalls."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.speed import kddcup
from benchmarks.speed.settings import Settings

# Class 0: ten distinct rows, each twice; class 1: two distinct; class 2: one, thrice.
GROUPS = np.array([*np.repeat(np.arange(10), 2), 10, 11, 12, 12, 12])
CLASSES = np.array([*[0] * 20, 1, 1, 2, 2, 2])


@pytest.mark.parametrize("seed", range(3))
def test_equal_rows_stay_on_one_side(seed):
    train, test = kddcup.split_distinct(CLASSES, GROUPS, seed)
    assert sorted([*train, *test]) == list(range(len(CLASSES)))
    assert not set(GROUPS[train]) & set(GROUPS[test])


def test_rare_classes_are_trained_on_and_tested_where_they_can_be():
    train, test = kddcup.split_distinct(CLASSES, GROUPS, 0)
    assert np.bincount(CLASSES[train]).tolist() == [16, 1, 3]
    assert np.bincount(CLASSES[test]).tolist() == [4, 1]


def test_splits_differ_with_the_seed():
    tests = {tuple(kddcup.split_distinct(CLASSES, GROUPS, s)[1]) for s in range(5)}
    assert len(tests) > 1


def test_recall_counts_no_class_without_test_rows():
    split = kddcup.Split({}, {}, np.array([0, 0, 1, 2]), np.array([0, 0, 1]))
    lines = kddcup.recall_lines(0, "x", split, np.array([0, 1, 1]), ["a", "b", "c"])
    *classes, macro = lines
    assert [line.recall for line in classes[:2]] == [50.0, 100.0]
    assert np.isnan(classes[2].recall)
    assert (classes[2].train_rows, classes[2].test_rows) == (1, 0)
    assert (macro.label, macro.recall) == ("macro", 75.0)


def test_part_needs_a_folder():
    with pytest.raises(BenchmarkError, match="--data-dir"):
        next(kddcup.time_kddcup(Settings(1)))


def test_part_measures_a_small_table(monkeypatch, tmp_path):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [400, 120, 2])
    X = (rng.normal(size=(len(y), 4)) + y[:, None]).astype(np.float32)
    X[:, 3] = rng.integers(3, size=len(y))
    (tmp_path / "larger").mkdir()
    np.savez(
        tmp_path / "larger" / f"{kddcup.NAME}.npz",
        X=X,
        y=y,
        categorical=np.array([False, False, False, True]),
        class_names=np.array(["normal", "smurf", "spy"]),
    )
    monkeypatch.setattr(kddcup, "TREE_ROUNDS", 2)
    whole, single = kddcup.time_kddcup(Settings(1, tmp_path, tmp_path / "out"))
    assert [row.contender for row in whole] == list(kddcup.STEPS)
    assert all(a.median > b.median for a, b in zip(whole, single, strict=True))
    recalls = pd.read_csv(tmp_path / "out" / kddcup.RECALL_FILE)
    assert len(recalls) == 4 * len(kddcup.STEPS)
    assert recalls["recall"].between(0, 100).all()
    assert set(recalls.loc[recalls["label"] == "spy", "test_rows"]) == {1}
