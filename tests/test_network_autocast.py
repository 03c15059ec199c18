"""The user's torch.autocast changes neither training nor predictions."""

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from torch import nn

from tests.samples import imbalanced, quick

AUTOCAST = {"device_type": "cpu", "dtype": torch.bfloat16}


class ByAutograd(Callback):
    """Lets autograd train: an activation that the equations do not know."""

    def on_train_begin(self, net, **kwargs):
        net.module_.layers[0].activation = nn.Softplus()


@pytest.mark.parametrize("n_rows", [1, 120, 200_000])
@pytest.mark.parametrize("activation", ["tanh", "gelu"])
def test_predictions_within_autocast(activation, n_rows):
    X, y = imbalanced()
    X = X.astype(np.float32)
    clf = quick(activation=activation).fit(X, y)
    X = np.resize(X, (n_rows, 4))
    methods = [clf.predict_proba, clf.predict_log_proba, clf.decision_function]
    expected = [method(X) for method in methods]
    with torch.autocast(**AUTOCAST):
        for method, values in zip(methods, expected, strict=True):
            assert np.array_equal(method(X), values)


@pytest.mark.parametrize("statistics", ["batch_mean", "population"])
@pytest.mark.parametrize("callbacks", [None, [ByAutograd()]])
def test_training_within_autocast(callbacks, statistics):
    X, y = imbalanced()
    X = X.astype(np.float32)
    params = {"callbacks": callbacks, "inference_statistics": statistics}
    expected = quick(dropout=0.2, **params).fit(X, y, X_val=X, y_val=y)
    with torch.autocast(**AUTOCAST):
        clf = quick(dropout=0.2, **params).fit(X, y, X_val=X, y_val=y)
    assert clf.loss_curve_ == expected.loss_curve_
    assert np.array_equal(clf.predict_proba(X), expected.predict_proba(X))
