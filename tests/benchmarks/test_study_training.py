"""The study's trainings: one training stands for several, and figures are right."""

from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax
from sklearn import metrics

from benchmarks import study_training
from benchmarks.datasets import draw_digits
from benchmarks.methods import COMMON
from benchmarks.predictions import STATISTICS, adjust, logits_of_every_statistic
from benchmarks.study_adjustment import TAU_GRID, choose_tau
from benchmarks.study_methods import STUDY_METHODS, StudyMethod, make_network
from benchmarks.study_metrics import measure
from benchmarks.study_training import (
    StudyRun,
    Trainer,
    spread_evenly,
    train_study_run,
)
from benchmarks.task import Draw

SHORT = {"epochs": 2, "batch_size": 16, "seed": 0}
SMALL = {"hidden_layer_sizes": (8,)}


def draw(seed: int = 0) -> Draw:
    return draw_digits(seed, digits=(1, 2, 8), counts=(5, 6, 60))


def trainer(**changes: Any) -> Trainer:
    settings = SMALL | changes.pop("settings", {})
    return Trainer(StudyMethod("made", "made", "ideas", settings, **changes), 2, 16, 0)


@pytest.mark.parametrize("loss", ["batch", "constant"])
@pytest.mark.parametrize("norm", ["wbn", "bn"])
def test_one_training_gives_what_a_fit_of_each_statistic_gives(
    norm: str, loss: str
) -> None:
    X, y, X_test, _ = draw()
    cross = {"normalization": norm, "loss_normalization": loss}
    logits = logits_of_every_statistic(make_network(cross, **SHORT).fit(X, y), X_test)
    assert tuple(logits) == STATISTICS
    for name in STATISTICS:
        alone = make_network(
            cross | {"inference_statistics": name, "callbacks": None}, **SHORT
        )
        expected = alone.fit(X, y).decision_function(X_test)
        np.testing.assert_allclose(logits[name], expected, rtol=1e-5, atol=1e-5)


def test_statistics_differ_and_the_network_is_left_as_it_was() -> None:
    X, y, X_test, _ = draw()
    network = make_network({}, **SHORT).fit(X, y)
    before = network.decision_function(X_test)
    logits = logits_of_every_statistic(network, X_test)
    for name in STATISTICS[1:]:
        assert not np.allclose(logits[name], logits["moving"], atol=1e-3)
    module = deepcopy(network.module_.state_dict())
    again = logits_of_every_statistic(network, X_test)
    assert all(np.array_equal(again[name], logits[name]) for name in STATISTICS)
    assert all((module[k] == v).all() for k, v in network.module_.state_dict().items())
    assert np.array_equal(network.decision_function(X_test), before)
    np.testing.assert_allclose(logits["moving"], before, rtol=1e-5, atol=1e-5)


def test_network_without_norm_has_one_prediction() -> None:
    X, y, X_test, _ = draw()
    network = make_network({"normalization": None}, **SHORT).fit(X, y)
    logits = logits_of_every_statistic(network, X_test)
    assert list(logits) == ["none"]
    # The estimator's product is transposed: equal to float32's rounding.
    np.testing.assert_allclose(
        logits["none"], network.decision_function(X_test), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("tau", [0.5, 1.0])
def test_adjustment_equals_that_of_the_estimator(tau: float) -> None:
    X, y, X_test, _ = draw()
    logits = logits_of_every_statistic(make_network({}, **SHORT).fit(X, y), X_test)
    adjusted = make_network({"logit_adjustment": tau, "callbacks": None}, **SHORT)
    np.testing.assert_allclose(
        adjust(logits["moving"], tau, np.bincount(y)),
        adjusted.fit(X, y).decision_function(X_test),
        rtol=1e-5,
        atol=1e-5,
    )


@pytest.mark.parametrize("n_classes", [2, 4])
def test_figures_equal_those_of_scikit_learn(n_classes: int) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, n_classes, 200)
    logits = rng.standard_normal((200, n_classes)) + 1.5 * np.eye(n_classes)[y]
    count = np.arange(n_classes)[::-1] + 5  # the last class is the smallest
    p, y_pred = softmax(logits, axis=1), logits.argmax(axis=1)
    found = measure(logits, y, count)
    recalls = metrics.recall_score(y, y_pred, average=None)
    assert found.recalls == " ".join(f"{100 * r:.2f}" for r in recalls)
    score = p[:, 1] if n_classes == 2 else p
    rare = [1] if n_classes == 2 else range(n_classes)
    precision = [metrics.average_precision_score(y == k, p[:, k]) for k in rare]
    expected = [
        100 * metrics.balanced_accuracy_score(y, y_pred),
        100 * metrics.f1_score(y, y_pred, average="macro"),
        100 * metrics.roc_auc_score(y, score, multi_class="ovo"),
        100 * float(np.mean(precision)),
        metrics.log_loss(y, p),
    ]
    assert list(found[1:]) == pytest.approx(expected, abs=1e-3)


def test_ranking_of_two_classes_does_not_depend_on_the_adjustment() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 100)
    # So sure that probabilities would round to 0 and 1.
    logits = 40 * (rng.standard_normal((100, 2)) + np.eye(2)[y])
    count = np.array([95, 5])
    plain, moved = (measure(adjust(logits, t, count), y, count) for t in (0.0, 1.0))
    assert moved.auc == plain.auc
    assert moved.average_precision == plain.average_precision
    assert moved.log_loss != plain.log_loss


def test_chosen_strength_is_the_middle_of_the_best() -> None:
    count = np.array([90, 10])
    # The minority row is found from tau = 0.5 on; from 1.5 on a majority row is lost.
    gap = np.log(9.0)
    logits = np.array([[0.5 * gap - 1e-6, 0.0], [1.5 * gap - 1e-6, 0.0], [99.0, 0.0]])
    tau = choose_tau(logits, np.array([1, 0, 0]), count)
    best = [t for t in TAU_GRID if 0.5 <= round(t, 6) < 1.5]
    assert tau == pytest.approx(best[len(best) // 2])


def test_held_out_rows_are_not_trained_on(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.repeat(np.arange(12, dtype=np.float32), 2).reshape(-1, 1)  # every row twice
    y = np.repeat([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1], 2)
    calls = []

    def logits(
        self: Trainer, X_train: np.ndarray, y_train: np.ndarray, X_new: np.ndarray
    ) -> dict[str, np.ndarray]:
        assert not set(X_train.ravel()) & set(X_new.ravel())
        assert set(y_train) == {0, 1}
        calls.append(len(X_new))
        return {"moving": np.column_stack([X_new, -X_new])}

    monkeypatch.setattr(Trainer, "logits", logits)
    held_out = study_training.held_out_logits(trainer(), X, y)
    assert sum(calls) == len(y)
    np.testing.assert_array_equal(held_out["moving"][:, 0], X.ravel())


def test_class_of_three_rows_leaves_one_out_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held_out_minority = []

    def logits(
        self: Trainer, X_train: np.ndarray, y_train: np.ndarray, X_new: np.ndarray
    ) -> dict[str, np.ndarray]:
        held_out_minority.append(3 - int(y_train.sum()))
        return {"moving": np.zeros((len(X_new), 2))}

    monkeypatch.setattr(Trainer, "logits", logits)
    X = np.arange(30, dtype=np.float32).reshape(-1, 1)
    study_training.held_out_logits(trainer(), X, (np.arange(30) < 3).astype(int))
    assert held_out_minority == [1, 1, 1]


def test_mean_of_seeds_averages_probabilities() -> None:
    X, y, X_test, _ = draw()
    together = trainer(n_seeds=2).logits(X, y, X_test)["moving"]
    alone = [
        make_network(SMALL, epochs=2, batch_size=16, seed=seed).fit(X, y)
        for seed in (0, 100_000)
    ]
    expected = np.mean([network.predict_proba(X_test) for network in alone], axis=0)
    np.testing.assert_allclose(softmax(together, axis=1), expected, atol=1e-6)


def test_power_of_weights_goes_from_none_to_all() -> None:
    X, y, X_test, _ = draw()
    almost_none = trainer(exponent=1e-12).logits(X, y, X_test)["moving"]
    plain = trainer(settings={"class_weight": None}).logits(X, y, X_test)["moving"]
    np.testing.assert_allclose(almost_none, plain, rtol=1e-9)
    root = trainer(exponent=0.5).logits(X, y, X_test)["moving"]
    weight = dict(enumerate(np.sqrt(71 / np.array([5, 6, 60]))))
    by_hand = trainer(settings={"class_weight": weight}).logits(X, y, X_test)["moving"]
    np.testing.assert_allclose(root, by_hand, rtol=1e-9)


def test_deferred_weights_come_last() -> None:
    X, y, X_test, _ = draw()
    network = make_network({"class_weight": None} | SMALL, **SHORT | {"epochs": 1})
    network.set_params(warm_start=True).fit(X, y)
    expected = network.set_params(class_weight="icf").fit(X, y)
    found = trainer(plain_share=0.5).logits(X, y, X_test)
    np.testing.assert_allclose(
        found["moving"], expected.decision_function(X_test), atol=1e-5
    )


def test_spread_rows_are_all_there_and_evenly_apart() -> None:
    y = np.repeat([0, 1, 2], [5, 15, 980])
    rows = spread_evenly(y, np.random.default_rng(0))
    assert sorted(rows) == list(range(1000))
    for label, count in ((0, 5), (1, 15)):
        apart = np.diff(np.flatnonzero(y[rows] == label))
        assert abs(apart - 1000 / count).max() <= 3
    again = spread_evenly(y, np.random.default_rng(1))
    assert not np.array_equal(rows, again)


def test_spread_training_runs_all_epochs_and_keeps_every_statistic() -> None:
    X, y, X_test, _ = draw()
    logits = trainer(spread=True).logits(X, y, X_test)
    assert tuple(logits) == STATISTICS
    plain = trainer().logits(X, y, X_test)
    assert not np.allclose(logits["moving"], plain["moving"])


@pytest.mark.parametrize("method", STUDY_METHODS)
def test_every_method_trains(method: str) -> None:
    rows = train_study_run(draw, 16, StudyRun("made", method, 0, 1))
    assert {row.predictions for row in rows} == {len(rows)}
    assert len({(row.statistic, row.adjustment) for row in rows}) == len(rows)
    for row in rows:
        assert 0 < row.balanced_accuracy <= 100
        assert np.isfinite(row.log_loss)
        recalls = [float(text) for text in row.recalls.split()]
        assert np.mean(recalls) == pytest.approx(row.balanced_accuracy, abs=0.01)


def test_nearest_centroid_is_the_nearest() -> None:
    X, y, X_test, y_test = draw()
    (row,) = train_study_run(draw, 16, StudyRun("made", "centroid", 0, 1))
    means = np.array([X[y == k].mean(axis=0) for k in range(3)])
    nearest = ((X_test[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    expected = 100 * metrics.balanced_accuracy_score(y_test, nearest)
    assert row.balanced_accuracy == pytest.approx(expected, abs=1e-3)


def test_every_setting_of_the_network_is_written_out() -> None:
    usual, asked = make_network({}, **SHORT).get_params(), set(COMMON)
    asked |= {"class_weight", "normalization", "callbacks"}
    asked |= {"max_iter", "batch_size", "random_state"}
    # Nothing reads the first three without early stopping.
    not_asked = {"tol", "validation_fraction", "scoring", "norm_momentum", "warm_start"}
    assert set(usual) == asked | not_asked
