"""The layers under torch's own tools: compilation, meta."""

import pytest
import torch
from torch import Tensor, nn

from sklearn_wbn.nn import (
    WeightedBatchNorm1d,
    batch_weights,
    use_sample_weight,
)

B, C = 6, 3


def draw(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


# torch.compile ---------------------------------------------------------------

# torch.compile itself does what torch has deprecated.
quiet = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def compiled(layer: nn.Module) -> nn.Module:
    torch.compiler.reset()  # the limit of compilations counts those of other tests
    # This backend needs no C++ compiler.
    return torch.compile(layer, backend="eager", fullgraph=True)


@quiet
def test_weights_of_positions_compile_as_a_whole():
    layer = WeightedBatchNorm1d(C)
    step = compiled(layer)
    for length in (4, 5, 7, 6, 9, 8):
        x, mask = draw(B, C, length), (draw(B, length) > 0).float()
        expected = layer(x, mask)
        torch.testing.assert_close(step(x, batch_weights(mask)), expected)
        with use_sample_weight(layer, mask):
            torch.testing.assert_close(step(x), expected)


@quiet
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_batches_of_several_sizes_compile_as_a_whole(weighted, sequences):
    layer = WeightedBatchNorm1d(C)
    step = compiled(layer)
    for n in (8, 5, 7, 6, 9, 4):
        x = draw(n, C, n + 1) if sequences else draw(n, C)
        weights = batch_weights(draw(n).abs()) if weighted else None
        torch.testing.assert_close(step(x, weights), layer(x, weights))


# Meta ----


@pytest.mark.parametrize("shape", [(B, C), (B, C, 4)])
@pytest.mark.parametrize("training", [True, False])
def test_a_layer_on_meta_gives_shapes(training, shape):
    layer = WeightedBatchNorm1d(C, device="meta").train(training)
    x = torch.empty(shape, device="meta", requires_grad=True)
    u = layer(x)
    u.sum().backward()
    assert u.device.type == x.grad.device.type == "meta"
    assert u.shape == x.grad.shape == shape
