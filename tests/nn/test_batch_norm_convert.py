"""Conversion of whole models, and weights that reach layers inside them."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch._dynamo.testing import CompileCounterWithBackend

from sklearn_wbn.nn import (
    WeightedBatchNorm1d,
    WeightedBatchNorm2d,
    WeightedBatchNorm3d,
    batch_weights,
    convert_weighted_batchnorm,
    use_sample_weight,
)

B = 6


class Block(nn.Module):
    """A residual block: norms that are attributes, not items of a Sequential."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4, eps=1e-3, momentum=None)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.norm(self.conv(x)).relu()


def make_model() -> nn.Sequential:
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.Sequential(Block(), Block()),
        nn.Flatten(),
        nn.Linear(64, 5),
        nn.BatchNorm1d(5, momentum=0.3),
        nn.Dropout(0.0),
        nn.LayerNorm(5),
    )
    return model.double()


def norms(model: nn.Module, kind: type | tuple[type, ...]) -> list[nn.Module]:
    return [module for module in model.modules() if isinstance(module, kind)]


def images(seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(B, 1, 6, 6, dtype=torch.float64, generator=generator)


WEIGHTED = (WeightedBatchNorm1d, WeightedBatchNorm2d, WeightedBatchNorm3d)
W = torch.tensor([1.0, 0.0, 5.0, 0.3, 2.0, 9.0], dtype=torch.float64)


# Conversion -----------------------------------------------------------------


def test_every_norm_of_a_model_becomes_weighted():
    model = make_model()
    converted = convert_weighted_batchnorm(model, "biased")
    assert converted is model
    assert len(norms(model, WEIGHTED)) == 4
    assert len(norms(model, nn.modules.batchnorm._BatchNorm)) == 4
    assert {layer.variance for layer in norms(model, WEIGHTED)} == {"biased"}
    assert isinstance(model[2][1].norm, WeightedBatchNorm2d)
    assert isinstance(model[7], nn.LayerNorm)


def test_settings_parameters_buffers_and_mode_are_kept():
    model = make_model()
    model(images())
    model[2][0].norm.eval()
    model[5].weight.requires_grad_(False)
    old = norms(model, nn.modules.batchnorm._BatchNorm)
    for before, after in zip(
        old, norms(convert_weighted_batchnorm(model), WEIGHTED), strict=True
    ):
        assert (after.eps, after.momentum) == (before.eps, before.momentum)
        assert after.num_features == before.num_features
        assert after.training == before.training
        # The same objects, so that an optimizer goes on training them.
        assert after.weight is before.weight
        assert after.bias is before.bias
        for name, buffer in before.named_buffers():
            assert after.get_buffer(name) is buffer
    assert not model[5].weight.requires_grad


def test_a_converted_model_trains_as_before_where_there_are_no_weights():
    model = make_model()
    ours = convert_weighted_batchnorm(copy.deepcopy(model), "biased")
    for seed in range(3):
        for one in (model, ours):
            one(images(seed)).square().sum().backward()
    for name, expected in model.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], expected)
    for one, other in zip(ours.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)
    model.eval(), ours.eval()
    torch.testing.assert_close(ours(images(9)), model(images(9)))


def test_an_optimizer_made_before_goes_on_training():
    model = make_model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    convert_weighted_batchnorm(model)
    before = model[1].bias.detach().clone()
    model(images()).square().sum().backward()
    optimizer.step()
    assert not torch.equal(model[1].bias, before)


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("track", [False, True])
@pytest.mark.parametrize(
    ("plain", "weighted"),
    [
        (nn.BatchNorm1d, WeightedBatchNorm1d),
        (nn.BatchNorm2d, WeightedBatchNorm2d),
        (nn.BatchNorm3d, WeightedBatchNorm3d),
    ],
)
def test_a_norm_alone_gives_its_twin(plain, weighted, affine, track):
    norm = plain(3, affine=affine, track_running_stats=track)
    twin = convert_weighted_batchnorm(norm)
    assert type(twin) is weighted
    assert list(twin.state_dict()) == list(norm.state_dict())
    assert (twin.affine, twin.track_running_stats) == (affine, track)
    assert twin.variance == "reliability"


def test_a_norm_without_shift_stays_without():
    norm = nn.BatchNorm1d(3)
    norm.register_parameter("bias", None)
    twin = convert_weighted_batchnorm(norm, "biased")
    assert list(twin.state_dict()) == list(norm.state_dict())
    x = torch.randn(B, 3, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(twin(x), norm(x))


def test_a_norm_in_two_places_stays_one():
    norm = nn.BatchNorm1d(3)
    block = nn.Sequential(nn.BatchNorm1d(3))
    model = nn.Sequential(norm, nn.Tanh(), norm, block, nn.Sequential(block, norm))
    model = convert_weighted_batchnorm(model)
    assert isinstance(model[0], WeightedBatchNorm1d)
    assert model[0] is model[2] is model[4][1]
    assert model[3] is model[4][0] is block
    assert isinstance(block[0], WeightedBatchNorm1d)
    model(torch.randn(B, 3, generator=torch.Generator().manual_seed(0)))
    assert norm.num_batches_tracked == 3
    # Buffers are made anew, one set for each module.
    assert model.double()[2].running_mean is model[0].running_mean


def test_conversion_twice_changes_nothing():
    model = convert_weighted_batchnorm(make_model(), "biased")
    layers = norms(model, WEIGHTED)
    again = norms(convert_weighted_batchnorm(model, "reliability"), WEIGHTED)
    assert all(one is other for one, other in zip(layers, again, strict=True))
    assert {layer.variance for layer in again} == {"biased"}


def test_conversion_to_an_unknown_variance_is_refused():
    with pytest.raises(ValueError, match=r"must be one of .*got 'unbiased'"):
        convert_weighted_batchnorm(make_model(), "unbiased")


# Weights for a whole model --------------------------------------------------


def test_weights_reach_every_layer_of_a_model():
    # A row of weight zero would show in any layer that does not know of it.
    model = convert_weighted_batchnorm(make_model())
    x = images()
    others = W > 0
    with use_sample_weight(model, W) as same:
        u = same(x)
    assert same is model
    with use_sample_weight(model, W[others]):
        without = model(x[others])
    torch.testing.assert_close(u[others], without)
    assert not torch.allclose(u, model(x))


def test_weights_are_prepared_once_and_taken_back():
    model = convert_weighted_batchnorm(make_model())
    layers = norms(model, WEIGHTED)
    with use_sample_weight(model, W):
        assert len({id(layer.default_weight) for layer in layers}) == 1
        assert torch.equal(layers[0].default_weight.p, W / W.sum())
    assert all(layer.default_weight is None for layer in layers)


def test_each_layer_gets_its_own_normaliser():
    model = convert_weighted_batchnorm(make_model())
    layers = norms(model, WEIGHTED)
    layers[1].variance = "biased"
    with use_sample_weight(model, W):
        given = [layer.default_weight.variance for layer in layers]
    assert given == ["reliability", "biased", "reliability", "reliability"]


def test_prepared_weights_are_given_as_they_are():
    model = convert_weighted_batchnorm(make_model())
    prepared = batch_weights(W, "biased")
    with use_sample_weight(model, prepared):
        assert all(la.default_weight is prepared for la in norms(model, WEIGHTED))


def test_weights_of_positions_are_prepared_too():
    layer = WeightedBatchNorm1d(3)
    x = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))
    w = torch.tensor([[1.0, 1.0, 0.0, 0.0], [1.0, 2.0, 3.0, 0.0]])
    with use_sample_weight(layer, w):
        inside = layer(x)
        assert torch.equal(layer.default_weight.p, w.double() / 8)
    assert torch.equal(inside, layer(x, w))


def test_blocks_nest():
    layer = WeightedBatchNorm1d(3)
    with use_sample_weight(layer, torch.ones(4)):
        outer = layer.default_weight
        with use_sample_weight(layer, torch.arange(4.0)):
            assert layer.default_weight is not outer
        assert layer.default_weight is outer
    assert layer.default_weight is None


def test_errors_give_the_weights_back():
    layer = WeightedBatchNorm1d(3)
    with (
        pytest.raises(ValueError, match="5 rows came with 4 weights"),
        use_sample_weight(layer, torch.ones(4)),
    ):
        layer(torch.zeros(5, 3))
    assert layer.default_weight is None
    with (
        pytest.raises(ValueError, match="finite and not negative"),
        use_sample_weight(layer, -torch.ones(4)),
    ):
        pass
    assert layer.default_weight is None


def test_weights_of_the_call_come_before_those_of_the_block():
    layer = WeightedBatchNorm1d(3)
    x = torch.randn(B, 3, generator=torch.Generator().manual_seed(0))
    with use_sample_weight(layer, torch.ones(B)):
        assert torch.equal(layer(x, W), WeightedBatchNorm1d(3)(x, W))


def test_a_model_without_weighted_layers_is_refused():
    message = r"no weighted .* call convert_weighted_batchnorm\(model\) first"
    with pytest.raises(ValueError, match=message), use_sample_weight(make_model(), W):
        pass


# torch.compile itself does what torch has deprecated.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_converted_model_compiles_as_a_whole_and_not_for_every_weight():
    counter = CompileCounterWithBackend("eager")  # needs no C++ compiler
    model = convert_weighted_batchnorm(
        nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    )
    reference = copy.deepcopy(model)
    compiled = torch.compile(model, backend=counter, fullgraph=True)
    x = torch.randn(B, 3, generator=torch.Generator().manual_seed(0))
    for scale in range(1, 7):
        w = torch.linspace(1, scale, B)
        with use_sample_weight(model, w), use_sample_weight(reference, w):
            torch.testing.assert_close(compiled(x), reference(x))
    assert counter.frame_count <= 3
