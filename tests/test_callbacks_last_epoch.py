"""Whoever ends training, the user's callbacks hear the last epoch to its end."""

import numpy as np
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score
from skorch.callbacks import Callback, Checkpoint

from tests.samples import imbalanced, quick

# Nothing improves by so much: training stops after as many epochs as it may wait.
STOPS = {"tol": 9.0, "n_iter_no_change": 2, "max_iter": 20}


class Note(Callback):
    """Records something at the end of every epoch."""

    def on_epoch_end(self, net, **kwargs):
        net.history.record("noted", len(net.history))


class StopsScikitLearn:
    """A callback of scikit-learn that ends training in the second epoch."""

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, **kwargs):
        return context.task_name == "epoch" and context.task_id == 1

    def teardown(self, estimator, context):
        pass


@pytest.mark.parametrize("early_stopping", [False, True])
def test_callback_hears_the_end_of_the_last_epoch(early_stopping):
    X, y = imbalanced()
    clf = quick(callbacks=[Note()], early_stopping=early_stopping, **STOPS).fit(X, y)
    assert clf.net_.history[:, "noted"] == [1, 2, 3, 4]
    assert clf.n_iter_ == 4


def test_callback_hears_the_epoch_that_one_of_scikit_learn_ends():
    clf = quick(callbacks=[Note()])
    if not hasattr(clf, "set_callbacks"):  # before scikit-learn 1.9
        return
    clf.set_callbacks(StopsScikitLearn()).fit(*imbalanced())
    assert clf.net_.history[:, "noted"] == [1, 2]


def test_checkpoint_saves_the_last_epoch(tmp_path):
    X, y = imbalanced()
    callback = Checkpoint(monitor=None, dirname=str(tmp_path), f_history=None)
    clf = quick(callbacks=[callback], **STOPS).fit(X, y)
    saved = torch.load(tmp_path / "params.pt", weights_only=True)["output.weight"]
    assert torch.equal(saved, clf.module_.output.weight)


def test_the_best_weights_are_restored_after_the_last_epoch_was_heard():
    X, y = imbalanced()
    params = {"learning_rate_init": 0.3, "early_stopping": True, "batch_size": 32}
    clf = quick(callbacks=[Note()], **STOPS | params)
    clf.fit(X, y, X_val=X[1::2], y_val=y[1::2])
    score = balanced_accuracy_score(y[1::2], clf.predict(X[1::2]))
    assert score == clf.best_validation_score_ == np.max(clf.validation_scores_)
