"""The progress bar, and callbacks of skorch that the user adds."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    EpochTimer,
    GradientNormClipping,
    LRScheduler,
    PrintLog,
    ProgressBar,
)
from tqdm import tqdm

from sklearn_wbn._callbacks import Plateau, StopTraining
from tests.samples import imbalanced, quick


class CountBatches(Callback):
    """Counts mini-batches and their rows, epoch by epoch."""

    def on_train_begin(self, net, **kwargs):
        self.rows_ = []

    def on_epoch_begin(self, net, **kwargs):
        self.rows_.append([])

    def on_batch_end(self, net, batch, training, loss, **kwargs):
        X, y = batch
        assert training
        assert len(X) == len(y)
        assert torch.isfinite(loss)
        self.rows_[-1].append(len(X))


class StopAt(Callback):
    """Stops in the way skorch's own callbacks do, at some event."""

    def __init__(self, event, epoch=2):
        self.event = event
        self.epoch = epoch

    def notify(self, event, net):
        if event == self.event and len(net.history) == self.epoch:
            raise KeyboardInterrupt

    def on_train_begin(self, net, **kwargs):
        self.notify("on_train_begin", net)

    def on_batch_end(self, net, **kwargs):
        self.notify("on_batch_end", net)

    def on_epoch_end(self, net, **kwargs):
        self.notify("on_epoch_end", net)


def test_verbose_shows_a_bar_with_loss_and_score_on_stderr(capsys):
    X, y = imbalanced()
    clf = quick(verbose=True).fit(X, y, X_val=X, y_val=y)
    out, err = capsys.readouterr()
    assert out == ""
    assert "3/3" in err
    assert f"loss={clf.loss_curve_[-1]:.4f}" in err
    assert f"valid_score={clf.validation_scores_[-1]:.4f}" in err


def test_bar_of_fewer_epochs_is_closed(capsys):
    X, y = imbalanced()
    quick(verbose=1, max_iter=9, n_iter_no_change=1, tol=9.0).fit(X, y)
    err = capsys.readouterr().err
    assert "3/9" in err
    assert err.endswith("\n")


def test_bar_of_a_training_that_fails_is_closed(capsys):
    clf = quick(verbose=True, learning_rate_init=1e300, max_iter=50)
    with pytest.raises(ValueError, match="loss became") as told:
        clf.fit(*imbalanced())
    assert told.tb is not None  # kept alive, as a notebook does, and the bar with it
    assert not tqdm._instances
    assert capsys.readouterr().err.endswith("\n")  # a bar ends its line when closed


@pytest.mark.parametrize("verbose", [False, 0])
def test_without_verbose_nothing_is_written(capsys, verbose):
    X, y = imbalanced()
    quick(verbose=verbose).fit(X, y, X_val=X, y_val=y).partial_fit(X, y)
    assert capsys.readouterr() == ("", "")


def test_estimator_with_a_bar_and_validation_pickles(capsys):
    X, y = imbalanced()
    clf = quick(verbose=True).fit(X, y, X_val=X, y_val=y)
    loaded = pickle.loads(pickle.dumps(clf))
    assert np.array_equal(loaded.predict_proba(X), clf.predict_proba(X))
    assert loaded.set_params(warm_start=True).fit(X, y).n_iter_ == 3


def test_net_keeps_neither_held_out_rows_nor_the_estimator():
    X, y = imbalanced()
    X_val = np.full((len(y), 4), 0.123456789)
    clf = quick().fit(X, y, X_val=X_val, y_val=y)
    assert clf.net_.callbacks_ == []
    state = pickle.dumps(clf)
    assert X_val[0].tobytes() not in state
    assert X[0].tobytes() not in state


def test_callback_hears_every_batch():
    X, y = imbalanced(100)
    clf = quick(batch_size=30, callbacks=[CountBatches()]).fit(X, y)
    assert clf.net_.history[:, "train_batch_count"] == [4, 4, 4]
    (_, counted), *_ = clf.net_.callbacks_
    assert counted.rows_ == [[30, 30, 30, 10]] * 3
    assert clf.net_.history[-1, "batches", :, "train_batch_size"] == [30, 30, 30, 10]


def test_callbacks_change_nothing_by_listening():
    X, y = imbalanced()
    plain = quick(batch_size=16, dropout=0.2).fit(X, y)
    heard = quick(batch_size=16, dropout=0.2, callbacks=[CountBatches()]).fit(X, y)
    assert np.array_equal(plain.decision_function(X), heard.decision_function(X))
    assert plain.loss_curve_ == heard.loss_curve_


class ReplaceGradients(Callback):
    """Puts zeros in place of the gradients, in another order of memory."""

    def on_grad_computed(self, net, named_parameters, **kwargs):
        for _, parameter in named_parameters:
            order = tuple(reversed(range(parameter.dim())))
            zeros = torch.zeros_like(parameter.detach().permute(order).contiguous())
            parameter.grad = zeros.permute(order)


@pytest.mark.usefixtures("arithmetic")
def test_a_callback_may_replace_gradients():
    X, y = imbalanced()
    params = {"batch_size": 16, "callbacks": [ReplaceGradients()]}
    weights = [quick(max_iter=n, **params).fit(X, y).module_ for n in (1, 3)]
    first, last = (list(module.parameters()) for module in weights)
    torch.testing.assert_close(first, last, rtol=0, atol=0)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_scores_of_training_rows_are_recorded(n_classes):
    X, y = imbalanced(n_classes=n_classes)
    names = ["balanced_accuracy", "roc_auc_ovr", "neg_log_loss"]
    scores = [EpochScoring(name, on_train=True, name=name) for name in names]
    clf = quick(class_weight=None, max_iter=60, callbacks=scores).fit(X, y)
    history = clf.net_.history
    np.testing.assert_allclose(history[:, "neg_log_loss"], -np.array(clf.loss_curve_))
    for name in names[:2]:
        first, last = history[0, name], history[-1, name]
        assert 0 <= first < last <= 1


def test_only_callbacks_are_taken():
    X, y = imbalanced()
    quick(callbacks=[CountBatches, ("named", CountBatches())]).fit(X, y)
    for wrong in (print, ("named", 1)):
        with pytest.raises(TypeError, match="pairs of a name and a callback; got"):
            quick(callbacks=[wrong]).fit(X, y)


def test_callbacks_are_copied_and_parameters_stay():
    X, y = imbalanced()
    counter = CountBatches()
    callbacks = [("counter", counter)]
    clf = quick(callbacks=callbacks).fit(X, y)
    assert clf.callbacks is callbacks
    assert callbacks == [("counter", counter)]
    assert not hasattr(counter, "rows_")
    assert clone(clf).fit(X, y).net_.callbacks_[0][1].rows_ == [[120]] * 3


def test_callbacks_hear_partial_fit_and_warm_start():
    X, y = imbalanced()
    clf = quick(callbacks=[CountBatches()], warm_start=True)
    clf.partial_fit(X, y, classes=[0, 1])
    assert clf.net_.callbacks_[0][1].rows_ == [[120]]
    assert clf.fit(X, y).net_.callbacks_[0][1].rows_ == [[120]] * 3
    assert len(clf.net_.callbacks_) == 1


def test_early_stopping_of_skorch_stops_without_a_warning():
    X, y = imbalanced()
    stopper = EarlyStopping(
        monitor="train_loss", patience=2, threshold=10.0, threshold_mode="abs"
    )
    stopper.set_params(sink=lambda text: None)
    clf = quick(max_iter=20, callbacks=[stopper]).fit(X, y)
    assert clf.n_iter_ < 20
    assert np.isfinite(clf.predict_proba(X)).all()


@pytest.mark.parametrize("event", ["on_batch_end", "on_epoch_end"])
def test_callback_ends_training_the_way_those_of_skorch_do(event):
    X, y = imbalanced()
    clf = quick(max_iter=9, callbacks=[StopAt(event)]).fit(X, y)
    assert clf.n_iter_ == (1 if event == "on_batch_end" else 2)
    assert np.isfinite(clf.predict_proba(X)).all()


def test_interrupt_before_training_is_not_swallowed():
    with pytest.raises(KeyboardInterrupt):
        quick(callbacks=[StopAt("on_train_begin", epoch=0)]).fit(*imbalanced())


def test_checkpoint_saves_what_can_be_loaded(tmp_path):
    X, y = imbalanced()
    callback = Checkpoint(monitor=None, dirname=str(tmp_path), f_pickle=None)
    clf = quick(callbacks=[callback]).fit(X, y)
    expected = clf.module_.output.weight.detach().clone()
    with torch.no_grad():
        clf.module_.output.weight.zero_()
    clf.net_.load_params(f_params=tmp_path / "params.pt")
    assert torch.equal(clf.module_.output.weight, expected)


def test_checkpoint_follows_the_validation_score(tmp_path):
    X, y = imbalanced()
    callback = Checkpoint(monitor="valid_score_best", dirname=str(tmp_path))
    clf = quick(max_iter=9, callbacks=[callback]).fit(X, y, X_val=X, y_val=y)
    best = np.maximum.accumulate(clf.validation_scores_)
    saved = [True, *(best[1:] > best[:-1])]
    assert clf.net_.history[:, "event_cp"] == saved
    assert not all(saved)
    params = torch.load(tmp_path / "params.pt", weights_only=True)
    assert params.keys() == clf.module_.state_dict().keys()


def test_learning_rate_follows_a_schedule():
    X, y = imbalanced()
    schedule = LRScheduler("StepLR", step_size=1, gamma=0.5)
    params = {"callbacks": [schedule], "alpha": 0.1, "warm_start": True}
    clf = quick(**params).fit(X, y)
    rates = {group["lr"] for group in clf.net_.optimizer_.param_groups}
    assert rates == {0.002 * 0.5**3}
    assert clf.net_.history[:, "event_lr"] == [0.002, 0.001, 0.0005]
    # It goes on with the next call, unless that asks for another rate.
    assert max(clf.fit(X, y).net_.history[:, "event_lr"][3:]) < 0.0005
    clf.set_params(learning_rate_init=0.1, callbacks=None).fit(X, y)
    assert {group["lr"] for group in clf.net_.optimizer_.param_groups} == {0.1}


def test_gradients_can_be_clipped():
    X, y = imbalanced()
    clip = GradientNormClipping(gradient_clip_value=1e-12)
    # Plain gradient descent: no momentum that forgets the size of a gradient.
    params = {"solver": torch.optim.SGD, "learning_rate_init": 1.0}
    free, clipped = quick(**params), quick(**params, callbacks=[clip])
    assert free.fit(X, y).loss_curve_[-1] < free.loss_curve_[0] - 1e-3
    curve = clipped.fit(X, y).loss_curve_
    assert curve[-1] == pytest.approx(curve[0], abs=1e-9)


def test_epochs_can_be_scored_on_training_batches():
    X, y = imbalanced()

    def mean_logit(net, X, y):
        return float(np.mean(net.predict_proba(X)))

    scoring = EpochScoring(mean_logit, name="mean_proba", on_train=True)
    clf = quick(callbacks=[scoring]).fit(X, y)
    assert len(clf.net_.history[:, "mean_proba"]) == 3


def test_timer_and_log_of_skorch(capsys):
    X, y = imbalanced()
    clf = quick(callbacks=[EpochTimer, PrintLog(sink=print_it)])
    clf.fit(X, y, X_val=X, y_val=y)
    out = capsys.readouterr().out
    assert "train_loss" in out
    assert "valid_score" in out
    assert all(seconds > 0 for seconds in clf.net_.history[:, "dur"])


def print_it(text):
    """A sink that skorch calls whatever the net's verbosity is."""
    print(text)


class FakeNet:
    """As much of a net as a plateau looks at."""

    def __init__(self, monitor):
        self.monitor = monitor
        self.history = []

    def epochs(self, plateau, values):
        """Number of epochs until the plateau stops, None if it does not."""
        plateau.on_train_begin(self)
        for epoch, value in enumerate(values, start=1):
            self.history.append({self.monitor: value})
            try:
                plateau.on_epoch_end(self)
            except StopTraining:
                return epoch
        return None


@pytest.mark.parametrize(
    ("monitor", "values", "stops"),
    [
        ("valid_score", [0.1, 0.2, 0.3, 0.4, 0.5], None),
        ("valid_score", [0.5, 0.5, 0.5, 0.5, 0.5], 4),
        ("valid_score", [0.5, 0.4, 0.4, 0.7, 0.6, 0.6, 0.6], 7),
        ("valid_score", [0.5, 0.55, 0.6, 0.65], 4),
        ("train_loss", [5.0, 4.0, 3.0, 2.0, 1.0], None),
        ("train_loss", [1.0, 2.0, 3.0, 4.0, 5.0], 4),
    ],
)
def test_plateau_counts_epochs_without_an_improvement_by_tol(monitor, values, stops):
    plateau = Plateau(monitor, tol=0.08, n_iter_no_change=2)
    assert FakeNet(monitor).epochs(plateau, values) == stops
    assert plateau.stopped_ is (stops is not None)


def test_progress_bar_of_skorch_knows_the_number_of_batches(capsys):
    X, y = imbalanced()
    quick(batch_size=30, callbacks=[ProgressBar(detect_notebook=False)]).fit(X, y)
    assert capsys.readouterr().err.count(" 0/4 ") == 3
