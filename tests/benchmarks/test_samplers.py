"""Samplers: as many neighbours as a class has, shares for any number of classes."""

from collections import Counter

import numpy as np
import pytest
from imblearn.combine import SMOTEENN
from imblearn.over_sampling import ADASYN, SMOTE, BorderlineSMOTE, RandomOverSampler
from imblearn.under_sampling import NearMiss, RandomUnderSampler

from benchmarks.samplers import lower_to, make_sampler, raise_to


def rows(*counts: int) -> tuple[np.ndarray, np.ndarray]:
    """Overlapping classes of these sizes."""
    y = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(0).normal(size=(len(y), 3)) + 0.2 * y[:, None], y


@pytest.mark.parametrize("sampler", [SMOTE, ADASYN, BorderlineSMOTE, SMOTEENN])
@pytest.mark.parametrize("n_minority", [2, 3, 6])
def test_oversampling_works_with_fewer_rows_than_neighbours(
    sampler: type, n_minority: int
) -> None:
    X, y = rows(60, n_minority)
    _, resampled = make_sampler(sampler(random_state=0)).fit_resample(X, y)
    assert Counter(resampled)[1] > n_minority


def test_nearmiss_keeps_as_many_rows_as_the_minority_has() -> None:
    X, y = rows(60, 2)
    _, resampled = make_sampler(NearMiss()).fit_resample(X, y)
    assert Counter(resampled) == {0: 2, 1: 2}


@pytest.mark.parametrize("sampler", [SMOTE, ADASYN, SMOTEENN])
def test_enough_rows_change_nothing(sampler: type) -> None:
    X, y = rows(60, 20)
    ours = make_sampler(sampler(random_state=0)).fit_resample(X, y)
    theirs = sampler(random_state=0).fit_resample(X, y)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


def test_sampler_is_not_changed() -> None:
    sampler = SMOTE(random_state=0)
    make_sampler(sampler).fit_resample(*rows(20, 3))
    assert sampler.k_neighbors == 5


def test_smote_says_that_one_row_has_no_neighbour() -> None:
    with pytest.raises(ValueError, match="n_neighbors"):
        make_sampler(SMOTE()).fit_resample(*rows(20, 1))


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
@pytest.mark.parametrize(
    ("sampler", "strategy"),
    [(RandomOverSampler, raise_to), (RandomUnderSampler, lower_to)],
)
def test_share_of_two_classes_is_that_of_imbalanced_learn(
    sampler: type, strategy, share: float
) -> None:
    X, y = rows(80, 10)
    ours = sampler(sampling_strategy=strategy(share), random_state=0)
    theirs = sampler(sampling_strategy=share, random_state=0)
    assert Counter(ours.fit_resample(X, y)[1]) == Counter(theirs.fit_resample(X, y)[1])


def test_shares_of_three_classes() -> None:
    X, y = rows(80, 50, 10)
    raised = RandomOverSampler(sampling_strategy=raise_to(0.5)).fit_resample(X, y)[1]
    lowered = RandomUnderSampler(sampling_strategy=lower_to(0.5)).fit_resample(X, y)[1]
    assert Counter(raised) == {0: 80, 1: 50, 2: 40}
    assert Counter(lowered) == {0: 20, 1: 20, 2: 10}
