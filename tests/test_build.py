"""The network that the parameters ask for."""

import numpy as np
import pytest
import torch

from sklearn_wbn import WBNMLPClassifier
from sklearn_wbn._build import build_net, fixed_params, hidden_sizes, update_net
from sklearn_wbn.nn import WeightedBatchNorm1d
from tests.samples import imbalanced, quick

SHARE = torch.log(torch.tensor([0.9, 0.1], dtype=torch.float64))


def built(dtype=torch.float64, **params):
    params = WBNMLPClassifier(**params).get_params()
    return build_net(
        params,
        n_features=4,
        n_classes=2,
        seed=0,
        device=torch.device("cpu"),
        dtype=dtype,
    )


def linears(network):
    return [m for m in network.modules() if isinstance(m, torch.nn.Linear)]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((), ()),
        (8, (8,)),
        (np.int32(8), (8,)),
        ([8, 4], (8, 4)),
        (np.array([8, 4]), (8, 4)),
        (np.array([]), ()),
        (range(3, 5), (3, 4)),
        ((8.0,), (8,)),
    ],
)
def test_sizes_may_be_written_in_several_ways(sizes, expected):
    assert hidden_sizes(sizes) == expected
    clf = quick(hidden_layer_sizes=sizes, max_iter=1).fit(*imbalanced())
    shapes = [tuple(linear.weight.shape) for linear in linears(clf.module_)]
    inputs = (4, *expected)
    assert shapes == list(zip((*expected, 2), inputs, strict=True))


@pytest.mark.parametrize(
    "sizes", [(0,), (-3,), (2.5,), (np.nan,), (np.inf,), ("a",), [[3, 4]], (None,)]
)
def test_size_that_is_no_positive_integer(sizes):
    with pytest.raises(ValueError, match="hidden_layer_sizes must be positive"):
        quick(hidden_layer_sizes=sizes).fit(*imbalanced())


@pytest.mark.parametrize("normalization", ["wbn", "bn", None])
def test_maps_before_a_norm_have_no_bias(normalization):
    network = built(hidden_layer_sizes=(8, 4), normalization=normalization).module_
    *hidden, output = linears(network)
    assert all(
        (linear.bias is None) == (normalization is not None) for linear in hidden
    )
    assert output.bias is not None
    norms = [m for m in network.modules() if isinstance(m, WeightedBatchNorm1d)]
    assert len(norms) == (2 if normalization else 0)


def test_parameters_reach_the_norms():
    options = {"norm_eps": 1e-3, "norm_momentum": 0.2, "variance": "biased"}
    net = built(**options)
    update_net(net, WBNMLPClassifier(**options, dropout=0.3).get_params(), SHARE)
    for layer in net.module_.layers:
        assert layer.norm.eps == 1e-3
        assert layer.norm.momentum == 0.2
        assert layer.norm.variance == "biased"
        assert layer.dropout == 0.3


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("tanh", torch.nn.Tanh),
        ("relu", torch.nn.ReLU),
        ("logistic", torch.nn.Sigmoid),
        ("identity", torch.nn.Identity),
        ("gelu", torch.nn.GELU),
        ("silu", torch.nn.SiLU),
    ],
)
def test_activations_are_those_of_torch(name, layer):
    assert type(built(activation=name).module_.layers[0].activation) is layer


def test_torchs_default_device_does_not_matter():
    expected = built().module_.state_dict()
    with torch.device("meta"):
        state = built().module_.state_dict()
    assert all(torch.equal(state[name], expected[name]) for name in expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("loss", ["cross_entropy", "balanced_softmax"])
def test_everything_has_the_precision_asked_for(dtype, loss):
    net = built(dtype)
    update_net(net, WBNMLPClassifier(loss=loss).get_params(), SHARE)
    tensors = [*net.module_.parameters(), *net.criterion_.buffers()]
    assert {t.dtype for t in tensors} == {dtype}
    assert len(list(net.criterion_.buffers())) == (loss == "balanced_softmax")


def test_loss_can_be_changed_to_and_fro():
    net = built()
    for loss in ("balanced_softmax", "cross_entropy", "balanced_softmax"):
        update_net(net, WBNMLPClassifier(loss=loss).get_params(), SHARE)
        expected = SHARE if loss == "balanced_softmax" else None
        assert net.criterion_.logit_shift is expected or torch.equal(
            net.criterion_.logit_shift, expected
        )


def test_what_is_fixed_compares_by_meaning():
    first = WBNMLPClassifier(hidden_layer_sizes=[8], solver_kwargs={})
    second = WBNMLPClassifier(hidden_layer_sizes=np.array([8]), dropout=0.5)
    third = WBNMLPClassifier(hidden_layer_sizes=8, alpha=0.5)
    fixed = [fixed_params(clf.get_params()) for clf in (first, second, third)]
    assert fixed[0] == fixed[1] != fixed[2]


def test_what_is_fixed_is_a_copy():
    kwargs = {"eps": 1e-3}
    fixed = fixed_params(WBNMLPClassifier(solver_kwargs=kwargs).get_params())
    kwargs["eps"] = 1.0
    assert fixed["solver_kwargs"] == {"eps": 1e-3}
