"""The statistics passes at the end of training belong to the weights that remain."""

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, Checkpoint, EarlyStopping

from tests.samples import imbalanced, quick

PASSES = ["batch_mean", "population", "weighted_population"]


def best_of_skorch():
    return EarlyStopping(
        "train_loss", patience=3, load_best=True, sink=lambda text: None
    )


class Overwrite(Callback):
    """Halves the weights of the first layer at some event."""

    def __init__(self, event):
        self.event = event

    def overwrite(self, event, net):
        if event == self.event:
            with torch.no_grad():
                net.module_.layers[0].linear.weight.mul_(0.5)

    def on_epoch_end(self, net, **kwargs):
        self.overwrite("on_epoch_end", net)

    def on_train_end(self, net, **kwargs):
        self.overwrite("on_train_end", net)


def assert_population(clf, X):
    """The first layer's statistics are those of all rows under its weights."""
    layer = clf.module_.layers[0]
    signals = (torch.from_numpy(X) @ layer.linear.weight.T).detach().numpy()
    np.testing.assert_allclose(layer.norm.running_mean, signals.mean(axis=0), 1e-9)
    np.testing.assert_allclose(
        layer.norm.running_var, signals.var(axis=0, ddof=1), 1e-9
    )


def fit_and_restore(X, y, callback, **params):
    params = {"max_iter": 60, "learning_rate_init": 0.3, "batch_size": 32} | params
    return quick(callbacks=[callback], **params).fit(X, y)


def test_weights_that_skorch_restores_get_their_own_statistics():
    X, y = imbalanced()
    params = {"inference_statistics": "population"}
    clf = fit_and_restore(X, y, best_of_skorch(), **params)
    assert clf.n_iter_ < 60
    assert_population(clf, X)
    assert not clf.module_.training


@pytest.mark.parametrize("statistics", PASSES)
def test_restoring_does_not_turn_every_statistic_into_the_moving_average(statistics):
    X, y = imbalanced()
    moving, other = (
        fit_and_restore(X, y, best_of_skorch(), inference_statistics=name)
        for name in ("moving", statistics)
    )
    weights = [clf.module_.layers[0].linear.weight for clf in (moving, other)]
    assert torch.equal(*weights)
    assert not np.array_equal(moving.predict_proba(X), other.predict_proba(X))


@pytest.mark.parametrize("epochs", [1, 9])
def test_checkpoint_gets_statistics_of_the_weights_it_loads(tmp_path, epochs):
    X, y = imbalanced()
    callback = Checkpoint(
        monitor=lambda net: net.history[-1]["epoch"] == 1,
        dirname=str(tmp_path),
        f_history=None,
        load_best=True,
    )
    params = {"max_iter": epochs, "inference_statistics": "population"}
    assert_population(fit_and_restore(X, y, callback, **params), X)


@pytest.mark.parametrize("event", ["on_epoch_end", "on_train_end"])
def test_weights_that_change_after_validation_get_their_own_statistics(event):
    X, y = imbalanced()
    clf = quick(callbacks=[Overwrite(event)], inference_statistics="population")
    clf.fit(X, y, X_val=X, y_val=y)
    assert_population(clf, X)


@pytest.mark.parametrize("statistics", PASSES)
def test_our_own_best_weights_keep_the_statistics_they_were_scored_with(statistics):
    X, y = imbalanced()
    params = {
        "early_stopping": True,
        "inference_statistics": statistics,
        "learning_rate_init": 0.3,
        "batch_size": 32,
        "max_iter": 60,
        "n_iter_no_change": 3,
    }
    alone, heard = quick(**params), quick(callbacks=[Callback()], **params)
    for clf in (alone, heard):
        clf.fit(X, y, X_val=X, y_val=y)
    assert np.array_equal(alone.predict_proba(X), heard.predict_proba(X))
    assert alone.n_iter_ > np.argmax(alone.validation_scores_) + 1
