"""Predictions: shapes, consistency, and the network that they come from."""

import numpy as np
import pytest
import torch

from sklearn_wbn._prediction import decision
from tests.samples import imbalanced, quick

STATISTICS = ["batch_mean", "moving", "population", "weighted_population"]
EPS = {np.float32: np.finfo(np.float32).eps, np.float64: np.finfo(np.float64).eps}


def fitted(n_classes=3, dtype=np.float64, **params):
    X, y = imbalanced(n_classes=n_classes)
    X = X.astype(dtype)
    return quick(hidden_layer_sizes=(8, 5), **params).fit(X, y), X


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_classes", [2, 3, 7])
def test_probabilities_sum_to_one_and_agree_with_one_another(n_classes, dtype):
    clf, X = fitted(n_classes, dtype)
    proba, log_proba = clf.predict_proba(X), clf.predict_log_proba(X)
    assert proba.shape == log_proba.shape == (len(X), n_classes)
    assert proba.min() >= 0
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=4 * EPS[dtype])
    np.testing.assert_allclose(np.exp(log_proba), proba, rtol=50 * EPS[dtype])
    assert np.array_equal(clf.predict(X), clf.classes_[proba.argmax(axis=1)])


def test_decision_of_two_classes_is_the_log_odds_of_the_second():
    clf, X = fitted(2)
    decision_values, log_proba = clf.decision_function(X), clf.predict_log_proba(X)
    assert decision_values.shape == (len(X),)
    odds = log_proba[:, 1] - log_proba[:, 0]
    np.testing.assert_allclose(decision_values, odds, rtol=0, atol=1e-13)
    assert np.array_equal(clf.predict(X), (decision_values > 0).astype(int))


def test_decision_of_more_classes_has_a_column_each():
    clf, X = fitted(3)
    decision_values = clf.decision_function(X)
    assert decision_values.shape == (len(X), 3)
    assert np.array_equal(clf.predict(X), decision_values.argmax(axis=1))


@pytest.mark.parametrize("normalization", ["wbn", "bn", None])
@pytest.mark.parametrize("statistics", STATISTICS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_predictions_are_those_of_the_network_in_eval_mode(
    dtype, statistics, normalization
):
    clf, X = fitted(
        dtype=dtype,
        inference_statistics=statistics,
        normalization=normalization,
        dropout=0.3,
    )
    assert not clf.module_.training
    with torch.no_grad():
        logits = clf.module_(torch.from_numpy(X))
    rounding = {"rtol": 0, "atol": 200 * EPS[dtype]}
    np.testing.assert_allclose(clf.decision_function(X), logits, **rounding)
    proba = clf.predict_proba(X)
    np.testing.assert_allclose(proba, logits.softmax(dim=1), **rounding)
    np.testing.assert_allclose(proba, clf.net_.predict_proba(X), **rounding)


def test_logits_that_are_far_apart_do_not_overflow():
    clf, X = fitted(learning_rate_init=10.0, dtype=np.float32)
    far = (1e6 * X).astype(np.float32)
    assert np.isfinite(clf.predict_log_proba(far)).all()
    np.testing.assert_allclose(clf.predict_proba(far).sum(axis=1), 1, rtol=1e-6)


def test_a_row_does_not_depend_on_those_beside_it():
    clf, X = fitted()
    alone = np.concatenate([clf.predict_proba(X[i : i + 1]) for i in range(len(X))])
    np.testing.assert_allclose(alone, clf.predict_proba(X), rtol=1e-13)


def test_predicting_changes_nothing():
    clf, X = fitted(dropout=0.3)
    before = clf.predict_proba(X)
    state = {k: v.clone() for k, v in clf.module_.state_dict().items()}
    clf.predict(X[:1])
    clf.decision_function(X[:5])
    assert np.array_equal(clf.predict_proba(X), before)
    for name, value in clf.module_.state_dict().items():
        assert torch.equal(value, state[name])


def test_many_rows_are_predicted_as_few_are():
    clf, X = fitted()
    copies = 200_000 // len(X)  # several chunks, see `_inference`
    many = np.tile(X, (copies, 1))
    expected = np.tile(clf.predict_proba(X), (copies, 1))
    np.testing.assert_allclose(clf.predict_proba(many), expected, rtol=1e-13)


def test_decision_drops_a_column_of_two_only():
    two, three = torch.tensor([[1.0], [3.0]]), torch.tensor([[1.0], [3.0], [2.0]])
    assert decision(two).tolist() == [2.0]
    assert torch.equal(decision(three), three)


def test_results_can_be_written_to():
    clf, X = fitted()
    for method in ("predict", "predict_proba", "decision_function"):
        assert getattr(clf, method)(X).flags.writeable
