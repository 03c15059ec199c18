"""One long parameter in place of many, so that an optimizer's step takes few calls.

For networks on tables an optimizer's calls cost more than its arithmetic. The
optimizers of `sklearn_wbn._solver` treat every number by itself, so it makes no
difference to them which tensor it lies in.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

State = dict[str, Any]
States = defaultdict[Tensor, State]


@contextmanager
def flat_parameters(optimizer: Optimizer) -> Iterator[None]:
    """Join the parameters of each group of an optimizer, and their states.

    Inside, parameters and gradients of the network are parts of the long ones: write
    into the gradients, do not replace them. Outside, everything is as torch has it.

    Parameters
    ----------
    optimizer : Optimizer
        Treats every number by itself. Groups of one parameter, with frozen parameters
        or with parameters that have made different numbers of steps stay as they are.

    Yields
    ------
    None
        Nothing.
    """
    with ExitStack() as stack:
        for group in optimizer.param_groups:
            if _gains(group, optimizer.state):
                stack.callback(_Flat(group, optimizer.state).restore)
        yield


def _gains(group: dict[str, Any], states: States) -> bool:
    """Whether there are several parameters which can make their steps together."""
    parameters = group["params"]
    histories = {_history(states.get(p, {})) for p in parameters}
    alike = len(histories) == 1 and all(p.requires_grad for p in parameters)
    return len(parameters) > 1 and alike


def _history(state: State) -> tuple[Any, ...]:
    """Return what an optimizer keeps of a parameter, and since how many steps."""
    return (*state, float(state.get("step", 0)))


class _Flat:
    """The long parameter of a group of parameters."""

    def __init__(self, group: dict[str, Any], states: States) -> None:
        self.group, self.states = group, states
        self.parameters: list[nn.Parameter] = group["params"]
        self.long = nn.Parameter(_join([p.detach() for p in self.parameters]))
        self.long.grad = torch.empty_like(self.long)
        values, gradients = self._split(self.long.detach()), self._split(self.long.grad)
        for p, value, gradient in zip(self.parameters, values, gradients, strict=True):
            p.data, p.grad = value, gradient
        kept = [states.pop(p, {}) for p in self.parameters]
        if kept[0]:
            states[self.long] = {
                name: _join([state[name] for state in kept]) for name in kept[0]
            }
        group["params"] = [self.long]

    def restore(self) -> None:
        """Give the group its parameters back, and each of them its state."""
        self.group["params"] = self.parameters
        state = self.states.pop(self.long, {})
        for name, value in state.items():
            for p, part in zip(self.parameters, self._split(value), strict=True):
                self.states[p][name] = part

    def _split(self, value: Tensor) -> list[Tensor]:
        """Return each parameter's part, in its shape; a number of steps is for all."""
        if value.dim() == 0:
            return [value.clone() for _ in self.parameters]
        parts = value.split([p.numel() for p in self.parameters])
        return [part.view_as(p) for part, p in zip(parts, self.parameters, strict=True)]


def _join(values: list[Tensor]) -> Tensor:
    """Join tensors into a long one; of numbers of steps, which are equal, take one."""
    if values[0].dim() == 0:
        return values[0]
    return torch.cat([value.flatten() for value in values])
