"""WBNMLPClassifier learns, and what it tells after it has."""

from copy import deepcopy
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import torch
from numpydoc.docscrape import ClassDoc
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.metrics import balanced_accuracy_score

from sklearn_wbn import (
    WBNMLPClassifier,
    class_balanced,
    effective_class_size,
    inverse_class_frequency,
)
from tests.samples import imbalanced, quick, real_table

STATISTICS = ["batch_mean", "moving", "population", "weighted_population"]
ATTRIBUTES = [entry.name for entry in ClassDoc(WBNMLPClassifier)["Attributes"]]


def majority_score(y_train, y_test):
    majority = DummyClassifier().fit(y_train, y_train)
    return balanced_accuracy_score(y_test, majority.predict(y_test))


@pytest.mark.parametrize("table", ["cancer", "digits"])
@pytest.mark.parametrize("normalization", ["wbn", "bn", None])
def test_real_task_is_solved_far_better_than_by_a_majority_vote(table, normalization):
    X_train, X_test, y_train, y_test = real_table(table)
    clf = quick(
        hidden_layer_sizes=(32,),
        max_iter=30,
        batch_size=32,
        normalization=normalization,
    ).fit(X_train, y_train)
    score = balanced_accuracy_score(y_test, clf.predict(X_test))
    assert score > majority_score(y_train, y_test) + 0.3


def test_inference_statistics_differ_and_all_of_them_predict_well():
    X_train, X_test, y_train, y_test = real_table("cancer")
    decisions = {}
    for statistics in STATISTICS:
        clf = quick(
            max_iter=30,
            batch_size=32,
            inference_statistics=statistics,
            loss_normalization="batch",
        )
        decisions[statistics] = clf.fit(X_train, y_train).decision_function(X_test)
        assert balanced_accuracy_score(y_test, clf.predict(X_test)) > 0.8
    for first, second in combinations(decisions.values(), 2):
        assert np.abs(first - second).max() > 1e-3


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("normalization", ["wbn", "bn", None]),
        ("variance", ["reliability", "frequency", "biased"]),
        ("activation", ["tanh", "relu", "logistic", "identity", "gelu", "silu"]),
        ("loss_normalization", ["batch", "constant"]),
        ("loss", ["cross_entropy", "balanced_softmax"]),
        ("class_weight", ["icf", "cbl", None, {0: 1.0, 1: 5.0}]),
        ("alpha", [0.0, 0.5]),
        ("dropout", [0.0, 0.5]),
        ("logit_adjustment", [0.0, 1.0]),
        ("norm_eps", [1e-8, 0.5]),
        ("learning_rate_init", [0.002, 0.02]),
        ("solver", ["adamax", "adam", "sgd"]),
    ],
)
def test_option_changes_the_result(name, values):
    X, y = imbalanced()
    results = [
        quick(batch_size=32, **{name: value}).fit(X, y).decision_function(X)
        for value in values
    ]
    assert all(np.isfinite(result).all() for result in results)
    for first, second in combinations(results, 2):
        assert np.abs(first - second).max() > 1e-9


def test_momentum_changes_the_moving_statistics():
    X, y = imbalanced()
    slow, fast = (
        quick(inference_statistics="moving", norm_momentum=momentum).fit(X, y)
        for momentum in (0.1, 1.0)
    )
    assert not np.allclose(slow.decision_function(X), fast.decision_function(X))


def test_training_lowers_the_loss():
    X, y = imbalanced()
    curve = quick(max_iter=20, learning_rate_init=0.02).fit(X, y).loss_curve_
    assert len(curve) == 20
    assert curve[-1] < 0.5 * curve[0]


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_documented_attribute_appears_with_fit(name):
    X, y = imbalanced()
    clf = quick(max_iter=1)
    assert not hasattr(clf, name)
    assert hasattr(clf.fit(pd.DataFrame(X, columns=list("abcd")), y), name)


def test_no_other_public_attribute_appears_with_fit():
    X, y = imbalanced()
    clf = quick(max_iter=1).fit(pd.DataFrame(X, columns=list("abcd")), y)
    public = {name for name in vars(clf) if not name.startswith("_")}
    assert public - set(clf.get_params()) == set(ATTRIBUTES) - {"module_"}


def test_fitted_attributes_say_what_was_learned_from():
    X, y = imbalanced(n_classes=3)
    weight = np.linspace(0.5, 2, len(y))
    clf = quick(class_weight="cbl").fit(X, y, weight, X_val=X, y_val=y)
    count = [weight[y == k].sum() for k in range(3)]
    assert clf.classes_.tolist() == [0, 1, 2]
    assert clf.n_features_in_ == 4
    np.testing.assert_allclose(clf.class_count_, count, rtol=1e-14)
    np.testing.assert_allclose(clf.beta_, (sum(count) - 1) / sum(count), rtol=1e-14)
    np.testing.assert_allclose(clf.class_weight_, class_balanced(count), rtol=1e-12)
    np.testing.assert_allclose(
        clf.effective_class_size_, effective_class_size(count, clf.class_weight_)
    )
    assert clf.n_iter_ == len(clf.loss_curve_) == len(clf.validation_scores_) == 3
    assert clf.best_validation_score_ == max(clf.validation_scores_)


def test_without_validation_there_are_no_scores():
    clf = quick().fit(*imbalanced())
    assert clf.validation_scores_ is None
    assert clf.best_validation_score_ is None


def test_class_weight_follows_its_option():
    X, y = imbalanced(n_classes=3)
    count = np.bincount(y)
    icf = inverse_class_frequency(count)
    for option, expected in [
        ("icf", icf),
        ("balanced", icf / 3),
        (None, np.ones(3)),
        ({2: 7.0, 0: 0.5}, [0.5, 1.0, 7.0]),
    ]:
        fitted = quick(class_weight=option, max_iter=1).fit(X, y)
        np.testing.assert_allclose(fitted.class_weight_, expected, rtol=1e-14)


def test_a_class_may_weigh_nothing():
    X, y = imbalanced(n_classes=3)
    clf = quick(class_weight={1: 0.0}, batch_size=2, max_iter=5).fit(X, y)
    assert np.isfinite(clf.predict_log_proba(X)).all()
    assert clf.effective_class_size_[1] == 0


def test_balanced_is_icf_in_another_unit():
    X, y = imbalanced(n_classes=3)
    icf, balanced = (
        quick(class_weight=name, batch_size=32).fit(X, y).decision_function(X)
        for name in ("icf", "balanced")
    )
    np.testing.assert_allclose(icf, balanced, rtol=0, atol=1e-12)


def test_beta_zero_weighs_classes_alike():
    X, y = imbalanced()
    plain = quick(class_weight=None).fit(X, y)
    beta_zero = quick(class_weight="cbl", beta=0.0).fit(X, y)
    assert np.array_equal(plain.predict_proba(X), beta_zero.predict_proba(X))


@pytest.mark.parametrize("class_weight", ["icf", None, {0: 1.0, 1: 2.0}])
def test_beta_that_changes_nothing_is_told_where_fit_is_called(class_weight):
    X, y = imbalanced()
    clf = quick(class_weight=class_weight, beta=0.5)
    with pytest.warns(UserWarning, match=r"beta=0.5 changes nothing") as told:
        clf.fit(X, y)
    with pytest.warns(UserWarning, match=r"set class_weight='cbl'") as again:
        clf.partial_fit(X, y)
    assert told[0].filename == again[0].filename == __file__


def test_logit_adjustment_subtracts_the_log_class_share():
    X, y = imbalanced(n_classes=3)
    plain = quick().fit(X, y).decision_function(X)
    adjusted = quick(logit_adjustment=0.7).fit(X, y).decision_function(X)
    shift = -0.7 * np.log(np.bincount(y) / len(y))
    np.testing.assert_allclose(adjusted, plain + shift, rtol=0, atol=1e-13)


def test_logit_adjustment_counts_sample_weights():
    X, y = imbalanced()
    weight = np.where(y == 1, 3.0, 1.0)
    plain = quick().fit(X, y, weight).decision_function(X)
    adjusted = quick(logit_adjustment=1.0).fit(X, y, weight).decision_function(X)
    share = weight[y == 1].sum() / weight.sum()
    odds = -np.log(share / (1 - share))
    np.testing.assert_allclose(adjusted, plain + odds, rtol=0, atol=1e-13)


def test_fit_changes_no_parameter():
    X, y = imbalanced()
    params = {
        "hidden_layer_sizes": [8, 4],
        "class_weight": {0: 1.0, 1: 9.0},
        "solver_kwargs": {"betas": (0.8, 0.9)},
        "random_state": np.random.RandomState(0),
        "device": torch.device("cpu"),
    }
    clf = quick(**params)
    before = clf.get_params()
    kept = {name: deepcopy(params[name]) for name in ("class_weight", "solver_kwargs")}
    clf.fit(X, y).partial_fit(X, y)
    assert all(clf.get_params()[name] is value for name, value in before.items())
    assert all(params[name] == value for name, value in kept.items())


def test_clone_is_unfitted_and_trains_to_the_same():
    X, y = imbalanced()
    clf = quick(dropout=0.3).fit(X, y)
    twin = clone(clf)
    assert twin.get_params() == clf.get_params()
    with pytest.raises(NotFittedError):
        twin.predict(X)
    assert np.array_equal(twin.fit(X, y).predict_proba(X), clf.predict_proba(X))


def test_set_params_counts_at_the_next_fit_only():
    X, y = imbalanced()
    clf = quick().fit(X, y)
    before = clf.predict_proba(X)
    clf.set_params(logit_adjustment=1.0, activation="relu", max_iter=5)
    assert np.array_equal(clf.predict_proba(X), before)
    assert clf.fit(X, y).n_iter_ == 5
    assert not np.allclose(clf.predict_proba(X), before)


def test_representations_name_what_is_not_default():
    clf = WBNMLPClassifier((8,), class_weight="cbl", solver=torch.optim.RMSprop)
    assert repr(WBNMLPClassifier()) == "WBNMLPClassifier()"
    assert "class_weight='cbl'" in repr(clf)
    for estimator in (clf, quick().fit(*imbalanced())):
        assert "WBNMLPClassifier" in estimator._repr_html_()


def test_only_the_first_two_parameters_are_positional():
    assert WBNMLPClassifier((5,), "relu").activation == "relu"
    with pytest.raises(TypeError, match="positional"):
        WBNMLPClassifier((5,), "relu", "icf")
