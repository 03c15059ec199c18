"""Data that cannot be learned from: every message says what is wrong."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import NotFittedError

from tests.samples import imbalanced, quick

PREDICTIONS = ["predict", "predict_proba", "predict_log_proba", "decision_function"]


@pytest.fixture
def data():
    return imbalanced()


def with_entry(X, value):
    X = X.copy()
    X[3, 1] = value
    return X


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("value", "message"), [(np.nan, "contains NaN"), (np.inf, "contains infinity")]
)
def test_values_that_are_not_finite(data, method, value, message):
    X, y = data
    more = {"classes": [0, 1]} if method == "partial_fit" else {}
    with pytest.raises(ValueError, match=message):
        getattr(quick(), method)(with_entry(X, value), y, **more)


@pytest.mark.parametrize("method", PREDICTIONS)
@pytest.mark.parametrize(
    ("value", "message"), [(np.nan, "contains NaN"), (np.inf, "contains infinity")]
)
def test_values_that_are_not_finite_at_prediction(data, method, value, message):
    clf = quick().fit(*data)
    with pytest.raises(ValueError, match=message):
        getattr(clf, method)(with_entry(data[0], value))


@pytest.mark.parametrize("label", ["faulty", 3])
def test_one_class_only(data, label):
    X, y = data
    with pytest.raises(ValueError, match=r"at least 2 classes, got 1 class: \["):
        quick().fit(X, [label] * len(y))


def test_one_class_only_among_the_rows_with_weight(data):
    X, y = data
    with pytest.raises(ValueError, match=r"at least 2 classes, got 1 class: \[0\]"):
        quick().fit(X, y, sample_weight=(y == 0).astype(float))


@pytest.mark.parametrize("method", PREDICTIONS)
def test_another_number_of_features_at_prediction(data, method):
    clf = quick().fit(*data)
    with pytest.raises(ValueError, match=r"X has 3 features, but .* expecting 4"):
        getattr(clf, method)(data[0][:, :3])


@pytest.mark.parametrize("go_on", ["partial_fit", "warm start"])
def test_another_number_of_features_later_in_training(data, go_on):
    X, y = data
    clf = quick(warm_start=True).fit(X, y)
    again = clf.fit if go_on == "warm start" else clf.partial_fit
    with pytest.raises(ValueError, match=r"X has 3 features, but .* expecting 4"):
        again(X[:, :3], y)


@pytest.mark.parametrize("method", PREDICTIONS)
def test_prediction_before_fit(data, method):
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        getattr(quick(), method)(data[0])


def test_network_before_fit():
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        _ = quick().module_


@pytest.mark.parametrize("container", [sp.csr_matrix, sp.csc_array, sp.coo_array])
def test_sparse_data_are_refused_with_advice(data, container):
    X, y = data
    clf = quick().fit(X, y)
    for use in (clf.predict, lambda X: quick().fit(X, y)):
        with pytest.raises(TypeError, match=r"Use '.toarray\(\)' to convert"):
            use(container(X))


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.empty((0, 4)), [], r"0 sample\(s\)"),
        (np.empty((5, 0)), [0, 1, 0, 1, 0], r"0 feature\(s\)"),
        (np.ones((4, 2)) * 1j, [0, 1, 0, 1], "Complex data not supported"),
        (np.ones(4), [0, 1, 0, 1], "Expected 2D array, got 1D array"),
        (np.ones((4, 2, 2)), [0, 1, 0, 1], r"dim 3"),
        (np.ones((4, 2)), [0, 1, 0], "inconsistent numbers of samples"),
        (np.ones((4, 2)), [0.1, 1.3, 0.2, 5.4], "Unknown label type: continuous"),
        (np.ones((4, 2)), [0, np.nan, 1, 0], "y contains NaN"),
        (np.ones((4, 2)), np.eye(4), "y should be a 1d array"),
        (np.ones((4, 2)), None, "requires y to be passed"),
        ([["a", "b"]] * 4, [0, 1, 0, 1], "could not convert string"),
    ],
)
def test_data_of_the_wrong_kind(X, y, message):
    with pytest.raises(ValueError, match=message):
        quick().fit(X, y)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: -w, "Negative values in data"),
        (lambda w: np.where(np.arange(len(w)) == 2, -1, w), "Negative values in data"),
        (lambda w: w * np.nan, "contains NaN"),
        (lambda w: w * np.inf, "contains infinity"),
        (lambda w: w * 0, "zero"),
        (lambda w: w[:-1], "shape"),
        (lambda w: w[:, None], "1D array or scalar"),
    ],
    ids=["negative", "one negative", "nan", "infinite", "zero", "short", "column"],
)
def test_sample_weight_that_makes_no_sense(data, method, change, message):
    X, y = data
    more = {"classes": [0, 1]} if method == "partial_fit" else {}
    with pytest.raises(ValueError, match=message):
        getattr(quick(), method)(X, y, sample_weight=change(np.ones(len(y))), **more)


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({0: 1.0, 7: 2.0}, r"labels that are not in the data: \[7\].*\[0, 1\]"),
        ({"yes": 2.0}, r"labels that are not in the data: \['yes'\]"),
        ({0: 1.0, 1: -2.0}, "none negative"),
        ({0: 1.0, 1: np.nan}, "finite weights"),
        ({0: np.inf}, "finite weights"),
        ({0: 0.0, 1: 0.0}, "not all zero"),
    ],
)
def test_class_weight_that_makes_no_sense(data, class_weight, message):
    with pytest.raises(ValueError, match=message):
        quick(class_weight=class_weight).fit(*data)


def test_frequency_variance_with_weights_that_sum_below_one(data):
    X, y = data
    with pytest.raises(ValueError, match=r"sum to more than one; they sum to 0\.12"):
        quick(variance="frequency", class_weight=None).fit(
            X, y, sample_weight=np.full(len(y), 1e-3)
        )


@pytest.mark.parametrize(
    ("precision", "rate"), [(np.float32, 1e30), (np.float64, 1e200)]
)
def test_diverging_loss(data, precision, rate):
    X, y = data
    clf = quick(learning_rate_init=rate, activation="identity", normalization=None)
    with pytest.raises(ValueError, match=r"training loss became (nan|inf) in epoch"):
        clf.fit(X.astype(precision), y)


@pytest.mark.parametrize("inference_statistics", ["moving", "population"])
@pytest.mark.parametrize("scale", [1e20, 1e30])
def test_features_too_large_for_the_variance(data, inference_statistics, scale):
    X, y = data
    clf = quick(inference_statistics=inference_statistics)
    with pytest.raises(ValueError, match=r"too large for the variance .* in float32"):
        clf.fit((X * scale).astype(np.float32), y)
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        clf.predict(X)


def test_a_fit_that_failed_leaves_no_network_to_predict_with(data):
    X, y = data
    clf = quick(warm_start=True).fit(X, y)
    clf.set_params(warm_start=False, learning_rate_init=1e200, activation="identity")
    clf.set_params(normalization=None)
    with pytest.raises(ValueError, match="lower learning_rate_init"):
        clf.fit(X, y)
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        clf.predict(X)
    # Nor one to go on with.
    clf.set_params(warm_start=True, learning_rate_init=0.002).fit(X, y)
    assert np.isfinite(clf.predict_proba(X)).all()
