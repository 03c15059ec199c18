"""Copies and files of a fitted estimator predict, and train on, as it does."""

import pickle
from copy import deepcopy

import joblib
import numpy as np
import pytest
import torch

from tests.samples import imbalanced, quick

STATISTICS = ["batch_mean", "moving", "population", "weighted_population"]


def by_pickle(clf, folder):
    return pickle.loads(pickle.dumps(clf))


def by_joblib(clf, folder):
    joblib.dump(clf, folder / "clf.joblib")
    return joblib.load(folder / "clf.joblib")


def by_memory_map(clf, folder):
    joblib.dump(clf, folder / "clf.joblib")
    return joblib.load(folder / "clf.joblib", mmap_mode="r")


def by_deepcopy(clf, folder):
    return deepcopy(clf)


WAYS = [by_pickle, by_joblib, by_memory_map, by_deepcopy]
METHODS = ["predict", "predict_proba", "predict_log_proba", "decision_function"]


def rich(**params):
    """An estimator that uses everything that has to survive."""
    common = {"dropout": 0.2, "batch_size": 32, "logit_adjustment": 0.5}
    return quick(**common | params)


@pytest.mark.parametrize("copied", WAYS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_copy_predicts_identically(tmp_path, copied, dtype):
    X, y = imbalanced(n_classes=3)
    X = X.astype(dtype)
    for statistics in STATISTICS:
        clf = rich(inference_statistics=statistics).fit(X, y)
        twin = copied(clf, tmp_path)
        for method in METHODS:
            assert np.array_equal(getattr(twin, method)(X), getattr(clf, method)(X))


@pytest.mark.parametrize("copied", WAYS)
@pytest.mark.parametrize("go_on", ["fit", "partial_fit"])
def test_copy_trains_on_as_the_original_would(tmp_path, copied, go_on):
    X, y = imbalanced()
    clf = rich(warm_start=True).fit(X, y)
    twin = copied(clf, tmp_path)
    before = clf.predict_proba(X)
    getattr(twin, go_on)(X, y)
    assert np.array_equal(clf.predict_proba(X), before)
    getattr(clf, go_on)(X, y)
    assert twin.loss_curve_ == clf.loss_curve_
    assert np.array_equal(twin.predict_proba(X), clf.predict_proba(X))


@pytest.mark.parametrize("copied", WAYS)
def test_copy_keeps_fitted_attributes(tmp_path, copied):
    X, y = imbalanced()
    words = np.array(["no", "yes"])[y]
    clf = rich(class_weight="cbl").fit(X, words, X_val=X, y_val=words)
    twin = copied(clf, tmp_path)
    for name in (n for n in vars(clf) if n.endswith("_") and n != "net_"):
        assert np.array_equal(getattr(twin, name), getattr(clf, name)), name
    assert twin.net_.history == clf.net_.history
    assert next(twin.module_.parameters()).device.type == "cpu"


@pytest.mark.parametrize("copied", WAYS)
def test_estimator_that_is_not_fitted_stays_so(tmp_path, copied):
    twin = copied(rich(solver=torch.optim.RMSprop), tmp_path)
    assert twin.get_params() == rich(solver=torch.optim.RMSprop).get_params()
    assert not hasattr(twin, "module_")


def test_pickling_changes_nothing():
    X, y = imbalanced()
    clf = rich().fit(X, y)
    before = dict(vars(clf))
    pickle.dumps(clf)
    assert vars(clf).keys() == before.keys()
    assert all(vars(clf)[name] is value for name, value in before.items())


def test_parameter_changed_after_fit_does_not_change_what_a_copy_predicts():
    X, y = imbalanced()
    clf = rich().fit(X, y)
    before = clf.predict_proba(X)
    twin = pickle.loads(pickle.dumps(clf.set_params(logit_adjustment=3.0)))
    assert np.array_equal(twin.predict_proba(X), before)


def test_network_alone_can_be_saved_without_code(tmp_path):
    X, y = imbalanced()
    clf, other = rich().fit(X, y), rich(random_state=1).fit(X, y)
    torch.save(clf.module_.state_dict(), tmp_path / "network.pt")
    state = torch.load(tmp_path / "network.pt", weights_only=True)
    other.module_.load_state_dict(state)
    with torch.no_grad():
        logits = other.module_.eval()(torch.from_numpy(X))
        assert torch.equal(logits, clf.module_.eval()(torch.from_numpy(X)))


def test_pickle_is_little_larger_than_the_network_with_its_optimizer():
    X, y = imbalanced()
    clf = quick(hidden_layer_sizes=(200, 200), max_iter=1).fit(X, y)
    network = sum(p.numel() for p in clf.module_.parameters()) * 8
    # Weights, and two moments of each from Adamax.
    assert len(pickle.dumps(clf)) < 3.1 * network + 50_000


@pytest.mark.parametrize("copied", WAYS)
def test_copy_made_in_inference_mode_trains_on(tmp_path, copied):
    X, y = imbalanced()
    clf = rich(warm_start=True).fit(X, y)
    with torch.inference_mode():
        twin = copied(clf, tmp_path)
    twin.fit(X, y)
    assert twin.loss_curve_ == clf.fit(X, y).loss_curve_
    assert np.array_equal(twin.predict_proba(X), clf.predict_proba(X))
