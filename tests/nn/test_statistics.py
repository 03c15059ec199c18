"""The statistics pass against loops in NumPy (end of section 3.1)."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch import Tensor

from sklearn_wbn.nn import WBNMLP, BatchWeights, batch_weights
from sklearn_wbn.nn.statistics import average_batch_statistics, population_statistics
from tests.oracle import VARIANCES, Array, moments, normaliser

N, SIZES = 26, [8, 8, 8, 2]
EPS = 1e-8


def draw(mean: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    """Return inputs, frequencies and importances of the training rows."""
    rng = np.random.default_rng(11)
    x = mean + rng.normal(size=(N, 4))
    f, c = rng.integers(1, 4, N), 10 ** rng.uniform(-1, 1, N)
    return tuple(torch.tensor(a, dtype=torch.float64) for a in (x, f, c))


def make(**arguments: object) -> WBNMLP:
    """Return a network whose running statistics are those of training."""
    network = WBNMLP(4, 3, (5, 4), seed=0, **arguments).double()
    for layer in network.hidden:
        torch.nn.init.uniform_(
            layer.norm.weight, 0.5, 2, generator=torch.Generator().manual_seed(1)
        )
        layer.norm.bias.data += 0.3
    network(draw()[0] + 5)
    return network


def batched(
    x: Tensor,
    w: Tensor,
    variance: str,
    f: Tensor | None = None,
    sizes: list[int] = SIZES,
) -> Callable[[], Iterator[tuple[Tensor, BatchWeights]]]:
    frequencies = torch.ones_like(w) if f is None else f

    def batches() -> Iterator[tuple[Tensor, BatchWeights]]:
        parts = zip(*(t.split(sizes) for t in (x, w, frequencies)), strict=True)
        for x_r, w_r, f_r in parts:
            yield x_r, batch_weights(w_r, variance, frequency=f_r)

    return batches


def parameters(network: WBNMLP) -> list[tuple[Array, Array, Array]]:
    return [
        tuple(
            t.detach().double().numpy()
            for t in (layer.linear.weight, layer.norm.weight, layer.norm.bias)
        )
        for layer in network.hidden
    ]


def activate(signal: Array, m: Array, v: Array, gamma: Array, b: Array) -> Array:
    return np.tanh(gamma * (signal - m) / np.sqrt(v + EPS) + b)


def check(network: WBNMLP, expected: list[tuple[Array, Array]], rtol: float = 1e-11):
    for layer, (M, V) in zip(network.hidden, expected, strict=True):
        np.testing.assert_allclose(layer.norm.running_mean, M, rtol=rtol)
        np.testing.assert_allclose(layer.norm.running_var, V, rtol=rtol)


# "batch_mean": the paper's averages ------------------------------------------


def batch_means(
    network: WBNMLP, x: Tensor, w: Tensor, variance: str, sizes: list[int] = SIZES
) -> list[tuple[Array, Array]]:
    """M = (1/R) sum m_r and V = 1/(R-1) sum v_r; the unbiased v_r, as torch's is."""
    unbiased = "reliability" if variance == "biased" else variance
    per_layer: list[list[tuple[Array, Array]]] = [[] for _ in network.hidden]
    for x_r, w_r in zip(x.split(sizes), w.split(sizes), strict=True):
        z, weights = x_r.numpy(), w_r.numpy()
        G, G_unbiased = (normaliser(weights, kind) for kind in (variance, unbiased))
        for found, (linear, gamma, b) in zip(
            per_layer, parameters(network), strict=True
        ):
            signal = z @ linear.T
            m, v = moments(signal, weights, G)
            found.append((m, v * G / G_unbiased))
            z = activate(signal, m, v, gamma, b)
    R = len(sizes)
    divisor = R - 1 if R > 1 else 1
    return [
        (sum(m for m, _ in found) / R, sum(v for _, v in found) / divisor)
        for found in per_layer
    ]


@pytest.mark.parametrize("sizes", [SIZES, [13, 13], [N]], ids=str)
@pytest.mark.parametrize("variance", VARIANCES)
def test_batch_mean_is_the_papers_average(variance, sizes):
    network, (x, _, c) = make(variance=variance), draw()
    average_batch_statistics(network, batched(x, c, variance, sizes=sizes))
    check(network, batch_means(network, x, c, variance, sizes))


def test_batch_mean_forgets_the_statistics_of_training():
    x, _, c = draw()
    networks = [make(), make()]
    networks[1].hidden[0].norm.running_mean += 100
    for network in networks:
        average_batch_statistics(network, batched(x, c, "reliability"))
    for one, other in zip(*(n.buffers() for n in networks), strict=True):
        assert torch.equal(one, other)


def test_batch_mean_leaves_out_batches_that_know_no_variance():
    network, (x, _, c) = make(), draw()
    lonely = torch.zeros(3, dtype=torch.float64), torch.tensor([0.0, 5.0, 0.0])

    def batches() -> Iterator[tuple[Tensor, BatchWeights]]:
        for w in lonely:
            yield x[: len(lonely[0])] + 7, batch_weights(w.expand(3).clone() * 0)
        yield x[:3] + 7, batch_weights(lonely[1])
        yield x[:1] + 7, batch_weights(torch.ones(1))
        yield from batched(x, c, "reliability")()

    average_batch_statistics(network, batches)
    check(network, batch_means(network, x, c, "reliability"))
    assert network.hidden[0].norm.num_batches_tracked == len(SIZES)


def test_batch_mean_rests_dropout():
    x, _, c = draw()
    networks = [make(), make(dropout=0.0)]
    for layer in networks[0].hidden:
        layer.dropout = 0.9
    for network in networks:
        average_batch_statistics(network, batched(x, c, "reliability"))
    for one, other in zip(*(n.buffers() for n in networks), strict=True):
        assert torch.equal(one, other)


# "population" and "weighted_population" ----------------------------------------


def population(network: WBNMLP, x: Tensor, w: Array, G: float):
    """All rows at once, each layer on signals that the ones before have normalised."""
    z, found = x.double().numpy(), []
    for linear, gamma, b in parameters(network):
        signal = z @ linear.T
        found.append(moments(signal, w, G))
        z = activate(signal, *found[-1], gamma, b)
    return found


@pytest.mark.parametrize("sizes", [SIZES, [1] * N, [25, 1], [N]], ids=len)
@pytest.mark.parametrize("mode", [False, True], ids=["eval", "train"])
def test_population_counts_every_row_once(sizes, mode):
    network, (x, _, _) = make().train(mode), draw()
    ones = torch.ones(N, dtype=torch.float64)
    batches = batched(x, ones, "biased", sizes=sizes)
    population_statistics(network, batches, batch_weights(ones))
    check(network, population(network, x, ones.numpy(), N - 1))


def test_population_counts_frequencies():
    network, (x, f, _) = make(), draw()
    total = batch_weights(f, frequency=f)
    population_statistics(network, batched(x, f, "biased", f), total)
    repeated = x.repeat_interleave(f.long(), dim=0)
    n = len(repeated)
    check(network, population(network, repeated, np.ones(n), n - 1))


def test_weighted_population_counts_class_weights():
    network, (x, _, c) = make(), draw()
    population_statistics(network, batched(x, c, "biased"), batch_weights(c))
    G = normaliser(c.numpy(), "reliability")
    check(network, population(network, x, c.numpy(), G))


def test_weighted_population_counts_frequencies_too():
    x, f, c = draw()
    once, many = make(), make()
    batches = batched(x, f * c, "biased", f)
    population_statistics(once, batches, batch_weights(f * c, frequency=f))
    x, c = (t.repeat_interleave(f.long(), dim=0) for t in (x, c))
    sizes = [len(x) - 20, 20]
    population_statistics(many, batched(x, c, "biased", sizes=sizes), batch_weights(c))
    for one, other in zip(once.buffers(), many.buffers(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=0)


@pytest.mark.parametrize("variance", VARIANCES)
def test_population_variance_is_unbiased_for_every_variance(variance):
    network, (x, _, _) = make(variance=variance), draw()
    ones = torch.ones(N, dtype=torch.float64)
    total = batch_weights(ones, variance)
    population_statistics(network, batched(x, ones, "biased"), total)
    check(network, population(network, x, ones.numpy(), N - 1))


@pytest.mark.parametrize("variance", VARIANCES)
def test_population_does_not_see_the_normaliser_of_its_batches(variance):
    network, (x, _, c) = make(), draw()
    population_statistics(network, batched(x, 10 * c, variance), batch_weights(c))
    G = normaliser(c.numpy(), "reliability")
    check(network, population(network, x, c.numpy(), G))


def test_population_skips_batches_without_weight():
    network, (x, _, c) = make(), draw()
    c[:8] = 0
    population_statistics(network, batched(x, c, "biased"), batch_weights(c))
    G = normaliser(c.numpy(), "reliability")
    check(network, population(network, x, c.numpy(), G))


# Both -------------------------------------------------------------------------


def run(kind: str, network: WBNMLP, x: Tensor, w: Tensor) -> None:
    if kind == "batch_mean":
        average_batch_statistics(network, batched(x, w, "reliability"))
    else:
        population_statistics(network, batched(x, w, "biased"), batch_weights(w))


PASS = {"batch_mean": average_batch_statistics, "population": population_statistics}


@pytest.mark.parametrize("kind", PASS)
def test_means_far_from_zero_keep_the_variance_in_float32(kind):
    # Means of 1e4 times the spread, where E[x^2] - M^2 would know nothing.
    network = WBNMLP(4, 3, (5,), seed=0)
    torch.nn.init.eye_(network.hidden[0].linear.weight)
    x, _, c = draw(mean=1e4)
    x = x.float()
    run(kind, network, x, c)
    if kind == "batch_mean":
        M, V = batch_means(network, x.double(), c, "reliability")[0]
    else:
        G = normaliser(c.numpy(), "reliability")
        M, V = population(network, x, c.numpy(), G)[0]
    norm = network.hidden[0].norm
    np.testing.assert_allclose(norm.running_mean, M, rtol=1e-6)
    np.testing.assert_allclose(norm.running_var, V, rtol=1e-5, atol=1e-30)
    assert norm.running_var.dtype == torch.float32


@pytest.mark.parametrize("kind", PASS)
def test_only_the_running_statistics_change(kind):
    network, (x, _, c) = make(momentum=0.3), draw()
    before = {k: v.clone() for k, v in network.state_dict().items()}
    run(kind, network, x, c)
    changed = {
        name.rpartition(".")[2]
        for name, value in network.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert changed <= {"running_mean", "running_var", "num_batches_tracked"}
    assert {"running_mean", "running_var"} <= changed
    assert [layer.norm.momentum for layer in network.hidden] == [0.3, 0.3]
    assert not any(module.training for module in network.modules())
    assert not any(buffer.requires_grad for buffer in network.buffers())
    assert all(p.grad is None for p in network.parameters())


@pytest.mark.parametrize("kind", PASS)
def test_an_interrupt_leaves_momentum_and_modes_in_order(kind):
    network, (x, _, c) = make(momentum=0.3), draw()
    whole = batched(x, c, "biased")

    def interrupted() -> Iterator[tuple[Tensor, BatchWeights]]:
        yield next(whole())
        raise KeyboardInterrupt

    rest = () if kind == "batch_mean" else (batch_weights(c),)
    with pytest.raises(KeyboardInterrupt):
        PASS[kind](network, interrupted, *rest)
    assert [layer.norm.momentum for layer in network.hidden] == [0.3, 0.3]
    assert not any(module.training for module in network.modules())


@pytest.mark.parametrize("kind", PASS)
@pytest.mark.parametrize(
    ("sizes", "normalization"), [((5,), False), ((), True), ((), False)]
)
def test_a_network_without_norms_is_left_alone(kind, sizes, normalization):
    network = WBNMLP(4, 3, sizes, normalization=normalization, seed=0).double()
    x, _, c = draw()
    before = {k: v.clone() for k, v in network.state_dict().items()}
    run(kind, network, x, c)
    assert all(torch.equal(network.state_dict()[k], v) for k, v in before.items())
