"""What must hold for any data and any weights.

Tolerances: float64 rounds at 1e-16. The weights below leave ``G / Z`` above 0.01 and
the signals are a few spreads from zero, so sums, ratios and square roots together lose
three or four digits: 1e-12 relative to the largest value. Two rows alone have a
gradient of zero but for `eps`, so three rows at least have weight.
"""

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from sklearn_wbn.nn import batch_weights, weighted_batch_norm, weighted_moments
from tests.oracle import VARIANCES, normaliser, relative_error

# What is promised holds for either arithmetic.
pytestmark = pytest.mark.usefixtures("arithmetic")

TOLERANCE = 1e-12
C = 2

weights = st.lists(st.floats(0.1, 10), min_size=3, max_size=20)
seeds = st.integers(0, 2**32 - 1)
variances = st.sampled_from(VARIANCES)
every = {"w": weights, "seed": seeds, "variance": variances}


def signals(n_rows: int, seed: int) -> Tensor:
    """Draw rows whose spread is not close to zero: the first two are apart."""
    x = np.random.default_rng(seed).normal(3, 1, (n_rows, C))
    x[:2] += [[1.0], [-1.0]]
    return torch.tensor(x)


def tensor(values: list[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def with_gradient(x: Tensor, w: object, g: Tensor, variance: str) -> tuple[Tensor, ...]:
    x = x.clone().requires_grad_()
    u = weighted_batch_norm(x, w, variance=variance)
    u.backward(g)
    return u.detach(), x.grad


@given(**every, unit=st.floats(1e-150, 1e150))
def test_the_unit_of_the_weights_does_not_matter(w, seed, variance, unit):
    assume(variance != "frequency")
    x, w, g = signals(len(w), seed), tensor(w), signals(len(w), seed + 1)
    results = [with_gradient(x, v, g, variance) for v in (w, w * unit)]
    for one, other in zip(*results, strict=True):
        assert relative_error(other, one) < TOLERANCE


def test_the_unit_matters_for_frequency_variance():
    w = torch.tensor([1.0, 2.0, 3.0])
    v = [weighted_moments(signals(3, 0), k * w, "frequency")[1] for k in (1, 10)]
    # (Z / G) of the two: 6 / 5 and 60 / 59.
    torch.testing.assert_close(
        v[0] / v[1], torch.full((C,), (6 / 5) / (60 / 59)).double()
    )


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 5), st.floats(1, 10)), min_size=3, max_size=12
    ),
    seed=seeds,
    variance=variances,
)
def test_a_row_of_frequency_f_equals_f_equal_rows(rows, seed, variance):
    f, c = (torch.tensor(column) for column in zip(*rows, strict=True))
    c = c.double()
    f[:3] += 1
    x, g = signals(len(f), seed), signals(len(f), seed + 1)
    together = batch_weights(f * c, variance, frequency=f)
    repeated = batch_weights(c.repeat_interleave(f), variance)
    assert math.isclose(together.Z, repeated.Z, rel_tol=TOLERANCE)
    assert math.isclose(together.n_eff, repeated.n_eff, rel_tol=TOLERANCE)
    # A loss that is weighted by f as well gives the row f times the gradient.
    one = with_gradient(x, together, g * f.unsqueeze(1), variance)
    copies = [t.repeat_interleave(f, dim=0) for t in (x, g)]
    many = with_gradient(copies[0], repeated, copies[1], variance)
    present = f > 0
    first = (f.cumsum(0) - f)[present]
    u, dx = (t[present] for t in one)
    assert relative_error(u, many[0][first]) < TOLERANCE
    assert relative_error(dx / f[present].unsqueeze(1), many[1][first]) < TOLERANCE
    moments = weighted_moments(x, together), weighted_moments(copies[0], repeated)
    for one, many in zip(*moments, strict=True):
        assert relative_error(one, many) < TOLERANCE


@given(**every, where=st.integers(0, 3), far=st.floats(-1e3, 1e3))
def test_a_row_of_weight_zero_changes_nothing(w, seed, variance, where, far):
    x, w, g = signals(len(w), seed), tensor(w), signals(len(w), seed + 1)
    assume(variance != "frequency" or w.sum() > 1.1)
    inserted = torch.full((1, C), far, dtype=torch.float64)
    x_0 = torch.cat([x[:where], inserted, x[where:]])
    w_0 = torch.cat([w[:where], torch.zeros(1), w[where:]])
    g_0 = torch.cat([g[:where], torch.zeros(1, C), g[where:]])
    u, dx = with_gradient(x, w, g, variance)
    u_0, dx_0 = with_gradient(x_0, w_0, g_0, variance)
    others = torch.arange(len(x_0)) != where
    assert relative_error(u_0[others], u) < TOLERANCE
    assert relative_error(dx_0[others], dx) < TOLERANCE * u_0.abs().max()
    assert not dx_0[where].any()


@given(**every, order=st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(w, seed, variance, order):
    x, w, g = signals(len(w), seed), tensor(w), signals(len(w), seed + 1)
    assume(variance != "frequency" or w.sum() > 1.1)
    places = list(range(len(w)))
    order.shuffle(places)
    there = with_gradient(x, w, g, variance)
    back = with_gradient(x[places], w[places], g[places], variance)
    for one, other in zip(there, back, strict=True):
        assert relative_error(other, one[places]) < TOLERANCE


@given(
    **every,
    scale=st.floats(0.01, 100),
    sign=st.sampled_from([-1, 1]),
    shift=st.floats(-100, 100),
)
def test_shift_and_scale_of_the_signal_drop_out(w, seed, variance, scale, sign, shift):
    x, w = signals(len(w), seed), tensor(w)
    assume(variance != "frequency" or w.sum() > 1.1)
    y = weighted_batch_norm(x, w, variance=variance, eps=0.0)
    moved = sign * scale * x + shift
    y_moved = weighted_batch_norm(moved, w, variance=variance, eps=0.0)
    # A shift of 100 over a spread of 0.01 costs four digits more.
    lost = 1 + abs(shift) / scale
    assert relative_error(sign * y_moved, y) < TOLERANCE * lost


@given(**every, eps=st.sampled_from([0.0, 1e-8, 1e-5, 0.1]))
def test_the_weighted_distribution_is_standardised(w, seed, variance, eps):
    # The counterpart of equation (14): mean 0, variance 1 as eps goes to 0.
    x, w = signals(len(w), seed), tensor(w)
    assume(variance != "frequency" or w.sum() > 1.1)
    y = weighted_batch_norm(x, w, variance=variance, eps=eps)
    v = weighted_moments(x, w, variance)[1]
    G = normaliser(w.numpy(), variance)
    mean, square = w @ y / w.sum(), w @ y**2 / G
    assert mean.abs().max() < TOLERANCE * y.abs().max()
    assert relative_error(square, v / (v + eps)) < TOLERANCE


@given(**every)
def test_gradient_does_not_see_shift_and_scale(w, seed, variance):
    # u does not change with a shift of x, nor (eps = 0) with its scale.
    x, w, g = signals(len(w), seed), tensor(w), signals(len(w), seed + 1)
    assume(variance != "frequency" or w.sum() > 1.1)
    x.requires_grad_()
    weighted_batch_norm(x, w, variance=variance, eps=0.0).backward(g)
    size = x.grad.abs().sum(0) + g.abs().sum(0)
    assert (x.grad.sum(0).abs() < TOLERANCE * size).all()
    assert ((x.grad * x).sum(0).abs() < 10 * TOLERANCE * size).all()
