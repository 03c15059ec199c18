"""``inference_statistics="auto"``: whether a mini-batch holds enough minority rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_wbn import WBNMLPClassifier
from sklearn_wbn._inference_statistics import resolve_statistics
from tests.samples import imbalanced, quick


@pytest.mark.parametrize(
    ("class_rows", "batch_size", "expected"),
    [
        ([5, 5, 5, 5000], 128, "population"),  # the paper's MNIST
        ([20, 30, 4500], 128, "population"),  # its CIFAR-10
        ([500, 9500], 128, "weighted_population"),
        ([1, 500, 9500], 128, "weighted_population"),  # one is rare, the other is not
        ([5000, 5000], 128, "weighted_population"),
        ([10, 1000], 128, "population"),  # some mini-batches hold none
        ([4, 124], 128, "weighted_population"),  # exactly four rows
        ([4, 125], 128, "population"),
        ([128, 0], 64, "population"),  # a class that has no rows yet
    ],
)
def test_weights_count_where_a_batch_holds_four_minority_rows(
    class_rows, batch_size, expected
):
    n = np.array(class_rows) * batch_size / sum(class_rows)
    assert resolve_statistics("auto", n, True) == expected
    assert resolve_statistics("auto", n, False) == "population"


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=6), st.integers(1, 300))
def test_the_order_of_the_classes_does_not_matter(class_rows, batch_size):
    n = np.array(class_rows) * batch_size / sum(class_rows)
    found = resolve_statistics("auto", n, True)
    assert found == resolve_statistics("auto", n[::-1], True)


def test_other_values_stay():
    n = np.array([1e-4, 128.0])
    assert resolve_statistics("batch_mean", n, True) == "batch_mean"


def sample(n_minority):
    """Make 400 rows, so that mini-batches of 16 lack the minority, or hardly do."""
    X, y = imbalanced()
    rng = np.random.default_rng(0)
    major, minor = (np.flatnonzero(y == k) for k in (0, 1))
    rows = np.r_[rng.choice(major, 400 - n_minority), rng.choice(minor, n_minority)]
    return X[rows], y[rows]


@pytest.mark.parametrize(
    ("n_minority", "normalization", "expected"),
    [
        (4, "wbn", "population"),
        (100, "wbn", "weighted_population"),
        (100, "bn", "population"),
    ],
)
def test_auto_predicts_as_what_it_stands_for(n_minority, normalization, expected):
    X, y = sample(n_minority)
    params = {"batch_size": 16, "normalization": normalization}
    auto = quick(inference_statistics="auto", **params).fit(X, y)
    named = quick(inference_statistics=expected, **params).fit(X, y)
    assert auto.inference_statistics_ == named.inference_statistics_ == expected
    np.testing.assert_array_equal(auto.predict_proba(X), named.predict_proba(X))


def test_rows_of_weight_zero_do_not_count():
    X, y = sample(100)
    weight = np.ones(len(y))
    weight[np.flatnonzero(y == 1)[4:]] = 0
    clf = quick(batch_size=16, inference_statistics="auto")
    assert clf.fit(X, y, weight).inference_statistics_ == "population"


def test_stream_keeps_the_moving_average():
    X, y = sample(4)
    clf = WBNMLPClassifier((8,), batch_size=16, inference_statistics="auto")
    assert clf.partial_fit(X, y, classes=[0, 1]).inference_statistics_ == "moving"


def test_validation_scores_with_what_it_stands_for():
    X, y = sample(8)
    held_out = {"X_val": X, "y_val": y}
    auto, named = (
        quick(batch_size=16, inference_statistics=name).fit(X, y, **held_out)
        for name in ("auto", "population")
    )
    assert auto.inference_statistics_ == "population"
    assert auto.validation_scores_ == named.validation_scores_
