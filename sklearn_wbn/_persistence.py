"""A trained net as plain data: dicts, lists, numbers and NumPy arrays.

Pickle and joblib would take the net itself, but skorch puts a pickle of its own inside,
which skops could not look into. The net is built again when it is loaded. A network
that a callback has changed cannot be built again: its module is stored as it is.
"""

from collections.abc import Mapping
from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from sklearn_wbn._build import build_net, is_as_from_params, update_net
from sklearn_wbn._device import move_net
from sklearn_wbn._network import WeightedNet

_SETTINGS = ("batch_size", "inference_statistics", "lr", "max_epochs")
_SIZES = ("n_features", "n_classes")


def net_to_plain(net: WeightedNet, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what training has made of a net.

    Parameters
    ----------
    net : WeightedNet
        Initialized net, on any device; not changed.
    params : mapping
        From `net_params`, of the estimator that trained the net.

    Returns
    -------
    dict
        Plain data; its arrays may share memory with the net. The user's callbacks are
        in it as they are, and so is a network that one of them has changed.

    Raises
    ------
    TypeError
        If a callback has changed the network into one that cannot be copied.
    """
    plain = is_as_from_params(net, params)
    return (_tensors_to_plain(net) if plain else _network_to_objects(net)) | {
        "history": [dict(row) for row in net.history],
        "settings": {name: getattr(net, name) for name in _SETTINGS},
        "callbacks": net.callbacks,
        "callbacks_": net.callbacks_,
    }


def _tensors_to_plain(net: WeightedNet) -> dict[str, Any]:
    return {
        "module": to_plain(net.module_.state_dict()),
        "frozen": [n for n, p in net.module_.named_parameters() if not p.requires_grad],
        "optimizer": to_plain(net.optimizer_.state_dict()),
    }


def _network_to_objects(net: WeightedNet) -> dict[str, Any]:
    """Copy the network with its optimizer, which holds its parameters, to the CPU."""
    try:
        module, optimizer = deepcopy((net.module_, net.optimizer_))
    except Exception as error:
        raise TypeError(
            "a callback has changed the network, so that its layers must be stored as "
            f"they are, and they cannot be copied: {error}"
        ) from error
    copied = SimpleNamespace(
        module_=module,
        criterion_=nn.Identity(),
        optimizer_=optimizer,
        device=net.device,
    )
    move_net(copied, torch.device("cpu"))
    sizes = {name: getattr(net, f"module__{name}") for name in _SIZES}
    return {"objects": (module, optimizer), "sizes": sizes}


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
    restore = _from_objects if "objects" in plain else _from_tensors
    net = restore(plain, params, log_class_share)
    net.module_.eval()
    net.history.extend(plain["history"])
    for name, value in plain["settings"].items():
        setattr(net, name, value)
    net.callbacks, net.callbacks_ = plain["callbacks"], plain["callbacks_"]
    return net


def _from_tensors(
    plain: dict[str, Any], params: Mapping[str, Any], log_class_share: Tensor
) -> WeightedNet:
    module = from_plain(plain["module"])
    weights = [
        value for name, value in module.items() if name.endswith("linear.weight")
    ]
    output = module["output.weight"]
    sizes = {
        "n_features": [*weights, output][0].shape[1],
        "n_classes": output.shape[0],
    }
    net = _build(sizes, params, log_class_share, output.dtype)
    net.module_.load_state_dict(module)
    for name in plain["frozen"]:
        net.module_.get_parameter(name).requires_grad_(False)
    _restore_optimizer(net.optimizer_, from_plain(plain["optimizer"]))
    return net


def _from_objects(
    plain: dict[str, Any], params: Mapping[str, Any], log_class_share: Tensor
) -> WeightedNet:
    # A copy: `copy.copy` would share the objects.
    module, optimizer = deepcopy(plain["objects"])
    dtype = next(module.parameters()).dtype
    net = _build(plain["sizes"], params, log_class_share, dtype)
    net.module_, net.optimizer_ = module, optimizer
    return net


def _build(
    sizes: dict[str, int],
    params: Mapping[str, Any],
    log_class_share: Tensor,
    dtype: torch.dtype,
) -> WeightedNet:
    net = build_net(params, **sizes, seed=0, device=torch.device("cpu"), dtype=dtype)
    update_net(net, params, log_class_share)
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
