"""Where a network lives, and in which precision."""

from typing import Any

import numpy as np
import torch
from numpy.typing import DTypeLike


def resolve_device(device: str | torch.device) -> torch.device:
    """Turn the `device` parameter into a device of this machine.

    Parameters
    ----------
    device : str or torch.device
        ``"auto"`` takes a CUDA device where there is one, else the CPU.

    Returns
    -------
    torch.device
        Device that can be used.

    Raises
    ------
    ValueError
        If torch does not know the device or this machine does not have it.
    """
    if device == "auto":
        # Not "mps": the sums of the weights are taken in float64, which it lacks.
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        found = torch.device(device)
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(
            f"device={str(device)!r} cannot be used here: {reason}. "
            "device='auto' takes what this machine has"
        ) from error
    return found


def working_dtype(X_dtype: DTypeLike, device: torch.device) -> torch.dtype:
    """Choose the precision of the network.

    Parameters
    ----------
    X_dtype : dtype
        Precision of the training data.
    device : torch.device
        Where the network lives.

    Returns
    -------
    torch.dtype
        float64 for float64 data on a CPU, as `MLPClassifier` does, else float32.
    """
    on_cpu = device.type == "cpu"
    return torch.float64 if on_cpu and X_dtype == np.float64 else torch.float32


def move_net(net: Any, device: torch.device) -> None:
    """Move a skorch net with its loss and its optimizer's state to a device.

    Parameters
    ----------
    net : skorch.NeuralNet
        Initialized net, changed in place.
    device : torch.device
        Where it goes.
    """
    if torch.device(net.device) == device:
        return
    net.module_.to(device)
    net.criterion_.to(device)
    for group in net.optimizer_.param_groups:
        # Else torch keeps the counters of steps on the CPU, where reading them is free.
        counts_there = bool(group.get("fused") or group.get("capturable"))
        for p in group["params"]:
            _move_state(net.optimizer_.state.get(p, {}), device, counts_there)
    net.device = str(device)


def _move_state(state: dict[str, Any], device: torch.device, with_step: bool) -> None:
    for name, value in state.items():
        if with_step or name != "step":
            state[name] = _moved(value, device)


def _moved(value: Any, device: torch.device) -> Any:
    """Move a tensor, or the tensors of a list, as L-BFGS keeps them."""
    if isinstance(value, list):
        return [_moved(item, device) for item in value]
    return value.to(device) if isinstance(value, torch.Tensor) else value
