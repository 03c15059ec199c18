"""What autograd sees of the closed form; `test_functional_gradients` has its values."""

import numpy as np
import pytest
import torch

from sklearn_wbn.nn.autograd import normalize_rows
from tests.oracle import batch_norm

pytestmark = pytest.mark.usefixtures("arithmetic")

B, C = 12, 4
P = torch.full((B,), 1 / B, dtype=torch.float64)


def draw() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(B, C, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("layout", ["columns", "every second row", "expanded"])
def test_any_memory_layout_has_the_same_gradient(layout):
    x = draw()
    g = draw().flip(0)
    if layout == "expanded":
        g = g[:1].expand(B, C)
    one, zero = np.ones(C), np.zeros(C)
    expected = batch_norm(x, np.ones(B), one, zero, g, variance="biased")
    if layout == "columns":
        x, g = x.t().contiguous().t(), g.t().contiguous().t()
    elif layout == "every second row":
        x = x.repeat_interleave(2, 0)[::2]
    x = x.detach().requires_grad_()
    u = normalize_rows(x, None, None, P, 1.0, 1e-5)
    u.backward(g)
    np.testing.assert_allclose(u.detach(), expected.u, atol=1e-12)
    np.testing.assert_allclose(x.grad, expected.dx, atol=1e-12)


@pytest.mark.parametrize("width", [C - 1, C + 1])
@pytest.mark.parametrize("name", ["gamma", "b"])
def test_parameters_of_another_width_are_refused(name, width):
    parameters = {"gamma": None, "b": None} | {name: torch.ones(width).double()}
    with pytest.raises(RuntimeError, match=f"size of tensor .*{width}"):
        normalize_rows(draw(), *parameters.values(), P, 1.0, 1e-5)


def test_a_second_derivative_is_refused():
    x = draw().requires_grad_()
    u = normalize_rows(x, None, None, P, 1.0, 1e-5)
    with pytest.raises(RuntimeError, match="no second derivative"):
        torch.autograd.grad((u**3).sum(), x, create_graph=True)


def test_the_callers_tensors_stay_as_they_are():
    x, gamma, b = draw(), torch.ones(C).double(), torch.zeros(C).double()
    before = x.clone(), gamma.clone(), b.clone(), P.clone()
    x.requires_grad_()
    u = normalize_rows(x, gamma, b, P, 1.0, 1e-5)
    g = torch.ones_like(u)
    u.backward(g)
    for tensor, old in zip((x.detach(), gamma, b, P), before, strict=True):
        assert torch.equal(tensor, old)
    assert torch.equal(g, torch.ones_like(u))


def test_signals_changed_before_the_backward_pass_give_no_wrong_gradient(arithmetic):
    x, weight = draw(), torch.ones((), dtype=torch.float64, requires_grad=True)
    u = normalize_rows(x * weight, None, None, P, 1.0, 1e-5)
    (expected,) = torch.autograd.grad((u**3).sum(), weight)
    signals = x * weight
    u = normalize_rows(signals, None, None, P, 1.0, 1e-5)
    with torch.no_grad():
        signals.mul_(2)
    if arithmetic == "loops":  # which keep the signals, as torch's own layer does
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            (u**3).sum().backward()
    else:
        (u**3).sum().backward()
        torch.testing.assert_close(weight.grad, expected)
