"""Schedules of the learning rate over several calls of `fit`."""

import pickle

import numpy as np
import pytest
from skorch.callbacks import LRScheduler
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from tests.samples import imbalanced, quick


def rates(clf):
    return {group["lr"] for group in clf.net_.optimizer_.param_groups}


def halving(epoch):
    return 0.5**epoch


@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_schedule_may_join_a_warm_start(alpha):
    X, y = imbalanced()
    clf = quick(warm_start=True, alpha=alpha).fit(X, y)
    schedule = LRScheduler("StepLR", step_size=2, gamma=0.5)
    clf.set_params(callbacks=[schedule]).fit(X, y)
    assert clf.n_iter_ == 3
    # Epochs 4 to 6 of all: the rate halves after every second one.
    assert clf.net_.history[3:, "event_lr"] == [0.002, 0.001, 0.001]
    assert rates(clf) == {0.0005}


def test_schedule_may_join_after_another_one_or_a_file():
    X, y = imbalanced()
    plateau = LRScheduler(ReduceLROnPlateau, patience=0, threshold=9.0)
    clf = quick(warm_start=True, callbacks=[plateau]).fit(X, y)
    assert max(rates(clf)) < 0.002
    clf = pickle.loads(pickle.dumps(clf))
    clf.set_params(callbacks=[LRScheduler(LambdaLR, lr_lambda=halving)]).fit(X, y)
    np.testing.assert_allclose(list(rates(clf)), 0.002 * 0.5**6)


def test_schedule_starts_from_a_new_rate():
    X, y = imbalanced()
    schedule = LRScheduler(LambdaLR, lr_lambda=halving)
    clf = quick(warm_start=True, callbacks=[schedule]).fit(X, y)
    assert rates(clf) == {0.002 * 0.5**3}
    clf.set_params(learning_rate_init=0.1).fit(X, y)
    assert rates(clf) == {0.1 * 0.5**6}


def test_schedule_may_join_a_stream():
    X, y = imbalanced()
    clf = quick().partial_fit(X, y, classes=[0, 1])
    clf.set_params(callbacks=[LRScheduler("StepLR", step_size=1, gamma=0.5)])
    clf.partial_fit(X, y)
    assert clf.net_.history[-1, "event_lr"] == 0.001
