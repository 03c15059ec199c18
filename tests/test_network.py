"""The training loop: interrupts, losses, and the statistics passes it makes."""

import numpy as np
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score
from skorch.callbacks import Callback

from sklearn_wbn._network import WeightedLoss, WeightedNet
from tests.samples import imbalanced, quick

STATISTICS = ["batch_mean", "moving", "population", "weighted_population"]
INTERRUPTED = "Training was interrupted in epoch {}; the estimator predicts"


def interrupt_step(monkeypatch, after):
    """Let a training step raise what Ctrl-C raises, once, after some steps."""
    original, calls = WeightedNet.train_step_single, []

    def interrupted(self, *args, **kwargs):
        calls.append(self)
        if len(calls) == after + 1:
            raise KeyboardInterrupt
        return original(self, *args, **kwargs)

    monkeypatch.setattr(WeightedNet, "train_step_single", interrupted)


@pytest.mark.parametrize("statistics", STATISTICS)
@pytest.mark.parametrize(
    ("steps", "epoch", "finished"), [(0, 1, 0), (1, 1, 0), (5, 2, 1), (23, 6, 5)]
)
def test_ctrl_c_leaves_an_estimator_that_predicts(
    monkeypatch, statistics, steps, epoch, finished
):
    X, y = imbalanced()
    clf = quick(batch_size=32, max_iter=9, inference_statistics=statistics)
    interrupt_step(monkeypatch, after=steps)
    with pytest.warns(UserWarning, match=INTERRUPTED.format(epoch)):
        assert clf.fit(X, y) is clf
    assert clf.n_iter_ == len(clf.loss_curve_) == finished
    assert np.isfinite(clf.predict_log_proba(X)).all()
    assert not clf.module_.training


def test_ctrl_c_keeps_what_was_learned(monkeypatch):
    X, y = imbalanced()
    params = {"batch_size": 32, "inference_statistics": "moving"}
    expected = quick(max_iter=3, **params).fit(X, y)
    interrupt_step(monkeypatch, after=3 * 4)
    clf = quick(max_iter=9, **params)
    with pytest.warns(UserWarning, match="interrupted in epoch 4"):
        clf.fit(X, y)
    assert clf.loss_curve_ == expected.loss_curve_
    assert np.array_equal(clf.predict_proba(X), expected.predict_proba(X))


@pytest.mark.parametrize("steps", [0, 2, 21])
def test_ctrl_c_with_early_stopping_restores_the_best_weights(monkeypatch, steps):
    X, y = imbalanced()
    clf = quick(batch_size=32, max_iter=20, learning_rate_init=0.2, early_stopping=True)
    clf.set_params(n_iter_no_change=19)
    interrupt_step(monkeypatch, after=steps)
    with pytest.warns(UserWarning, match="interrupted"):
        clf.fit(X, y, X_val=X[1::2], y_val=y[1::2])
    score = balanced_accuracy_score(y[1::2], clf.predict(X[1::2]))
    if clf.n_iter_ == 0:
        assert clf.best_validation_score_ is clf.validation_scores_ is None
    else:
        assert score == clf.best_validation_score_ == max(clf.validation_scores_)


@pytest.mark.parametrize("statistics", ["batch_mean", "population"])
def test_ctrl_c_in_the_statistics_pass_keeps_the_moving_average(
    monkeypatch, statistics
):
    def half_a_pass(net):
        for layer in net.module_.layers:
            layer.norm.reset_running_stats()
        raise KeyboardInterrupt

    X, y = imbalanced()
    params = {"max_iter": 2, "batch_size": 32}
    moving = quick(**params, inference_statistics="moving").fit(X, y)
    clf = quick(**params, inference_statistics=statistics)
    monkeypatch.setattr(WeightedNet, "update_inference_statistics", half_a_pass)
    with pytest.warns(UserWarning, match="interrupted in the pass for the inference"):
        clf.fit(X, y)
    assert clf.n_iter_ == 2
    assert np.array_equal(clf.predict_proba(X), moving.predict_proba(X))


def test_ctrl_c_while_scoring():
    X, y = imbalanced()
    scored = []

    def scorer(clf, X, y):
        scored.append(clf)
        if len(scored) == 3:
            raise KeyboardInterrupt
        return -len(scored)

    clf = quick(max_iter=9, scoring=scorer, early_stopping=True)
    with pytest.warns(UserWarning, match="interrupted in epoch 3"):
        clf.fit(X, y)
    assert clf.validation_scores_ == [-1, -2]
    assert np.isfinite(clf.predict_proba(X)).all()


def test_training_goes_on_after_ctrl_c(monkeypatch):
    X, y = imbalanced()
    clf = quick(batch_size=32, warm_start=True)
    interrupt_step(monkeypatch, after=6)
    with pytest.warns(UserWarning, match="interrupted in epoch 2"):
        clf.fit(X, y)
    assert clf.fit(X, y).n_iter_ == 3
    assert len(clf.loss_curve_) == 4
    assert np.isfinite(clf.partial_fit(X, y).predict_proba(X)).all()


def test_ctrl_c_in_partial_fit(monkeypatch):
    X, y = imbalanced()
    interrupt_step(monkeypatch, after=1)
    clf = quick(batch_size=32)
    with pytest.warns(UserWarning, match="interrupted in epoch 1"):
        clf.partial_fit(X, y, classes=[0, 1])
    assert np.isfinite(clf.predict_proba(X)).all()


def logits_of_the_first_batch(clf, X, weight):
    """Repeat the first step by hand: the initial network, in training mode."""
    start = quick(**clf.get_params() | {"learning_rate_init": 1e-30}).fit(X, clf.y_)
    network = start.module_.train()
    with torch.no_grad():
        return network(torch.from_numpy(X), torch.from_numpy(weight)).numpy()


def cross_entropy(logits, y):
    """Row by row, from equation (10) and the definition."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return -np.log((shifted / shifted.sum(axis=1, keepdims=True))[np.arange(len(y)), y])


@pytest.mark.parametrize("loss", ["cross_entropy", "balanced_softmax"])
@pytest.mark.parametrize("class_weight", ["icf", None])
def test_loss_of_one_batch_by_hand(loss, class_weight):
    X, y = imbalanced(n_classes=3)
    norm = {"norm_weight_power": 1, "batch_size": 1000}
    clf = quick(loss=loss, class_weight=class_weight, **norm)
    clf.y_ = y
    count = np.bincount(y)
    c = (len(y) / count if class_weight else np.ones(3))[y]
    logits = logits_of_the_first_batch(clf, X, c)
    if loss == "balanced_softmax":
        logits = logits + np.log(count / len(y))
    expected = (c * cross_entropy(logits, y)).sum() / c.sum()
    assert clf.fit(X, y).loss_curve_[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_constant_normaliser_gives_equation_2(weighted):
    X, y = imbalanced(20)
    f = np.arange(1.0, 21) / 7 if weighted else np.ones(20)
    count = np.bincount(y, weights=f)
    c = (f.sum() / count)[y]
    params = {"batch_size": 10, "shuffle": False, "learning_rate_init": 1e-30}
    clf = quick(normalization=None, loss_normalization="constant", max_iter=1, **params)
    clf.fit(X, y, sample_weight=f)
    with torch.no_grad():
        logits = clf.module_(torch.from_numpy(X)).numpy()
    losses = f * c * cross_entropy(logits, y)
    expected = losses.sum() / (f * c).sum()
    assert clf.loss_curve_[0] == pytest.approx(expected, rel=1e-12)


def test_batch_normaliser_is_the_weight_of_the_batch():
    X, y = imbalanced(20)
    c = (20 / np.bincount(y))[y]
    params = {"batch_size": 10, "shuffle": False, "learning_rate_init": 1e-30}
    clf = quick(normalization=None, max_iter=1, **params).fit(X, y)
    with torch.no_grad():
        logits = clf.module_(torch.from_numpy(X)).numpy()
    losses = c * cross_entropy(logits, y)
    batches = [losses[r].sum() / c[r].sum() for r in (slice(0, 10), slice(10, 20))]
    assert clf.loss_curve_[0] == pytest.approx(np.mean(batches), rel=1e-12)


def test_loss_curve_averages_over_rows():
    X, y = imbalanced(25)
    params = {"batch_size": 10, "shuffle": False, "learning_rate_init": 1e-30}
    clf = quick(class_weight=None, normalization=None, max_iter=1, **params).fit(X, y)
    with torch.no_grad():
        logits = clf.module_(torch.from_numpy(X)).numpy()
    mean = cross_entropy(logits, y).mean()
    assert clf.loss_curve_[0] == pytest.approx(mean, rel=1e-12)


def test_loss_module_adds_its_shift():
    logits, target = torch.randn(5, 3, dtype=torch.float64), torch.arange(5) % 3
    share = torch.rand(5, dtype=torch.float64)
    shift = torch.tensor([0.0, -1.0, -2.0], dtype=torch.float64)
    shifted = WeightedLoss(shift)(logits, target, share)
    assert torch.equal(shifted, WeightedLoss()(logits + shift, target, share))
    expected = (share.numpy() * cross_entropy((logits + shift).numpy(), target)).sum()
    assert shifted.item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_population_statistics_of_the_first_layer_by_hand(weighted):
    X, y = imbalanced()
    name = "weighted_population" if weighted else "population"
    norm = {"norm_weight_power": 1, "variance": "biased", "batch_size": 16}
    clf = quick(inference_statistics=name, **norm).fit(X, y)
    layer = clf.module_.layers[0]
    signals = X @ layer.linear.weight.detach().numpy().T
    c = (len(y) / np.bincount(y))[y] if weighted else np.ones(len(y))
    mean = np.average(signals, axis=0, weights=c)
    # The running variance is unbiased, as torch's is.
    variance = np.cov(signals.T, aweights=c).diagonal()
    np.testing.assert_allclose(layer.norm.running_mean, mean, rtol=0, atol=1e-12)
    np.testing.assert_allclose(layer.norm.running_var, variance, rtol=1e-12)


def test_batch_mean_statistics_of_the_first_layer_by_hand():
    X, y = imbalanced()
    norm = {"norm_weight_power": 1, "inference_statistics": "batch_mean"}
    clf = quick(shuffle=False, batch_size=30, **norm)
    layer = clf.fit(X, y).module_.layers[0]
    signals = X @ layer.linear.weight.detach().numpy().T
    c = (len(y) / np.bincount(y))[y]
    parts = [slice(start, start + 30) for start in range(0, 120, 30)]
    means = [np.average(signals[r], axis=0, weights=c[r]) for r in parts]
    variances = [np.cov(signals[r].T, aweights=c[r]).diagonal() for r in parts]
    # M = 1/R sum m_r and V = 1/(R-1) sum v_r, end of section 3.1.
    np.testing.assert_allclose(
        layer.norm.running_mean, np.mean(means, axis=0), rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(
        layer.norm.running_var, np.sum(variances, axis=0) / 3, rtol=1e-12
    )


def test_net_forgets_the_data_and_the_generator():
    X, y = imbalanced()
    clf = quick(dropout=0.2).fit(X, y)
    assert clf.net_.batches_ is None
    assert all(layer.generator is None for layer in clf.module_.layers)


@pytest.mark.parametrize("loss", ["cross_entropy", "balanced_softmax"])
@pytest.mark.parametrize("normalization", ["wbn", None])
def test_other_devices_train_the_same_network_by_autograd(
    monkeypatch, normalization, loss
):
    X, y = imbalanced()
    params = {"normalization": normalization, "loss": loss, "dropout": 0.2}
    expected = quick(batch_size=32, **params).fit(X, y)
    monkeypatch.setattr(WeightedNet, "_has_equations", False)
    clf = quick(batch_size=32, **params).fit(X, y)
    np.testing.assert_allclose(clf.loss_curve_, expected.loss_curve_, rtol=1e-9)
    np.testing.assert_allclose(clf.predict_proba(X), expected.predict_proba(X), 1e-7)


class Replace(Callback):
    """Puts an activation that the package does not know into the first layer."""

    def on_train_begin(self, net, **kwargs):
        net.module_.layers[0].activation = torch.nn.Softplus()


def test_network_that_a_callback_changed_is_trained_as_it_is():
    X, y = imbalanced()
    params = {"max_iter": 1, "batch_size": len(y), "shuffle": False}
    clf = quick(callbacks=[Replace()], **params).fit(X, y)
    start = quick(learning_rate_init=1e-30, **params).fit(X, y).module_
    start.layers[0].activation = torch.nn.Softplus()
    weight = torch.from_numpy(clf.norm_class_weight_[y])
    logits = start.train()(torch.from_numpy(X), weight)
    loss = torch.nn.functional.cross_entropy(
        logits, torch.from_numpy(y), torch.from_numpy(clf.class_weight_)
    )
    assert clf.loss_curve_ == pytest.approx([loss.item()], rel=1e-9)
