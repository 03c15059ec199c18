"""The closed-form backward pass against finite differences and against autograd."""

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from sklearn_wbn.nn import weighted_batch_norm, weighted_moments
from tests.oracle import VARIANCES, normaliser, relative_error

# What is promised holds for either arithmetic.
pytestmark = pytest.mark.usefixtures("arithmetic")

B, C = 7, 3


def draw(*shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(*shape, dtype=torch.float64, generator=generator)
    return (3 * x + 1).requires_grad_()


def draw_parameters() -> tuple[Tensor, Tensor]:
    gamma = torch.tensor([0.7, -1.3, 2.0], dtype=torch.float64, requires_grad=True)
    b = torch.tensor([0.1, 0.0, -4.0], dtype=torch.float64, requires_grad=True)
    return gamma, b


WEIGHTS = {
    "spread": [3.0, 0.02, 1.0, 40.0, 0.5, 0.5, 2.0],
    "some zero": [2.0, 0.0, 1.0, 0.0, 3.0, 0.0, 1.0],
    "all zero": [0.0] * B,
    "one dominates": [0.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0],
}


def naive(x: Tensor, w: Tensor, gamma: Tensor, b: Tensor, G: float, eps: float):
    """Equations (23), (24) and (11) as one would write them in torch."""
    w = w.unsqueeze(1)
    m = (w * x).sum(0) / w.sum()
    v = (w * (x - m) ** 2).sum(0) / G
    return gamma * (x - m) / torch.sqrt(v + eps) + b, m, v


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("eps", [1e-8, 1e-3, 1.0])
@pytest.mark.parametrize("variance", VARIANCES)
def test_gradient_equals_finite_differences(variance, eps, weights):
    if weights == "one dominates":
        eps = max(eps, 1e-3)  # v is zero: y has the slope 1 / sqrt(eps)
    w = torch.tensor(WEIGHTS[weights])
    assert gradcheck(
        lambda x, gamma, b: weighted_batch_norm(
            x, w, gamma, b, variance=variance, eps=eps
        ),
        (draw(B, C), *draw_parameters()),
    )


@pytest.mark.parametrize("has_b", [False, True])
@pytest.mark.parametrize("has_gamma", [False, True])
@pytest.mark.parametrize("variance", VARIANCES)
def test_gradient_without_a_parameter(variance, has_gamma, has_b):
    w = torch.tensor(WEIGHTS["spread"])
    gamma, b = draw_parameters()
    parameters = ([gamma] if has_gamma else []) + ([b] if has_b else [])

    def function(x: Tensor, *given: Tensor) -> Tensor:
        rest = iter(given)
        gamma = next(rest) if has_gamma else None
        b = next(rest) if has_b else None
        return weighted_batch_norm(x, w, gamma, b, variance=variance)

    assert gradcheck(function, (draw(B, C), *parameters))


@pytest.mark.parametrize("per_position", [False, True])
@pytest.mark.parametrize("shape", [(3, C, 4), (2, C, 2, 3), (2, C, 1, 2, 2)])
def test_gradient_of_positions(shape, per_position):
    generator = torch.Generator().manual_seed(0)
    weight_shape = (shape[0], *shape[2:]) if per_position else shape[:1]
    w = 2 * torch.rand(weight_shape, generator=generator)
    inputs = (draw(*shape), *draw_parameters())
    assert gradcheck(lambda x, *rest: weighted_batch_norm(x, w, *rest), inputs)


@pytest.mark.parametrize("trained", ["x", "gamma", "b"])
def test_only_what_needs_a_gradient_gets_one(trained):
    inputs = dict(
        zip(["x", "gamma", "b"], (draw(B, C), *draw_parameters()), strict=True)
    )
    w = torch.tensor(WEIGHTS["spread"])
    weighted_batch_norm(
        inputs["x"], w, inputs["gamma"], inputs["b"]
    ).exp().sum().backward()
    expected = inputs[trained].grad
    alone = {
        name: t.detach().requires_grad_(name == trained) for name, t in inputs.items()
    }
    weighted_batch_norm(
        alone["x"], w, alone["gamma"], alone["b"]
    ).exp().sum().backward()
    assert torch.equal(alone[trained].grad, expected)
    assert [name for name, t in alone.items() if t.grad is not None] == [trained]


@pytest.mark.parametrize("variance", VARIANCES)
def test_gradient_equals_autograd_through_the_plain_formula(variance):
    w = torch.tensor(WEIGHTS["spread"], dtype=torch.float64)
    G, eps = normaliser(w.numpy(), variance), 1e-5
    ours = (draw(B, C), *draw_parameters())
    theirs = (draw(B, C), *draw_parameters())
    u = weighted_batch_norm(ours[0], w, *ours[1:], variance=variance, eps=eps)
    plain, _, _ = naive(theirs[0], w, *theirs[1:], G, eps)
    # A loss that is not linear, so that every row has a gradient of its own.
    (u.detach().sin() * u).sum().backward()
    (plain.detach().sin() * plain).sum().backward()
    assert relative_error(u.detach(), plain.detach()) < 1e-14
    for one, other in zip(ours, theirs, strict=True):
        assert relative_error(one.grad, other.grad) < 1e-13


@pytest.mark.parametrize("variance", VARIANCES)
def test_moments_pass_gradients_to_the_signal(variance):
    w = torch.tensor(WEIGHTS["spread"], dtype=torch.float64)
    ours, theirs = draw(B, C), draw(B, C)
    m, v = weighted_moments(ours, w, variance)
    G = normaliser(w.numpy(), variance)
    _, plain_m, plain_v = naive(theirs, w, *draw_parameters(), G, 0.0)
    (m.sin() + v.log()).sum().backward()
    (plain_m.sin() + plain_v.log()).sum().backward()
    assert relative_error(ours.grad, theirs.grad) < 1e-13
    assert gradcheck(lambda x: weighted_moments(x, w, variance), (draw(B, C),))


def test_no_gradient_flows_to_the_weights():
    w = torch.tensor(WEIGHTS["spread"], requires_grad=True)
    weighted_batch_norm(draw(B, C), w).exp().sum().backward()
    assert w.grad is None


def test_gradient_of_a_gradient_is_refused():
    x = draw(B, C)
    u = weighted_batch_norm(x, torch.tensor(WEIGHTS["spread"]))
    with pytest.raises(RuntimeError, match="create_graph=False"):
        torch.autograd.grad(u.exp().sum(), x, create_graph=True)


@pytest.mark.parametrize("layout", ["transposed", "strided", "expanded gradient"])
def test_memory_layout_does_not_matter(layout):
    w = torch.tensor(WEIGHTS["spread"], dtype=torch.float64)
    x = draw(B, C).detach()
    views = {
        "transposed": x.t().contiguous().t(),
        "strided": x.repeat_interleave(2, dim=1)[:, ::2],
        "expanded gradient": x.clone(),
    }
    same = views[layout].requires_grad_()
    x = x.clone().requires_grad_()
    g = torch.ones(1, 1, dtype=torch.float64).expand(B, C)
    if layout != "expanded gradient":
        g = draw(B, C).detach().sin()
    weighted_batch_norm(x, w).backward(g.clone())
    weighted_batch_norm(same, w).backward(g)
    torch.testing.assert_close(same.grad, x.grad, rtol=1e-13, atol=1e-15)
