"""Weights of the classes in the norms: their power, and the cap on rare classes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_wbn import inverse_class_frequency
from sklearn_wbn._norm_weight import (
    capped_class_weight,
    minority_rows,
    rows_per_batch,
)
from tests.samples import imbalanced, quick

SIZES = st.lists(st.integers(1, 10**5), min_size=2, max_size=6)
BATCH_SIZES = st.integers(2, 500)


def capped_icf(sizes, batch_size):
    """ICF weights before and after, and the rows of a mini-batch."""
    N_k = np.array(sizes)
    n = rows_per_batch(N_k, min(batch_size, int(N_k.sum())))
    weight = inverse_class_frequency(N_k)
    return weight, capped_class_weight(weight, N_k.astype(float), n), n


def with_rare_classes(n_rows=600, seed=0):
    """Four classes, of which the last two have two rows each."""
    rng = np.random.default_rng(seed)
    y = np.zeros(n_rows, dtype=int)
    y[: n_rows // 5] = 1
    y[-4:] = [2, 2, 3, 3]
    centres = 3 * rng.normal(size=(4, 5))
    return centres[y] + rng.normal(size=(n_rows, 5)), y


def test_a_mini_batch_holds_the_classes_shares_of_its_rows():
    assert rows_per_batch(np.array([5, 5, 90]), 20).tolist() == [1.0, 1.0, 18.0]
    assert rows_per_batch(np.array([3, 381]), 128).tolist() == [1.0, 127.0]


def test_the_paper_s_minority_row_counts_for_half_of_its_mini_batch():
    weight, capped, _ = capped_icf([5, 5, 5, 5000], 128)
    share = weight[0] / (weight[0] + 127 * weight[3])
    assert share == pytest.approx(0.89, abs=0.005)  # of the paper's own weights
    assert capped[0] / (capped[0] + 127 * capped[3]) == pytest.approx(0.5, abs=0.005)


@given(SIZES, BATCH_SIZES)
def test_a_row_counts_for_no_more_than_its_class_in_an_average_mini_batch(
    sizes, batch_size
):
    weight, capped, n = capped_icf(sizes, batch_size)
    mean = np.average(weight, weights=sizes)
    for c, before, rows in zip(capped, weight, n, strict=True):
        if rows >= 1:
            assert c == before
        else:
            assert c == pytest.approx(max(rows * before, min(before, mean)))


@given(SIZES, BATCH_SIZES)
def test_inverse_class_frequency_is_cut_off_at_the_batch_size(sizes, batch_size):
    weight, capped, _ = capped_icf(sizes, batch_size)
    most = max(min(batch_size, sum(sizes)), len(sizes))
    np.testing.assert_allclose(capped, weight.clip(max=most), rtol=1e-12)


@given(SIZES, BATCH_SIZES, st.floats(1e-6, 1e6))
def test_the_unit_of_the_weights_does_not_matter(sizes, batch_size, unit):
    weight, capped, n = capped_icf(sizes, batch_size)
    rescaled = capped_class_weight(unit * weight, np.array(sizes, float), n)
    np.testing.assert_allclose(rescaled, unit * capped, rtol=1e-12)


@given(SIZES, BATCH_SIZES)
def test_classes_that_weigh_alike_stay_alike(sizes, batch_size):
    N_k = np.array(sizes)
    n = rows_per_batch(N_k, batch_size)
    np.testing.assert_allclose(
        capped_class_weight(np.ones(len(sizes)), N_k.astype(float), n), 1
    )


def test_a_class_without_rows_keeps_its_weight_of_zero():
    n = rows_per_batch(np.array([10, 0]), 4)
    capped = capped_class_weight(np.array([1.0, 0.0]), np.array([10.0, 0.0]), n)
    assert capped.tolist() == [1, 0]


def test_fit_caps_rare_classes_in_the_norms_and_not_in_the_loss():
    X, y = with_rare_classes()
    clf = quick(batch_size=50, norm_weight_power=1).fit(X, y)
    n = rows_per_batch(np.bincount(y), 50)
    assert (n < 1).tolist() == [False, False, True, True]
    np.testing.assert_allclose(clf.class_weight_, len(y) / np.bincount(y))
    np.testing.assert_allclose(
        clf.norm_class_weight_, clf.class_weight_ * np.minimum(n, 1)
    )


def test_by_default_weights_are_square_roots_where_mini_batches_hold_a_minority():
    X, y = with_rare_classes()
    clf = quick(batch_size=50).fit(X, y)
    assert minority_rows(rows_per_batch(np.bincount(y), 50)) >= 1
    whole = quick(batch_size=50, norm_weight_power=1).fit(X, y)
    np.testing.assert_allclose(clf.norm_class_weight_**2, whole.norm_class_weight_)
    np.testing.assert_array_equal(clf.class_weight_, whole.class_weight_)


@pytest.mark.parametrize("class_weight", ["icf", "cbl", {0: 0.5, 1: 3.0}])
def test_the_power_goes_from_plain_to_weighted_normalization(class_weight):
    X, y = imbalanced()
    settings = {"class_weight": class_weight, "cap_rare_classes": False}
    settings["inference_statistics"] = "moving"  # "auto" differs between the two
    plain = quick(normalization="bn", **settings).fit(X, y).predict_proba(X)
    found = {
        power: quick(norm_weight_power=power, **settings).fit(X, y)
        for power in (0, 0.5, 1)
    }
    np.testing.assert_allclose(found[0].predict_proba(X), plain, rtol=1e-9)
    assert not np.allclose(found[0.5].predict_proba(X), plain, rtol=1e-3)
    for power, clf in found.items():
        np.testing.assert_allclose(clf.norm_class_weight_, clf.class_weight_**power)


def test_by_default_nothing_is_capped_where_all_but_the_largest_class_are_rare():
    X, y = with_rare_classes()
    X, y = X[y != 1], y[y != 1]
    n = rows_per_batch(np.bincount(y)[[0, 2, 3]], 50)
    assert minority_rows(n) < 1
    clf = quick(batch_size=50).fit(X, y)
    np.testing.assert_array_equal(clf.norm_class_weight_, clf.class_weight_)
    clf = quick(batch_size=50, cap_rare_classes=True).fit(X, y)
    assert (clf.norm_class_weight_ < clf.class_weight_).tolist() == [False, True, True]


def test_a_fit_without_the_cap_is_the_paper_s():
    X, y = with_rare_classes()
    paper = {"cap_rare_classes": False, "norm_weight_power": 1}
    clf = quick(batch_size=50, **paper).fit(X, y)
    np.testing.assert_array_equal(clf.norm_class_weight_, clf.class_weight_)
    capped = quick(batch_size=50).fit(X, y)
    assert not np.allclose(clf.predict_proba(X), capped.predict_proba(X))


@pytest.mark.parametrize("class_weight", ["icf", "cbl", "balanced", {0: 2.0}])
def test_without_rare_classes_the_cap_changes_nothing(class_weight):
    X, y = imbalanced()
    capped, paper = (
        quick(class_weight=class_weight, cap_rare_classes=cap).fit(X, y)
        for cap in (True, False)
    )
    np.testing.assert_array_equal(capped.predict_proba(X), paper.predict_proba(X))


@pytest.mark.parametrize("normalization", ["bn", None])
def test_other_norms_have_no_class_weights(normalization):
    X, y = with_rare_classes()
    clf = quick(normalization=normalization, batch_size=50).fit(X, y)
    assert clf.norm_class_weight_.tolist() == [1, 1, 1, 1]


def test_plain_norms_may_have_weighted_statistics_for_inference():
    X, y = imbalanced()
    settings = {"normalization": "bn", "inference_statistics": "weighted_population"}
    clf = quick(**settings).fit(X, y)
    layer = clf.module_.layers[0]
    signals = X @ layer.linear.weight.detach().numpy().T
    mean = np.average(signals, axis=0, weights=clf.class_weight_[y])
    np.testing.assert_allclose(layer.norm.running_mean, mean, rtol=0, atol=1e-12)


def test_the_training_part_decides_where_rows_are_held_out():
    X, y = with_rare_classes()
    stops_at_once = {"early_stopping": True, "n_iter_no_change": 1, "tol": 1.0}
    clf = quick(batch_size=50, norm_weight_power=1, **stops_at_once).fit(X, y)
    assert clf.class_count_.sum() < len(y)
    n = rows_per_batch(clf.class_count_, 50)
    np.testing.assert_allclose(
        clf.norm_class_weight_, clf.class_weight_ * np.minimum(n, 1)
    )


def test_one_mini_batch_of_all_rows_holds_every_class():
    X, y = with_rare_classes(60)
    clf = quick(batch_size=1000, norm_weight_power=1).fit(X, y)
    np.testing.assert_array_equal(clf.norm_class_weight_, clf.class_weight_)


def test_partial_fit_knows_the_rows_of_all_parts():
    X, y = with_rare_classes()
    clf = quick(batch_size=50).partial_fit(X[:-4], y[:-4], classes=range(4))
    assert clf.norm_class_weight_[2:].tolist() == [0, 0]
    clf.partial_fit(X[-4:], y[-4:])  # a part in which the rare classes are common
    whole = quick(batch_size=4).fit(X, y)
    np.testing.assert_allclose(clf.norm_class_weight_, whole.norm_class_weight_)
    clf.partial_fit(X, y)
    whole = quick(batch_size=50).fit(np.vstack([X, X]), np.hstack([y, y]))
    np.testing.assert_allclose(clf.norm_class_weight_, whole.norm_class_weight_)


def test_the_weighted_population_has_the_weights_of_training():
    X, y = with_rare_classes()
    clf = quick(batch_size=50, inference_statistics="weighted_population").fit(X, y)
    w = clf.norm_class_weight_[y]
    signals = X @ clf.module_.layers[0].linear.weight.detach().numpy().T
    np.testing.assert_allclose(
        clf.module_.layers[0].norm.running_mean,
        np.average(signals, axis=0, weights=w),
        rtol=1e-5,
        atol=1e-6,
    )
