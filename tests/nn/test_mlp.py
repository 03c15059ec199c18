"""The network of section 3: structure, initialisation, weights, dropout, folding."""

import math

import pytest
import torch
from torch import Generator, Tensor, nn

from sklearn_wbn.nn import (
    WBNMLP,
    WeightedBatchNorm1d,
    batch_weights,
    weighted_batch_norm,
)

B = 10
ACTIVATIONS = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "logistic": torch.sigmoid,
    "identity": lambda x: x,
    "gelu": nn.functional.gelu,
    "silu": nn.functional.silu,
}
W = torch.tensor([1.0, 0.0, 30.0, 0.5, 2.0, 0.0, 7.0, 1.0, 1.0, 0.1])


def draw(n_rows: int = B, n_features: int = 6) -> Tensor:
    generator = Generator().manual_seed(4)
    return torch.randn(n_rows, n_features, generator=generator, dtype=torch.float64)


def make(sizes: tuple[int, ...] = (7, 5), **arguments: object) -> WBNMLP:
    return WBNMLP(6, 3, sizes, **({"seed": 0} | arguments)).double()


def trained(**arguments: object) -> WBNMLP:
    """Return a network in eval mode whose norms have seen something."""
    network = make(**arguments)
    for parameter in network.parameters():
        parameter.data += 0.1 * torch.linspace(-1, 2, parameter.numel()).view_as(
            parameter
        )
    for scale in (1.0, 3.0):
        network(scale * draw() + 1, W)
    return network.eval()


# Structure ------------------------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_layers_are_affine_map_norm_activation(activation):
    network = make(activation=activation)
    z = x = draw()
    for layer in network.hidden:
        signal = z @ layer.linear.weight.t()
        norm = layer.norm
        u = weighted_batch_norm(signal, W, norm.weight, norm.bias, eps=1e-8)
        z = ACTIVATIONS[activation](u)
    expected = z @ network.output.weight.t() + network.output.bias
    torch.testing.assert_close(network(x, W), expected)


def test_defaults_are_the_papers():
    network = WBNMLP(784, 4)
    shapes = [tuple(p.shape) for p in network.parameters() if p.dim() == 2]
    assert shapes == [(300, 784), (300, 300), (4, 300)]
    for layer in network.hidden:
        assert isinstance(layer.activation, nn.Tanh)
        assert (layer.norm.eps, layer.norm.momentum) == (1e-8, 0.1)
        assert layer.norm.variance == "reliability"


def test_an_affine_map_before_a_norm_has_no_bias():
    network = make()
    assert all(layer.linear.bias is None for layer in network.hidden)
    assert network.output.bias is not None
    network = make(normalization=False)
    assert all(layer.linear.bias is not None for layer in network.hidden)
    assert all(layer.norm is None for layer in network.hidden)


@pytest.mark.parametrize("normalization", [False, True])
def test_without_hidden_layers_the_network_is_linear(normalization):
    network = make((), normalization=normalization)
    x = draw()
    expected = x @ network.output.weight.t() + network.output.bias
    torch.testing.assert_close(network(x, W), expected)
    torch.testing.assert_close(network.folded()(x), expected)


def test_settings_reach_every_norm():
    network = make(variance="biased", eps=1e-3, momentum=0.5)
    for layer in network.hidden:
        norm = layer.norm
        assert (norm.variance, norm.eps, norm.momentum) == ("biased", 1e-3, 0.5)


# Initialisation -------------------------------------------------------------


def test_weights_are_xavier_uniform():
    network = WBNMLP(200, 50, (150, 100), seed=1)
    for linear in [*(layer.linear for layer in network.hidden), network.output]:
        n_out, n_in = linear.weight.shape
        bound = math.sqrt(6 / (n_in + n_out))
        weight = linear.weight.detach()
        assert 0.99 * bound < weight.abs().max() <= bound
        # Uniform: the variance is bound^2 / 3; its estimate is known to 1 / sqrt(n).
        n = weight.numel()
        mean_error = bound / math.sqrt(3 * n)
        assert weight.mean().abs() < 4 * mean_error
        square = weight.square().mean() / (bound**2 / 3)
        assert abs(square - 1) < 4 * math.sqrt(0.8 / n)


@pytest.mark.parametrize("normalization", [False, True])
def test_shifts_start_at_zero_and_scales_at_one(normalization):
    network = make(normalization=normalization)
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            assert not parameter.any()
        elif "norm" in name:
            assert (parameter == 1).all()


def test_a_seed_repeats_and_another_does_not():
    one, same, other = (make(seed=seed).state_dict() for seed in (3, 3, 4))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["output.weight"], other["output.weight"])
    fresh = [make(seed=None).output.weight for _ in range(2)]
    assert not torch.equal(*fresh)


@pytest.mark.parametrize("seed", [0, None])
def test_the_global_generator_is_left_alone(seed):
    before = torch.get_rng_state()
    network = WBNMLP(6, 3, (7, 5), dropout=0.5, seed=seed)
    network.set_dropout_generator(Generator().manual_seed(0))
    network(draw().float(), W).sum().backward()
    network.eval().folded()
    assert torch.equal(torch.get_rng_state(), before)


# Weights --------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_weights_reach_every_norm(depth):
    # A row of weight zero would show in any layer that does not know of it.
    network = make((5,) * depth)
    x, present = draw(), W > 0
    logits = network(x, W)[present]
    torch.testing.assert_close(logits, network(x[present], W[present]))
    seen = []
    for layer in network.hidden:
        layer.norm.register_forward_pre_hook(lambda _, args: seen.append(args[1]))
    network(x, W)
    assert len(seen) == depth
    # Prepared once, for all.
    assert all(weights is seen[0] for weights in seen)


@pytest.mark.parametrize("variance", ["reliability", "frequency", "biased"])
def test_prepared_weights_and_a_tensor_give_the_same_bits(variance):
    network, x = make(variance=variance), draw()
    assert torch.equal(network(x, batch_weights(W, variance)), network(x, W))


def test_no_weights_are_equal_weights():
    network, x = make(), draw()
    torch.testing.assert_close(network(x), network(x, torch.full((B,), 2.5)))


def test_weights_do_not_matter_in_eval_mode_or_without_norms():
    x = draw()
    for network in (trained(), make(normalization=False)):
        assert torch.equal(network(x, W), network(x))


def test_gradients_reach_every_parameter():
    network = make()
    network(draw(), W).square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in network.parameters())


# Dropout --------------------------------------------------------------------


def test_dropout_draws_from_its_generator():
    network, x = make(dropout=0.5, normalization=False), draw()
    logits = []
    for seed in (1, 1, 2):
        network.set_dropout_generator(Generator().manual_seed(seed))
        logits.append(network(x))
    assert torch.equal(logits[0], logits[1])
    assert not torch.equal(logits[0], logits[2])


def test_without_a_generator_dropout_draws_from_the_global_one():
    network, x = make(dropout=0.5, normalization=False), draw()
    network.set_dropout_generator(Generator())
    network.set_dropout_generator(None)
    with torch.random.fork_rng(devices=[]):
        logits = []
        for _ in range(2):
            torch.manual_seed(7)
            logits.append(network(x))
    assert torch.equal(*logits)


@pytest.mark.parametrize("dropout", [0.1, 0.5])
def test_dropout_keeps_a_share_and_the_mean(dropout):
    network = WBNMLP(
        2, 2, (400,), "identity", dropout=dropout, normalization=False, seed=0
    )
    network.set_dropout_generator(Generator().manual_seed(0))
    layer = network.hidden[0]
    nn.init.zeros_(layer.linear.weight)
    nn.init.ones_(layer.linear.bias)
    z = layer(torch.zeros(100, 2))
    kept = (z > 0).float().mean().item()
    error = math.sqrt(dropout * (1 - dropout) / z.numel())
    assert abs(kept - (1 - dropout)) < 4 * error
    assert z.unique().tolist() == pytest.approx([0.0, 1 / (1 - dropout)])


def test_dropout_rests_in_eval_mode():
    network, x = trained(dropout=0.5), draw()
    assert torch.equal(network(x), network(x))
    torch.testing.assert_close(network(x), network.folded()(x))


# Folding --------------------------------------------------------------------


@pytest.mark.parametrize("normalization", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_folded_equals_the_network_to_rounding(activation, normalization):
    network = trained(activation=activation, normalization=normalization)
    folded, x = network.folded(), draw(50)
    torch.testing.assert_close(folded(x), network(x), rtol=1e-12, atol=1e-12)
    assert not [m for m in folded.modules() if isinstance(m, WeightedBatchNorm1d)]
    assert not folded.training
    assert not any(p.requires_grad for p in folded.parameters())


def test_folded_shares_nothing_with_the_network():
    network = WBNMLP(3, 2, (4,), seed=0)
    network.layers[0].activation = torch.nn.PReLU()
    folded = network.eval().folded()
    assert all(p.requires_grad for p in network.parameters())
    with torch.no_grad():
        network.layers[0].activation.weight.fill_(5.0)
    assert folded[1].weight.item() == 0.25


def test_folded_adds_a_shift_to_the_logits():
    network, x = trained(), draw()
    shift = torch.tensor([0.5, -2.0, 0.0])
    torch.testing.assert_close(network.folded(shift)(x), network(x) + shift)
    torch.testing.assert_close(network.folded()(x), network(x))


def test_folded_is_a_copy():
    network, x = trained(), draw()
    folded = network.folded()
    expected = folded(x)
    for parameter in network.parameters():
        parameter.data.zero_()
    assert torch.equal(folded(x), expected)


def test_folded_keeps_the_precision():
    folded = WBNMLP(6, 3, (4,), seed=0).eval().folded()
    assert {p.dtype for p in folded.parameters()} == {torch.float32}


# Errors ---------------------------------------------------------------------


def test_an_unknown_activation_is_refused():
    message = r"activation must be one of \('tanh', .*'silu'\), got 'sine'"
    with pytest.raises(ValueError, match=message):
        make(activation="sine")


def test_an_unknown_variance_is_refused():
    with pytest.raises(ValueError, match=r"variance must be one of .*got 'unbiased'"):
        make(variance="unbiased")


@pytest.mark.parametrize("dropout", [1.0, -0.1, math.nan])
def test_dropout_that_is_no_share_is_refused(dropout):
    with pytest.raises(ValueError, match=rf"must be in \[0, 1\), got {dropout}"):
        make(dropout=dropout)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, None])
def test_device_and_precision_are_passed_on(dtype):
    network = WBNMLP(3, 2, (4,), device="meta", dtype=dtype)
    tensors = [*network.parameters(), *network.buffers()]
    assert {t.device.type for t in tensors} == {"meta"}
    floating = {t.dtype for t in tensors if t.is_floating_point()}
    assert floating == {dtype or torch.get_default_dtype()}


def test_weights_that_do_not_fit_are_refused():
    network, x = make(), draw()
    with pytest.raises(ValueError, match=r"must have shape \(10,\).*got \(9,\)"):
        network(x, W[1:])
    with pytest.raises(ValueError, match="finite and not negative"):
        network(x, -W)
    with pytest.raises(ValueError, match="10 rows came with 9 weights"):
        network(x, batch_weights(W[1:]))


def test_running_statistics_average_the_first_batches_and_then_move():
    network = WBNMLP(3, 2, hidden_layer_sizes=(4,), momentum=0.25, seed=0).double()
    norm = network.layers[0].norm
    generator = torch.Generator().manual_seed(0)
    means = []
    for _ in range(6):
        x = torch.randn(5, 3, generator=generator, dtype=torch.float64)
        network(x)
        means.append(network.layers[0].linear(x).mean(0).detach())
        if len(means) <= 4:
            expected = torch.stack(means).mean(0)
        else:
            expected = 0.75 * expected + 0.25 * means[-1]
        torch.testing.assert_close(norm.running_mean, expected)
