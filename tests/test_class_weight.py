"""Class weights against 50-digit arithmetic, the paper's limits and scikit-learn."""

import decimal
import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight as sklearns

from sklearn_wbn import (
    class_balanced,
    compute_class_weight,
    effective_class_size,
    inverse_class_frequency,
)
from sklearn_wbn._class_weight import resolve_beta

COUNTS = [1.0, 2.0, 5.0, 7.5, 50.0, 999.0, 5000.0, 1e6, 1e9]
DELTAS = [1e-15, 3e-13, 1e-10, 1e-7, 1e-4, 0.01, 0.3, 0.5, 0.77, 1 - 1e-6, 1 - 1e-14]


def exact_class_balanced(N_k: float, beta: float) -> float:
    """(1 - beta) / (1 - beta^N_k) with 60 digits, from the very bits of `beta`."""
    with decimal.localcontext() as context:
        context.prec = 60
        b = Decimal(beta)
        return float((1 - b) / (1 - b ** Decimal(N_k)))


# Inverse class frequency ----------------------------------------------------


def test_icf_is_equation_5():
    weight = inverse_class_frequency([1, 99])
    assert weight.tolist() == [100.0, 100 / 99]


@given(st.lists(st.floats(1e-3, 1e9), min_size=1, max_size=9))
def test_icf_makes_every_class_effectively_as_large_as_the_data(count):
    size = effective_class_size(count, inverse_class_frequency(count))
    np.testing.assert_allclose(size, math.fsum(count), rtol=1e-14)


# Class-balanced loss --------------------------------------------------------


@pytest.mark.parametrize("delta", DELTAS)
def test_cbl_equals_exact_arithmetic(delta):
    beta = 1 - delta
    expected = [exact_class_balanced(N_k, beta) for N_k in COUNTS]
    np.testing.assert_allclose(class_balanced(COUNTS, beta), expected, rtol=1e-12)


@given(
    st.lists(st.floats(0.01, 1e9), min_size=1, max_size=5),
    st.floats(0, 1, exclude_max=True),
)
def test_cbl_equals_exact_arithmetic_for_any_beta(count, beta):
    expected = [exact_class_balanced(N_k, beta) for N_k in count]
    np.testing.assert_allclose(class_balanced(count, beta), expected, rtol=1e-12)


@pytest.mark.parametrize("beta", [0, 0.0, 5e-324, 1e-300, 1e-17])
def test_cbl_without_overlap_is_the_plain_loss(beta):
    assert class_balanced([1, 5, 5000], beta).tolist() == [1.0, 1.0, 1.0]


def test_cbl_goes_to_the_ratios_of_icf():
    count = np.array([5, 5, 5, 5000])
    for delta in (1e-8, 1e-12, 1e-15):
        ratio = class_balanced(count, 1 - delta) * count
        # Equation (7)'s expansion: the deviation is (N_k - 1) / 2 times delta.
        bound = 2500 * delta + 1e-15
        assert np.abs(ratio - 1).max() <= bound
    limit = class_balanced(count, math.nextafter(1, 0))
    icf = inverse_class_frequency(count)
    np.testing.assert_allclose(limit / limit[0], icf / icf[0], rtol=1e-12)


@pytest.mark.parametrize("delta", [1e-3, 1e-4, 1e-5])
@pytest.mark.parametrize("N_k", [1, 2, 10, 40])
def test_effective_size_has_the_expansion_after_equation_7(N_k, delta):
    size = effective_class_size([N_k], class_balanced([N_k], 1 - delta))[0]
    first, second = (N_k - 1) / 2, (N_k**2 - 1) / 12
    expected = 1 + first * delta + second * delta**2
    # The next term is (N_k^2 - 1) / 24 delta^3; twice that leaves room for the rest.
    assert abs(size - expected) <= (N_k**2 - 1) / 12 * delta**3 + 1e-15


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.999])
def test_cbl_effective_sizes_are_equation_7(beta):
    count = [1, 5, 5000]
    size = effective_class_size(count, class_balanced(count, beta))
    expected = [N_k * (1 - beta) / (1 - beta**N_k) for N_k in count]
    np.testing.assert_allclose(size, expected, rtol=1e-10)


def test_default_beta_is_milder_than_icf():
    count = [5, 5, 5, 5000]
    weight = class_balanced(count)
    assert weight.tolist() == class_balanced(count, 5014 / 5015).tolist()
    assert round(weight[0] / weight[3]) == 633
    icf = inverse_class_frequency(count)
    assert round(icf[0] / icf[3]) == 1000


@given(
    st.lists(st.floats(1, 1e6), min_size=2, max_size=6),
    st.floats(0, 1, exclude_max=True),
)
def test_cbl_lies_between_the_plain_loss_and_icf(count, beta):
    ratio = np.outer(class_balanced(count, beta), 1 / class_balanced(count, beta))
    icf = np.outer(inverse_class_frequency(count), 1 / inverse_class_frequency(count))
    rounding = 1 + 1e-12
    assert (ratio <= np.maximum(icf, 1) * rounding).all()
    assert (ratio >= np.minimum(icf, 1) / rounding).all()


# beta -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "expected"), [([1, 99], 0.99), ([1], 0.0), ([0.2, 0.3], 0.0)]
)
def test_auto_beta_is_the_papers(count, expected):
    assert resolve_beta("auto", count) == expected


def test_auto_beta_stays_below_one_for_any_size():
    beta = resolve_beta("auto", [1e17, 5])
    assert beta < 1
    np.testing.assert_allclose(class_balanced([1e17, 5])[1], 0.2, rtol=1e-12)


@pytest.mark.parametrize("beta", [1, 1.0, -0.1, 2.0, math.nan, math.inf])
def test_beta_outside_its_range_is_refused(beta):
    with pytest.raises(ValueError, match=rf"beta must be in \[0, 1\), got {beta}"):
        class_balanced([1, 5], beta)


def test_another_word_for_beta_is_refused():
    message = r"beta must be a number in \[0, 1\) or 'auto', got 'best'"
    with pytest.raises(ValueError, match=message):
        class_balanced([1, 5], "best")


@pytest.mark.parametrize(
    "count", [[0, 5], [-1, 5], [math.nan, 5], [math.inf, 5], [[1, 5]], 3]
)
@pytest.mark.parametrize("function", [inverse_class_frequency, class_balanced])
def test_counts_that_are_no_counts_are_refused(function, count):
    with pytest.raises(ValueError, match="list of positive finite numbers, one per"):
        function(count)


def test_effective_sizes_need_one_weight_per_class():
    with pytest.raises(ValueError, match=r"same shape, got \(2,\) and \(3,\)"):
        effective_class_size([1, 99], [1, 2, 3])


# From labels ----------------------------------------------------------------

LABELS = {
    "integers with gaps": [-3, 7, 7, 100, 100, 100, 7, 100],
    "strings": ["a", "faulty", "faulty", "sound", "sound", "sound", "faulty", "sound"],
    "objects": np.array(["a", "b", "b", "c", "c", "c", "b", "c"], dtype=object),
    "floats": [0.5, 1.0, 1.0, 2.5, 2.5, 2.5, 1.0, 2.5],
}


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_any_kind_are_counted(kind):
    y = LABELS[kind]
    classes = np.unique(y)
    for name, expected in {
        "icf": [8, 8 / 3, 2],
        "balanced": [8 / 3, 8 / 9, 2 / 3],
        "cbl": class_balanced([1, 3, 4], 7 / 8),
        None: [1, 1, 1],
    }.items():
        weight = compute_class_weight(name, classes=classes, y=y)
        assert weight.dtype == np.float64
        np.testing.assert_allclose(weight, expected, rtol=1e-15)


def test_booleans_are_labels():
    y = np.array([True, False, False, False])
    weight = compute_class_weight("icf", classes=[False, True], y=y)
    assert weight.tolist() == [4 / 3, 4.0]
    weight = compute_class_weight({True: 5}, classes=np.unique(y), y=y)
    assert weight.tolist() == [1.0, 5.0]


def test_balanced_is_sklearns():
    y = np.random.default_rng(0).choice(4, 200, p=[0.7, 0.2, 0.07, 0.03])
    expected = sklearns("balanced", classes=np.unique(y), y=y)
    ours = compute_class_weight("balanced", classes=np.unique(y), y=y)
    np.testing.assert_allclose(ours, expected, rtol=1e-15)


@pytest.mark.parametrize("class_weight", ["icf", "cbl", "balanced", {0: 3.0}, None])
def test_sample_weights_count_as_repeated_rows(class_weight):
    y = np.array([0, 0, 1, 2, 2, 2])
    f = np.array([3, 1, 2, 1, 0, 5])
    given = compute_class_weight(class_weight, classes=[0, 1, 2], y=y, sample_weight=f)
    repeated = compute_class_weight(class_weight, classes=[0, 1, 2], y=np.repeat(y, f))
    np.testing.assert_allclose(given, repeated, rtol=1e-15)


def test_beta_is_passed_on():
    weight = compute_class_weight("cbl", classes=[0, 1], y=[0, 1, 1], beta=0.5)
    assert weight.tolist() == class_balanced([1, 2], 0.5).tolist()


def test_labels_that_a_dict_does_not_name_weigh_one():
    y = ["a", "b", "c", "c"]
    weight = compute_class_weight({"c": 0.25, "a": 0}, classes=["a", "b", "c"], y=y)
    assert weight.tolist() == [0.0, 1.0, 0.25]


@pytest.mark.parametrize("given", [{"d": 2}, {"d": 2, "a": 3}])
def test_a_dict_that_names_an_unknown_label_for_another_is_refused(given):
    message = r"names labels that are not in the data: \['d'\]; the classes are \['a',"
    with pytest.raises(ValueError, match=message):
        compute_class_weight(given, classes=["a", "b"], y=["a", "b"])
    with pytest.raises(ValueError, match="not in class_weight"):
        sklearns(given, classes=np.array(["a", "b"]), y=["a", "b"])


def test_a_dict_may_name_a_label_that_the_sample_lacks():
    given, classes, y = {"a": 3, "b": 0.5, "d": 2}, np.array(["a", "b"]), ["a", "b"]
    weight = compute_class_weight(given, classes=classes, y=y)
    assert weight.tolist() == [3.0, 0.5]
    assert weight.tolist() == sklearns(given, classes=classes, y=y).tolist()


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf])
def test_a_dict_of_weights_that_are_no_weights_is_refused(bad):
    with pytest.raises(ValueError, match=rf"none negative .* got {{0: {bad}, 1: 1}}"):
        compute_class_weight({0: bad, 1: 1}, classes=[0, 1], y=[0, 1])


def test_a_dict_that_weighs_nothing_is_refused():
    with pytest.raises(ValueError, match="not all zero"):
        compute_class_weight({0: 0, 1: 0}, classes=[0, 1], y=[0, 1])


@pytest.mark.parametrize("unknown", ["ICF", "inverse", 3, [1.0, 2.0]])
def test_an_unknown_class_weight_is_refused(unknown):
    with pytest.raises(ValueError, match="must be 'icf', 'cbl', 'balanced', None or"):
        compute_class_weight(unknown, classes=[0, 1], y=[0, 1])


@pytest.mark.parametrize("class_weight", ["icf", "cbl", "balanced"])
@pytest.mark.parametrize("sample_weight", [None, [1, 0], [2, -1]])
def test_a_class_without_rows_is_refused(class_weight, sample_weight):
    classes = [0, 1, 2] if sample_weight is None else [0, 1]
    with pytest.raises(ValueError, match="class_count must be a list of positive"):
        compute_class_weight(
            class_weight, classes=classes, y=[0, 1], sample_weight=sample_weight
        )


def test_labels_that_are_not_among_the_classes_are_refused():
    message = r"y holds labels \['c'\] that are not among the classes \['a', 'b'\]"
    with pytest.raises(ValueError, match=message):
        compute_class_weight("icf", classes=["a", "b"], y=["a", "c"])


def test_classes_that_are_not_sorted_are_refused():
    with pytest.raises(ValueError, match="or these are not sorted"):
        compute_class_weight("icf", classes=["b", "a"], y=["a", "b"])


def test_the_arguments_are_left_as_they_were():
    count, y, f = np.array([1.0, 9.0]), np.array([0, 1]), np.array([2.0, 3.0])
    given = {0: 2.0}
    class_balanced(count)
    compute_class_weight(given, classes=[0, 1], y=y, sample_weight=f)
    assert (count.tolist(), y.tolist(), f.tolist()) == ([1.0, 9.0], [0, 1], [2.0, 3.0])
    assert given == {0: 2.0}
