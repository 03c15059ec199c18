"""The arithmetic of a weighted norm, forward and backward: (23), (24), (26), (27).

Rows of signals only, weights prepared, no autograd: `sklearn_wbn.nn.functional`
wraps it for autograd.

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

`y` is never stored: `u` and the gradient are affine in `c`, one pass each. For large
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


def moments(
    x: Tensor, p: Tensor, Z_over_G: float
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return `m`, `v`, `c`, `d`, and room of the shape of `x` that is free again.

    Two passes: `c = x - (p x)`, then `v = Z/G (p c^2 - d^2)`. The sums over the
    batch are matrix-vector products.
    """
    first = torch.mv(x.t(), p)
    c = x - first
    d = torch.mv(c.t(), p)
    room = c * c
    v = torch.addmv(d * d, room.t(), p, beta=-Z_over_G, alpha=Z_over_G)
    return first.add_(d), v, c, d, room


def forward(
    x: Tensor,
    p: Tensor,
    Z_over_G: float,
    gamma: Tensor | None,
    b: Tensor | None,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor, Trace]:
    """Return `u`, `m`, `v` and what the backward pass needs."""
    m, v, c, d, room = moments(x, p, Z_over_G)
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
    room = g * c
    db = g.sum(0)
    dgamma = torch.addcmul(room.sum(0), d, db, value=-1).mul_(r)
    slope = (s * r).mul_(dgamma).mul_(-Z_over_G)
    level = torch.addcmul(s * db, d, slope).neg_()
    dx = torch.addcmul(level, c, slope, out=room)
    return dx.mul_(p.unsqueeze(1)).addcmul_(g, s), dgamma, db
