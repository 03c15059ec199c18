"""The closed form of equations (26) and (27) for autograd, by either arithmetic.

Symbols are those of `sklearn_wbn.nn.closed_form`.
"""

from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any

import torch
from numpy.typing import NDArray
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

    Raises
    ------
    RuntimeError
        If scale or shift do not fit the channels, or a second derivative is taken.

    Notes
    -----
    Equations (11), (23), (24), (26) and (27) of Yasuda, Xian & Ueno, arXiv:2001.01433.
    """
    loops = loops_for(x, gamma, b)
    if loops is None:
        u, m, v = _ByOperations.apply(x, gamma, b, p, Z_over_G, eps)
        return u, m, v
    # An output of the Function would cost more than what it is needed for.
    moments = torch.empty(4, x.shape[1], dtype=x.dtype).numpy()
    u = _ByLoops.apply(loops, x, gamma, b, p, Z_over_G, eps, moments)
    return u, torch.from_numpy(moments[0]), torch.from_numpy(moments[1])


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
        moments: NDArray[Any],
    ) -> Tensor:
        x = x.contiguous()
        gamma = x.new_ones(x.shape[1]) if gamma is None else gamma
        b = x.new_zeros(x.shape[1]) if b is None else b
        u, weights = torch.empty_like(x), (p.numpy(), Z_over_G)
        loops.forward(
            x.numpy(), *weights, gamma.numpy(), b.numpy(), eps, u.numpy(), moments
        )
        ctx.save_for_backward(x, gamma)
        ctx.kept = loops, weights, moments
        ctx.set_materialize_grads(False)
        return u

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor | None) -> tuple[Tensor | None, ...]:
        if g is None:  # nothing depends on u
            return (None,) * 8
        loops, weights, moments = ctx.kept
        x, gamma = ctx.saved_tensors
        gradients = [torch.empty_like(t) for t in (x, gamma, gamma)]
        written = [t.numpy() for t in gradients]
        loops.backward(
            g.contiguous().numpy(),
            x.numpy(),
            *weights,
            gamma.numpy(),
            moments,
            *written,
        )
        needed = ctx.needs_input_grad[1:4]
        return None, *_only(needed, gradients), *(None,) * 4


def _only(
    needed: tuple[bool, ...], gradients: Iterable[Tensor]
) -> Iterator[Tensor | None]:
    pairs = zip(needed, gradients, strict=True)
    return (gradient if need else None for need, gradient in pairs)
