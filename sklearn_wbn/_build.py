"""From the estimator's parameters to an initialized skorch net."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from sklearn_wbn._network import WeightedLoss, WeightedNet
from sklearn_wbn._solver import optimizer_params
from sklearn_wbn.nn.mlp import WBNMLP

# Parameters that decide the shape of the network: warm_start cannot change them.
ARCHITECTURE = ("hidden_layer_sizes", "activation", "normalization", "variance")


def build_net(
    params: Mapping[str, Any],
    *,
    n_features: int,
    log_class_share: Tensor,
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
    log_class_share : Tensor of shape (n_classes,)
        ``log(N_k / N)``, for balanced softmax.
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
    balanced = params["loss"] == "balanced_softmax"
    net = WeightedNet(
        module=WBNMLP,
        criterion=WeightedLoss,
        lr=params["learning_rate_init"],
        train_split=None,
        predict_nonlinearity=_softmax,
        verbose=0,
        device=str(device),
        weighted_norm=params["normalization"] == "wbn",
        inference_statistics=params["inference_statistics"],
        loss_normalization=params["loss_normalization"],
        criterion__logit_shift=log_class_share.to(dtype) if balanced else None,
        **{f"module__{name}": value for name, value in _module_params(params).items()},
        module__n_features=n_features,
        module__n_classes=len(log_class_share),
        module__seed=seed,
        **optimizer_params(params["solver"], params["solver_kwargs"], params["alpha"]),
    )
    net.initialize()
    net.module_.to(dtype)
    return net


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
    if not all(int(size) == size and size > 0 for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be positive integers, got {sizes}")
    return tuple(int(size) for size in sizes)


def _module_params(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "hidden_layer_sizes": hidden_sizes(params["hidden_layer_sizes"]),
        "activation": params["activation"],
        "normalization": params["normalization"] is not None,
        "variance": params["variance"],
        "dropout": params["dropout"],
        "eps": params["norm_eps"],
        "momentum": params["norm_momentum"],
    }


def _softmax(logits: Tensor) -> Tensor:
    return logits.softmax(dim=-1)
