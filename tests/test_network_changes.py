"""Callbacks and optimizers that change parameters train what autograd would train."""

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, Freezer, Unfreezer
from torch import nn

from sklearn_wbn._network import WeightedNet
from tests.samples import imbalanced, quick


class Clamp(Callback):
    """Puts other memory in the place of the parameters after every mini-batch."""

    def on_batch_end(self, net, **kwargs):
        for p in net.module_.parameters():
            p.data = p.data.clamp(-0.2, 0.2)


class FreezeMidway(Callback):
    """Freezes the first layer in the middle of the second epoch."""

    def on_batch_end(self, net, **kwargs):
        if len(net.history) == 2:
            net.module_.layers[0].linear.weight.requires_grad_(False)


class ClipByHooks(Callback):
    """Lets every gradient be clipped on its way, as a recipe for torch does."""

    def on_train_begin(self, net, **kwargs):
        for p in net.module_.parameters():
            p.register_hook(lambda gradient: gradient.clamp(-0.01, 0.01))


class ApproximateGELU(Callback):
    """Takes torch's approximation of an activation."""

    def on_train_begin(self, net, **kwargs):
        net.module_.layers[0].activation = nn.GELU(approximate="tanh")


class TurnGradients(Callback):
    """Leaves gradients whose memory lies in columns."""

    def on_train_end(self, net, **kwargs):
        for p in net.module_.parameters():
            p.grad = p.grad.t().contiguous().t()


class Rebinding(torch.optim.SGD):
    """Replaces the parameters' memory in each step, in place of changing it."""

    def step(self, closure=None):
        loss = super().step(closure)
        for group in self.param_groups:
            for p in group["params"]:
                p.data = p.data.clone()
        return loss


@pytest.mark.parametrize(
    "params",
    [
        {"callbacks": [Clamp()]},
        {"callbacks": [FreezeMidway()]},
        {"callbacks": [ClipByHooks()]},
        {"callbacks": [ApproximateGELU()]},
        {"solver": Rebinding},
        {
            "callbacks": [Freezer("layers*"), Unfreezer("layers*", at=3)],
            "solver": "sgd",
        },
    ],
    ids=["clamp", "freeze", "hooks", "gelu", "rebind", "unfreeze"],
)
def test_training_equals_that_by_autograd(params, monkeypatch):
    X, y = imbalanced()
    params = {"batch_size": 16, "max_iter": 4, "learning_rate_init": 0.05} | params
    clf = quick(**params).fit(X, y)
    monkeypatch.setattr(WeightedNet, "_has_equations", False)
    expected = quick(**params).fit(X, y)
    np.testing.assert_allclose(clf.loss_curve_, expected.loss_curve_, rtol=1e-9)
    np.testing.assert_allclose(clf.predict_proba(X), expected.predict_proba(X), 1e-7)


def test_gradients_in_columns_are_not_written_to(monkeypatch):
    X, y = imbalanced()
    losses = []
    for has_equations in (True, False):
        if not has_equations:
            monkeypatch.setattr(WeightedNet, "_has_equations", False)
        clf = quick(alpha=1e-3, warm_start=True, callbacks=[TurnGradients()]).fit(X, y)
        losses.append(clf.set_params(callbacks=None).fit(X, y).loss_curve_)
    np.testing.assert_allclose(*losses, rtol=1e-9)
