"""The methods of the resampling benchmark: one network, one budget, clear errors."""

import warnings

import numpy as np
import pytest
from sklearn.base import is_classifier
from sklearn.model_selection import GridSearchCV

from benchmarks.contender import SEARCHED, Contender, Setting
from benchmarks.contender_searches import INNER_FOLDS
from benchmarks.contenders import CONTENDERS, TIERS
from benchmarks.errors import BenchmarkError
from benchmarks.resampling_run import inner_splits, make_estimator
from benchmarks.tabular import Table
from sklearn_wbn import WBNMLPClassifier

SHARED = (
    "hidden_layer_sizes",
    "activation",
    "solver",
    "learning_rate_init",
    "batch_size",
    "max_iter",
    "random_state",
)


@pytest.fixture(scope="module")
def table() -> Table:
    rng = np.random.default_rng(0)
    y = (np.arange(90) % 6 == 0).astype(np.int64)
    X = (rng.normal(size=(90, 3)) + y[:, None]).astype(np.float32)
    return Table("made", X, y, np.arange(90), np.zeros(3, bool))


def network_of(key: str, table: Table) -> WBNMLPClassifier:
    estimator = make_estimator(key, table, epochs=7, seed=3)
    return getattr(estimator, "estimator", estimator)[-1]


def test_all_networks_share_architecture_and_training(table: Table) -> None:
    networks = [
        network_of(key, table)
        for key, contender in CONTENDERS.items()
        if contender.network
    ]
    parameters = [network.get_params() for network in networks]
    for name in SHARED:
        assert len({str(p[name]) for p in parameters}) == 1, name
    assert parameters[0]["max_iter"] == 7
    assert parameters[0]["random_state"] == 3


# RealMLP trains for minutes; the optional packages need not be there.
OURS = [key for tier in TIERS.values() for key in tier if not CONTENDERS[key].package]


@pytest.mark.parametrize("key", OURS)
def test_method_trains_and_gives_probabilities(key: str, table: Table) -> None:
    estimator = make_estimator(key, table, epochs=1, seed=0)
    assert is_classifier(estimator)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        probability = estimator.fit(table.X, table.y).predict_proba(table.X)
    assert probability.shape == (90, 2)
    np.testing.assert_allclose(probability.sum(axis=1), 1.0, atol=1e-6)


def test_searches_have_one_budget(table: Table) -> None:
    for key in TIERS[SEARCHED]:
        search = make_estimator(key, table, epochs=1, seed=0)
        assert len(search.cv) == INNER_FOLDS
        assert search.scoring == "balanced_accuracy"
        if isinstance(search, GridSearchCV):
            assert [len(values) for values in search.param_grid.values()] == [5]


def test_inner_folds_keep_equal_rows_together(table: Table) -> None:
    pairs = Table("pairs", table.X, table.y, np.arange(90) // 2, table.categorical)
    for train, test in inner_splits(pairs, seed=0):
        assert not set(pairs.groups[train]) & set(pairs.groups[test])


def test_same_seed_gives_the_same_scores(table: Table) -> None:
    runs = [
        make_estimator("bn-smote", table, epochs=2, seed=1).fit(table.X, table.y)
        for _ in range(2)
    ]
    first, second = (run.predict_proba(table.X) for run in runs)
    np.testing.assert_array_equal(first, second)


def test_missing_package_names_the_extra() -> None:
    contender = Contender("x", "X", lambda setting: None, package="not_a_package")
    with pytest.raises(BenchmarkError, match=r"sklearn-wbn\[peers\]"):
        contender.estimator(Setting(None, 1, 0))
