"""An optimizer's step by compiled loops or NumPy, on the optimizer's own state.

torch's step looks at every parameter and every option anew each time, which takes
longer than the arithmetic of a small network.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim import Optimizer

from sklearn_wbn import _solver_arrays
from sklearn_wbn.nn.acceleration import loops

Array = NDArray[Any]
Group = dict[str, Any]

# The function of each optimizer, and what it keeps of a parameter.
_FUNCTIONS = {
    torch.optim.Adamax: ("adamax", "exp_avg", "exp_inf"),
    torch.optim.Adam: ("adam", "exp_avg", "exp_avg_sq"),
    torch.optim.AdamW: ("adam", "exp_avg", "exp_avg_sq"),
}
# Ways to step that the functions do not know.
_OTHER_WAYS = ("amsgrad", "maximize", "capturable", "differentiable")

# NumPy goes through all of them for every product. With more, torch's fused loop makes
# up for its calls.
_FEW_PARAMETERS = 2**14


def solver_step(optimizer: Optimizer) -> Callable[[], object]:
    """Return what makes a step of an optimizer.

    Parameters
    ----------
    optimizer : Optimizer
        Of parameters on the CPU, in float32 or float64. None of them is replaced as
        long as what is returned is used, nor is a gradient.

    Returns
    -------
    callable
        Loops where Numba is used, else NumPy for few parameters. The optimizer's own
        method for more, for options that they do not know, and where somebody watches
        the steps.
    """
    arithmetic = loops("sklearn_wbn._loops") or _arrays_for(optimizer)
    if arithmetic is None or not _is_known(optimizer) or _is_watched(optimizer):
        return optimizer.step
    return _Step(optimizer, arithmetic)


def _arrays_for(optimizer: Optimizer) -> ModuleType | None:
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    n_parameters = sum(p.numel() for p in parameters)
    return _solver_arrays if n_parameters <= _FEW_PARAMETERS else None


def _is_known(optimizer: Optimizer) -> bool:
    groups = optimizer.param_groups
    return type(optimizer) in _FUNCTIONS and not any(
        any(group.get(way) for way in _OTHER_WAYS)
        or any(isinstance(n, Tensor) for n in (group["lr"], *group["betas"]))
        or not all(p.is_contiguous() for p in group["params"])
        for group in groups
    )


def _is_watched(optimizer: Optimizer) -> bool:
    """Whether a hook waits for steps, or a scheduler has wrapped the method."""
    hooks = ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks")
    return "step" in vars(optimizer) or any(getattr(optimizer, h) for h in hooks)


class _Step:
    """Steps of an optimizer, by the function that stands for it."""

    def __init__(self, optimizer: Optimizer, arithmetic: ModuleType) -> None:
        self.optimizer = optimizer
        name, *self.kept = _FUNCTIONS[type(optimizer)]
        self.function = getattr(arithmetic, name)
        self.updates: list[tuple[Group, list[Array]]] = []

    def __call__(self) -> None:
        if not self.updates and not self._look_up():
            self.optimizer.step()  # the first one, which makes the state
            return
        for group, arrays in self.updates:
            lr, decay = float(group["lr"]), float(group["weight_decay"])
            if decay and self._is_decoupled(group):
                arrays[0] *= 1 - lr * decay
                decay = 0.0
            self.function(*arrays, (lr, *group["betas"], group["eps"], decay))

    def _look_up(self) -> bool:
        """Find parameters, gradients and states; tell whether there are all states."""
        states = self.optimizer.state
        trained = [
            (group, p)
            for group in self.optimizer.param_groups
            for p in group["params"]
            if p.grad is not None
        ]
        if not all(states.get(p) for _, p in trained):
            return False
        self.updates = [
            (group, self._arrays(p, p.grad, states[p])) for group, p in trained
        ]
        return True

    def _arrays(
        self, p: Tensor, gradient: Tensor, state: dict[str, Any]
    ) -> list[Array]:
        """View them as vectors; a gradient of a callback may lie in another order."""
        moments = [state[name].view(-1) for name in self.kept]
        vectors = p.detach().view(-1), gradient.reshape(-1), *moments, state["step"]
        return [vector.numpy() for vector in vectors]

    def _is_decoupled(self, group: Group) -> bool:
        by_class = isinstance(self.optimizer, torch.optim.AdamW)  # before torch 2.7
        return bool(group.get("decoupled_weight_decay", by_class))
