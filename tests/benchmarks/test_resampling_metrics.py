"""Scores and reliability bins against figures worked out by hand."""

import math

import numpy as np
import pytest

from benchmarks.resampling_metrics import Bin, measure, reliability

Y = np.array([0, 0, 0, 0, 1, 1])
SCORE = np.array([0.1, 0.2, 0.6, 0.3, 0.9, 0.4])
TWO = np.column_stack([1 - SCORE, SCORE])


def test_two_classes() -> None:
    found = measure(Y, TWO, (SCORE > 0.5).astype(int), minority=1)
    # One false alarm among four, one of two minority rows found.
    assert found.minority_recall == 0.5
    assert found.minority_precision == 0.5
    assert found.balanced_accuracy == pytest.approx((0.75 + 0.5) / 2)
    assert found.g_mean == pytest.approx(math.sqrt(0.75 * 0.5))
    assert found.macro_f1 == pytest.approx((0.75 + 0.5) / 2)
    # In the order of scores: 1 0 1 0 0 0.
    assert found.average_precision == pytest.approx((1 + 2 / 3) / 2)
    assert found.roc_auc == pytest.approx(7 / 8)
    assert found.brier == pytest.approx(np.mean((SCORE - Y) ** 2))
    own = np.where(Y == 1, SCORE, 1 - SCORE)
    assert found.log_loss == pytest.approx(-np.log(own).mean())
    # tp 1, tn 3, fp 1, fn 1
    assert found.mcc == pytest.approx((1 * 3 - 1 * 1) / math.sqrt(2 * 2 * 4 * 4))


def test_minority_may_be_the_first_class() -> None:
    flipped = measure(1 - Y, TWO[:, ::-1], (SCORE <= 0.5).astype(int), minority=0)
    assert flipped == pytest.approx(measure(Y, TWO, (SCORE > 0.5).astype(int), 1))


def test_three_classes_are_ranked_one_against_the_rest() -> None:
    y = np.array([0, 1, 2, 0])
    perfect = np.eye(3)[y] * 0.9 + 0.1 / 3
    found = measure(y, perfect, y, minority=2)
    assert found.roc_auc == 1.0
    assert found.average_precision == 1.0
    assert found.balanced_accuracy == 1.0
    # Off by 0.1 - 0.1/3 where it is right and by 0.1/3 in two other places.
    assert found.brier == pytest.approx((0.2 / 3) ** 2 + 2 * (0.1 / 3) ** 2)


OF_ALL_CLASSES = {
    "balanced_accuracy",
    "g_mean",
    "macro_f1",
    "average_precision",
    "roc_auc",
}
OF_THE_MINORITY = {"minority_recall", "minority_precision"}


@pytest.mark.parametrize(
    ("y", "n_classes", "minority", "undefined"),
    [
        ([0, 0, 0], 2, 1, OF_ALL_CLASSES | OF_THE_MINORITY | {"mcc"}),
        ([1, 1, 1], 2, 1, OF_ALL_CLASSES | {"mcc"}),
        ([0, 1, 1], 3, 2, OF_ALL_CLASSES | OF_THE_MINORITY),
        ([0, 1, 1], 3, 0, OF_ALL_CLASSES),
        ([0, 1, 1], 2, 0, set()),
    ],
)
def test_class_without_test_rows_leaves_scores_undefined(
    y: list[int], n_classes: int, minority: int, undefined: set[str]
) -> None:
    even = np.full((3, n_classes), 1 / n_classes)
    # The prediction has all classes, as if it were of other rows.
    predicted = np.arange(3) % n_classes
    found = measure(np.array(y), even, predicted, minority)._asdict()
    assert {name for name, value in found.items() if math.isnan(value)} == undefined


def test_bins_count_rows_and_minority_rows() -> None:
    score = np.array([0.0, 0.05, 0.55, 0.57, 1.0])
    y = np.array([0, 1, 0, 1, 1])
    bins = reliability(y, np.column_stack([1 - score, score]), minority=1)
    assert bins == [
        Bin(0, 2, pytest.approx(0.025), 1),
        Bin(5, 2, pytest.approx(0.56), 1),
        Bin(9, 1, 1.0, 1),
    ]
