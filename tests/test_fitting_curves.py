"""Curves and numbers of epochs are those of the fit, whatever history is loaded."""

import pytest
from skorch.callbacks import Callback, Checkpoint, LoadInitState

from tests.samples import imbalanced, quick


def checkpoint(folder, **params):
    return Checkpoint(dirname=str(folder), **params)


def first_epoch(net):
    return len(net.history) == 1


class EmptyHistory(Callback):
    """Loads a history without epochs at the end."""

    def on_train_end(self, net, **kwargs):
        net.history.clear()


@pytest.mark.parametrize("held_out", [False, True])
def test_checkpoint_that_loads_an_old_history(tmp_path, held_out):
    X, y = imbalanced()
    given = {"X_val": X, "y_val": y} if held_out else {}
    plain = quick(max_iter=5).fit(X, y, **given)
    best = checkpoint(tmp_path, monitor=first_epoch, load_best=True)
    clf = quick(max_iter=5, callbacks=[best]).fit(X, y, **given)
    assert len(clf.net_.history) == 1
    assert clf.n_iter_ == 5
    assert clf.loss_curve_ == plain.loss_curve_
    assert clf.validation_scores_ == plain.validation_scores_
    assert clf.best_validation_score_ == plain.best_validation_score_


def test_history_that_is_loaded_before_training_is_not_counted(tmp_path):
    X, y = imbalanced()
    first = quick(callbacks=[checkpoint(tmp_path, monitor=None)]).fit(X, y)
    load = LoadInitState(checkpoint(tmp_path, monitor=None))
    clf = quick(max_iter=2, callbacks=[load]).fit(X, y)
    assert clf.net_.history[:3] == first.net_.history
    assert len(clf.net_.history) == 5
    assert clf.n_iter_ == len(clf.loss_curve_) == 2
    assert clf.loss_curve_ == clf.net_.history[3:, "train_loss"]


def test_warm_start_goes_on_with_the_curves_after_a_loaded_history(tmp_path):
    X, y = imbalanced()
    best = checkpoint(tmp_path, monitor=first_epoch, load_best=True)
    clf = quick(max_iter=4, callbacks=[best], warm_start=True).fit(X, y)
    curve = clf.loss_curve_
    clf.set_params(callbacks=None, max_iter=2).fit(X, y)
    assert clf.n_iter_ == 2
    assert clf.loss_curve_[:4] == curve
    assert len(clf.loss_curve_) == 6
    clf.set_params(callbacks=[EmptyHistory()]).fit(X, y)
    assert len(clf.fit(X, y).loss_curve_) == 10
