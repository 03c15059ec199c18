"""An optimizer's step by compiled loops, on the optimizer's own state.

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

from sklearn_wbn.nn.acceleration import loops

Array = NDArray[Any]
Group = dict[str, Any]

# The loop of each optimizer, and what it keeps of a parameter.
_LOOPS = {
    torch.optim.Adamax: ("adamax", "exp_avg", "exp_inf"),
    torch.optim.Adam: ("adam", "exp_avg", "exp_avg_sq"),
    torch.optim.AdamW: ("adam", "exp_avg", "exp_avg_sq"),
}
# Ways to step that the loops do not know.
_OTHER_WAYS = ("amsgrad", "maximize", "capturable", "differentiable")


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
        Loops where Numba is used, and they know the optimizer and its options; where
        somebody watches the steps, and otherwise, the optimizer's own method.
    """
    compiled = loops("sklearn_wbn._loops")
    if compiled is None or not _is_known(optimizer) or _is_watched(optimizer):
        return optimizer.step
    return _LoopStep(optimizer, compiled)


def _is_known(optimizer: Optimizer) -> bool:
    groups = optimizer.param_groups
    return type(optimizer) in _LOOPS and not any(
        any(group.get(way) for way in _OTHER_WAYS)
        or any(isinstance(n, Tensor) for n in (group["lr"], *group["betas"]))
        or not all(p.is_contiguous() for p in group["params"])
        for group in groups
    )


def _is_watched(optimizer: Optimizer) -> bool:
    """Whether a hook waits for steps, or a scheduler has wrapped the method."""
    hooks = ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks")
    return "step" in vars(optimizer) or any(getattr(optimizer, h) for h in hooks)


class _LoopStep:
    """Steps of an optimizer, by the loop that is its own."""

    def __init__(self, optimizer: Optimizer, compiled: ModuleType) -> None:
        self.optimizer = optimizer
        name, *self.kept = _LOOPS[type(optimizer)]
        self.loop = getattr(compiled, name)
        self.updates: list[tuple[Group, list[Array]]] = []

    def __call__(self) -> None:
        if not self.updates and not self._look_up():
            self.optimizer.step()  # the first one, which makes the state
            return
        for group, arrays in self.updates:
            lr, decay = group["lr"], group["weight_decay"]
            if decay and self._is_decoupled(group):
                arrays[0] *= 1 - lr * decay
                decay = 0.0
            self.loop(*arrays, lr, *group["betas"], group["eps"], decay)

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
        self.updates = [(group, self._arrays(p, states[p])) for group, p in trained]
        return True

    def _arrays(self, p: Tensor, state: dict[str, Any]) -> list[Array]:
        tensors = p.detach(), p.grad, *(state[name] for name in self.kept)
        return [tensor.view(-1).numpy() for tensor in tensors] + [state["step"].numpy()]

    def _is_decoupled(self, group: Group) -> bool:
        by_class = isinstance(self.optimizer, torch.optim.AdamW)  # before torch 2.7
        return bool(group.get("decoupled_weight_decay", by_class))
