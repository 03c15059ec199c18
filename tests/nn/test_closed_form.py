"""The arithmetic under the layers, against formulas written out in float64."""

import pytest
import torch

from sklearn_wbn.nn import closed_form


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    x = 3 + torch.randn(12, 4, generator=generator, dtype=torch.float64)
    w = torch.rand(12, generator=generator, dtype=torch.float64)
    g = torch.randn(12, 4, generator=generator, dtype=torch.float64)
    return x, w / w.sum(), g


def test_moments_are_those_of_equations_23_and_24(batch):
    x, p, _ = batch
    _, m, v, trace = closed_form.forward(x, p, 1.25, None, None, 0.0)
    expected_m = (p[:, None] * x).sum(0)
    torch.testing.assert_close(m, expected_m)
    torch.testing.assert_close(v, 1.25 * (p[:, None] * (x - expected_m) ** 2).sum(0))
    torch.testing.assert_close(trace.c - trace.d, x - m)


def test_moments_recover_the_mean_that_float32_rounds_away():
    x = 1e4 + torch.arange(64, dtype=torch.float32)[:, None] / 64
    p = torch.full((64,), 1 / 64)
    _, _, v, trace = closed_form.forward(x, p, 1.0, None, None, 0.0)
    exact = x.double() - x.double().mean()
    c = (trace.c - trace.d).double()
    torch.testing.assert_close(c, exact, rtol=0, atol=1e-5)
    torch.testing.assert_close(v.double(), (exact**2).mean(0), rtol=1e-5, atol=0)


@pytest.mark.parametrize("layout", ["rows", "columns", "expanded"])
def test_every_memory_layout_gives_the_same(batch, layout):
    x, p, g = batch
    g = g[:1].expand_as(g)  # as the gradient of a sum over the batch is
    gamma, b = torch.ones(4, dtype=torch.float64), torch.zeros(4, dtype=torch.float64)
    *outputs, trace = closed_form.forward(x, p, 1.25, gamma, b, 1e-3)
    expected = [*outputs, *closed_form.backward(g.contiguous(), trace)]
    if layout == "columns":
        x, g = x.t().contiguous().t(), g.t().contiguous().t()
    elif layout == "rows":
        g = g.contiguous()
    *outputs, trace = closed_form.forward(x, p, 1.25, gamma, b, 1e-3)
    torch.testing.assert_close([*outputs, *closed_form.backward(g, trace)], expected)


def test_no_channels_are_no_error():
    x, p, none = torch.ones(2, 0), torch.full((2,), 0.5), torch.ones(0)
    u, _, _, trace = closed_form.forward(x, p, 1.25, none, none, 1e-3)
    dx, dgamma, db = closed_form.backward(u, trace)
    assert u.shape == dx.shape == x.shape
    assert dgamma.shape == db.shape == (0,)


def test_backward_is_equation_26(batch):
    x, p, g = batch
    gamma = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)
    b = torch.zeros(4, dtype=torch.float64)
    ratio, eps = 1.25, 1e-3
    u, m, v, trace = closed_form.forward(x, p, ratio, gamma, b, eps)
    y = (x - m) / torch.sqrt(v + eps)
    torch.testing.assert_close(u, gamma * y)
    dx, dgamma, db = closed_form.backward(g, trace)
    torch.testing.assert_close(dgamma, (g * y).sum(0))
    torch.testing.assert_close(db, g.sum(0))
    s = gamma / torch.sqrt(v + eps)
    expected = s * (g - p[:, None] * (g.sum(0) + ratio * y * (g * y).sum(0)))
    torch.testing.assert_close(dx, expected)
