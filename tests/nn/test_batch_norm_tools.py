"""The layers under torch's own tools: compilation, checkpointing, export, meta."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from sklearn_wbn.nn import (
    WeightedBatchNorm1d,
    batch_weights,
    convert_weighted_batchnorm,
    use_sample_weight,
)

B, C = 6, 3
W = torch.tensor([1.0, 0.0, 5.0, 0.3, 2.0, 9.0])


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


# Activation checkpointing ----------------------------------------------------


class Checkpointed(nn.Module):
    """Two blocks, whose signals the backward pass may compute again."""

    def __init__(self, **how: bool) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(C, C), nn.BatchNorm1d(C), nn.Tanh())
            for _ in range(2)
        )
        for parameter in self.parameters():
            nn.init.normal_(parameter, generator=generator)
        convert_weighted_batchnorm(self)
        self.how = how

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = checkpoint(block, x, **self.how) if self.how else block(x)
        return x


def gradients(network: nn.Module) -> list[Tensor]:
    x = draw(B, C).requires_grad_()
    with use_sample_weight(network, W):
        network(x).pow(3).sum().backward()
    return [x.grad, *(parameter.grad for parameter in network.parameters())]


@pytest.mark.usefixtures("arithmetic")
@pytest.mark.parametrize("use_reentrant", [False, True])
def test_checkpointing_with_backward_in_the_block_changes_no_gradient(use_reentrant):
    # After the block the norms would be computed again without the weights.
    got = gradients(Checkpointed(use_reentrant=use_reentrant))
    for one, other in zip(got, gradients(Checkpointed()), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("use_reentrant", [False, True])
def test_checkpointing_keeps_weights_that_are_arguments(use_reentrant):
    layers = [WeightedBatchNorm1d(C) for _ in range(2)]
    plain, kept = draw(B, C).requires_grad_(), draw(B, C).requires_grad_()
    layers[0](plain, W).pow(3).sum().backward()
    u = checkpoint(layers[1], kept, W, use_reentrant=use_reentrant)
    u.pow(3).sum().backward()
    assert torch.equal(kept.grad, plain.grad)


# Export and meta -------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of torch.export's own trees
def test_a_layer_in_eval_mode_is_exported():
    layer, x = WeightedBatchNorm1d(C), draw(B, C)
    layer(x, W)
    program = torch.export.export(copy.deepcopy(layer).eval(), (x,))
    assert torch.equal(program.module()(x), layer.eval()(x))


@pytest.mark.parametrize("shape", [(B, C), (B, C, 4)])
@pytest.mark.parametrize("training", [True, False])
def test_a_layer_on_meta_gives_shapes(training, shape):
    layer = WeightedBatchNorm1d(C, device="meta").train(training)
    x = torch.empty(shape, device="meta", requires_grad=True)
    u = layer(x)
    u.sum().backward()
    assert u.device.type == x.grad.device.type == "meta"
    assert u.shape == x.grad.shape == shape
