"""The folded network over arrays: some rows in NumPy, many in chunks."""

import threading

import numpy as np
import pytest
import torch
from torch import nn

from sklearn_wbn import _inference
from sklearn_wbn._inference import FoldedNetwork
from sklearn_wbn.nn import WBNMLP

ACTIVATIONS = ["tanh", "relu", "logistic", "identity", "gelu", "silu"]


def logits_of(network, X):
    return FoldedNetwork(network).apply(X, lambda logits: logits)


@pytest.mark.parametrize("n_rows", [1, 16, 17, 63, 64, 65, 150, 9 * 64 + 1])
def test_chunks_cover_all_rows(n_rows, monkeypatch):
    monkeypatch.setattr(_inference, "_CHUNK_SIGNALS", 64)  # one number a row
    network = nn.Sequential(nn.Linear(1, 1))
    with torch.no_grad():
        network[0].weight.fill_(2.0)
        network[0].bias.fill_(1.0)
    X = np.arange(float(n_rows))[:, None]
    result = logits_of(network, X)
    assert result.dtype == np.float32
    assert np.array_equal(result, 2 * X + 1)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_few_rows_and_many_give_the_logits_of_the_network(
    dtype, activation, monkeypatch
):
    monkeypatch.setattr(_inference, "_CHUNK_SIGNALS", 17 * (4 + 8 + 5))
    network = WBNMLP(4, 3, (8, 5), activation, seed=0)
    network.to(torch.from_numpy(np.empty(0, dtype)).dtype).eval()
    X = np.random.default_rng(0).normal(size=(90, 4)).astype(dtype)
    before = X.copy()
    with torch.no_grad():
        expected = network(torch.from_numpy(X)).numpy()
    rounding = 20 * np.finfo(dtype).eps
    for rows in (slice(1), slice(2), slice(40), slice(90)):
        logits = logits_of(network.folded(), X[rows])
        assert logits.dtype == dtype
        np.testing.assert_allclose(logits, expected[rows], rtol=rounding, atol=rounding)
    assert np.array_equal(X, before)


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield 3
    torch.set_num_threads(before)


def test_threads_share_chunks_and_change_nothing(three_threads, monkeypatch):
    monkeypatch.setattr(_inference, "_CHUNK_SIGNALS", 2048 * (4 + 8 + 5))
    network = WBNMLP(4, 3, (8, 5), seed=0).eval().folded()
    X = np.random.default_rng(0).normal(size=(20 * 2048 + 7, 4)).astype(np.float32)
    inside = set()

    def head(logits):
        inside.add((threading.get_ident(), torch.get_num_threads()))
        assert torch.is_inference_mode_enabled()
        return logits

    found = FoldedNetwork(network).apply(X, head)
    assert torch.get_num_threads() == three_threads
    assert {n for _, n in inside} == {1}
    assert threading.get_ident() not in {thread for thread, _ in inside}
    torch.set_num_threads(1)
    assert np.array_equal(found, logits_of(network, X))


@pytest.mark.parametrize("activation", ["tanh", "gelu"])
def test_torch_takes_one_thread_beside_those_of_the_products(three_threads, activation):
    network = WBNMLP(4, 3, (8,), activation, seed=0).eval().folded()
    seen = []

    def head(logits):
        seen.append(torch.get_num_threads())
        return logits

    FoldedNetwork(network).apply(np.zeros((40, 4), np.float32), head)
    assert seen == [1]
    assert torch.get_num_threads() == three_threads


def test_an_error_in_a_thread_is_raised_and_threads_are_restored(
    three_threads, monkeypatch
):
    monkeypatch.setattr(_inference, "_CHUNK_SIGNALS", 64 * (4 + 8))

    def head(logits):
        raise ArithmeticError("of the head")

    network = WBNMLP(4, 3, (8,), seed=0).eval().folded()
    with pytest.raises(ArithmeticError, match="of the head"):
        FoldedNetwork(network).apply(np.zeros((20 * 64, 4), np.float32), head)
    assert torch.get_num_threads() == three_threads


@pytest.mark.parametrize("size", [3e38, 1e-300])
@pytest.mark.parametrize("n_rows", [1, 40, 90])
def test_numbers_that_overflow_bring_no_warning(n_rows, size, monkeypatch):
    monkeypatch.setattr(_inference, "_CHUNK_SIGNALS", 17 * (4 + 8))
    X = np.full((n_rows, 4), size, dtype=np.float64)
    network = WBNMLP(4, 3, (8,), seed=0).eval().folded()
    with np.errstate(all="raise"):
        assert logits_of(network, X).shape == (n_rows, 3)


@pytest.mark.parametrize("size", [1e39, -1e300])
@pytest.mark.parametrize("n_rows", [1, 40, 90])
def test_numbers_too_large_for_the_network_are_refused(n_rows, size, monkeypatch):
    monkeypatch.setattr(_inference, "_CHUNK_SIGNALS", 17 * (4 + 8))
    X = np.zeros((n_rows, 4))
    X[n_rows // 2, 1] = size
    network = WBNMLP(4, 3, (8,), seed=0).eval().folded()
    with pytest.raises(ValueError, match="too large for float32, in which this net"):
        logits_of(network, X)
    assert np.isfinite(logits_of(network.double(), X)).all()
