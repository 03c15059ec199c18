"""The classifier inside the tools of scikit-learn and imbalanced-learn."""

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline as make_sampling_pipeline
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.inspection import permutation_importance
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import (
    GridSearchCV,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    learning_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.samples import imbalanced, quick

LEARNING = {"max_iter": 10, "learning_rate_init": 0.02}


def scaled(**params):
    return make_pipeline(StandardScaler(), quick(**LEARNING | params))


def recall(model, X, y):
    return balanced_accuracy_score(y, model.predict(X))


def test_smote_in_a_pipeline_feeds_the_classifier_balanced_classes():
    X, y = imbalanced()
    model = make_sampling_pipeline(
        SMOTE(random_state=0, k_neighbors=3), StandardScaler(), quick(**LEARNING)
    ).fit(X, y)
    majority = np.bincount(y).max()
    assert model[-1].class_count_.tolist() == [majority, majority]
    assert recall(model, X, y) > 0.8


def test_grid_search_selects_beta_in_a_pipeline():
    X, y = imbalanced(200)
    grid = {"wbnmlpclassifier__beta": [0.0, 0.9, 0.999999]}
    search = GridSearchCV(
        scaled(class_weight="cbl", max_iter=2), grid, cv=3, scoring="balanced_accuracy"
    ).fit(X, y)
    scores = search.cv_results_["mean_test_score"]
    assert len(set(scores)) > 1
    assert search.best_score_ == scores.max()
    assert search.best_estimator_[-1].beta_ == search.best_params_[next(iter(grid))]


def test_grid_search_over_architecture_and_solver():
    X, y = imbalanced()
    grid = {"hidden_layer_sizes": [(), 4, (4, 3)], "solver": ["adam", "sgd"]}
    search = GridSearchCV(quick(), grid, cv=2).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_cross_validation_in_two_processes_equals_one():
    X, y = imbalanced()
    one, two = (
        cross_val_score(scaled(), X, y, scoring=recall, cv=3, n_jobs=n) for n in (1, 2)
    )
    assert np.array_equal(one, two)
    assert one.mean() > 0.8


@pytest.mark.parametrize("method", ["predict_proba", "decision_function"])
def test_out_of_fold_predictions(method):
    X, y = imbalanced(n_classes=3)
    result = cross_val_predict(quick(), X, y, cv=3, method=method)
    assert result.shape == (len(y), 3)


def test_learning_curve_with_incremental_learning_uses_partial_fit():
    X, y = imbalanced()
    sizes, _, scores = learning_curve(
        quick(), X, y, cv=2, train_sizes=[20, 40], exploit_incremental_learning=True
    )
    assert sizes.tolist() == [20, 40]
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_calibration(method, n_classes):
    X, y = imbalanced(150, n_classes=n_classes)
    calibrated = CalibratedClassifierCV(quick(**LEARNING), method=method, cv=3)
    proba = calibrated.fit(X, y, sample_weight=np.ones(len(y))).predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    # The weighted loss raises the share of rare classes; calibration undoes that.
    raw = quick(**LEARNING).fit(X, y).predict_proba(X).mean(axis=0)
    share = np.bincount(y) / len(y)
    assert np.abs(proba.mean(axis=0) - share).max() < np.abs(raw - share).max()


def test_threshold_tuning():
    X, y = imbalanced(200)
    tuned = TunedThresholdClassifierCV(
        quick(**LEARNING), scoring="f1", cv=3, thresholds=20
    ).fit(X, y)
    assert 0 <= tuned.best_threshold_ <= 1
    assert recall(tuned, X, y) > 0.8


def test_one_against_the_rest():
    X, y = imbalanced(n_classes=4)
    model = OneVsRestClassifier(quick(**LEARNING)).fit(X, y)
    assert model.predict_proba(X).shape == (len(y), 4)
    assert recall(model, X, y) > 0.7


def test_bagging():
    X, y = imbalanced()
    model = BaggingClassifier(quick(**LEARNING), n_estimators=3, random_state=0)
    assert recall(model.fit(X, y), X, y) > 0.8
    assert len({e.random_state for e in model.estimators_}) == 3


def test_voting_with_sample_weights():
    X, y = imbalanced()
    members = [("a", quick(**LEARNING)), ("b", quick(**LEARNING | {"random_state": 1}))]
    model = VotingClassifier(members, voting="soft")
    model.fit(X, y, sample_weight=np.ones(len(y)))
    assert recall(model, X, y) > 0.8


def test_permutation_importance_finds_the_feature_that_matters():
    X, y = imbalanced()
    X[:, 1:] = np.random.default_rng(0).normal(size=(len(y), 3))
    X[:, 0] += 4 * y
    model = quick(**LEARNING).fit(X, y)
    result = permutation_importance(model, X, y, random_state=0, n_repeats=3)
    assert result.importances_mean.argmax() == 0


def test_bagging_takes_weights_for_a_class_that_some_samples_lack():
    X, y = imbalanced()
    y = np.where(np.arange(len(y)) == 0, 2, y)
    base = quick(class_weight={0: 1.0, 1: 9.0, 2: 99.0}, max_iter=1)
    model = BaggingClassifier(base, n_estimators=9, random_state=0).fit(X, y)
    assert {len(member.classes_) for member in model.estimators_} == {2, 3}
    assert np.isfinite(model.predict_proba(X)).all()
