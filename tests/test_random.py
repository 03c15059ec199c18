"""`random_state` determines everything and nothing else is drawn from."""

import pickle

import numpy as np
import pytest
import torch

from sklearn_wbn._random import RandomStream
from tests.samples import imbalanced, quick

CPU = torch.device("cpu")
EVERY_DRAW = {"dropout": 0.3, "batch_size": 16, "early_stopping": True}


def trained(**params):
    X, y = imbalanced()
    stopping = {"max_iter": 12, "n_iter_no_change": 2, "tol": 1.0}
    params = EVERY_DRAW | stopping | params
    clf = quick(**params).fit(X, y)
    return clf, clf.decision_function(X)


@pytest.mark.usefixtures("arithmetic")
@pytest.mark.parametrize("statistics", ["batch_mean", "population"])
def test_equal_seeds_repeat_bit_for_bit(statistics):
    first, second = (trained(inference_statistics=statistics) for _ in range(2))
    assert np.array_equal(first[1], second[1])
    assert first[0].loss_curve_ == second[0].loss_curve_
    assert first[0].validation_scores_ == second[0].validation_scores_


def test_numba_changes_no_more_than_the_last_digits(monkeypatch):
    results = []
    for choice in "01":
        monkeypatch.setenv("SKLEARN_WBN_NUMBA", choice)
        results.append(trained()[1])
    np.testing.assert_allclose(*results, rtol=1e-9, atol=1e-12)
    assert not np.array_equal(*results)  # else Numba was not on


def test_other_seeds_give_other_networks():
    results = [trained(random_state=seed)[1] for seed in (0, 1, 2)]
    assert not np.allclose(results[0], results[1])
    assert not np.allclose(results[1], results[2])


def test_random_state_instance_goes_on_where_it_was():
    def fit_twice():
        state = np.random.RandomState(3)
        return [trained(random_state=state)[1] for _ in range(2)]

    first, second = fit_twice(), fit_twice()
    assert np.array_equal(first, second)
    assert not np.allclose(first[0], first[1])


def test_int_equals_a_fresh_random_state_of_that_seed():
    by_int, by_state = trained(random_state=3), np.random.RandomState(3)
    assert np.array_equal(by_int[1], trained(random_state=by_state)[1])


def test_none_draws_from_the_global_generator_of_numpy():
    np.random.seed(5)  # noqa: NPY002 - scikit-learn's meaning of None
    first = trained(random_state=None)[1]
    assert not np.allclose(first, trained(random_state=None)[1])
    np.random.seed(5)  # noqa: NPY002
    assert np.array_equal(first, trained(random_state=None)[1])


def test_global_generators_are_left_alone():
    X, y = imbalanced()
    torch.manual_seed(11)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    clf, _ = trained()
    clf.set_params(early_stopping=False).partial_fit(X, y)
    clf.set_params(warm_start=True).fit(X, y)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002


def test_global_seed_of_torch_does_not_matter():
    results = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        results.append(trained()[1])
    assert np.array_equal(*results)


def test_torchs_default_precision_does_not_matter():
    expected = trained()[1]
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        assert np.array_equal(trained()[1], expected)
    finally:
        torch.set_default_dtype(before)


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
@pytest.mark.parametrize("solver", ["adamax", torch.optim.RMSprop])
def test_torchs_autograd_mode_does_not_matter(mode, solver):
    X, y = imbalanced()
    params = {"solver": solver, "warm_start": True}
    expected = quick(**params).fit(X, y).fit(X, y).predict_proba(X)
    with mode():
        clf = quick(**params).fit(X, y)
    assert np.array_equal(clf.fit(X, y).predict_proba(X), expected)


@pytest.mark.parametrize("name", ["dropout", "shuffle", "initial weights"])
def test_every_draw_depends_on_the_seed(name):
    X, y = imbalanced()
    params = {
        "dropout": {"dropout": 0.5, "shuffle": False},
        "shuffle": {"batch_size": 16},
        "initial weights": {"shuffle": False},
    }[name]
    first, second = (
        quick(**params | {"random_state": seed}).fit(X, y) for seed in (0, 1)
    )
    assert first.loss_curve_ != second.loss_curve_


def test_without_shuffling_the_order_of_rows_stays():
    X, y = imbalanced()
    batches = []
    for _ in range(2):
        clf = quick(batch_size=16, shuffle=False).fit(X, y)
        batches.append(clf.loss_curve_)
    shuffled = quick(batch_size=16).fit(X, y).loss_curve_
    assert batches[0] == batches[1] != shuffled


def test_stream_goes_on_where_it_was_left():
    stream = RandomStream(7)
    whole = torch.rand(6, generator=stream.generator(CPU))
    first = stream.generator(CPU)
    start = torch.rand(2, generator=first)
    stream.keep(first)
    rest = torch.rand(4, generator=stream.generator(CPU))
    assert torch.equal(torch.cat([start, rest]), whole)


def test_stream_begins_anew_on_another_kind_of_device():
    stream = RandomStream(7, "cuda", torch.zeros(16, dtype=torch.uint8))
    expected = torch.Generator().manual_seed(7)
    assert torch.equal(
        torch.rand(3, generator=stream.generator(CPU)),
        torch.rand(3, generator=expected),
    )


def test_stream_pickles():
    stream = RandomStream(7)
    generator = stream.generator(CPU)
    torch.rand(3, generator=generator)
    stream.keep(generator)
    loaded = pickle.loads(pickle.dumps(stream))
    assert torch.equal(
        torch.rand(3, generator=loaded.generator(CPU)),
        torch.rand(3, generator=generator),
    )
