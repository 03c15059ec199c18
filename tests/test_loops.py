"""Numba's loops for the loss and the optimizers, against SciPy and torch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from sklearn_wbn import _loops
from tests.torch_steps import OPTIMIZERS, assert_steps_of_torch


def draw_logits(n_rows, n_classes, seed, scale):
    rng = np.random.default_rng(seed)
    logits = scale * rng.normal(size=(n_rows, n_classes))
    return logits, rng.integers(n_classes, size=n_rows), rng.random(n_rows)


def cross_entropy(logits, target, share):
    """Return the loss, and its gradient with a row for each row of the batch."""
    delta = np.empty(logits.shape[::-1], logits.dtype)
    return _loops.cross_entropy(logits, target, share, delta), delta.T


@given(
    n_rows=st.integers(0, 9),
    n_classes=st.integers(2, 5),
    seed=st.integers(0, 99),
    scale=st.sampled_from([1, 1e3]),
)
def test_loss_and_gradient_are_those_of_the_softmax(n_rows, n_classes, seed, scale):
    logits, target, share = draw_logits(n_rows, n_classes, seed, scale)
    loss, delta = cross_entropy(logits, target, share)
    log_q = log_softmax(logits, axis=1)
    own = np.eye(n_classes)[target]
    np.testing.assert_allclose(loss, -(share[:, None] * own * log_q).sum(), rtol=1e-12)
    expected = share[:, None] * (np.exp(log_q) - own)
    np.testing.assert_allclose(delta, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("logit", [np.nan, np.inf])
@pytest.mark.parametrize("place", [0, 1])
def test_a_loss_that_is_not_finite_stays_so(logit, place):
    logits, target, share = draw_logits(3, 2, seed=0, scale=1)
    logits[1, place] = logit
    assert np.isnan(cross_entropy(logits, target, share)[0])


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
def test_steps_are_those_of_torch(name, dtype, weight_decay):
    assert_steps_of_torch(getattr(_loops, name), name, dtype, weight_decay)


def test_python_runs_the_same_loops():
    logits, target, share = draw_logits(7, 3, seed=1, scale=1)
    delta = np.empty((3, 7))
    loss = _loops.cross_entropy.py_func(logits, target, share, delta)
    expected = cross_entropy(logits, target, share)
    np.testing.assert_allclose(loss, expected[0], rtol=1e-12)
    np.testing.assert_allclose(delta.T, expected[1], rtol=1e-12)
    g, a = np.ones((7, 3)), np.tanh(logits)
    _loops.tanh_backward.py_func(g, a)
    np.testing.assert_allclose(g, 1 - a**2, rtol=1e-12)
    for name in OPTIMIZERS:
        loop = getattr(_loops, name)
        ours, theirs = np.random.default_rng(0).random((4, 5)), np.zeros((4, 5))
        theirs[:] = ours
        for step, arrays in ((loop, ours), (loop.py_func, theirs)):
            step(*arrays, np.zeros(()), (0.1, 0.8, 0.9, 1e-3, 0.1))
        np.testing.assert_allclose(theirs, ours, rtol=1e-12)
