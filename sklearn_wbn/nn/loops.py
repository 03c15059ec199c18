"""The arithmetic of `sklearn_wbn.nn.closed_form` as loops, which Numba compiles.

A stock operation goes through the whole batch for one product or one sum. A loop does
all of them on the way, in two passes forward and two backward.

======  =====================================================================
symbol  meaning
======  =====================================================================
x       affine signals, one row a sample, (B, C)
p       normalised weights of the rows, `w / Z`
m, v    weighted mean and variance of a channel, equations (23) and (24)
d       what rounding left of the mean: `x - m - d` is centred
c       signals about a row of the batch, forward
r       `1 / sqrt(v + eps)`
gamma   scale of a channel; `s = gamma r`
b       shift of a channel
u       output, `u = s (x - m - d) + b`, equation (11)
g       gradient of the loss with respect to `u`
======  =====================================================================

Arrays are in C order and of one precision, float32 or float64; sums over the batch are
float64. One thread does it all, so the bits do not depend on the number of threads.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]


def compiled(loop: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop when it is first called.

    Parameters
    ----------
    loop : callable
        Function of arrays and numbers.

    Returns
    -------
    callable
        The same; its code is kept beside its file, or in the user's cache.
    """
    try:
        return njit(cache=True, nogil=True, error_model="numpy")(loop)
    except RuntimeError:  # no folder that can be written to
        return njit(nogil=True, error_model="numpy")(loop)


@compiled
def forward(
    x: Array,
    p: Array,
    Z_over_G: float,
    gamma: Array,
    b: Array,
    eps: float,
    u: Array,
    moments: Array,
) -> None:
    """Write `u`, and the moments of each channel in four rows `m`, `v`, `d` and `r`.

    What is written must not share memory with what is read: here and in `backward` it
    would cost the vector instructions.
    """
    B, C = x.shape
    m, v, d, r = moments[0], moments[1], moments[2], moments[3]
    # About the heaviest row: `offset^2 <= (1 - p_max) sum p c^2`, so the share `p_max`
    # of the sum is left, and no more than the digits of B can cancel.
    origin = x[np.argmax(p)].astype(np.float64)
    sum_p, sum_pc, sum_pcc = 0.0, np.zeros(C), np.zeros(C)
    for i in range(B):
        p_i = np.float64(p[i])
        sum_p += p_i
        for j in range(C):
            c = x[i, j] - origin[j]
            sum_pc[j] += p_i * c
            sum_pcc[j] += p_i * c * c
    s, shift = np.empty_like(m), np.empty_like(m)
    for j in range(C):
        offset = sum_pc[j] / sum_p  # float32 weights sum to one but for rounding
        mean = origin[j] + offset
        m[j] = mean
        d[j] = mean - m[j]
        v[j] = Z_over_G * (sum_pcc[j] / sum_p - offset * offset)
        r[j] = 1 / np.sqrt(v[j] + eps)
        s[j] = gamma[j] * r[j]
        shift[j] = b[j] - s[j] * d[j]
    for i in range(B):
        for j in range(C):
            u[i, j] = s[j] * (x[i, j] - m[j]) + shift[j]


@compiled
def move_running(
    mean: Array, var: Array, m: Array, v: Array, share: float, unbiased: float
) -> None:
    """Move the running statistics toward `m` and `v`, `unbiased` times larger."""
    for j in range(len(mean)):
        mean[j] += share * (m[j] - mean[j])
        var[j] += share * (unbiased * v[j] - var[j])


@compiled
def backward(
    g: Array,
    x: Array,
    p: Array,
    Z_over_G: float,
    gamma: Array,
    moments: Array,
    dx: Array,
    dgamma: Array,
    db: Array,
) -> None:
    """Write `dx`, `dgamma` and `db`, by the equations of `closed_form.backward`."""
    B, C = x.shape
    m, d, r = moments[0], moments[2], moments[3]
    sum_g, sum_gc = np.zeros(C), np.zeros(C)
    for i in range(B):
        for j in range(C):
            sum_g[j] += g[i, j]
            sum_gc[j] += g[i, j] * (x[i, j] - m[j])
    s, level, slope = np.empty_like(m), np.empty_like(m), np.empty_like(m)
    for j in range(C):
        db[j] = sum_g[j]
        dgamma[j] = r[j] * (sum_gc[j] - sum_g[j] * d[j])
        s[j] = gamma[j] * r[j]
        slope[j] = Z_over_G * s[j] * r[j] * dgamma[j]
        level[j] = s[j] * db[j] - slope[j] * d[j]
    for i in range(B):
        for j in range(C):
            dx[i, j] = s[j] * g[i, j] - p[i] * (level[j] + slope[j] * (x[i, j] - m[j]))
