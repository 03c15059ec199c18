"""Layers without running statistics, or without a shift, are as torch's."""

import inspect

import pytest
import torch
from torch import nn

from sklearn_wbn.nn import WeightedBatchNorm1d, convert_weighted_batchnorm

C = 3


def trained_pair(**params):
    """Our layer and torch's after some batches, and another batch."""
    layers = (
        WeightedBatchNorm1d(C, variance="biased", **params),
        nn.BatchNorm1d(C, **params),
    )
    generator = torch.Generator().manual_seed(0)
    data = [2 * torch.randn(8, C, generator=generator) + 1 for _ in range(4)]
    for layer in layers:
        layer(data[0]), layer(data[1])
    return *layers, data[2:]


def assert_alike(ours, theirs, data):
    for x in data:
        torch.testing.assert_close(ours(x), theirs(x))
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict())


def without_tracking(layer):
    layer.track_running_stats = False


def without_counter(layer):
    layer.num_batches_tracked = None


def without_statistics(layer):
    layer.running_mean = layer.running_var = layer.num_batches_tracked = None


@pytest.mark.usefixtures("arithmetic")
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("momentum", [0.1, None])
@pytest.mark.parametrize(
    "change", [without_tracking, without_counter, without_statistics]
)
def test_layer_does_what_torchs_does(change, momentum, training):
    ours, theirs, data = trained_pair(momentum=momentum)
    for layer in (ours, theirs):
        change(layer)
        layer.train(training)
    assert_alike(ours, theirs, data)
    assert_alike(ours.eval(), theirs.eval(), data)


if "bias" in inspect.signature(nn.BatchNorm1d).parameters:

    @pytest.mark.usefixtures("arithmetic")
    def test_layer_without_a_shift_is_torchs():
        ours, theirs, data = trained_pair(bias=False)
        assert ours.bias is None
        for layer in (ours, theirs):
            layer(data[0]).pow(3).sum().backward()
        torch.testing.assert_close(ours.weight.grad, theirs.weight.grad)
        assert_alike(ours, theirs, data)
        assert_alike(ours.eval(), theirs.eval(), data)
        assert_alike(convert_weighted_batchnorm(theirs), ours, data)

else:

    def test_older_torch_knows_no_layer_without_a_shift():
        with pytest.raises(TypeError, match="unexpected keyword argument 'bias'"):
            WeightedBatchNorm1d(C, bias=False)
