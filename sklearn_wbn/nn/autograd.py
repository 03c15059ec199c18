"""The closed form of equations (26) and (27) for autograd, by either arithmetic.

Symbols are those of `sklearn_wbn.nn.closed_form`.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_wbn.nn import closed_form
from sklearn_wbn.nn.acceleration import loops_for
from sklearn_wbn.nn.running import Running


def normalize_rows(
    x: Tensor,
    gamma: Tensor | None,
    b: Tensor | None,
    p: Tensor,
    Z_over_G: float,
    eps: float,
    running: Running | None = None,
) -> Tensor:
    """Normalise rows of signals, with a gradient.

    Parameters
    ----------
    x : Tensor of shape (B, C)
        Signals.
    gamma, b : Tensor of shape (C,) or None
        Scale and shift.
    p : Tensor of shape (B,)
        Normalised weights.
    Z_over_G : float
        Turns ``sum p (x - m)^2`` into the variance of equation (24).
    eps : float
        Added to the variance.
    running : Running, default=None
        Running statistics to move toward the moments; no gradient flows through them.

    Returns
    -------
    Tensor of shape (B, C)
        Normalised signals.

    Raises
    ------
    RuntimeError
        If scale or shift do not fit the channels, or a second derivative is taken.

    Notes
    -----
    Equations (11), (23), (24), (26) and (27) of Yasuda, Xian & Ueno, arXiv:2001.01433.
    """
    statistics = () if running is None else (running.mean, running.var)
    loops = loops_for(x, gamma, b, *statistics)
    if loops is None:
        with full_precision(x):
            u, m, v = _ByOperations.apply(x, gamma, b, p, Z_over_G, eps)
        if running is not None:
            running.move(m, v)
    else:
        weights = p.numpy(), Z_over_G
        # Another output of the Function would cost more than what it is needed for.
        moments = np.empty((4, x.shape[1]), weights[0].dtype)
        u = _ByLoops.apply(loops, x, gamma, b, weights, eps, moments)
        if running is not None:
            running.move_by(loops, moments)
    return u  # type: ignore[no-any-return]


def full_precision(x: Tensor) -> AbstractContextManager[object]:
    """Switch autocast off, which would sum over the batch in half precision.

    Parameters
    ----------
    x : Tensor
        On whose device it is switched off.

    Returns
    -------
    context manager
        Inside which it is off.
    """
    try:
        on = torch.is_autocast_enabled(x.device.type)
    except RuntimeError:  # a device that knows no autocast, such as meta
        on = False
    return torch.autocast(x.device.type, enabled=False) if on else nullcontext()


class _ByOperations(torch.autograd.Function):
    """Stock operations of torch, on any device."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        gamma: Tensor | None,
        b: Tensor | None,
        p: Tensor,
        Z_over_G: float,
        eps: float,
    ) -> tuple[Tensor, Tensor, Tensor]:
        u, m, v, trace = closed_form.forward(x, p, Z_over_G, gamma, b, eps)
        ctx.save_for_backward(*trace[:-1])
        ctx.Z_over_G = Z_over_G
        ctx.mark_non_differentiable(m, v)
        ctx.set_materialize_grads(False)
        return u, m, v

    @staticmethod
    def backward(ctx: Any, g: Tensor | None, *_: None) -> tuple[Tensor | None, ...]:
        _refuse_second_derivative()
        if g is None:  # nothing depends on u
            return (None,) * 6
        c, d, r, s, p = ctx.saved_tensors
        trace = closed_form.Trace(c, d, r, s, p, ctx.Z_over_G)
        needed = ctx.needs_input_grad[:3]
        return *_only(needed, closed_form.backward(g, trace)), None, None, None


class _ByLoops(torch.autograd.Function):
    """Numba's loops, on the memory of the tensors."""

    @staticmethod
    def forward(
        ctx: Any,
        loops: ModuleType,
        x: Tensor,
        gamma: Tensor | None,
        b: Tensor | None,
        weights: tuple[NDArray[Any], float],
        eps: float,
        moments: NDArray[Any],
    ) -> Tensor:
        x = x.contiguous()
        gamma = x.new_ones(x.shape[1]) if gamma is None else gamma
        b = x.new_zeros(x.shape[1]) if b is None else b
        u = torch.empty_like(x)
        loops.forward(
            x.numpy(), *weights, gamma.numpy(), b.numpy(), eps, u.numpy(), moments
        )
        ctx.save_for_backward(x, gamma)
        ctx.kept = loops, weights, moments
        ctx.set_materialize_grads(False)
        return u

    @staticmethod
    def backward(ctx: Any, g: Tensor | None) -> tuple[Tensor | None, ...]:
        _refuse_second_derivative()
        if g is None:  # nothing depends on u
            return (None,) * 7
        loops, weights, moments = ctx.kept
        x, gamma = ctx.saved_tensors
        dx, dgamma, db = (torch.empty_like(t) for t in (x, gamma, gamma))
        read = g.contiguous().numpy(), x.numpy(), *weights, gamma.numpy(), moments
        loops.backward(*read, dx.numpy(), dgamma.numpy(), db.numpy())
        needed = ctx.needs_input_grad[1:4]
        return None, *_only(needed, (dx, dgamma, db)), None, None, None


def _refuse_second_derivative() -> None:
    """Refuse a graph of the gradient, in which the signals would count as constants.

    torch's `once_differentiable` refuses later, and not where it asks for some of the
    inputs only.
    """
    if torch.is_grad_enabled() and not torch.compiler.is_compiling():
        raise RuntimeError(
            "weighted batch normalization has no second derivative; "
            "take the gradient with create_graph=False"
        )


def _only(
    needed: tuple[bool, ...], gradients: Iterable[Tensor]
) -> Iterator[Tensor | None]:
    pairs = zip(needed, gradients, strict=True)
    return (gradient if need else None for need, gradient in pairs)
