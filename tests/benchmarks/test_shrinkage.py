"""The study's layer whose batch statistics are shrunk toward the running ones."""

import numpy as np
import torch
from sklearn.datasets import make_classification

from benchmarks.shrinkage import HALF, Shrink, ShrunkBatchNorm1d
from sklearn_wbn import WBNMLPClassifier
from sklearn_wbn.nn import WeightedBatchNorm1d, batch_weights


def make_layer(kind: type[WeightedBatchNorm1d]) -> WeightedBatchNorm1d:
    layer = kind(3).double()
    layer.running_mean += torch.tensor([1.0, -2.0, 0.5])
    layer.running_var *= 4.0
    return layer


def make_batch(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(size=(9, 3))), torch.from_numpy(rng.random(9))


def test_statistics_lie_between_those_of_the_batch_and_the_running_ones():
    layer, (x, w) = make_layer(ShrunkBatchNorm1d), make_batch(0)
    u = layer(x, batch_weights(w, "reliability"))
    X, p = x.numpy(), w.numpy() / w.numpy().sum()
    m = np.average(X, axis=0, weights=p)
    v = np.cov(X.T, aweights=w.numpy()).diagonal()
    n_eff = 1 / np.sum(p**2)
    own = n_eff / (n_eff + HALF)
    mean = own * m + (1 - own) * np.array([1.0, -2.0, 0.5])
    var = own * v + (1 - own) * 4.0
    np.testing.assert_allclose(u.detach(), (X - mean) / np.sqrt(var + 1e-5))


def test_running_statistics_are_those_of_the_layer_that_does_not_shrink():
    shrunk, plain = make_layer(ShrunkBatchNorm1d), make_layer(WeightedBatchNorm1d)
    for seed in range(3):
        x, w = make_batch(seed)
        for layer in (shrunk, plain):
            layer(x, batch_weights(w, "reliability"))
    torch.testing.assert_close(shrunk.state_dict(), plain.state_dict())


def test_gradients_are_those_of_finite_differences():
    x, w = make_batch(1)
    weights = batch_weights(w, "reliability")

    def normalized(x: torch.Tensor) -> torch.Tensor:
        return make_layer(ShrunkBatchNorm1d)(x, weights)

    assert torch.autograd.gradcheck(normalized, x.requires_grad_())


def test_classifier_trains_with_shrunk_statistics():
    X, y = make_classification(200, weights=[0.8], random_state=0)
    clf = WBNMLPClassifier(
        (8,), batch_size=32, max_iter=40, random_state=0, callbacks=[Shrink()]
    )
    plain = WBNMLPClassifier((8,), batch_size=32, max_iter=40, random_state=0)
    assert clf.fit(X, y).loss_curve_ != plain.fit(X, y).loss_curve_
    assert clf.score(X, y) > 0.8
