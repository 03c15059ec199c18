"""A net as plain data, and what skops makes of it."""

import pickle

import numpy as np
import pytest
import skops.io
import torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Freezer, LRScheduler

from sklearn_wbn._persistence import from_plain, net_to_plain, to_plain
from tests.samples import imbalanced, quick, real_table

# Everything that a fitted estimator asks to be trusted.
TRUSTED = ["sklearn_wbn._classifier.WBNMLPClassifier"]
PLAIN = (str, int, float, bool, type(None), np.ndarray)

FITS = {
    "default": {},
    "linear": {"hidden_layer_sizes": ()},
    "deep": {"hidden_layer_sizes": [8, 4], "dropout": 0.2, "norm_eps": 1e-3},
    "adam": {"solver": "adam", "alpha": 0.1, "solver_kwargs": {"betas": (0.8, 0.9)}},
    "sgd": {"solver": "sgd", "normalization": None},
    "balanced_softmax": {"loss": "balanced_softmax", "logit_adjustment": 0.5},
    "cbl": {"class_weight": "cbl", "beta": 0.9, "inference_statistics": "moving"},
    "dict": {
        "class_weight": {0: 1.0, 1: 9.0},
        "random_state": np.random.RandomState(0),
    },
}


def by_skops(estimator):
    return skops.io.loads(skops.io.dumps(estimator), trusted=TRUSTED)


def leaves(value):
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


@pytest.mark.parametrize("name", FITS)
def test_skops_trusts_one_type_and_predicts_identically(name):
    X, y = imbalanced()
    clf = quick(**FITS[name]).fit(X, y, X_val=X, y_val=y)
    assert skops.io.get_untrusted_types(data=skops.io.dumps(clf)) == TRUSTED
    twin = by_skops(clf)
    assert np.array_equal(twin.predict_proba(X), clf.predict_proba(X))
    assert twin.net_.history == clf.net_.history
    assert twin.get_params().keys() == clf.get_params().keys()


@pytest.mark.parametrize("name", FITS)
def test_skops_keeps_what_training_needs(name):
    X, y = imbalanced()
    clf = quick(batch_size=32, warm_start=True, **FITS[name]).fit(X, y)
    twin = by_skops(clf)
    assert twin.fit(X, y).loss_curve_ == clf.fit(X, y).loss_curve_
    assert np.array_equal(twin.predict_proba(X), clf.predict_proba(X))


def test_skops_takes_a_pipeline_with_words_for_labels():
    X_train, X_test, y_train, _ = real_table("cancer")
    words = np.array(["malignant", "benign"])[y_train]
    pipeline = make_pipeline(StandardScaler(), quick()).fit(X_train, words)
    twin = by_skops(pipeline)
    assert np.array_equal(twin.predict(X_test), pipeline.predict(X_test))


def test_skops_takes_an_estimator_that_is_not_fitted():
    twin = by_skops(quick(class_weight="cbl"))
    assert twin.get_params() == quick(class_weight="cbl").get_params()
    assert not hasattr(twin, "net_")


@pytest.mark.parametrize("name", FITS)
def test_net_becomes_plain_data(name):
    clf = quick(**FITS[name]).fit(*imbalanced())
    plain = net_to_plain(clf.net_, clf._net_params)
    assert all(isinstance(leaf, PLAIN) for leaf in leaves(plain))


def test_arrays_and_tensors_change_places_within_containers():
    value = {"a": [torch.arange(3), (torch.tensor(2.0), "b")], 0: None}
    plain = to_plain(value)
    assert plain["a"][0].tolist() == [0, 1, 2]
    assert isinstance(plain["a"][1], tuple)
    back = from_plain(plain)
    assert torch.equal(back["a"][0], value["a"][0])
    assert back["a"][1][0].dtype is torch.float32
    assert back["a"][1][0].shape == ()
    back["a"][0][0] = 9
    assert value["a"][0][0] == 0


@pytest.mark.parametrize(
    "solver", [torch.optim.NAdam, torch.optim.RAdam, torch.optim.ASGD]
)
def test_state_of_any_optimizer_is_kept_bit_for_bit(solver):
    X, y = imbalanced()
    clf = quick(solver=solver, warm_start=True).fit(X, y)
    twin = pickle.loads(pickle.dumps(clf))
    before, after = (
        leaves(c.net_.optimizer_.state_dict()["state"]) for c in (clf, twin)
    )
    for first, second in zip(before, after, strict=True):
        assert torch.equal(torch.as_tensor(first), torch.as_tensor(second))
        assert torch.as_tensor(first).dtype == torch.as_tensor(second).dtype
    assert twin.fit(X, y).loss_curve_ == clf.fit(X, y).loss_curve_


def test_callbacks_of_the_user_are_pickled_as_they_are():
    X, y = imbalanced()
    schedule = LRScheduler("StepLR", step_size=1, gamma=0.5)
    clf = quick(callbacks=[("schedule", schedule)], warm_start=True).fit(X, y)
    twin = pickle.loads(pickle.dumps(clf))
    assert [name for name, _ in twin.net_.callbacks_] == ["schedule"]
    assert twin.fit(X, y).loss_curve_ == clf.fit(X, y).loss_curve_
    rates = [c.net_.optimizer_.param_groups[0]["lr"] for c in (clf, twin)]
    assert rates[0] == rates[1] < clf.learning_rate_init


def test_frozen_parameters_stay_frozen():
    X, y = imbalanced()
    clf = quick(callbacks=[Freezer("hidden.*")]).fit(X, y)
    twin = pickle.loads(pickle.dumps(clf))
    for copy in (clf, twin):
        parameters = dict(copy.module_.named_parameters())
        before = {name: p.detach().clone() for name, p in parameters.items()}
        copy.partial_fit(X, y)
        moved = {n for n, p in parameters.items() if not torch.equal(p, before[n])}
        assert moved == {"output.weight", "output.bias"}


def test_a_net_that_failed_to_train_can_still_be_pickled():
    X, y = imbalanced()
    clf = quick(learning_rate_init=1e200, normalization=None, activation="identity")
    with pytest.raises(ValueError, match="loss became"):
        clf.fit(X, y)
    assert hasattr(pickle.loads(pickle.dumps(clf)), "net_")
