"""Gradients from the paper's equations equal autograd's."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.nn.utils import parametrizations

from sklearn_wbn._backprop import Batch, TrainingStep, is_as_built
from sklearn_wbn.nn import WBNMLP, BatchWeights, batch_weights

# What is promised holds for either arithmetic.
pytestmark = pytest.mark.usefixtures("arithmetic")

ACTIVATIONS = ("tanh", "relu", "logistic", "identity", "gelu", "silu")
N_ROWS, N_FEATURES, N_CLASSES = 23, 6, 3


def make_batch(
    variance: str, n_rows: int = N_ROWS
) -> tuple[Tensor, Tensor, Tensor, BatchWeights]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(n_rows, N_FEATURES, generator=generator, dtype=torch.float64)
    target = torch.randint(N_CLASSES, (n_rows,), generator=generator)
    weight = 2 + 100 * torch.rand(n_rows, generator=generator, dtype=torch.float64)
    weight[3:4] = 0.0
    return x, target, weight / weight.sum(), batch_weights(weight, variance)


def make_network(**settings) -> WBNMLP:
    return WBNMLP(N_FEATURES, N_CLASSES, seed=1, **settings).double()


def assert_same_step(
    settings, variance="reliability", shift=None, n_rows=N_ROWS
) -> None:
    """One step by autograd on one copy, by equations on the other."""
    x, target, share, weights = make_batch(variance, n_rows)
    reference = make_network(variance=variance, **settings)
    network = make_network(variance=variance, **settings)
    for copy in (reference, network):
        copy.set_dropout_generator(torch.Generator().manual_seed(2))
    logits = reference(x, weights)
    shifted = logits if shift is None else logits + shift
    loss = (cross_entropy(shifted, target, reduction="none") * share).sum()
    loss.backward()
    got = TrainingStep(network)(Batch(x, target, share, weights), shift)
    torch.testing.assert_close(got, (loss.detach(), logits.detach()))
    expected = [p.grad for p in reference.parameters()]
    assert all(gradient is not None for gradient in expected)
    torch.testing.assert_close(
        [p.grad for p in network.parameters()], expected, rtol=1e-12, atol=1e-14
    )
    torch.testing.assert_close(
        dict(network.named_buffers()), dict(reference.named_buffers())
    )


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("normalization", [True, False])
def test_step_equals_autograd(activation, normalization):
    assert_same_step(
        {
            "hidden_layer_sizes": (8, 5),
            "activation": activation,
            "normalization": normalization,
        }
    )


@pytest.mark.parametrize("variance", ["reliability", "frequency", "biased"])
def test_step_equals_autograd_for_each_normaliser(variance):
    assert_same_step({"hidden_layer_sizes": (7,)}, variance=variance)


@pytest.mark.parametrize("hidden_layer_sizes", [(), (4,), (9, 8, 7)])
def test_step_equals_autograd_at_any_depth_with_dropout(hidden_layer_sizes):
    assert_same_step({"hidden_layer_sizes": hidden_layer_sizes, "dropout": 0.4})


def test_step_equals_autograd_with_shifted_logits():
    shift = torch.tensor([0.0, -1.5, -3.0], dtype=torch.float64)
    assert_same_step({"hidden_layer_sizes": (6,)}, shift=shift)


def test_step_of_a_single_row_equals_autograd():
    assert_same_step({"hidden_layer_sizes": (6,), "normalization": False}, n_rows=1)


def test_gradients_are_replaced_not_added():
    x, target, share, weights = make_batch("reliability")
    network = make_network(hidden_layer_sizes=(6,))
    TrainingStep(network)(Batch(x, target, share, weights))
    first = [p.grad.clone() for p in network.parameters()]
    TrainingStep(network)(Batch(x, target, share, weights))
    torch.testing.assert_close([p.grad for p in network.parameters()], first)


def test_frozen_parameters_get_no_gradient():
    x, target, share, weights = make_batch("reliability")
    network = make_network(hidden_layer_sizes=(6,))
    frozen = [network.layers[0].linear.weight, network.layers[0].norm.bias]
    for parameter in frozen:
        parameter.requires_grad_(False)
    TrainingStep(network)(Batch(x, target, share, weights))
    assert [p.grad for p in frozen] == [None, None]
    assert network.output.weight.grad is not None


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_network_is_as_built(activation):
    assert is_as_built(make_network(activation=activation))


@pytest.mark.parametrize("register", ["forward_hook", "full_backward_pre_hook"])
def test_hook_is_seen(register):
    network = make_network()
    getattr(network.layers[0].norm, f"register_{register}")(lambda *_: None)
    assert not is_as_built(network)


def test_other_layers_are_seen():
    network = make_network()
    parametrizations.weight_norm(network.output)
    assert not is_as_built(network)
    network = make_network()
    network.layers[1].activation = torch.nn.Softplus()
    assert not is_as_built(network)
