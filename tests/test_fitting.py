"""`partial_fit` on a stream of chunks, and `warm_start` that goes on."""

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError
from sklearn.metrics import balanced_accuracy_score

from tests.samples import imbalanced, quick

CHUNKS = [slice(0, 40), slice(40, 80), slice(80, 120)]

# What continues bit for bit: no pass for statistics that would draw numbers.
STREAM = {"inference_statistics": "moving", "batch_size": 16, "dropout": 0.1}


def streamed(X, y, **params):
    clf = quick(**params)
    for rows in CHUNKS:
        clf.partial_fit(X[rows], y[rows], classes=np.unique(y))
    return clf


def test_stream_adds_up_class_sizes_and_losses():
    X, y = imbalanced(n_classes=3)
    clf = streamed(X, y)
    assert clf.class_count_.tolist() == np.bincount(y).tolist()
    np.testing.assert_allclose(clf.class_weight_, len(y) / np.bincount(y), rtol=1e-14)
    assert len(clf.loss_curve_) == 3
    assert clf.n_iter_ == 1


def test_stream_learns():
    X, y = imbalanced(n_classes=3)
    clf = quick(learning_rate_init=0.02, batch_size=16)
    for _ in range(10):
        for rows in CHUNKS:
            clf.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
    assert balanced_accuracy_score(y, clf.predict(X)) > 0.8


def test_class_sizes_count_sample_weights():
    X, y = imbalanced()
    clf = quick().partial_fit(X, y, classes=[0, 1], sample_weight=np.full(len(y), 2.0))
    clf.partial_fit(X, y)
    assert clf.class_count_.tolist() == (3 * np.bincount(y)).tolist()


def test_one_epoch_of_fit_equals_one_partial_fit():
    X, y = imbalanced()
    whole = quick(max_iter=1, **STREAM).fit(X, y)
    part = quick(**STREAM).partial_fit(X, y, classes=[0, 1])
    assert np.array_equal(whole.decision_function(X), part.decision_function(X))


def test_stream_uses_the_moving_average_whatever_the_option_says():
    X, y = imbalanced()
    moving, other = (
        streamed(X, y, inference_statistics=name) for name in ("moving", "population")
    )
    assert np.array_equal(moving.decision_function(X), other.decision_function(X))


def test_first_call_needs_the_classes():
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        quick().partial_fit(*imbalanced())


def test_first_call_needs_two_classes():
    X, y = imbalanced()
    with pytest.raises(ValueError, match=r"at least 2 classes, got 1 class: \[0\]"):
        quick().partial_fit(X, np.zeros_like(y), classes=[0])


def test_first_call_that_failed_can_be_repeated_with_other_classes():
    X, y = imbalanced()
    clf = quick()
    with pytest.raises(ValueError, match=r"labels \[1\] that are not among"):
        clf.partial_fit(X, y, classes=[0, 5])
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        clf.predict(X)
    assert clf.partial_fit(X, y, classes=[0, 1]).classes_.tolist() == [0, 1]


def test_classes_may_be_repeated_but_not_changed():
    X, y = imbalanced()
    clf = quick().partial_fit(X, y, classes=[1, 0]).partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="not the same as on last call"):
        clf.partial_fit(X, y, classes=[0, 1, 2])


@pytest.mark.parametrize("go_on", ["partial_fit", "warm start"])
def test_class_that_was_not_announced_is_an_error(go_on):
    X, y = imbalanced()
    clf = quick(warm_start=True).fit(X, np.array(["a", "c"])[y])
    again = clf.fit if go_on == "warm start" else clf.partial_fit
    with pytest.raises(ValueError, match=r"labels \['b'\] .* classes \['a', 'c'\]"):
        again(X, np.array(["a", "b"])[y])
    with pytest.raises(ValueError, match="not among the classes"):
        again(X, y)


def test_class_may_come_late():
    X, y = imbalanced(n_classes=3)
    early = y < 2
    clf = quick().partial_fit(X[early], y[early], classes=[0, 1, 2])
    assert clf.class_count_[2] == clf.class_weight_[2] == 0
    assert np.isfinite(clf.predict_log_proba(X)).all()
    clf.partial_fit(X[~early], y[~early])
    assert (clf.class_weight_ > 0).all()
    assert clf.class_count_.tolist() == np.bincount(y).tolist()


@pytest.mark.parametrize("normalization", ["wbn", "bn", None])
@pytest.mark.parametrize("loss", ["cross_entropy", "balanced_softmax"])
def test_chunk_of_one_row_has_a_defined_result(normalization, loss):
    X, y = imbalanced()
    clf = quick(normalization=normalization, loss=loss, logit_adjustment=1.0)
    clf.partial_fit(X[:1], y[:1], classes=[0, 1])
    first = clf.decision_function(X)
    assert np.isfinite(first).all()
    for i in range(1, 12):
        clf.partial_fit(X[i : i + 1], y[i : i + 1])
    assert np.isfinite(clf.decision_function(X)).all()
    assert np.abs(clf.decision_function(X) - first).max() > 0
    assert clf.class_count_.sum() == 12


def test_one_row_says_nothing_about_statistics():
    X, y = imbalanced()
    clf = quick().partial_fit(X, y, classes=[0, 1])
    norm = clf.module_.layers[0].norm
    before = norm.running_mean.clone(), norm.running_var.clone()
    clf.partial_fit(X[:1], y[:1])
    assert torch.equal(norm.running_mean, before[0])
    assert torch.equal(norm.running_var, before[1])


def test_stream_goes_on_after_fit():
    X, y = imbalanced()
    clf = quick().fit(X, y)
    before = clf.predict_proba(X)
    clf.partial_fit(X, y)
    assert clf.class_count_.tolist() == (2 * np.bincount(y)).tolist()
    assert len(clf.loss_curve_) == 4
    assert not np.array_equal(clf.predict_proba(X), before)


def test_fit_after_a_stream_starts_anew():
    X, y = imbalanced()
    fresh, used = quick().fit(X, y), streamed(X, y).fit(X, y)
    assert np.array_equal(fresh.predict_proba(X), used.predict_proba(X))
    assert used.loss_curve_ == fresh.loss_curve_


def test_stream_refuses_early_stopping():
    X, y = imbalanced()
    with pytest.raises(ValueError, match="does not support early_stopping=True"):
        quick(early_stopping=True).partial_fit(X, y, classes=[0, 1])


@pytest.mark.parametrize("f", [1.0, 3.0])
def test_a_part_of_one_class_weighs_what_the_class_does_in_all_rows(f):
    X, y = imbalanced()
    first, second = slice(0, 80), np.flatnonzero(y[80:] == 1) + 80
    clf = quick(normalization=None, learning_rate_init=1e-30)  # a fixed network
    clf.partial_fit(X[first], y[first], classes=[0, 1])
    clf.partial_fit(X[second], y[second], sample_weight=np.full(len(second), f))
    e = -clf.predict_log_proba(X[second])[:, 1].mean()
    count, weight = clf.class_count_, clf.class_weight_
    expected = e * weight[1] * count.sum() / (count @ weight)
    assert clf.loss_curve_[-1] == pytest.approx(expected, rel=1e-9)
    assert expected > 1.5 * e


def test_class_weights_count_where_every_part_is_of_one_class():
    X, y = imbalanced()
    parts = [X[y == label] for label in (0, 1)]
    results = []
    for class_weight in (None, {0: 1.0, 1: 9.0}):
        clf = quick(class_weight=class_weight, learning_rate_init=0.05)
        clf.set_params(solver="sgd")
        for label in (0, 1, 0, 1):
            labels = np.full(len(parts[label]), label)
            clf.partial_fit(parts[label], labels, classes=[0, 1])
        results.append(clf.predict_proba(X)[:, 1].mean())
    assert results[1] > results[0] + 0.01


def test_shares_of_balanced_softmax_follow_the_stream():
    X, y = imbalanced()
    order = np.argsort(y, kind="stable")  # the first chunk holds one class only
    clf = streamed(X[order], y[order], loss="balanced_softmax")
    share = torch.from_numpy(np.log(np.bincount(y) / len(y)))
    torch.testing.assert_close(clf.net_.criterion_.logit_shift, share)


@pytest.mark.parametrize("statistics", ["moving", "batch_mean", "population"])
def test_warm_start_goes_on(statistics):
    X, y = imbalanced()
    params = STREAM | {"inference_statistics": statistics, "batch_size": 16}
    clf = quick(max_iter=2, warm_start=True, **params).fit(X, y)
    clf.fit(X, y).set_params(max_iter=3).fit(X, y)
    whole = quick(max_iter=7, **params).fit(X, y)
    assert clf.loss_curve_ == whole.loss_curve_
    assert clf.n_iter_ == 3
    assert np.array_equal(clf.decision_function(X), whole.decision_function(X))
    assert clf.class_count_.tolist() == np.bincount(y).tolist()


def test_warm_start_takes_over_the_sizes_of_new_data():
    X, y = imbalanced()
    clf = quick(warm_start=True).fit(X, y).fit(X[:60], y[:60])
    assert clf.class_count_.tolist() == np.bincount(y[:60]).tolist()


@pytest.mark.parametrize("warm_start", [False, True])
def test_without_warm_start_fit_forgets(warm_start):
    X, y = imbalanced()
    clf = quick(warm_start=warm_start).fit(X, y).fit(X, y)
    assert len(clf.loss_curve_) == (6 if warm_start else 3)


@pytest.mark.parametrize("go_on", ["partial_fit", "warm start"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden_layer_sizes", (8, 8)),
        ("activation", "relu"),
        ("normalization", None),
        ("variance", "biased"),
        ("solver", "sgd"),
        ("solver_kwargs", {"eps": 1e-6}),
        ("alpha", 0.1),
    ],
)
def test_another_network_or_solver_cannot_go_on(go_on, name, value):
    X, y = imbalanced()
    clf = quick(warm_start=True).fit(X, y).set_params(**{name: value})
    again = clf.fit if go_on == "warm start" else clf.partial_fit
    with pytest.raises(ValueError, match=f"^{name} changed from .*warm_start=False"):
        again(X, y)
    assert np.isfinite(clf.predict_proba(X)).all()


@pytest.mark.parametrize("sizes", [8, [8], (8,), np.array([8]), np.int64(8)], ids=repr)
def test_sizes_written_in_another_way_are_the_same_network(sizes):
    X, y = imbalanced()
    clf = quick(hidden_layer_sizes=sizes, warm_start=True).fit(X, y).fit(X, y)
    clf.set_params(hidden_layer_sizes=(8,)).fit(X, y)
    clf.partial_fit(X, y).set_params(hidden_layer_sizes=sizes).partial_fit(X, y)
    assert len(clf.loss_curve_) == 11


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dropout", 0.5),
        ("loss", "balanced_softmax"),
        ("loss_normalization", "batch"),
        ("inference_statistics", "moving"),
        ("logit_adjustment", 1.0),
        ("class_weight", None),
        ("norm_eps", 0.5),
        ("norm_momentum", 0.5),
        ("learning_rate_init", 0.1),
        ("batch_size", 8),
        ("shuffle", False),
    ],
)
def test_other_parameters_count_from_the_next_call_on(name, value):
    X, y = imbalanced()
    same, changed = (quick(warm_start=True, batch_size=32).fit(X, y) for _ in range(2))
    if name == "norm_momentum":
        again = [same.partial_fit, changed.partial_fit]
    else:
        again = [same.fit, changed.fit]
    changed.set_params(**{name: value})
    results = [fit(X, y).decision_function(X) for fit in again]
    assert np.abs(results[0] - results[1]).max() > 1e-6
