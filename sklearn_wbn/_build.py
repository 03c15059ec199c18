"""From the estimator's parameters to an initialized skorch net."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

import torch
from torch import Tensor

from sklearn_wbn._network import WeightedLoss, WeightedNet
from sklearn_wbn._solver import optimizer_params
from sklearn_wbn.nn.mlp import WBNMLP

# What warm_start and partial_fit cannot change: the network and its optimizer.
_FIXED = (
    "hidden_layer_sizes",
    "activation",
    "normalization",
    "variance",
    "solver",
    "solver_kwargs",
    "alpha",
)

# What they can change.
_FREE = (
    "dropout",
    "learning_rate_init",
    "loss",
    "loss_normalization",
    "norm_eps",
    "norm_momentum",
)


def build_net(
    params: Mapping[str, Any],
    *,
    n_features: int,
    n_classes: int,
    seed: int,
    device: torch.device,
    dtype: torch.dtype,
) -> WeightedNet:
    """Build the net that `WBNMLPClassifier` holds.

    Parameters
    ----------
    params : mapping
        Parameters of the estimator.
    n_features : int
        Number of inputs.
    n_classes : int
        Number of outputs.
    seed : int
        Seed of the initial weights.
    device : torch.device
        Where the net lives.
    dtype : torch.dtype
        Precision of its parameters.

    Returns
    -------
    WeightedNet
        Initialized net, without callbacks.
    """
    net = WeightedNet(
        module=WBNMLP,
        criterion=WeightedLoss,
        lr=params["learning_rate_init"],
        train_split=None,
        predict_nonlinearity=_softmax,
        verbose=0,
        device=str(device),
        weighted_norm=params["normalization"] == "wbn",
        closure=not isinstance(params["solver"], str),
        **{f"module__{name}": value for name, value in _module_params(params).items()},
        module__n_features=n_features,
        module__n_classes=n_classes,
        module__seed=seed,
        **optimizer_params(params["solver"], params["solver_kwargs"], params["alpha"]),
    )
    net.initialize()
    net.module_.to(dtype)
    return net


def update_net(
    net: WeightedNet, params: Mapping[str, Any], log_class_share: Tensor
) -> None:
    """Give a net, new or not, the parameters that may change between calls.

    Parameters
    ----------
    net : WeightedNet
        Initialized net, changed in place.
    params : mapping
        Parameters of the estimator.
    log_class_share : Tensor of shape (n_classes,)
        ``log(N_k / N)``, for balanced softmax.
    """
    balanced = params["loss"] == "balanced_softmax"
    like = next(net.module_.parameters())
    net.criterion_.logit_shift = log_class_share.to(like) if balanced else None
    net.loss_normalization = params["loss_normalization"]
    _update_layers(net.module_, params)


def set_learning_rate(net: WeightedNet, learning_rate_init: float) -> None:
    """Give the solver its learning rate, unless it is the one that a net began with.

    Parameters
    ----------
    net : WeightedNet
        Initialized net, changed in place.
    learning_rate_init : float
        If it is still the same, a schedule goes on where it was.
    """
    is_new = net.lr != learning_rate_init
    if is_new:
        net.set_params(lr=learning_rate_init)
    for group in net.optimizer_.param_groups:
        # What schedules of torch that join later, or count from there, start from.
        if is_new or "initial_lr" not in group:
            group["initial_lr"] = learning_rate_init


def is_as_from_params(net: WeightedNet, params: Mapping[str, Any]) -> bool:
    """Tell whether a net has the network that its parameters describe.

    Parameters
    ----------
    net : WeightedNet
        Initialized net, in which a callback may have replaced layers.
    params : mapping
        Parameters of the estimator when it was trained.

    Returns
    -------
    bool
        Whether `build_net` and `update_net` give the same network but for its tensors
        and hooks.
    """
    stock = net.initialized_instance(net.module, net.get_params_for("module"))
    _update_layers(stock, params)
    kinds = [[type(m) for m in network.modules()] for network in (stock, net.module_)]
    return kinds[0] == kinds[1] and repr(stock) == repr(net.module_)


def fixed_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that a trained net cannot change.

    Parameters
    ----------
    params : mapping
        Parameters of the estimator.

    Returns
    -------
    dict
        Copies that compare equal where they mean the same.
    """
    fixed = {name: params[name] for name in _FIXED}
    fixed["hidden_layer_sizes"] = hidden_sizes(params["hidden_layer_sizes"])
    fixed["solver_kwargs"] = dict(params["solver_kwargs"] or {})
    return fixed


def net_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parameters that a net is built from.

    Parameters
    ----------
    params : mapping
        Parameters of the estimator.

    Returns
    -------
    dict
        What `build_net` and `update_net` read.
    """
    return fixed_params(params) | {name: params[name] for name in _FREE}


def hidden_sizes(hidden_layer_sizes: Any) -> tuple[int, ...]:
    """Return the sizes of the hidden layers as a tuple of positive ints.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int
        As given by the user.

    Returns
    -------
    tuple of int
        One per hidden layer.

    Raises
    ------
    ValueError
        If a size is not a positive integer.
    """
    sizes = hidden_layer_sizes
    sizes = tuple(sizes) if hasattr(sizes, "__iter__") else (sizes,)
    if not all(_is_size(n) for n in sizes):
        raise ValueError(f"hidden_layer_sizes must be positive integers, got {sizes}")
    return tuple(int(n) for n in sizes)


def _update_layers(network: WBNMLP, params: Mapping[str, Any]) -> None:
    for layer in network.layers:
        layer.dropout = params["dropout"]
        if layer.norm is not None:
            layer.norm.eps = params["norm_eps"]
            layer.norm.momentum = params["norm_momentum"]


def _is_size(n: Any) -> bool:
    return isinstance(n, Real) and float(n) > 0 and float(n).is_integer()


def _module_params(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "hidden_layer_sizes": hidden_sizes(params["hidden_layer_sizes"]),
        "activation": params["activation"],
        "normalization": params["normalization"] is not None,
        "variance": params["variance"],
        # Not the user's defaults, on which the initial weights would depend.
        "device": "cpu",
        "dtype": torch.float32,
    }


def _softmax(logits: Tensor) -> Tensor:
    return logits.softmax(dim=-1)
