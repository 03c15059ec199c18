"""The mean over the mini-batches, layer by layer."""

import numpy as np
import torch
from sklearn.datasets import make_classification

from benchmarks.layerwise import LayerByLayer
from sklearn_wbn import WBNMLPClassifier


def fitted(**params) -> WBNMLPClassifier:
    X, y = make_classification(96, weights=[0.7], random_state=0)
    clf = WBNMLPClassifier(
        (6, 5),
        batch_size=32,
        max_iter=4,
        shuffle=False,
        inference_statistics="batch_mean",
        random_state=0,
        **params,
    )
    return clf.fit(X, y)


def test_second_layer_sees_what_it_sees_at_inference():
    clf = fitted(callbacks=[LayerByLayer()])
    X, y = make_classification(96, weights=[0.7], random_state=0)
    first, second = clf.module_.layers
    with torch.no_grad():
        signals = second.linear(first(torch.from_numpy(X))).numpy()
    c = clf.norm_class_weight_[y]
    parts = [slice(start, start + 32) for start in range(0, 96, 32)]
    means = [np.average(signals[r], axis=0, weights=c[r]) for r in parts]
    variances = [np.cov(signals[r].T, aweights=c[r]).diagonal() for r in parts]
    norm = second.norm
    np.testing.assert_allclose(norm.running_mean, np.mean(means, axis=0))
    np.testing.assert_allclose(norm.running_var, np.sum(variances, axis=0) / 2)


def test_first_layer_and_training_are_as_before():
    clf, plain = fitted(callbacks=[LayerByLayer()]), fitted()
    assert clf.loss_curve_ == plain.loss_curve_
    for name in ("running_mean", "running_var"):
        first, second = (layer.norm for layer in clf.module_.layers)
        own, other = (layer.norm for layer in plain.module_.layers)
        torch.testing.assert_close(getattr(first, name), getattr(own, name))
        assert not torch.equal(getattr(second, name), getattr(other, name))
