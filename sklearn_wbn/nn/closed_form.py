"""The arithmetic of a weighted norm, forward and backward: (23), (24), (26), (27).

Rows of signals only, weights prepared, no autograd: `sklearn_wbn.nn.autograd`
wraps it.

======  =====================================================================
symbol  meaning
======  =====================================================================
x       affine signals, one row a sample, (B, C)
p       normalised weights of the rows, `w / Z`
m, v    weighted mean and variance of a channel, equations (23) and (24)
c, d    `c = x - m` up to rounding, and the weighted mean `d` that rounding left
r       `1 / sqrt(v + eps)`
y       normalised signal, `r (c - d)`, equation (11)
gamma   scale of a channel; `s = gamma r`
b       shift of a channel
u       output, `u = gamma y + b`
g       gradient of the loss with respect to `u`; D in the paper is `s g`
======  =====================================================================

`y` is never stored: `u` and the gradient are affine in `c`, one pass each. Sums over
the batch come in pairs, from one pass of torch's own BatchNorm kernel. For large
batches new memory costs more than arithmetic, so results take the room of what is no
longer needed.
"""

from typing import NamedTuple

import torch
from torch import Tensor


class Trace(NamedTuple):
    """What the backward pass needs of the forward pass."""

    c: Tensor
    d: Tensor
    r: Tensor
    s: Tensor
    p: Tensor
    Z_over_G: float


def forward(
    x: Tensor,
    p: Tensor,
    Z_over_G: float,
    gamma: Tensor | None,
    b: Tensor | None,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor, Trace]:
    """Return `u`, `m`, `v` and what the backward pass needs.

    Two passes for the moments: `c = x - (p x)`, then `v = Z/G (p c^2 - d^2)`.
    """
    first = torch.mv(x.t(), p)
    c = x - first
    room = c * p.unsqueeze(1)
    d, square = _sums(room, x, first, torch.ones_like(first))
    m = first.add_(d)
    v = torch.addcmul(square, d, d, value=-1).clamp_(min=0)  # rounding may leave less
    v.mul_(Z_over_G)
    r = torch.rsqrt(v + eps)
    s = r if gamma is None else r * gamma
    shift = -d * s if b is None else torch.addcmul(b, d, s, value=-1)
    u = torch.addcmul(shift, c, s, out=room)
    return u, m, v, Trace(c, d, r, s, p, Z_over_G)


def backward(g: Tensor, trace: Trace) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients with respect to `x`, `gamma` and `b`.

    dE/dgamma = sum_i g_i y_i        dE/db = sum_i g_i
    dE/dx_i   = s (g_i - p_i (sum_a g_a + (Z/G) y_i sum_a g_a y_a))
    """
    c, d, r, s, p, Z_over_G = trace
    db, dgamma = _sums(g, c, d, r)
    slope = (s * r).mul_(dgamma).mul_(-Z_over_G)
    level = torch.addcmul(s * db, d, slope).neg_()
    dx = torch.addcmul(level, c, slope)
    return dx.mul_(p.unsqueeze(1)).addcmul_(g, s), dgamma, db


def _sums(g: Tensor, x: Tensor, m: Tensor, r: Tensor) -> tuple[Tensor, Tensor]:
    """Return `sum_i g_i` and `r sum_i g_i (x_i - m)` of each channel.

    In the backward pass of a plain BatchNorm these are the gradients of shift and
    scale. There is no other stock operation that sums products on the way.
    """
    if x.shape[1] == 0:  # by which the kernel divides
        return m, m
    wanted = [False, True, True]
    _, products, sums = torch.ops.aten.native_batch_norm_backward.default(
        g, x, None, None, None, m, r, True, 0.0, wanted
    )
    return sums, products
