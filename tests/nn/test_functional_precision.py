"""Means far from zero, half precision and autocast."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sklearn_wbn.nn import weighted_batch_norm, weighted_moments
from tests.oracle import VARIANCES, batch_norm, relative_error

# What is promised holds for either arithmetic.
pytestmark = pytest.mark.usefixtures("arithmetic")

B, C = 128, 6
HALVES = [torch.float16, torch.bfloat16]


def far_from_zero(mean: float, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Return x, in float32 to the last bit, and an upstream gradient."""
    rng = np.random.default_rng(seed)
    x = mean + rng.normal(size=(B, C))
    return torch.tensor(x).float(), torch.tensor(rng.normal(size=(B, C))).float()


def run_layer(norm: nn.Module, x: Tensor, g: Tensor) -> dict[str, Tensor]:
    x = x.clone().requires_grad_()
    u = norm(x)
    u.backward(g)
    grads = {"dx": x.grad, "dgamma": norm.weight.grad, "db": norm.bias.grad}
    return {"u": u.detach()} | grads


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("mean", [1e2, 1e3, 1e4])
def test_far_means_lose_no_more_than_in_torchs_layer(mean, seed):
    class Ours(nn.BatchNorm1d):
        def forward(self, x: Tensor) -> Tensor:
            w = torch.full((B,), 3.0)
            u = weighted_batch_norm(x, w, self.weight, self.bias, variance="biased")
            assert u.dtype == torch.float32
            return u

    x, g = far_from_zero(mean, seed)
    one, zero = np.ones(C), np.zeros(C)
    expected = vars(batch_norm(x, np.ones(B), one, zero, g, variance="biased"))
    ours, theirs = run_layer(Ours(C), x, g), run_layer(nn.BatchNorm1d(C), x, g)
    for name in ours:
        error = relative_error(ours[name], expected[name])
        # Where torch is lucky, single precision's own promise stands.
        assert error <= max(relative_error(theirs[name], expected[name]), 1e-6), name


@pytest.mark.parametrize("variance", VARIANCES)
def test_far_means_keep_single_precision_under_weights(variance):
    x, g = far_from_zero(1e4)
    w = torch.tensor(10 ** np.random.default_rng(1).uniform(-3, 3, B)).float()
    one, zero = np.ones(C), np.zeros(C)
    expected = batch_norm(x, w, one, zero, g, variance=variance)
    x.requires_grad_()
    u = weighted_batch_norm(x, w, variance=variance)
    u.backward(g)
    m, v = weighted_moments(x.detach(), w, variance)
    assert relative_error(m, expected.m) < 1e-7
    assert relative_error(v, expected.v) < 1e-5
    assert relative_error(u.detach(), expected.u) < 1e-5
    assert relative_error(x.grad, expected.dx) < 1e-5


@pytest.mark.parametrize("dtype", HALVES, ids=str)
@pytest.mark.parametrize("shape", [(B, C), (16, C, 8), (4, C, 4, 8)])
def test_half_precision_is_computed_in_float32(shape, dtype):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(shape, generator=generator).to(dtype)
    w = torch.rand(shape[0], generator=generator)
    g = torch.randn(shape, generator=generator).to(dtype)
    gamma, b = torch.linspace(0.5, 2, C), torch.linspace(-1, 1, C)
    half, full = x.clone().requires_grad_(), x.float().requires_grad_()
    u = weighted_batch_norm(half, w, gamma, b)
    u_full = weighted_batch_norm(full, w, gamma, b)
    u.backward(g)
    u_full.backward(g.float())
    assert torch.equal(u, u_full.to(dtype))
    assert torch.equal(half.grad, full.grad.to(dtype))
    for one, other in zip(
        weighted_moments(x, w), weighted_moments(x.float(), w), strict=True
    ):
        assert one.dtype == torch.float32
        assert torch.equal(one, other)


def test_sums_do_not_overflow_in_half_precision():
    # The squares of these signals, and their sum, are beyond 65504.
    x = torch.tensor([[1000.0], [3000.0]], dtype=torch.float16).repeat(64, 1)
    m, v = weighted_moments(x, variance="biased")
    assert (m.item(), v.item()) == (2000.0, 1e6)
    y = weighted_batch_norm(x, variance="biased")
    assert torch.equal(y, torch.tensor([[-1.0], [1.0]]).half().repeat(64, 1))


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_parameters_in_half_precision_get_their_gradient(dtype):
    x, g = (t.to(dtype) for t in far_from_zero(0.0))
    gamma = torch.linspace(0.5, 2, C).to(dtype).requires_grad_()
    b = torch.linspace(-1, 1, C).to(dtype).requires_grad_()
    w = torch.linspace(0.1, 3, B)
    u = weighted_batch_norm(x, w, gamma, b)
    u.backward(g)
    expected = batch_norm(*(t.detach().float() for t in (x, w, gamma, b, g)), eps=1e-5)
    resolution = torch.finfo(dtype).eps
    assert u.dtype == gamma.grad.dtype == b.grad.dtype == dtype
    assert relative_error(u.detach().float(), expected.u) < resolution
    assert relative_error(gamma.grad.float(), expected.dgamma) < resolution
    assert relative_error(b.grad.float(), expected.db) < resolution


@pytest.mark.parametrize("function", [weighted_batch_norm, weighted_moments])
def test_autocast_does_not_round_the_sums_over_the_batch(function):
    x, _ = far_from_zero(10.0)
    w = torch.linspace(0.1, 3, B)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = function(x, w)
    outside = function(x, w)
    for one, other in zip(inside, outside, strict=True):
        assert one.dtype == torch.float32
        assert torch.equal(one, other)


def test_autocast_gives_half_precision_back_to_the_next_layer():
    linear = nn.Linear(C, C)
    x, _ = far_from_zero(0.0)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        signal = linear(x)
        u = weighted_batch_norm(signal, torch.linspace(0.1, 3, B))
        u.float().square().sum().backward()
    assert u.dtype == signal.dtype == torch.bfloat16
    assert linear.weight.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_a_row_without_weight_may_be_so_far_away_that_its_square_overflows(dtype):
    largest = 1e20 if dtype == torch.float32 else 6e4
    x, w = far_from_zero(0.0)[0].to(dtype), torch.linspace(0.1, 3, B)
    w[3] = 0
    x[3] = largest
    kept = torch.arange(B) != 3
    x.requires_grad_()
    moments = weighted_moments(x, w)
    for moment, expected in zip(
        moments, weighted_moments(x[kept], w[kept]), strict=True
    ):
        torch.testing.assert_close(moment, expected)
    sum(moment.sum() for moment in moments).backward()
    assert not x.grad[3].any()
    assert x.grad.isfinite().all()
