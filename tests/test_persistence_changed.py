"""Copies and files of an estimator whose network a callback has changed."""

import pickle
from copy import copy, deepcopy

import numpy as np
import pytest
import skops.io
import torch
from skorch.callbacks import Callback
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from tests.samples import imbalanced, quick


class Change(Callback):
    """Changes the network before training, and tells the optimizer."""

    def __init__(self, change):
        self.change = change

    def on_train_begin(self, net, **kwargs):
        if not net.history:
            self.change(net.module_)
            net._initialize_optimizer()


def another_known_activation(network):
    network.layers[0].activation = nn.ReLU()


def another_kind_of_activation(network):
    network.layers[0].activation = nn.Softplus()


def another_size(network):
    network.layers[1].linear = nn.Linear(8, 6, bias=False).double()
    network.layers[1].norm = type(network.layers[1].norm)(6).double()
    network.output = nn.Linear(6, 2).double()


def fewer_layers(network):
    network.layers[0].activation = nn.Identity()
    network.hidden = network.hidden[:1]


def another_eps(network):
    network.layers[0].norm.eps = 0.5


def normed_weights(network):
    weight_norm(network.layers[0].linear)


def undifferentiable(network):
    network.layers[0].activation = nn.Softplus()
    network.layers[0].extra = network.output.weight * 2


CHANGES = [
    another_known_activation,
    another_kind_of_activation,
    another_size,
    fewer_layers,
    another_eps,
]


def by_pickle(clf):
    return pickle.loads(pickle.dumps(clf))


def changed(change, **params):
    X, y = imbalanced()
    params = {"hidden_layer_sizes": (8, 8), "warm_start": True} | params
    return quick(callbacks=[Change(change)], **params).fit(X, y)


@pytest.mark.parametrize("copied", [by_pickle, deepcopy, copy])
@pytest.mark.parametrize("change", CHANGES)
def test_copy_predicts_and_trains_on_as_the_original_would(change, copied):
    X, y = imbalanced()
    clf = changed(change, dropout=0.2)
    before = clf.predict_proba(X)
    assert not np.array_equal(before, changed(lambda network: None).predict_proba(X))
    twin = copied(clf)
    assert np.array_equal(twin.predict_proba(X), before)
    assert not twin.module_.training
    twin.fit(X, y)
    assert np.array_equal(clf.predict_proba(X), before)
    assert twin.loss_curve_ == clf.fit(X, y).loss_curve_
    assert np.array_equal(twin.predict_proba(X), clf.predict_proba(X))


def test_copy_made_in_inference_mode_trains_on():
    X, y = imbalanced()
    clf = changed(another_kind_of_activation)
    with torch.inference_mode():
        twin = deepcopy(clf)
    assert twin.fit(X, y).loss_curve_ == clf.fit(X, y).loss_curve_


def test_layer_that_torch_does_not_pickle_is_still_copied():
    X, _ = imbalanced()
    clf = changed(normed_weights)
    assert np.array_equal(deepcopy(clf).predict_proba(X), clf.predict_proba(X))
    with pytest.raises(RuntimeError, match="parametrized modules is only supported"):
        pickle.dumps(clf)


def test_layer_that_cannot_be_copied_is_refused():
    clf = changed(undifferentiable)
    with pytest.raises(TypeError, match=r"callback has changed the network.*graph"):
        pickle.dumps(clf)


def test_hooks_do_not_stand_in_the_way():
    X, _ = imbalanced()
    seen = []
    clf = changed(lambda n: n.output.register_forward_hook(lambda *a: seen.append(a)))
    assert seen
    clf.net_.callbacks, clf.net_.callbacks_, clf.callbacks = [], [], None
    assert np.array_equal(by_pickle(clf).predict_proba(X), clf.predict_proba(X))


def test_skops_refuses_the_layers():
    clf = changed(another_kind_of_activation)
    with pytest.raises(RuntimeError, match="Cannot directly construct"):
        skops.io.dumps(clf)
