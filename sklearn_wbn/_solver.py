"""Optimizers by scikit-learn's names."""

from typing import Any

import torch
from torch.optim import Optimizer

# One kernel where torch has one: the same figures, sooner. Not for SGD, whose kernel
# fails on a parameter that was frozen at first.
_FUSED = {"fused": True}

SOLVERS: dict[str, tuple[type[Optimizer], dict[str, Any]]] = {
    "adamax": (torch.optim.Adamax, {}),
    "adam": (torch.optim.Adam, _FUSED),
    # `alpha` sets the decay.
    "adamw": (torch.optim.AdamW, _FUSED | {"weight_decay": 0.0}),
    "sgd": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
}

# Weights of the affine maps; shifts and scales are not decayed, as in MLPClassifier.
_DECAYED = ("*linear.weight", "output.weight")


def optimizer_params(
    solver: str | type[Optimizer], solver_kwargs: dict[str, Any] | None, alpha: float
) -> dict[str, Any]:
    """Return skorch's parameters for an optimizer.

    Parameters
    ----------
    solver : str or Optimizer class
        Name in `SOLVERS`, or any torch optimizer.
    solver_kwargs : dict or None
        Arguments that replace the defaults.
    alpha : float
        Weight decay of the affine maps.

    Returns
    -------
    dict
        ``optimizer`` and ``optimizer__*``.

    Raises
    ------
    ValueError
        If `solver` is a class but not an optimizer, or `solver_kwargs` sets the
        learning rate or ``differentiable``.
    """
    optimizer, defaults = SOLVERS[solver] if isinstance(solver, str) else (solver, {})
    if not issubclass(optimizer, Optimizer):
        raise ValueError(
            f"solver must be one of {tuple(SOLVERS)} or a subclass of "
            f"torch.optim.Optimizer, got {optimizer!r}"
        )
    given = solver_kwargs or {}
    arguments = defaults | given
    if given.get("foreach") and "fused" not in given:  # torch takes one of them
        arguments.pop("fused", None)
    if given.get("differentiable"):
        raise ValueError(
            "solver_kwargs sets differentiable=True; torch can differentiate through "
            "the steps of a solver only if it trains no parameters of a network"
        )
    if arguments.get("nesterov") and not arguments.get("momentum"):
        arguments["nesterov"] = given.get("nesterov", False)  # torch refuses True
    if "lr" in arguments:
        raise ValueError(
            f"solver_kwargs sets lr={arguments['lr']!r}; set learning_rate_init instead"
        )
    params = {f"optimizer__{name}": value for name, value in arguments.items()}
    if alpha > 0:
        groups = [(pattern, {"weight_decay": alpha}) for pattern in _DECAYED]
        params["optimizer__param_groups"] = groups
    return {"optimizer": optimizer, **params}
