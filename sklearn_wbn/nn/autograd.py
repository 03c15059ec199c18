"""The closed form of equations (26) and (27) for autograd, by either arithmetic.

Symbols are those of `sklearn_wbn.nn.closed_form`.
"""

from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from sklearn_wbn.nn import closed_form
from sklearn_wbn.nn.acceleration import loops_for


def normalize_rows(
    x: Tensor,
    gamma: Tensor | None,
    b: Tensor | None,
    p: Tensor,
    Z_over_G: float,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
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

    Returns
    -------
    u : Tensor of shape (B, C)
        Normalised signals.
    m, v : Tensor of shape (C,)
        Moments; no gradient flows through them.
    """
    loops = loops_for(x, gamma, b)
    if loops is None:
        u, m, v = _ByOperations.apply(x, gamma, b, p, Z_over_G, eps)
        return u, m, v
    u, moments = _ByLoops.apply(loops, x, gamma, b, p, Z_over_G, eps)
    return u, moments[0], moments[1]


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
    @once_differentiable
    def backward(ctx: Any, g: Tensor | None, *_: None) -> tuple[Tensor | None, ...]:
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
        p: Tensor,
        Z_over_G: float,
        eps: float,
    ) -> tuple[Tensor, Tensor]:
        x = x.contiguous()
        gamma = x.new_ones(x.shape[1]) if gamma is None else gamma
        b = x.new_zeros(x.shape[1]) if b is None else b
        weights = p.numpy(), Z_over_G
        u, moments = loops.forward(x.numpy(), *weights, gamma.numpy(), b.numpy(), eps)
        ctx.save_for_backward(x, gamma)
        ctx.kept = loops, weights, moments
        outputs = torch.from_numpy(u), torch.from_numpy(moments)
        ctx.mark_non_differentiable(outputs[1])
        ctx.set_materialize_grads(False)
        return outputs

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor | None, _: None) -> tuple[Tensor | None, ...]:
        if g is None:  # nothing depends on u
            return (None,) * 7
        loops, weights, moments = ctx.kept
        x, gamma = (t.numpy() for t in ctx.saved_tensors)
        gradients = np.empty_like(x), np.empty_like(gamma), np.empty_like(gamma)
        loops.backward(g.contiguous().numpy(), x, *weights, gamma, moments, *gradients)
        needed = ctx.needs_input_grad[1:4]
        return None, *_only(needed, map(torch.from_numpy, gradients)), None, None, None


def _only(
    needed: tuple[bool, ...], gradients: Iterable[Tensor]
) -> Iterator[Tensor | None]:
    pairs = zip(needed, gradients, strict=True)
    return (gradient if need else None for need, gradient in pairs)
