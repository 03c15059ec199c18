"""The layers: torch's BatchNorm with constant weights, the oracle with others."""

import copy
import math
import pickle

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sklearn_wbn.nn import (
    WeightedBatchNorm1d,
    WeightedBatchNorm2d,
    WeightedBatchNorm3d,
    batch_weights,
)
from tests.oracle import VARIANCES, batch_norm, normaliser, relative_error

# What is promised holds for either arithmetic.
pytestmark = pytest.mark.usefixtures("arithmetic")

B, C = 16, 5
W = torch.linspace(0.1, 4, B, dtype=torch.float64)

LAYERS = {
    "rows": (WeightedBatchNorm1d, nn.BatchNorm1d, (B, C)),
    "sequences": (WeightedBatchNorm1d, nn.BatchNorm1d, (6, C, 4)),
    "images": (WeightedBatchNorm2d, nn.BatchNorm2d, (4, C, 3, 2)),
    "volumes": (WeightedBatchNorm3d, nn.BatchNorm3d, (4, C, 3, 1, 2)),
}
ROUNDING = {
    torch.float64: {"rtol": 1e-13, "atol": 1e-13},
    torch.float32: {"rtol": 1e-5, "atol": 1e-5},
}


def batches(shape: tuple[int, ...], dtype: torch.dtype, n: int = 4) -> list[Tensor]:
    generator = torch.Generator().manual_seed(5)
    draws = (
        torch.randn(shape, dtype=torch.float64, generator=generator) for _ in range(n)
    )
    return [(2 * x + 1).to(dtype) for x in draws]


def pair(kind: str, dtype: torch.dtype = torch.float64, **arguments: object):
    """Return our layer and torch's with the same, non-trivial, parameters."""
    ours, theirs, shape = LAYERS[kind]
    layers = ours(C, variance="biased", **arguments), theirs(C, **arguments)
    for layer in layers:
        if layer.affine:
            nn.init.uniform_(
                layer.weight, 0.5, 2, generator=torch.Generator().manual_seed(1)
            )
            nn.init.normal_(layer.bias, generator=torch.Generator().manual_seed(2))
        layer.to(dtype)
    return *layers, batches(shape, dtype)


def train(layer: nn.Module, data: list[Tensor], *weight: Tensor | None):
    """Return outputs, input gradients and parameter gradients of some steps."""
    seen = []
    for batch in data:
        x = batch.clone().requires_grad_()
        u = layer(x, *weight)
        u.backward(x.detach().cos())
        seen += [u.detach(), x.grad]
    return [*seen, *(p.grad for p in layer.parameters())]


def assert_same_state(ours: nn.Module, theirs: nn.Module, dtype: torch.dtype) -> None:
    one, other = ours.state_dict(), theirs.state_dict()
    assert list(one) == list(other)
    for name in one:
        torch.testing.assert_close(one[name], other[name], **ROUNDING[dtype])


# Constant weights -----------------------------------------------------------


@pytest.mark.parametrize("dtype", ROUNDING, ids=str)
@pytest.mark.parametrize("weight", [None, 1.0, 0.37])
@pytest.mark.parametrize("momentum", [0.1, 1.0, None])
@pytest.mark.parametrize("kind", LAYERS)
def test_constant_weights_are_torchs_layer(kind, momentum, weight, dtype):
    ours, theirs, data = pair(kind, dtype, momentum=momentum)
    w = None if weight is None else torch.full((len(data[0]),), weight)
    for one, other in zip(train(ours, data, w), train(theirs, data), strict=True):
        torch.testing.assert_close(one, other, **ROUNDING[dtype])
    assert_same_state(ours, theirs, dtype)
    x = data[0]
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x), **ROUNDING[dtype])


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("track", [False, True])
def test_layers_without_parameters_or_buffers_are_torchs(affine, track):
    ours, theirs, data = pair("rows", affine=affine, track_running_stats=track)
    for mode in (True, False):
        ours.train(mode), theirs.train(mode)
        for one, other in zip(train(ours, data), train(theirs, data), strict=True):
            torch.testing.assert_close(one, other, **ROUNDING[torch.float64])
    assert_same_state(ours, theirs, torch.float64)


@pytest.mark.parametrize("kind", LAYERS)
def test_reliability_differs_from_torchs_layer_by_the_unbiased_variance(kind):
    # An eps that is lost in rounding; torch refuses zero.
    ours, theirs, data = pair(kind, eps=1e-300)
    ours.variance = "reliability"
    n = data[0].numel() / C
    gamma, b = (
        t.detach().view(1, C, *[1] * (data[0].dim() - 2))
        for t in (ours.weight, ours.bias)
    )
    y, y_torch = (((layer(data[0]) - b) / gamma) for layer in (ours, theirs))
    torch.testing.assert_close(y, y_torch * math.sqrt((n - 1) / n))
    assert_same_state(ours, theirs, torch.float64)


@pytest.mark.parametrize("kind", LAYERS)
def test_state_is_exchanged_both_ways(kind):
    ours, theirs, data = pair(kind)
    train(ours, data)
    theirs.load_state_dict(ours.state_dict())
    x = data[1] + 1
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x), rtol=0, atol=0)
    theirs.train()
    train(theirs, data)
    ours.load_state_dict(theirs.state_dict())
    torch.testing.assert_close(ours.eval()(x), theirs.eval()(x), rtol=0, atol=0)


# Other weights --------------------------------------------------------------


@pytest.mark.parametrize("prepared", [False, True])
@pytest.mark.parametrize("variance", VARIANCES)
def test_a_weighted_step_equals_the_oracle(variance, prepared):
    layer, _, data = pair("rows")
    layer.variance = variance
    w = batch_weights(W, variance) if prepared else W
    u, dx, dgamma, db = train(layer, data[:1], w)
    parameters = (t.detach().numpy() for t in (layer.weight, layer.bias))
    x = data[0].numpy()
    expected = batch_norm(x, W, *parameters, np.cos(x), variance=variance)
    assert relative_error(u, expected.u) < 1e-12
    assert relative_error(dx, expected.dx) < 1e-12
    assert relative_error(dgamma, expected.dgamma) < 1e-12
    assert relative_error(db, expected.db) < 1e-12


@pytest.mark.parametrize("momentum", [0.1, 0.7, None])
@pytest.mark.parametrize("variance", VARIANCES)
def test_running_statistics_average_the_weighted_ones(variance, momentum):
    layer = WeightedBatchNorm1d(C, momentum=momentum, variance=variance).double()
    data = batches((B, C), torch.float64)
    M, V = np.zeros(C), np.ones(C)
    unbiased = "reliability" if variance == "biased" else variance
    for r, x in enumerate(data, start=1):
        layer(x, W * r)
        G = normaliser((W * r).numpy(), unbiased)
        m = np.average(x.numpy(), axis=0, weights=W)
        v = (W * r).numpy() @ (x.numpy() - m) ** 2 / G
        share = 1 / r if momentum is None else momentum
        M, V = M + share * (m - M), V + share * (v - V)
    np.testing.assert_allclose(layer.running_mean, M, rtol=1e-12)
    np.testing.assert_allclose(layer.running_var, V, rtol=1e-12)
    assert layer.num_batches_tracked == len(data)


def test_eval_mode_takes_no_notice_of_weights():
    layer, _, data = pair("rows")
    train(layer, data, W)
    layer.eval()
    assert torch.equal(layer(data[0], W), layer(data[0]))
    assert torch.equal(layer(data[0])[:1], layer(data[0][:1]))


def test_eval_mode_without_running_statistics_uses_the_weights():
    layer = WeightedBatchNorm1d(C, affine=False, track_running_stats=False).double()
    x = batches((B, C), torch.float64)[0]
    trained = layer(x, W)
    assert torch.equal(layer.eval()(x, W), trained)
    assert not torch.equal(layer(x), trained)


@pytest.mark.parametrize(
    "w",
    [[0.0] * 4, [0.0, 3.0, 0.0, 0.0], [1.0, 1e-11, 0.0, 0.0]],
    ids=["no weight", "one row", "one row dominates"],
)
@pytest.mark.parametrize("momentum", [0.1, None])
def test_a_batch_that_knows_no_variance_leaves_the_running_ones(w, momentum):
    layer = WeightedBatchNorm1d(C, momentum=momentum)
    layer(torch.randn(8, C, generator=torch.Generator().manual_seed(0)))
    before = copy.deepcopy(layer.state_dict())
    u = layer(torch.arange(4.0 * C).view(4, C), torch.tensor(w))
    assert u.isfinite().all()
    assert all(torch.equal(layer.state_dict()[k], v) for k, v in before.items())


def test_a_batch_of_one_row_trains():
    # Where torch's layer raises.
    layer = WeightedBatchNorm1d(C)
    nn.init.ones_(layer.bias)
    assert torch.equal(layer(torch.arange(float(C)).view(1, C)), torch.ones(1, C))
    assert layer.num_batches_tracked == 0


# Form -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (WeightedBatchNorm1d, (2, C, 3, 3)),
        (WeightedBatchNorm2d, (2, C, 3)),
        (WeightedBatchNorm3d, (2, C, 3, 3)),
    ],
)
def test_input_of_the_wrong_dimension_is_refused(layer, shape):
    with pytest.raises(ValueError, match=rf"expected .*got {len(shape)}D input"):
        layer(C)(torch.zeros(shape))


def test_weights_are_checked():
    layer, x = WeightedBatchNorm1d(C), torch.zeros(B, C)
    with pytest.raises(ValueError, match=r"must have shape \(16,\).*got \(15,\)"):
        layer(x, torch.ones(B - 1))
    with pytest.raises(ValueError, match="finite and not negative"):
        layer(x, -torch.ones(B))
    layer = WeightedBatchNorm1d(C, variance="frequency")
    with pytest.raises(ValueError, match="must sum to more than one"):
        layer(x, torch.full((B,), 1 / B))


def test_an_unknown_variance_is_refused():
    with pytest.raises(ValueError, match=r"must be one of .*got 'unbiased'"):
        WeightedBatchNorm1d(C, variance="unbiased")


def test_the_layer_describes_itself():
    torchs = repr(nn.BatchNorm1d(3, eps=1e-3, affine=False))
    expected = f"Weighted{torchs.removesuffix(')')}, variance='biased')"
    ours = WeightedBatchNorm1d(3, eps=1e-3, affine=False, variance="biased")
    assert repr(ours) == expected


@pytest.mark.parametrize(
    "duplicate",
    [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))],
    ids=["deepcopy", "pickle"],
)
@pytest.mark.parametrize("kind", LAYERS)
def test_copies_go_on_as_the_original(kind, duplicate):
    layer, _, data = pair(kind)
    layer.variance = "reliability"
    w = torch.linspace(0.1, 4, len(data[0]))
    train(layer, data[:2], w)
    layer.zero_grad()
    twin = duplicate(layer)
    results = [train(one, data[2:], w) for one in (layer, twin)]
    for one, other in zip(*results, strict=True):
        assert torch.equal(one, other)
    assert all(
        torch.equal(v, twin.state_dict()[k]) for k, v in layer.state_dict().items()
    )


def test_meta_device_and_dtype_are_passed_on():
    layer = WeightedBatchNorm1d(C, device="meta", dtype=torch.float64)
    assert layer.weight.device.type == "meta"
    assert layer.running_var.dtype == torch.float64


# Half precision -------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_statistics_of_half_precision_signals_are_float32(dtype):
    layer, same = WeightedBatchNorm1d(C), WeightedBatchNorm1d(C)
    # bfloat16 would round this mean to 100.5, float16 to 100.25.
    x = (100.3 + batches((B, C), torch.float32)[0]).to(dtype)
    u, u_full = layer(x, W), same(x.float(), W)
    assert u.dtype == dtype
    assert torch.equal(u, u_full.to(dtype))
    assert layer.running_mean.dtype == torch.float32
    assert torch.equal(layer.running_mean, same.running_mean)
    assert torch.equal(layer.running_var, same.running_var)


def test_autocast_keeps_the_statistics_in_float32():
    layer, same = WeightedBatchNorm1d(C), WeightedBatchNorm1d(C)
    x = 100.3 + batches((B, C), torch.float32)[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = layer(x, W)
    assert torch.equal(inside, same(x, W))
    assert torch.equal(layer.running_var, same.running_var)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_a_layer_in_half_precision_trains(dtype):
    layer = WeightedBatchNorm1d(C).to(dtype)
    x = batches((B, C), dtype)[0].requires_grad_()
    layer(x, W).sum().backward()
    assert layer.running_mean.dtype == layer.weight.grad.dtype == x.grad.dtype == dtype
    m = np.average(x.detach().double().numpy(), axis=0, weights=W)
    error = relative_error(layer.running_mean.float(), 0.1 * m)
    assert error < torch.finfo(dtype).eps


# torch.compile itself does what torch has deprecated.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_layer_compiles_as_a_whole():
    layer, compiled = (WeightedBatchNorm1d(C).double() for _ in range(2))
    # This backend needs no C++ compiler.
    step = torch.compile(compiled, backend="aot_eager", fullgraph=True)
    for turn, x in enumerate(batches((B, C), torch.float64)):
        weights = batch_weights(x[:, 0].abs() + W) if turn % 2 else None
        x.requires_grad_()
        expected, got = layer(x, weights), step(x, weights)
        torch.testing.assert_close(got, expected)
        for u in (expected, got):
            (u**3).sum().backward()
    torch.testing.assert_close(compiled.weight.grad, layer.weight.grad)
    torch.testing.assert_close(compiled.state_dict(), layer.state_dict())
