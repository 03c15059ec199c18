"""``inference_statistics="auto"``: how often a mini-batch lacks minority rows."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_wbn import WBNMLPClassifier
from sklearn_wbn._inference_statistics import (
    resolve_statistics,
    share_without_minority,
)
from tests.samples import imbalanced, quick


@given(st.data())
def test_share_is_the_hypergeometric_chance_of_no_minority_row(data):
    n_samples = data.draw(st.integers(2, 400))
    n_minority = data.draw(st.integers(1, n_samples - 1))
    batch_size = data.draw(st.integers(1, n_samples))
    expected = comb(n_samples - n_minority, batch_size) / comb(n_samples, batch_size)
    found = share_without_minority(n_minority, n_samples, batch_size)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_share_of_many_rows_stays_finite():
    found = share_without_minority(100, 10**8, 10**5)
    assert found == pytest.approx((1 - 1e-3) ** 100, rel=1e-3)


@pytest.mark.parametrize(
    ("n_minority", "n_samples", "expected"),
    [
        (15, 5015, "population"),  # the paper's MNIST: 68 % without a minority row
        (50, 4550, "moving"),  # its CIFAR-10: 24 %
        (25, 4550, "moving"),
        (24, 4550, "population"),
        (500, 10_000, "moving"),
        (5000, 10_000, "moving"),
    ],
)
def test_few_minority_rows_take_the_population(n_minority, n_samples, expected):
    assert resolve_statistics("auto", n_minority, n_samples, 128) == expected


def test_other_values_stay():
    assert resolve_statistics("batch_mean", 1, 10**6, 128) == "batch_mean"


def sample(n_minority):
    """Make 400 rows, so that mini-batches of 16 lack the minority, or hardly do."""
    X, y = imbalanced()
    rng = np.random.default_rng(0)
    major, minor = (np.flatnonzero(y == k) for k in (0, 1))
    rows = np.r_[rng.choice(major, 400 - n_minority), rng.choice(minor, n_minority)]
    return X[rows], y[rows]


@pytest.mark.parametrize(
    ("n_minority", "expected"), [(4, "population"), (100, "moving")]
)
def test_auto_predicts_as_what_it_stands_for(n_minority, expected):
    X, y = sample(n_minority)
    auto = quick(batch_size=16, inference_statistics="auto").fit(X, y)
    named = quick(batch_size=16, inference_statistics=expected).fit(X, y)
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
