"""A trained net as plain data: dicts, lists, numbers and NumPy arrays.

Pickle and joblib would take the net itself, but skorch puts a pickle of its own inside,
which skops could not look into. The net is built again when it is loaded.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from sklearn_wbn._build import build_net, update_net
from sklearn_wbn._network import WeightedNet

_SETTINGS = ("batch_size", "inference_statistics", "lr", "max_epochs")


def net_to_plain(net: WeightedNet) -> dict[str, Any]:
    """Return what training has made of a net.

    Parameters
    ----------
    net : WeightedNet
        Initialized net, on any device; not changed.

    Returns
    -------
    dict
        Plain data; its arrays may share memory with the net. The user's callbacks are
        in it as they are.
    """
    return {
        "module": to_plain(net.module_.state_dict()),
        "frozen": [n for n, p in net.module_.named_parameters() if not p.requires_grad],
        "optimizer": to_plain(net.optimizer_.state_dict()),
        "history": [dict(row) for row in net.history],
        "settings": {name: getattr(net, name) for name in _SETTINGS},
        "callbacks": net.callbacks,
        "callbacks_": net.callbacks_,
    }


def net_from_plain(
    plain: dict[str, Any], params: Mapping[str, Any], log_class_share: Tensor
) -> WeightedNet:
    """Build a net again, on the CPU.

    Parameters
    ----------
    plain : dict
        From `net_to_plain`.
    params : mapping
        From `net_params`, of the estimator that trained the net.
    log_class_share : Tensor of shape (n_classes,)
        ``log(N_k / N)``.

    Returns
    -------
    WeightedNet
        Net that predicts and trains on as the first one.
    """
    module = from_plain(plain["module"])
    weights = [
        value for name, value in module.items() if name.endswith("linear.weight")
    ]
    output = module["output.weight"]
    net = build_net(
        params,
        n_features=[*weights, output][0].shape[1],
        n_classes=output.shape[0],
        seed=0,
        device=torch.device("cpu"),
        dtype=output.dtype,
    )
    update_net(net, params, log_class_share)
    net.module_.load_state_dict(module)
    for name in plain["frozen"]:
        net.module_.get_parameter(name).requires_grad_(False)
    net.module_.eval()
    _restore_optimizer(net.optimizer_, from_plain(plain["optimizer"]))
    net.history.extend(plain["history"])
    for name, value in plain["settings"].items():
        setattr(net, name, value)
    net.callbacks, net.callbacks_ = plain["callbacks"], plain["callbacks_"]
    return net


def to_plain(value: Any) -> Any:
    """Replace tensors by arrays, within dicts, lists and tuples.

    Parameters
    ----------
    value : Any
        Such as a `state_dict`.

    Returns
    -------
    Any
        The same with arrays, which share memory with tensors on a CPU.
    """
    if isinstance(value, Tensor):
        return value.detach().cpu().numpy()
    return _map(to_plain, value)


def from_plain(value: Any) -> Any:
    """Replace arrays by tensors, within dicts, lists and tuples.

    Parameters
    ----------
    value : Any
        From `to_plain`.

    Returns
    -------
    Any
        The same with tensors of their own memory, on the CPU.
    """
    if isinstance(value, np.ndarray):
        # A copy: a memory map may be read-only, and what was shared trains on.
        return torch.from_numpy(np.array(value))
    return _map(from_plain, value)


def _map(function: Any, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: function(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(function(item) for item in value)
    return value


def _restore_optimizer(optimizer: Optimizer, saved: dict[str, Any]) -> None:
    """Restore the state bit for bit; `load_state_dict` would change some precisions."""
    groups = optimizer.param_groups
    params = [param for group in groups for param in group["params"]]
    for i, state in saved["state"].items():
        optimizer.state[params[i]] = state
    for group, kept in zip(groups, saved["param_groups"], strict=True):
        group.update({name: kept[name] for name in kept if name != "params"})
